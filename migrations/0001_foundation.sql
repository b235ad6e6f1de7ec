-- Roles, mentors, hours, session types, bookings, accounts, jobs; row level security on all of it.
--
-- The application never acts as owner: each transaction sets one of three roles and says for whom it acts
-- (`app.mentor_id`, `app.token_hash`, `app.key_hash`, all empty for nobody in particular):
--   visitor  whoever looks or books; with a token's hash, the mentee of that one booking
--   mentor   a mentor who is logged in, or shows an API key
--   worker   the server on its own account: jobs, logging in, signing up

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Roles belong to the whole cluster: another database of it may have made them, perhaps at this moment.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['visitor', 'mentor', 'worker'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        -- A role that another database's owner made is granted by that owner, or by hand.
        IF NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
        END IF;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO visitor, mentor, worker;

-- For whom the transaction acts. A setting that was local to an earlier transaction reads as '', not NULL.
CREATE FUNCTION acting_mentor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.mentor_id', true), '')::uuid $$;
CREATE FUNCTION shown_token() RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT decode(nullif(current_setting('app.token_hash', true), ''), 'hex') $$;
CREATE FUNCTION shown_key() RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT decode(nullif(current_setting('app.key_hash', true), ''), 'hex') $$;

-- Mentors -----------------------------------------------------------------------------------------

CREATE TABLE mentors (
    id                uuid PRIMARY KEY,
    handle            text NOT NULL CONSTRAINT mentors_handle_key UNIQUE,
    name              text NOT NULL,
    email             text NOT NULL,
    -- Not public and not able to log in until the address is confirmed.
    email_verified_at timestamptz,
    headline          text,
    bio               text,
    photo_url         text,
    timezone          text NOT NULL DEFAULT 'Asia/Seoul',
    language          text NOT NULL DEFAULT 'en',
    created_at        timestamptz NOT NULL
);
CREATE UNIQUE INDEX mentors_email_key ON mentors (lower(email));

CREATE TABLE credentials (
    mentor_id     uuid PRIMARY KEY REFERENCES mentors ON DELETE CASCADE,
    password_hash text NOT NULL,
    changed_at    timestamptz NOT NULL
);

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    mentor_id  uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_mentor ON sessions (mentor_id);

-- Links in mail, and login links: each works once, for one purpose.
CREATE TABLE single_use_tokens (
    token_hash bytea PRIMARY KEY,
    mentor_id  uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    purpose    text NOT NULL CHECK (purpose IN ('verify', 'reset', 'login')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX single_use_tokens_mentor ON single_use_tokens (mentor_id);

CREATE TABLE api_keys (
    id           uuid PRIMARY KEY,
    mentor_id    uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    name         text NOT NULL,
    prefix       text NOT NULL,
    key_hash     bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX api_keys_mentor ON api_keys (mentor_id);

-- Hours -------------------------------------------------------------------------------------------

-- Minutes since local midnight, 0 to 1440, in the time zone of mentors.timezone.
CREATE TABLE mentor_availability (
    mentor_id    uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    day_of_week  smallint NOT NULL CHECK (day_of_week BETWEEN 0 AND 6),
    start_minute smallint NOT NULL CHECK (start_minute >= 0),
    end_minute   smallint NOT NULL CHECK (end_minute <= 1440),
    PRIMARY KEY (mentor_id, day_of_week, start_minute),
    CHECK (start_minute < end_minute)
);

CREATE TABLE availability_overrides (
    mentor_id uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    date      date NOT NULL,
    -- [{"start_time":"09:00","end_time":"12:00"}]; an empty list closes the day.
    windows   jsonb NOT NULL CHECK (jsonb_typeof(windows) = 'array'),
    PRIMARY KEY (mentor_id, date)
);

CREATE TABLE blocked_dates (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mentor_id uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    starts_on date NOT NULL,
    ends_on   date NOT NULL,
    note      text,
    CHECK (starts_on <= ends_on)
);
CREATE INDEX blocked_dates_mentor ON blocked_dates (mentor_id, starts_on);

-- Session types -----------------------------------------------------------------------------------

CREATE TABLE session_types (
    id                     uuid PRIMARY KEY,
    mentor_id              uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    slug                   text NOT NULL,
    name                   text NOT NULL,
    description            text,
    duration_minutes       smallint NOT NULL CHECK (duration_minutes BETWEEN 5 AND 1440),
    start_interval_minutes smallint NOT NULL CHECK (start_interval_minutes BETWEEN 5 AND 1440),
    buffer_before_minutes  smallint NOT NULL CHECK (buffer_before_minutes BETWEEN 0 AND 1440),
    buffer_after_minutes   smallint NOT NULL CHECK (buffer_after_minutes BETWEEN 0 AND 1440),
    minimum_notice_minutes integer NOT NULL CHECK (minimum_notice_minutes BETWEEN 0 AND 525600),
    horizon_days           smallint NOT NULL CHECK (horizon_days BETWEEN 1 AND 730),
    daily_limit            smallint CHECK (daily_limit BETWEEN 1 AND 1000),
    requires_approval      boolean NOT NULL,
    cancel_notice_minutes  integer NOT NULL CHECK (cancel_notice_minutes BETWEEN 0 AND 525600),
    price_amount           bigint CHECK (price_amount >= 0),
    price_currency         text,
    location_kind          text CHECK (location_kind IN ('link', 'phone', 'in_person', 'meet', 'teams')),
    location_value         text,
    active                 boolean NOT NULL,
    created_at             timestamptz NOT NULL,
    UNIQUE (mentor_id, slug),
    CHECK ((price_amount IS NULL) = (price_currency IS NULL)),
    CHECK ((location_kind IS NULL) = (location_value IS NULL))
);

-- Bookings ----------------------------------------------------------------------------------------

-- What a booking was made with stays with it: name, duration (in `during`), buffers, cancel notice, location.
CREATE TABLE bookings (
    id                    uuid PRIMARY KEY,
    mentor_id             uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    session_type_id       uuid REFERENCES session_types ON DELETE SET NULL,
    session_slug          text NOT NULL,
    session_name          text NOT NULL,
    status                text NOT NULL CHECK (status IN ('pending', 'confirmed', 'declined', 'cancelled', 'held')),
    during                tstzrange NOT NULL CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
    buffer_before_minutes smallint NOT NULL,
    buffer_after_minutes  smallint NOT NULL,
    cancel_notice_minutes integer NOT NULL,
    location_kind         text,
    location_value        text,
    booker_name           text,
    booker_email          text,
    booker_timezone       text,
    booker_language       text,
    notes                 text,
    sequence              integer NOT NULL DEFAULT 0,
    -- SHA-256 to look it up; sealed once more, because later mail must show it again.
    manage_token_hash     bytea UNIQUE,
    manage_token_sealed   bytea,
    created_at            timestamptz NOT NULL,
    cancelled_at          timestamptz,
    cancelled_by          text CHECK (cancelled_by IN ('mentee', 'mentor', 'calendar', 'expiry')),
    reason                text,
    hold_expires_at       timestamptz,
    CHECK (status = 'held' OR (booker_name IS NOT NULL AND booker_email IS NOT NULL AND booker_timezone IS NOT NULL
        AND booker_language IS NOT NULL AND manage_token_hash IS NOT NULL AND manage_token_sealed IS NOT NULL)),
    CHECK ((status = 'held') = (hold_expires_at IS NOT NULL)),
    -- Two sessions of one mentor never overlap, whatever the code above does. The name is known to `store`.
    CONSTRAINT bookings_no_overlap EXCLUDE USING gist (mentor_id WITH =, during WITH &&)
        WHERE (status IN ('pending', 'confirmed', 'held'))
);
CREATE INDEX bookings_by_start ON bookings (mentor_id, lower(during), id);
CREATE INDEX bookings_session_type ON bookings (session_type_id);

-- What happened to a booking, as it was then: the audit trail, and what mail is written from.
CREATE TABLE booking_events (
    id              uuid PRIMARY KEY,
    booking_id      uuid NOT NULL REFERENCES bookings ON DELETE CASCADE,
    mentor_id       uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    kind            text NOT NULL CHECK (kind IN ('booked', 'requested', 'confirmed', 'declined', 'moved', 'cancelled')),
    actor           text NOT NULL CHECK (actor IN ('mentee', 'mentor', 'calendar', 'expiry')),
    sequence        integer NOT NULL,
    during          tstzrange NOT NULL,
    previous_during tstzrange,
    reason          text,
    created_at      timestamptz NOT NULL
);
CREATE INDEX booking_events_booking ON booking_events (booking_id, created_at);

CREATE TABLE idempotency_keys (
    mentor_id           uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    key_hash            bytea NOT NULL,
    request_hash        bytea NOT NULL,
    booking_id          uuid NOT NULL REFERENCES bookings ON DELETE CASCADE,
    -- The first answer, without the manage token, which is sealed beside it.
    answer              jsonb NOT NULL,
    manage_token_sealed bytea NOT NULL,
    created_at          timestamptz NOT NULL,
    PRIMARY KEY (mentor_id, key_hash)
);

CREATE TABLE mentor_calendar_tokens (
    id             uuid PRIMARY KEY,
    mentor_id      uuid NOT NULL REFERENCES mentors ON DELETE CASCADE,
    provider       text NOT NULL CHECK (provider IN ('google', 'microsoft', 'caldav')),
    account        text NOT NULL,
    access_token   bytea,
    refresh_token  bytea,
    expires_at     timestamptz,
    status         text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'expired', 'error')),
    last_synced_at timestamptz,
    error          text,
    created_at     timestamptz NOT NULL,
    UNIQUE (mentor_id, provider, account)
);

-- Jobs --------------------------------------------------------------------------------------------

-- Work that must follow a committed change. A worker leases a row (`locked_until`); a worker that dies lets it lapse.
CREATE TABLE jobs (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mentor_id    uuid REFERENCES mentors ON DELETE CASCADE,
    kind         text NOT NULL,
    -- Ids only, never a person's data.
    payload      jsonb NOT NULL,
    run_at       timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    last_error   text,
    locked_until timestamptz,
    -- Given up after too many attempts, or refused for good.
    dead_at      timestamptz,
    created_at   timestamptz NOT NULL
);
CREATE INDEX jobs_due ON jobs (run_at) WHERE dead_at IS NULL;
CREATE INDEX jobs_mentor ON jobs (mentor_id);

-- Rights ------------------------------------------------------------------------------------------

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['mentors', 'credentials', 'sessions', 'single_use_tokens', 'api_keys',
        'mentor_availability', 'availability_overrides', 'blocked_dates', 'session_types', 'bookings', 'booking_events',
        'idempotency_keys', 'mentor_calendar_tokens', 'jobs'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO worker', table_name);
        EXECUTE format('CREATE POLICY worker_all ON %I TO worker USING (true) WITH CHECK (true)', table_name);
    END LOOP;
END $$;

-- Mentors: everyone reads the public columns of confirmed ones; a mentor reads and changes, and may delete, their own row.
GRANT SELECT (id, handle, name, headline, bio, photo_url, timezone, created_at) ON mentors TO visitor;
CREATE POLICY visitor_reads ON mentors FOR SELECT TO visitor USING (email_verified_at IS NOT NULL);
GRANT SELECT, DELETE ON mentors TO mentor;
GRANT UPDATE (handle, name, headline, bio, photo_url, timezone, language) ON mentors TO mentor;
CREATE POLICY mentor_own ON mentors TO mentor USING (id = acting_mentor()) WITH CHECK (id = acting_mentor());

-- Secrets: a mentor sees and revokes keys; passwords and sessions are the worker's alone.
GRANT SELECT (id, mentor_id, name, prefix, created_at, last_used_at, revoked_at) ON api_keys TO mentor;
GRANT INSERT ON api_keys TO mentor;
GRANT UPDATE (revoked_at) ON api_keys TO mentor;
CREATE POLICY mentor_own ON api_keys TO mentor USING (mentor_id = acting_mentor()) WITH CHECK (mentor_id = acting_mentor());

-- Hours: whoever books with a mentor reads that mentor's hours, never the notes.
GRANT SELECT ON mentor_availability, availability_overrides TO visitor;
GRANT SELECT (mentor_id, starts_on, ends_on) ON blocked_dates TO visitor;
CREATE POLICY visitor_reads ON mentor_availability FOR SELECT TO visitor USING (mentor_id = acting_mentor());
CREATE POLICY visitor_reads ON availability_overrides FOR SELECT TO visitor USING (mentor_id = acting_mentor());
CREATE POLICY visitor_reads ON blocked_dates FOR SELECT TO visitor USING (mentor_id = acting_mentor());
GRANT SELECT, INSERT, UPDATE, DELETE ON mentor_availability, availability_overrides, blocked_dates TO mentor;
CREATE POLICY mentor_own ON mentor_availability TO mentor
    USING (mentor_id = acting_mentor()) WITH CHECK (mentor_id = acting_mentor());
CREATE POLICY mentor_own ON availability_overrides TO mentor
    USING (mentor_id = acting_mentor()) WITH CHECK (mentor_id = acting_mentor());
CREATE POLICY mentor_own ON blocked_dates TO mentor
    USING (mentor_id = acting_mentor()) WITH CHECK (mentor_id = acting_mentor());

-- Session types: everyone reads the active ones.
GRANT SELECT ON session_types TO visitor;
CREATE POLICY visitor_reads ON session_types FOR SELECT TO visitor USING (active);
GRANT SELECT, INSERT, UPDATE, DELETE ON session_types TO mentor;
CREATE POLICY mentor_own ON session_types TO mentor
    USING (mentor_id = acting_mentor()) WITH CHECK (mentor_id = acting_mentor());

-- Bookings: a visitor makes one, and with its token reads and changes that one.
GRANT SELECT, INSERT ON bookings TO visitor;
GRANT UPDATE (status, during, sequence, cancelled_at, cancelled_by, reason) ON bookings TO visitor;
CREATE POLICY visitor_makes ON bookings FOR INSERT TO visitor
    WITH CHECK (mentor_id = acting_mentor() AND status IN ('pending', 'confirmed', 'held'));
CREATE POLICY visitor_with_token_reads ON bookings FOR SELECT TO visitor USING (manage_token_hash = shown_token());
CREATE POLICY visitor_with_token_changes ON bookings FOR UPDATE TO visitor
    USING (manage_token_hash = shown_token() AND mentor_id = acting_mentor())
    WITH CHECK (manage_token_hash = shown_token() AND mentor_id = acting_mentor());
GRANT SELECT ON bookings TO mentor;
GRANT UPDATE (status, during, sequence, cancelled_at, cancelled_by, reason) ON bookings TO mentor;
CREATE POLICY mentor_reads ON bookings FOR SELECT TO mentor USING (mentor_id = acting_mentor() AND status <> 'held');
CREATE POLICY mentor_changes ON bookings FOR UPDATE TO mentor
    USING (mentor_id = acting_mentor() AND status <> 'held') WITH CHECK (mentor_id = acting_mentor());

-- Trails: whoever changes a booking writes one; the mentor reads them.
GRANT INSERT ON booking_events TO visitor, mentor;
GRANT SELECT ON booking_events TO mentor;
CREATE POLICY visitor_writes ON booking_events FOR INSERT TO visitor WITH CHECK (mentor_id = acting_mentor());
CREATE POLICY mentor_writes ON booking_events FOR INSERT TO mentor WITH CHECK (mentor_id = acting_mentor());
CREATE POLICY mentor_reads ON booking_events FOR SELECT TO mentor USING (mentor_id = acting_mentor());

-- A repeat shows the key again.
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO visitor;
CREATE POLICY visitor_own ON idempotency_keys TO visitor
    USING (mentor_id = acting_mentor() AND key_hash = shown_key())
    WITH CHECK (mentor_id = acting_mentor() AND key_hash = shown_key());

GRANT SELECT (id, mentor_id, provider, account, status, last_synced_at, error, created_at), DELETE
    ON mentor_calendar_tokens TO mentor;
CREATE POLICY mentor_own ON mentor_calendar_tokens TO mentor
    USING (mentor_id = acting_mentor()) WITH CHECK (mentor_id = acting_mentor());

-- Jobs are left behind by whoever changes something, for the mentor acted for; only the worker sees them.
GRANT INSERT ON jobs TO visitor, mentor;
CREATE POLICY visitor_leaves ON jobs FOR INSERT TO visitor WITH CHECK (mentor_id = acting_mentor());
CREATE POLICY mentor_leaves ON jobs FOR INSERT TO mentor WITH CHECK (mentor_id = acting_mentor());

-- That a mentor is busy, not why or with whom: of the mentor acted for, and nobody else. One's own booking and hold
-- do not count. Owned by `worker`, so it reads past the caller's policies even where the owner is no superuser.
CREATE FUNCTION busy_times(from_instant timestamptz, to_instant timestamptz, at_instant timestamptz, except_booking uuid)
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
    $$;
GRANT CREATE ON SCHEMA public TO worker;
ALTER FUNCTION busy_times(timestamptz, timestamptz, timestamptz, uuid) OWNER TO worker;
REVOKE CREATE ON SCHEMA public FROM worker;
REVOKE ALL ON FUNCTION busy_times(timestamptz, timestamptz, timestamptz, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION busy_times(timestamptz, timestamptz, timestamptz, uuid) TO visitor, mentor, worker;
