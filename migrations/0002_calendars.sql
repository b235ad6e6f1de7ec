-- Connected calendars: which of an account's calendars matter, when they are busy, and the event of each booking.

-- A connection keeps its own timetable: whoever leases it (`sync_locked_until`) looks at the provider, nobody else meanwhile.
ALTER TABLE mentor_calendar_tokens
    -- CalDAV: where the account is, and its name there. Its password is kept as `refresh_token`.
    ADD COLUMN url                  text,
    ADD COLUMN username             text,
    ADD COLUMN next_sync_at         timestamptz,
    ADD COLUMN sync_locked_until    timestamptz,
    -- Refresh tokens may work once: one refresh at a time.
    ADD COLUMN refresh_locked_until timestamptz,
    -- Looks that failed since the last one that did not.
    ADD COLUMN failures             integer NOT NULL DEFAULT 0;
CREATE INDEX mentor_calendar_tokens_due ON mentor_calendar_tokens (next_sync_at) WHERE status <> 'expired';

-- A mentor on the way to a provider and back. Works once, in the session that began it.
CREATE TABLE calendar_authorizations (
    state_hash      bytea PRIMARY KEY,
    mentor_id       uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    session_hash    bytea NOT NULL,
    provider        text NOT NULL CHECK (provider IN ('google', 'microsoft')),
    verifier_sealed bytea NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL
);
CREATE INDEX calendar_authorizations_mentor ON calendar_authorizations (mentor_id);

CREATE TABLE calendars (
    id               uuid PRIMARY KEY,
    connection_id    uuid NOT NULL REFERENCES mentor_calendar_tokens ON DELETE CASCADE,
    mentor_id        uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    remote_id        text NOT NULL,
    name             text NOT NULL,
    timezone         text,
    writable         boolean NOT NULL,
    -- The account's own, and its first: shown first.
    is_primary       boolean NOT NULL,
    -- What the mentor chose: its busy time blocks slots; bookings are written into it.
    blocks           boolean NOT NULL,
    receives         boolean NOT NULL,
    -- Where the next look goes on, and for which span that holds.
    cursor           text,
    window_start     timestamptz,
    window_end       timestamptz,
    -- A full look found nothing where there was something: a provider's bad day, until another look says the same.
    doubted_at       timestamptz,
    -- The provider tells us of changes until then.
    watch_id         text UNIQUE,
    watch_resource   text,
    watch_secret_hash bytea,
    watch_expires_at timestamptz,
    notified_at      timestamptz,
    UNIQUE (connection_id, remote_id),
    CHECK (writable OR NOT receives)
);
CREATE UNIQUE INDEX calendars_receiving ON calendars (mentor_id) WHERE receives;
CREATE INDEX calendars_mentor ON calendars (mentor_id);

-- When a calendar that blocks is busy. Nothing of what an event says is kept, not even its id.
CREATE TABLE calendar_busy (
    calendar_id uuid NOT NULL REFERENCES calendars ON DELETE CASCADE,
    -- SHA-256 of the provider's id.
    event_hash  bytea NOT NULL,
    mentor_id   uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    during      tstzrange NOT NULL CHECK (NOT isempty(during)),
    PRIMARY KEY (calendar_id, event_hash)
);
CREATE INDEX calendar_busy_during ON calendar_busy USING gist (mentor_id, during);

-- The event of a booking, as it was last written.
CREATE TABLE booking_calendar_events (
    booking_id       uuid PRIMARY KEY REFERENCES bookings ON DELETE CASCADE,
    mentor_id        uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    calendar_id      uuid NOT NULL REFERENCES calendars ON DELETE CASCADE,
    -- The provider's id; none before the first write has succeeded.
    remote_id        text,
    -- The booking's sequence that the event shows; -1: none yet.
    written_sequence integer NOT NULL DEFAULT -1,
    during           tstzrange,
    -- Whoever writes or asks about the event has leased it.
    locked_until     timestamptz
);
CREATE INDEX booking_calendar_events_calendar ON booking_calendar_events (calendar_id, remote_id);
CREATE INDEX booking_calendar_events_mentor ON booking_calendar_events (mentor_id);

-- Something is told that did not change the booking: the mentor moved its event to where it cannot be.
ALTER TABLE booking_events DROP CONSTRAINT booking_events_kind_check;
ALTER TABLE booking_events ADD CONSTRAINT booking_events_kind_check
    CHECK (kind IN ('booked', 'requested', 'confirmed', 'declined', 'moved', 'cancelled', 'move_refused'));

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['calendar_authorizations', 'calendars', 'calendar_busy', 'booking_calendar_events'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO worker', table_name);
        EXECUTE format('CREATE POLICY worker_all ON %I TO worker USING (true) WITH CHECK (true)', table_name);
    END LOOP;
END $$;

GRANT SELECT (next_sync_at), UPDATE (next_sync_at) ON mentor_calendar_tokens TO mentor;
GRANT SELECT (id, connection_id, mentor_id, remote_id, name, timezone, writable, is_primary, blocks, receives),
    UPDATE (blocks, receives, cursor) ON calendars TO mentor;
CREATE POLICY mentor_own ON calendars TO mentor USING (mentor_id = acting_mentor()) WITH CHECK (mentor_id = acting_mentor());
-- A calendar that does not block any more: its busy time goes at once.
GRANT SELECT (calendar_id, mentor_id), DELETE ON calendar_busy TO mentor;
CREATE POLICY mentor_own ON calendar_busy TO mentor USING (mentor_id = acting_mentor()) WITH CHECK (mentor_id = acting_mentor());

-- As before, and the busy time of connected calendars.
CREATE OR REPLACE FUNCTION busy_times(from_instant timestamptz, to_instant timestamptz, at_instant timestamptz, except_booking uuid)
    RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, before_minutes smallint, after_minutes smallint,
        session_type uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
        SELECT lower(during), upper(during), buffer_before_minutes, buffer_after_minutes, session_type_id
        FROM bookings
        WHERE mentor_id = acting_mentor()
            AND during && tstzrange(from_instant, to_instant)
            AND status IN ('pending', 'confirmed', 'held')
            AND (hold_expires_at IS NULL OR hold_expires_at > at_instant)
            AND id IS DISTINCT FROM except_booking
        UNION ALL
        SELECT lower(during), upper(during), 0::smallint, 0::smallint, NULL::uuid
        FROM calendar_busy
        WHERE mentor_id = acting_mentor() AND during && tstzrange(from_instant, to_instant)
    $$;
