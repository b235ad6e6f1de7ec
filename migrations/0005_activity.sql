-- Who changed what: bookings have their events; hours, session types, calendars, API keys and the account get theirs here.
-- Both are only ever added to: what is written down stays, until its mentor's account goes.

CREATE TABLE account_events (
    id         uuid PRIMARY KEY,
    mentor_id  uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    actor      text NOT NULL CHECK (actor IN ('mentor', 'calendar', 'platform')),
    -- With which of the mentor's API keys, if with one.
    api_key_id uuid REFERENCES api_keys ON DELETE SET NULL,
    -- {"kind":"hours_changed",…}: the mentor's own doings, never a booker's data.
    what       jsonb NOT NULL CHECK (jsonb_typeof(what -> 'kind') = 'string'),
    created_at timestamptz NOT NULL
);
CREATE INDEX account_events_newest ON account_events (mentor_id, created_at, id);
ALTER TABLE account_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_events FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT ON account_events TO worker;
CREATE POLICY worker_all ON account_events TO worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON account_events TO mentor;
CREATE POLICY mentor_reads ON account_events FOR SELECT TO mentor USING (mentor_id = acting_mentor());
CREATE POLICY mentor_writes ON account_events FOR INSERT TO mentor
    WITH CHECK (mentor_id = acting_mentor() AND actor = 'mentor'
        AND (api_key_id IS NULL OR EXISTS (SELECT FROM api_keys k WHERE k.id = api_key_id)));

ALTER TABLE booking_events ADD COLUMN api_key_id uuid REFERENCES api_keys ON DELETE SET NULL;
CREATE INDEX booking_events_newest ON booking_events (mentor_id, created_at, id);
REVOKE UPDATE, DELETE ON booking_events FROM worker;
-- Nobody writes down what another did.
ALTER POLICY visitor_writes ON booking_events
    WITH CHECK (mentor_id = acting_mentor() AND actor = 'mentee' AND api_key_id IS NULL);
ALTER POLICY mentor_writes ON booking_events
    WITH CHECK (mentor_id = acting_mentor() AND actor = 'mentor'
        AND (api_key_id IS NULL OR EXISTS (SELECT FROM api_keys k WHERE k.id = api_key_id)));
