-- Which jobs wait for the same kind of outside world: `calendar`, what connected calendars are asked for, and `mail`, the
-- rest. Whoever looks for work finds the job that has been due longest without reading those that wait behind it, or in the
-- other lane.
CREATE FUNCTION lane(kind text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN kind IN ('event', 'reconcile') THEN 'calendar' ELSE 'mail' END;

-- The release before finds its jobs without the old index as well, only more slowly; with both, the planner might take
-- the wrong one.
CREATE INDEX jobs_due_in_lane ON jobs (lane(kind), run_at, id) WHERE dead_at IS NULL;
DROP INDEX jobs_due;
