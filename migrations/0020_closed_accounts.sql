-- Closing an account takes a while: attendees are notified, events are removed, permissions are given back. Until that is done
-- the row stays, invisible and without a way to log in. Old handles stay reserved. A booking's session type stays readable
-- for the booking's own mentee when it is hidden.

ALTER TABLE mentors
    ADD COLUMN closed_at     timestamptz,
    -- When the server next looks whether everything is done; also its lease.
    ADD COLUMN next_close_at timestamptz;
CREATE INDEX mentors_closing ON mentors (next_close_at) WHERE closed_at IS NOT NULL;
-- The address is free as soon as the account is closed.
DROP INDEX mentors_email_key;
CREATE UNIQUE INDEX mentors_email_key ON mentors (lower(email)) WHERE closed_at IS NULL;
ALTER POLICY visitor_reads ON mentors USING (email_verified_at IS NOT NULL AND closed_at IS NULL);

-- Which manage links say that the mentor has closed the account. Nothing about a person is kept.
CREATE TABLE closed_bookings (
    manage_token_hash bytea PRIMARY KEY,
    -- The deleted account's.
    mentor_id         uuid NOT NULL,
    forget_at         timestamptz NOT NULL
);
CREATE INDEX closed_bookings_due ON closed_bookings (forget_at);

-- Handles that were given up: they lead to their former owner, and no other account can take them until then.
CREATE TABLE former_handles (
    handle         text PRIMARY KEY,
    -- None: the account was deleted.
    mentor_id      uuid REFERENCES mentors ON DELETE SET NULL,
    reserved_until timestamptz NOT NULL
);
CREATE INDEX former_handles_mentor ON former_handles (mentor_id);
CREATE INDEX former_handles_due ON former_handles (reserved_until);

ALTER TABLE closed_bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE closed_bookings FORCE ROW LEVEL SECURITY;
ALTER TABLE former_handles ENABLE ROW LEVEL SECURITY;
ALTER TABLE former_handles FORCE ROW LEVEL SECURITY;

-- Who has the three roles' rights is found by the policies that there are: one role each, or two beside an older release.
DO $$
DECLARE
    visitor text := (SELECT string_agg(quote_ident(role), ', ') FROM pg_policies, unnest(roles) AS role
        WHERE schemaname = 'public' AND tablename = 'mentors' AND policyname = 'visitor_reads');
    mentor text := (SELECT string_agg(quote_ident(role), ', ') FROM pg_policies, unnest(roles) AS role
        WHERE schemaname = 'public' AND tablename = 'mentors' AND policyname = 'mentor_own');
    worker text := (SELECT string_agg(quote_ident(role), ', ') FROM pg_policies, unnest(roles) AS role
        WHERE schemaname = 'public' AND tablename = 'mentors' AND policyname = 'worker_all');
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON closed_bookings, former_handles TO %s', worker);
    EXECUTE format('CREATE POLICY worker_all ON closed_bookings TO %s USING (true) WITH CHECK (true)', worker);
    EXECUTE format('CREATE POLICY worker_all ON former_handles TO %s USING (true) WITH CHECK (true)', worker);
    EXECUTE format('GRANT SELECT ON closed_bookings TO %s', visitor);
    EXECUTE format('CREATE POLICY visitor_with_token_reads ON closed_bookings FOR SELECT TO %s
        USING (manage_token_hash = shown_token())', visitor);
    EXECUTE format('GRANT SELECT ON former_handles TO %s', visitor);
    EXECUTE format('CREATE POLICY visitor_reads ON former_handles FOR SELECT TO %s USING (true)', visitor);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON former_handles TO %s', mentor);
    EXECUTE format('CREATE POLICY mentor_reads ON former_handles FOR SELECT TO %s USING (true)', mentor);
    EXECUTE format('CREATE POLICY mentor_gives_up ON former_handles FOR INSERT TO %s
        WITH CHECK (mentor_id = acting_mentor())', mentor);
    EXECUTE format('CREATE POLICY mentor_takes_back ON former_handles FOR DELETE TO %s
        USING (mentor_id = acting_mentor())', mentor);
    EXECUTE format('CREATE POLICY visitor_of_booking_reads ON session_types FOR SELECT TO %s
        USING (shown_token() IS NOT NULL AND id IN
            (SELECT session_type_id FROM bookings WHERE manage_token_hash = shown_token()))', visitor);
END
$$;
