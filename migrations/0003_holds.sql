-- Holds: a time kept for whoever fills in the form. A row of `bookings`, so that the same constraint keeps it apart.

-- SHA-256 of the client's address: how many holds it has. Nothing else is known of whoever holds.
ALTER TABLE bookings ADD COLUMN hold_client bytea;
CREATE INDEX bookings_holds ON bookings (hold_client, hold_expires_at) WHERE status = 'held';
CREATE INDEX bookings_expired_holds ON bookings (mentor_id, hold_expires_at) WHERE status = 'held';

-- A visitor sees no hold, not even their own; with its id they give it up. Both are owned by `worker`, to see past the
-- caller's policies.

-- How many live holds a client has, with whichever mentor, and when the first of them ends.
CREATE FUNCTION live_holds(client bytea, at_instant timestamptz)
    RETURNS TABLE (count bigint, first_ends_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
        SELECT count(*), min(hold_expires_at) FROM bookings
        WHERE status = 'held' AND hold_client = client AND hold_expires_at > at_instant
    $$;

-- Of the mentor acted for: takes away what has expired, and the hold that is named. Answers what that was for, if it was
-- live.
CREATE FUNCTION take_hold(hold uuid, at_instant timestamptz)
    RETURNS TABLE (starts_at timestamptz, session_type uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
        WITH taken AS (
            DELETE FROM bookings
            WHERE mentor_id = acting_mentor() AND status = 'held' AND (id = hold OR hold_expires_at <= at_instant)
            RETURNING id, during, session_type_id, hold_expires_at)
        SELECT lower(during), session_type_id FROM taken WHERE id = hold AND hold_expires_at > at_instant
    $$;

DO $$
DECLARE
    signature text;
BEGIN
    GRANT CREATE ON SCHEMA public TO worker;
    FOREACH signature IN ARRAY ARRAY['live_holds(bytea, timestamptz)', 'take_hold(uuid, timestamptz)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO worker', signature);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO visitor, mentor, worker', signature);
    END LOOP;
    REVOKE CREATE ON SCHEMA public FROM worker;
END $$;
