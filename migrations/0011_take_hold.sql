-- As before, in PL/pgSQL: that keeps its plan, where SQL's is made anew for each booking, which took longer than following it.
-- It is `worker` that owns the function.
GRANT CREATE ON SCHEMA public TO worker;
SET LOCAL ROLE worker;
CREATE OR REPLACE FUNCTION take_hold(hold uuid, at_instant timestamptz)
    RETURNS TABLE (starts_at timestamptz, session_type uuid)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
    AS $$
    BEGIN
        RETURN QUERY WITH taken AS (
            DELETE FROM bookings
            WHERE mentor_id = acting_mentor() AND status = 'held' AND (id = hold OR hold_expires_at <= at_instant)
            RETURNING id, during, session_type_id, hold_expires_at)
        SELECT lower(during), session_type_id FROM taken WHERE id = hold AND hold_expires_at > at_instant;
    END
    $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM worker;
