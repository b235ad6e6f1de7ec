CREATE ROLE mentor;
ALTER ROLE mentor WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE visitor;
ALTER ROLE visitor WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE worker;
ALTER ROLE worker WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE yaksok;
ALTER ROLE yaksok WITH NOSUPERUSER NOINHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;
GRANT mentor TO yaksok;
GRANT visitor TO yaksok;
GRANT worker TO yaksok;
--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: btree_gist; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;


--
-- Name: EXTENSION btree_gist; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';


--
-- Name: acting_mentor(); Type: FUNCTION; Schema: public; Owner: yaksok_owner
--

CREATE FUNCTION public.acting_mentor() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.mentor_id', true), '')::uuid $$;


ALTER FUNCTION public.acting_mentor() OWNER TO yaksok_owner;

--
-- Name: busy_times(timestamp with time zone, timestamp with time zone, timestamp with time zone, uuid); Type: FUNCTION; Schema: public; Owner: worker
--

CREATE FUNCTION public.busy_times(from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) RETURNS TABLE(starts_at timestamp with time zone, ends_at timestamp with time zone, before_minutes smallint, after_minutes smallint, session_type uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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


ALTER FUNCTION public.busy_times(from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) OWNER TO worker;

--
-- Name: lane(text); Type: FUNCTION; Schema: public; Owner: yaksok_owner
--

CREATE FUNCTION public.lane(kind text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (kind = ANY (ARRAY['event'::text, 'reconcile'::text])) THEN 'calendar'::text WHEN (kind = 'expire'::text) THEN 'clock'::text ELSE 'mail'::text END;


ALTER FUNCTION public.lane(kind text) OWNER TO yaksok_owner;

--
-- Name: live_holds(bytea, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: worker
--

CREATE FUNCTION public.live_holds(client bytea, at_instant timestamp with time zone) RETURNS TABLE(count bigint, first_ends_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
        SELECT count(*), min(hold_expires_at) FROM bookings
        WHERE status = 'held' AND hold_client = client AND hold_expires_at > at_instant
    $$;


ALTER FUNCTION public.live_holds(client bytea, at_instant timestamp with time zone) OWNER TO worker;

--
-- Name: shown_key(); Type: FUNCTION; Schema: public; Owner: yaksok_owner
--

CREATE FUNCTION public.shown_key() RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT decode(nullif(current_setting('app.key_hash', true), ''), 'hex') $$;


ALTER FUNCTION public.shown_key() OWNER TO yaksok_owner;

--
-- Name: shown_token(); Type: FUNCTION; Schema: public; Owner: yaksok_owner
--

CREATE FUNCTION public.shown_token() RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT decode(nullif(current_setting('app.token_hash', true), ''), 'hex') $$;


ALTER FUNCTION public.shown_token() OWNER TO yaksok_owner;

--
-- Name: take_hold(uuid, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: worker
--

CREATE FUNCTION public.take_hold(hold uuid, at_instant timestamp with time zone) RETURNS TABLE(starts_at timestamp with time zone, session_type uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
    BEGIN
        RETURN QUERY WITH taken AS (
            DELETE FROM bookings
            WHERE mentor_id = acting_mentor() AND status = 'held' AND (id = hold OR hold_expires_at <= at_instant)
            RETURNING id, during, session_type_id, hold_expires_at)
        SELECT lower(during), session_type_id FROM taken WHERE id = hold AND hold_expires_at > at_instant;
    END
    $$;


ALTER FUNCTION public.take_hold(hold uuid, at_instant timestamp with time zone) OWNER TO worker;

--
-- Name: timetables(uuid[], timestamp with time zone, timestamp with time zone, timestamp with time zone, uuid); Type: FUNCTION; Schema: public; Owner: worker
--

CREATE FUNCTION public.timetables(mentor_ids uuid[], from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) RETURNS TABLE(mentor uuid, days smallint[], start_minutes smallint[], end_minutes smallint[], overrides jsonb, blocked_from date[], blocked_to date[], booked_from timestamp with time zone[], booked_to timestamp with time zone[], buffers_before smallint[], buffers_after smallint[], session_types uuid[], busy_from timestamp with time zone[], busy_to timestamp with time zone[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
    #variable_conflict use_column
    DECLARE
        span tstzrange := tstzrange(from_instant, to_instant);
    BEGIN
        RETURN QUERY
        SELECT m.id, weekly.*, overridden.*, blocked.*, booked.*, busy.*
        FROM mentors m
        CROSS JOIN LATERAL (
            SELECT array_agg(day_of_week), array_agg(start_minute), array_agg(end_minute)
            FROM mentor_availability WHERE mentor_id = m.id) weekly
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_object('date', date, 'windows', windows))
            FROM availability_overrides WHERE mentor_id = m.id) overridden
        CROSS JOIN LATERAL (
            SELECT array_agg(starts_on), array_agg(ends_on) FROM blocked_dates WHERE mentor_id = m.id) blocked
        CROSS JOIN LATERAL (
            SELECT array_agg(lower(during)), array_agg(upper(during)), array_agg(buffer_before_minutes),
                array_agg(buffer_after_minutes), array_agg(session_type_id)
            FROM bookings
            WHERE mentor_id = m.id AND during && span AND status IN ('pending', 'confirmed', 'held')
                AND (hold_expires_at IS NULL OR hold_expires_at > at_instant)
                AND id IS DISTINCT FROM except_booking) booked
        CROSS JOIN LATERAL (
            SELECT array_agg(lower(during)), array_agg(upper(during))
            FROM calendar_busy WHERE mentor_id = m.id AND during && span) busy
        WHERE m.id = ANY(mentor_ids) AND m.email_verified_at IS NOT NULL;
    END
    $$;


ALTER FUNCTION public.timetables(mentor_ids uuid[], from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) OWNER TO worker;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: _sqlx_migrations; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);


ALTER TABLE public._sqlx_migrations OWNER TO yaksok_owner;

--
-- Name: account_events; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.account_events (
    id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    actor text NOT NULL,
    api_key_id uuid,
    what jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT account_events_actor_check CHECK ((actor = ANY (ARRAY['mentor'::text, 'calendar'::text, 'platform'::text]))),
    CONSTRAINT account_events_what_check CHECK ((jsonb_typeof((what -> 'kind'::text)) = 'string'::text))
);

ALTER TABLE ONLY public.account_events FORCE ROW LEVEL SECURITY;


ALTER TABLE public.account_events OWNER TO yaksok_owner;

--
-- Name: api_keys; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.api_keys (
    id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone
);

ALTER TABLE ONLY public.api_keys FORCE ROW LEVEL SECURITY;


ALTER TABLE public.api_keys OWNER TO yaksok_owner;

--
-- Name: availability_overrides; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.availability_overrides (
    mentor_id uuid NOT NULL,
    date date NOT NULL,
    windows jsonb NOT NULL,
    CONSTRAINT availability_overrides_windows_check CHECK ((jsonb_typeof(windows) = 'array'::text))
);

ALTER TABLE ONLY public.availability_overrides FORCE ROW LEVEL SECURITY;


ALTER TABLE public.availability_overrides OWNER TO yaksok_owner;

--
-- Name: blocked_dates; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.blocked_dates (
    id bigint NOT NULL,
    mentor_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    note text,
    CONSTRAINT blocked_dates_check CHECK ((starts_on <= ends_on))
);

ALTER TABLE ONLY public.blocked_dates FORCE ROW LEVEL SECURITY;


ALTER TABLE public.blocked_dates OWNER TO yaksok_owner;

--
-- Name: blocked_dates_id_seq; Type: SEQUENCE; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.blocked_dates ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.blocked_dates_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: booking_calendar_events; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.booking_calendar_events (
    booking_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    calendar_id uuid NOT NULL,
    remote_id text,
    written_sequence integer DEFAULT '-1'::integer NOT NULL,
    during tstzrange,
    locked_until timestamp with time zone
);

ALTER TABLE ONLY public.booking_calendar_events FORCE ROW LEVEL SECURITY;


ALTER TABLE public.booking_calendar_events OWNER TO yaksok_owner;

--
-- Name: booking_events; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.booking_events (
    id uuid NOT NULL,
    booking_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    sequence integer NOT NULL,
    during tstzrange NOT NULL,
    previous_during tstzrange,
    reason text,
    created_at timestamp with time zone NOT NULL,
    api_key_id uuid,
    CONSTRAINT booking_events_actor_check CHECK ((actor = ANY (ARRAY['mentee'::text, 'mentor'::text, 'calendar'::text, 'expiry'::text, 'retention'::text]))),
    CONSTRAINT booking_events_kind_check CHECK ((kind = ANY (ARRAY['booked'::text, 'requested'::text, 'confirmed'::text, 'declined'::text, 'moved'::text, 'cancelled'::text, 'move_refused'::text, 'erased'::text])))
);

ALTER TABLE ONLY public.booking_events FORCE ROW LEVEL SECURITY;


ALTER TABLE public.booking_events OWNER TO yaksok_owner;

--
-- Name: bookings; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.bookings (
    id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    session_type_id uuid,
    session_slug text NOT NULL,
    session_name text NOT NULL,
    status text NOT NULL,
    during tstzrange NOT NULL,
    buffer_before_minutes smallint NOT NULL,
    buffer_after_minutes smallint NOT NULL,
    cancel_notice_minutes integer NOT NULL,
    location_kind text,
    location_value text,
    booker_name text,
    booker_email text,
    booker_timezone text,
    booker_language text,
    notes text,
    sequence integer DEFAULT 0 NOT NULL,
    manage_token_hash bytea,
    manage_token_sealed bytea,
    created_at timestamp with time zone NOT NULL,
    cancelled_at timestamp with time zone,
    cancelled_by text,
    reason text,
    hold_expires_at timestamp with time zone,
    hold_client bytea,
    erased_at timestamp with time zone,
    CONSTRAINT bookings_booker CHECK (((status = 'held'::text) OR ((manage_token_hash IS NOT NULL) AND
CASE
    WHEN (erased_at IS NULL) THEN ((booker_name IS NOT NULL) AND (booker_email IS NOT NULL) AND (booker_timezone IS NOT NULL) AND (booker_language IS NOT NULL) AND (manage_token_sealed IS NOT NULL))
    ELSE (num_nonnulls(booker_name, booker_email, booker_timezone, booker_language, notes, reason, manage_token_sealed) = 0)
END))),
    CONSTRAINT bookings_cancelled_by_check CHECK ((cancelled_by = ANY (ARRAY['mentee'::text, 'mentor'::text, 'calendar'::text, 'expiry'::text]))),
    CONSTRAINT bookings_check1 CHECK (((status = 'held'::text) = (hold_expires_at IS NOT NULL))),
    CONSTRAINT bookings_during_check CHECK (((NOT isempty(during)) AND lower_inc(during) AND (NOT upper_inc(during)))),
    CONSTRAINT bookings_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'declined'::text, 'cancelled'::text, 'held'::text])))
);

ALTER TABLE ONLY public.bookings FORCE ROW LEVEL SECURITY;


ALTER TABLE public.bookings OWNER TO yaksok_owner;

--
-- Name: calendar_authorizations; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.calendar_authorizations (
    state_hash bytea NOT NULL,
    mentor_id uuid NOT NULL,
    session_hash bytea NOT NULL,
    provider text NOT NULL,
    verifier_sealed bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT calendar_authorizations_provider_check CHECK ((provider = ANY (ARRAY['google'::text, 'microsoft'::text])))
);

ALTER TABLE ONLY public.calendar_authorizations FORCE ROW LEVEL SECURITY;


ALTER TABLE public.calendar_authorizations OWNER TO yaksok_owner;

--
-- Name: calendar_busy; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.calendar_busy (
    calendar_id uuid NOT NULL,
    event_hash bytea NOT NULL,
    mentor_id uuid NOT NULL,
    during tstzrange NOT NULL,
    CONSTRAINT calendar_busy_during_check CHECK ((NOT isempty(during)))
);

ALTER TABLE ONLY public.calendar_busy FORCE ROW LEVEL SECURITY;


ALTER TABLE public.calendar_busy OWNER TO yaksok_owner;

--
-- Name: calendars; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.calendars (
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    remote_id text NOT NULL,
    name text NOT NULL,
    timezone text,
    writable boolean NOT NULL,
    is_primary boolean NOT NULL,
    blocks boolean NOT NULL,
    receives boolean NOT NULL,
    cursor text,
    window_start timestamp with time zone,
    window_end timestamp with time zone,
    doubted_at timestamp with time zone,
    watch_id text,
    watch_resource text,
    watch_secret_hash bytea,
    watch_expires_at timestamp with time zone,
    notified_at timestamp with time zone,
    CONSTRAINT calendars_check CHECK ((writable OR (NOT receives)))
);

ALTER TABLE ONLY public.calendars FORCE ROW LEVEL SECURITY;


ALTER TABLE public.calendars OWNER TO yaksok_owner;

--
-- Name: credentials; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.credentials (
    mentor_id uuid NOT NULL,
    password_hash text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.credentials FORCE ROW LEVEL SECURITY;


ALTER TABLE public.credentials OWNER TO yaksok_owner;

--
-- Name: idempotency_keys; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.idempotency_keys (
    mentor_id uuid NOT NULL,
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    booking_id uuid NOT NULL,
    answer jsonb NOT NULL,
    manage_token_sealed bytea NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.idempotency_keys FORCE ROW LEVEL SECURITY;


ALTER TABLE public.idempotency_keys OWNER TO yaksok_owner;

--
-- Name: jobs; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.jobs (
    id bigint NOT NULL,
    mentor_id uuid,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    run_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    last_error text,
    locked_until timestamp with time zone,
    dead_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.jobs FORCE ROW LEVEL SECURITY;


ALTER TABLE public.jobs OWNER TO yaksok_owner;

--
-- Name: jobs_id_seq; Type: SEQUENCE; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: keys; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.keys (
    name text NOT NULL,
    sealed bytea NOT NULL
);

ALTER TABLE ONLY public.keys FORCE ROW LEVEL SECURITY;


ALTER TABLE public.keys OWNER TO yaksok_owner;

--
-- Name: mentor_availability; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.mentor_availability (
    mentor_id uuid NOT NULL,
    day_of_week smallint NOT NULL,
    start_minute smallint NOT NULL,
    end_minute smallint NOT NULL,
    CONSTRAINT mentor_availability_check CHECK ((start_minute < end_minute)),
    CONSTRAINT mentor_availability_day_of_week_check CHECK (((day_of_week >= 0) AND (day_of_week <= 6))),
    CONSTRAINT mentor_availability_end_minute_check CHECK ((end_minute <= 1440)),
    CONSTRAINT mentor_availability_start_minute_check CHECK ((start_minute >= 0))
);

ALTER TABLE ONLY public.mentor_availability FORCE ROW LEVEL SECURITY;


ALTER TABLE public.mentor_availability OWNER TO yaksok_owner;

--
-- Name: mentor_calendar_tokens; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.mentor_calendar_tokens (
    id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    provider text NOT NULL,
    account text NOT NULL,
    access_token bytea,
    refresh_token bytea,
    expires_at timestamp with time zone,
    status text DEFAULT 'active'::text NOT NULL,
    last_synced_at timestamp with time zone,
    error text,
    created_at timestamp with time zone NOT NULL,
    url text,
    username text,
    next_sync_at timestamp with time zone,
    sync_locked_until timestamp with time zone,
    refresh_locked_until timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    throttled_until timestamp with time zone,
    CONSTRAINT mentor_calendar_tokens_provider_check CHECK ((provider = ANY (ARRAY['google'::text, 'microsoft'::text, 'caldav'::text]))),
    CONSTRAINT mentor_calendar_tokens_status_check CHECK ((status = ANY (ARRAY['active'::text, 'expired'::text, 'error'::text])))
);

ALTER TABLE ONLY public.mentor_calendar_tokens FORCE ROW LEVEL SECURITY;


ALTER TABLE public.mentor_calendar_tokens OWNER TO yaksok_owner;

--
-- Name: mentors; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.mentors (
    id uuid NOT NULL,
    handle text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    email_verified_at timestamp with time zone,
    headline text,
    bio text,
    photo_url text,
    timezone text DEFAULT 'Asia/Seoul'::text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.mentors FORCE ROW LEVEL SECURITY;


ALTER TABLE public.mentors OWNER TO yaksok_owner;

--
-- Name: session_types; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.session_types (
    id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    description text,
    duration_minutes smallint NOT NULL,
    start_interval_minutes smallint NOT NULL,
    buffer_before_minutes smallint NOT NULL,
    buffer_after_minutes smallint NOT NULL,
    minimum_notice_minutes integer NOT NULL,
    horizon_days smallint NOT NULL,
    daily_limit smallint,
    requires_approval boolean NOT NULL,
    cancel_notice_minutes integer NOT NULL,
    price_amount bigint,
    price_currency text,
    location_kind text,
    location_value text,
    active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT session_types_buffer_after_minutes_check CHECK (((buffer_after_minutes >= 0) AND (buffer_after_minutes <= 1440))),
    CONSTRAINT session_types_buffer_before_minutes_check CHECK (((buffer_before_minutes >= 0) AND (buffer_before_minutes <= 1440))),
    CONSTRAINT session_types_cancel_notice_minutes_check CHECK (((cancel_notice_minutes >= 0) AND (cancel_notice_minutes <= 525600))),
    CONSTRAINT session_types_check CHECK (((price_amount IS NULL) = (price_currency IS NULL))),
    CONSTRAINT session_types_check1 CHECK (((location_kind IS NULL) = (location_value IS NULL))),
    CONSTRAINT session_types_daily_limit_check CHECK (((daily_limit >= 1) AND (daily_limit <= 1000))),
    CONSTRAINT session_types_duration_minutes_check CHECK (((duration_minutes >= 5) AND (duration_minutes <= 1440))),
    CONSTRAINT session_types_horizon_days_check CHECK (((horizon_days >= 1) AND (horizon_days <= 730))),
    CONSTRAINT session_types_location_kind_check CHECK ((location_kind = ANY (ARRAY['link'::text, 'phone'::text, 'in_person'::text, 'meet'::text, 'teams'::text]))),
    CONSTRAINT session_types_minimum_notice_minutes_check CHECK (((minimum_notice_minutes >= 0) AND (minimum_notice_minutes <= 525600))),
    CONSTRAINT session_types_price_amount_check CHECK ((price_amount >= 0)),
    CONSTRAINT session_types_start_interval_minutes_check CHECK (((start_interval_minutes >= 5) AND (start_interval_minutes <= 1440)))
);

ALTER TABLE ONLY public.session_types FORCE ROW LEVEL SECURITY;


ALTER TABLE public.session_types OWNER TO yaksok_owner;

--
-- Name: sessions; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.sessions (
    token_hash bytea NOT NULL,
    mentor_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.sessions FORCE ROW LEVEL SECURITY;


ALTER TABLE public.sessions OWNER TO yaksok_owner;

--
-- Name: single_use_tokens; Type: TABLE; Schema: public; Owner: yaksok_owner
--

CREATE TABLE public.single_use_tokens (
    token_hash bytea NOT NULL,
    mentor_id uuid NOT NULL,
    purpose text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT single_use_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['verify'::text, 'reset'::text, 'login'::text])))
);

ALTER TABLE ONLY public.single_use_tokens FORCE ROW LEVEL SECURITY;


ALTER TABLE public.single_use_tokens OWNER TO yaksok_owner;

--
-- Data for Name: _sqlx_migrations; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) FROM stdin;
1	foundation	2026-11-29 13:09:40.262441+00	t	\\x9318e2a75ba9831c5dea571f6d9eca4bf1d8e726c873b32f3c43e7999e7ead256073f56ba22b3b4159fd25d85d5cedcd	59535083
2	calendars	2026-11-29 13:09:40.322849+00	t	\\x15db2d99c2fc6dd4f3384fc8cc67dc71f0bd828e97ff6452109781c106f9877f52bdf456639eec4dd15d3a785e25394e	13569615
3	holds	2026-11-29 13:09:40.336848+00	t	\\x480ce716fafce5a090c9b8fc5b8e54f09892f7b20883a93e3c6f4207efdac20ec4981e5fe715bd5ddbca9395aabc9f9d	2596329
4	given up	2026-11-29 13:09:40.339805+00	t	\\x823042b7a22027397f450930f6541719d4bdedaad9e2c0aa265e1ed92a58290c2b69b099cb31c27e050c70b0d6a01acf	1438872
5	activity	2026-11-29 13:09:40.341585+00	t	\\x343b29b8442d19ba693525169f8c88be32a54903768fafe01a807e310a5e67037077515d662a3e69a5cfc1a3d045fe51	4543826
6	erasure	2026-11-29 13:09:40.346503+00	t	\\x6d2fe074c3ed01d03a604185165cdf0f88610cad21c3930ce7264bd1b5363f88ab7930fa06930589fa5e0e2aa312f415	6199370
8	timetables	2026-11-29 13:09:40.353131+00	t	\\x1c054ad4da2863e8154f5c8c6a8c309d5c80a35dfa104a3696f24d16bed64aa5645715bb8ea9170a33e607105c641cb0	1274860
9	keys	2026-11-29 13:09:40.354745+00	t	\\xc4aa57e7993e7dc0ab153d9368c905a312d848edcb849fc977f56672e1f8dd3419268ee6901bd04f944b71721bbf5973	2122256
10	lanes	2026-11-29 13:09:40.357223+00	t	\\x8b819391a3bc70093f8794d3b48062702fd6623741ee8b644793ce6d6259b443f45f13bb7bc0f973f506bb0068e682b0	1769703
11	take hold	2026-11-29 13:09:40.359302+00	t	\\xa8aa0626a2227280ebf3d55ee0dd8a24461a2c1139f9eb237f8631538ca3b96c3f5b67f5de604fda3e7eb30b4df035e1	726748
12	throttled	2026-11-29 13:09:40.360393+00	t	\\xda9fe7e93aad2d91f645d4372507018759f63c2fd55d88b5a713ca59718bd909e85a6b83eef8442706fa74f257b07aa8	631136
13	clock lane	2026-11-29 13:09:40.361504+00	t	\\x20770472f7a064bfb2530b7029fa5c31ede5de00ec0e9acc6e33cb7eb7b24d59658625687632879fa3bff9d6c015afa9	1539071
14	applied	2026-11-29 13:09:40.363364+00	t	\\xe26f9b764ba275fc8505fffab523ff58fae5cf513a4432062d5b779dd8f2704ea6c09254e60185fd87a18f2d5a836fb8	742701
\.


--
-- Data for Name: account_events; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.account_events (id, mentor_id, actor, api_key_id, what, created_at) FROM stdin;
01a2276c-efda-7002-aa72-945092bf90ff	01a2276c-efd8-7000-9cdd-a465e0e450ee	platform	\N	{"kind": "account_created"}	2026-11-29 13:09:40.442359+00
01a2276c-efde-7004-88c4-e3f6e111f62d	01a2276c-efd8-7000-9cdd-a465e0e450ee	platform	\N	{"key": "01a2276c-efde-7003-a765-abcd1157955b", "kind": "api_key_created"}	2026-11-29 13:09:40.446914+00
01a2276c-efef-7005-ae3a-1beec5a99e70	01a2276c-efd8-7000-9cdd-a465e0e450ee	mentor	01a2276c-efde-7003-a765-abcd1157955b	{"kind": "hours_changed", "blocked": 1, "windows": 7, "timezone": null, "overrides": 1}	2026-11-29 13:09:40.463093+00
01a2276c-eff6-7008-a810-4e17b25283be	01a2276c-eff4-7006-85e4-37e1ffae01a3	platform	\N	{"kind": "account_created"}	2026-11-29 13:09:40.470193+00
01a2276c-eff7-700a-9d75-6580ad8a0fca	01a2276c-eff4-7006-85e4-37e1ffae01a3	platform	\N	{"key": "01a2276c-eff6-7009-98dd-8f3ded5be472", "kind": "api_key_created"}	2026-11-29 13:09:40.471153+00
01a2276c-f002-700b-8e00-6103b4654da1	01a2276c-eff4-7006-85e4-37e1ffae01a3	mentor	01a2276c-eff6-7009-98dd-8f3ded5be472	{"kind": "hours_changed", "blocked": 0, "windows": 7, "timezone": null, "overrides": 0}	2026-11-29 13:09:40.482726+00
01a2276c-f007-700e-9902-029935394fc6	01a2276c-f006-700c-a2c3-1bab5f36e5eb	platform	\N	{"kind": "account_created"}	2026-11-29 13:09:40.487313+00
01a2276c-f008-7010-b8ee-13c3f68e9b36	01a2276c-f006-700c-a2c3-1bab5f36e5eb	platform	\N	{"key": "01a2276c-f007-700f-9aeb-cc4f08a29914", "kind": "api_key_created"}	2026-11-29 13:09:40.488136+00
01a2276c-f012-7011-a27d-750af71b5d6a	01a2276c-f006-700c-a2c3-1bab5f36e5eb	mentor	01a2276c-f007-700f-9aeb-cc4f08a29914	{"kind": "hours_changed", "blocked": 0, "windows": 7, "timezone": null, "overrides": 0}	2026-11-29 13:09:40.498463+00
01a2276c-f018-7013-8e0b-26301660504e	01a2276c-efd8-7000-9cdd-a465e0e450ee	mentor	01a2276c-efde-7003-a765-abcd1157955b	{"kind": "session_type_added", "slug": "review"}	2026-11-29 13:09:40.504541+00
01a2276c-f03b-7016-bf73-8fd4c62071e3	01a2276c-f039-7014-ae90-3028a1cf66d8	mentor	\N	{"kind": "account_created"}	2026-11-29 13:09:40.539076+00
01a2276c-f142-7024-82a5-8252222be7db	01a2276c-eff4-7006-85e4-37e1ffae01a3	platform	\N	{"kind": "login_link_made"}	2026-11-29 13:09:40.802198+00
01a2276c-f147-7025-a54e-c2e462b468c2	01a2276c-eff4-7006-85e4-37e1ffae01a3	mentor	\N	{"way": "link", "kind": "signed_in"}	2026-11-29 13:09:40.807294+00
01a2276c-f15a-702a-9c57-e3d4afc5f614	01a2276c-eff4-7006-85e4-37e1ffae01a3	mentor	\N	{"kind": "calendar_connected", "account": "mentor@example.com", "provider": "google"}	2026-11-29 13:09:40.826525+00
01a2276c-f165-702b-8c6c-af0eb7a045d8	01a2276c-f006-700c-a2c3-1bab5f36e5eb	platform	\N	{"kind": "login_link_made"}	2026-11-29 13:09:40.837366+00
01a2276c-f16c-702c-af3b-0b60f0e66fee	01a2276c-f006-700c-a2c3-1bab5f36e5eb	mentor	\N	{"way": "link", "kind": "signed_in"}	2026-11-29 13:09:40.844847+00
01a2276c-f186-7034-84a8-817aa894d4ba	01a2276c-f006-700c-a2c3-1bab5f36e5eb	mentor	\N	{"kind": "calendar_connected", "account": "mentor@example.com", "provider": "microsoft"}	2026-11-29 13:09:40.870312+00
01a2276c-f1ae-703a-bba8-b7e90a4dc277	01a2276c-efd8-7000-9cdd-a465e0e450ee	mentor	01a2276c-efde-7003-a765-abcd1157955b	{"kind": "calendar_connected", "account": "me@127.0.0.1:33819", "provider": "caldav"}	2026-11-29 13:09:40.910438+00
01a2276c-f369-7040-8a01-cce213a6a2cd	01a2276c-efd8-7000-9cdd-a465e0e450ee	platform	\N	{"kind": "login_link_made"}	2026-11-29 13:09:41.353736+00
01a2276c-f36d-7041-aaff-8871386f71ed	01a2276c-efd8-7000-9cdd-a465e0e450ee	mentor	\N	{"way": "link", "kind": "signed_in"}	2026-11-29 13:09:41.357876+00
\.


--
-- Data for Name: api_keys; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.api_keys (id, mentor_id, name, prefix, key_hash, created_at, last_used_at, revoked_at) FROM stdin;
01a2276c-efde-7003-a765-abcd1157955b	01a2276c-efd8-7000-9cdd-a465e0e450ee	First key	ysk_TXTJW	\\x63bef96380b7e94447fa6b197aeaee641d865f636d3b0ae0bb67942b8bf60576	2026-11-29 13:09:40.446243+00	2026-11-29 13:09:40.449909+00	\N
01a2276c-eff6-7009-98dd-8f3ded5be472	01a2276c-eff4-7006-85e4-37e1ffae01a3	First key	ysk_fVgPY	\\x7df0671f9a30c6bf50f6310479cdd3f5f6341e6afd537e22abff9470058b5c64	2026-11-29 13:09:40.470813+00	2026-11-29 13:09:40.474306+00	\N
01a2276c-f007-700f-9aeb-cc4f08a29914	01a2276c-f006-700c-a2c3-1bab5f36e5eb	First key	ysk_MYyPU	\\xcfb1798c47149d43be92dd4adc863b87509b65b703aea04ec59efe578522839c	2026-11-29 13:09:40.487724+00	2026-11-29 13:09:40.490436+00	\N
\.


--
-- Data for Name: availability_overrides; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.availability_overrides (mentor_id, date, windows) FROM stdin;
01a2276c-efd8-7000-9cdd-a465e0e450ee	2036-02-29	[{"end_time": "11:30", "start_time": "10:00"}]
\.


--
-- Data for Name: blocked_dates; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.blocked_dates (id, mentor_id, starts_on, ends_on, note) FROM stdin;
1	01a2276c-efd8-7000-9cdd-a465e0e450ee	2036-12-24	2036-12-31	holidays
\.


--
-- Data for Name: booking_calendar_events; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.booking_calendar_events (booking_id, mentor_id, calendar_id, remote_id, written_sequence, during, locked_until) FROM stdin;
01a2276c-f08f-7019-baac-3e72eabe5274	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-f1ad-7039-83b5-b8f1a79ffafd	01a2276c-f08f-7019-baac-3e72eabe5274.ics	1	["2026-12-01 12:00:00+00","2026-12-01 12:30:00+00")	\N
01a2276c-f067-7017-a966-0b6ce53784fe	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-f1ad-7039-83b5-b8f1a79ffafd	01a2276c-f067-7017-a966-0b6ce53784fe.ics	0	["2026-12-01 09:00:00+00","2026-12-01 09:30:00+00")	\N
01a2276c-f1f0-703c-a02d-d3d0f04ee37a	01a2276c-eff4-7006-85e4-37e1ffae01a3	01a2276c-f159-7027-828c-e3db4d344939	b01a2276cf1f0703ca02dd3d0f04ee37a	0	["2026-12-01 02:00:00+00","2026-12-01 02:30:00+00")	\N
01a2276c-f0fb-701f-a770-dcb04ff69c06	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-f1ad-7039-83b5-b8f1a79ffafd	01a2276c-f0fb-701f-a770-dcb04ff69c06.ics	0	["2026-12-03 09:00:00+00","2026-12-03 09:45:00+00")	\N
01a2276c-f239-703e-af0d-18555aee9b02	01a2276c-f006-700c-a2c3-1bab5f36e5eb	01a2276c-f184-7031-80f6-b33847dd0d8b	AAMkEvent6	0	["2026-12-01 16:00:00+00","2026-12-01 16:30:00+00")	\N
01a2276c-f4da-7000-a198-ca228d5d401b	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-f1ad-7039-83b5-b8f1a79ffafd	\N	-1	\N	\N
\.


--
-- Data for Name: booking_events; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.booking_events (id, booking_id, mentor_id, kind, actor, sequence, during, previous_during, reason, created_at, api_key_id) FROM stdin;
01a2276c-f069-7018-b38c-89c78369ed84	01a2276c-f067-7017-a966-0b6ce53784fe	01a2276c-efd8-7000-9cdd-a465e0e450ee	booked	mentee	0	["2036-12-02 09:00:00+00","2036-12-02 09:30:00+00")	\N	\N	2026-11-29 13:09:40.576772+00	\N
01a2276c-f091-701a-ae67-16bf49b37518	01a2276c-f08f-7019-baac-3e72eabe5274	01a2276c-efd8-7000-9cdd-a465e0e450ee	booked	mentee	0	["2036-12-02 10:30:00+00","2036-12-02 11:00:00+00")	\N	\N	2026-11-29 13:09:40.599214+00	\N
01a2276c-f0b2-701b-bdd7-123d12e605ca	01a2276c-f08f-7019-baac-3e72eabe5274	01a2276c-efd8-7000-9cdd-a465e0e450ee	moved	mentee	1	["2036-12-02 12:00:00+00","2036-12-02 12:30:00+00")	["2026-12-01 10:30:00+00","2026-12-01 11:00:00+00")	\N	2026-11-29 13:09:40.654934+00	\N
01a2276c-f0c9-701d-a5c2-b95470c0f8d4	01a2276c-f0c3-701c-a16c-6d93b73204f4	01a2276c-efd8-7000-9cdd-a465e0e450ee	booked	mentee	0	["2036-12-02 13:30:00+00","2036-12-02 14:00:00+00")	\N	\N	2026-11-29 13:09:40.667526+00	\N
01a2276c-f0d5-701e-87af-848ce915d570	01a2276c-f0c3-701c-a16c-6d93b73204f4	01a2276c-efd8-7000-9cdd-a465e0e450ee	cancelled	mentee	1	["2036-12-02 13:30:00+00","2036-12-02 14:00:00+00")	\N	ill	2026-11-29 13:09:40.692919+00	\N
01a2276c-f0fc-7020-859e-151d35c058d6	01a2276c-f0fb-701f-a770-dcb04ff69c06	01a2276c-efd8-7000-9cdd-a465e0e450ee	requested	mentee	0	["2036-12-04 09:00:00+00","2036-12-04 09:45:00+00")	\N	\N	2026-11-29 13:09:40.716446+00	\N
01a2276c-f114-7022-af86-205263ffa160	01a2276c-f112-7021-bd07-239fa749d26f	01a2276c-efd8-7000-9cdd-a465e0e450ee	requested	mentee	0	["2036-12-05 09:00:00+00","2036-12-05 09:45:00+00")	\N	\N	2026-11-29 13:09:40.742027+00	\N
01a2276c-f11d-7023-819c-0d5542ca4e6c	01a2276c-f112-7021-bd07-239fa749d26f	01a2276c-efd8-7000-9cdd-a465e0e450ee	declined	mentor	1	["2036-12-05 09:00:00+00","2036-12-05 09:45:00+00")	\N	no time	2026-11-29 13:09:40.765195+00	01a2276c-efde-7003-a765-abcd1157955b
01a2276c-f1f2-703d-aedc-b3d7f439f4cc	01a2276c-f1f0-703c-a02d-d3d0f04ee37a	01a2276c-eff4-7006-85e4-37e1ffae01a3	booked	mentee	0	["2036-12-02 02:00:00+00","2036-12-02 02:30:00+00")	\N	\N	2026-11-29 13:09:40.975534+00	\N
01a2276c-f23a-703f-bd70-37ff5b421a07	01a2276c-f239-703e-af0d-18555aee9b02	01a2276c-f006-700c-a2c3-1bab5f36e5eb	booked	mentee	0	["2036-12-02 16:00:00+00","2036-12-02 16:30:00+00")	\N	\N	2026-11-29 13:09:41.036605+00	\N
01a2276c-f4db-7001-8404-da3dd9544dcf	01a2276c-f4da-7000-a198-ca228d5d401b	01a2276c-efd8-7000-9cdd-a465e0e450ee	booked	mentee	0	["2036-12-04 13:00:00+00","2036-12-04 13:30:00+00")	\N	\N	2026-11-29 13:09:41.715719+00	\N
\.


--
-- Data for Name: bookings; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.bookings (id, mentor_id, session_type_id, session_slug, session_name, status, during, buffer_before_minutes, buffer_after_minutes, cancel_notice_minutes, location_kind, location_value, booker_name, booker_email, booker_timezone, booker_language, notes, sequence, manage_token_hash, manage_token_sealed, created_at, cancelled_at, cancelled_by, reason, hold_expires_at, hold_client, erased_at) FROM stdin;
01a2276c-f067-7017-a966-0b6ce53784fe	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-efd9-7001-bc6d-c086bb408210	session	Session	confirmed	["2036-12-02 09:00:00+00","2036-12-02 09:30:00+00")	0	15	0	\N	\N	Ada Lovelace	ada@guests.example	Europe/Berlin	en	Engines, <b>analytical</b> ones	0	\\xadd907315f192c6c78de30b5a0e25a06ec673968410682c8274d2a73d56d66ba	\\xbaf9913bf797855b7fdb82b74bab15f2b8a12c65e37d9a11b5bd20360b3c8cdb176290d6cb2a9119e6d3ac80afd59b48bdec6e225ee664b0183d10197c66f745900251f5cae3bf62153b91f7f8c359	2026-11-29 13:09:40.576772+00	\N	\N	\N	\N	\N	\N
01a2276c-f08f-7019-baac-3e72eabe5274	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-efd9-7001-bc6d-c086bb408210	session	Session	confirmed	["2036-12-02 12:00:00+00","2036-12-02 12:30:00+00")	0	15	0	\N	\N	Grace Hopper	grace@guests.example	Europe/Berlin	en	\N	1	\\x4da86c8e80123cbc8011525bef0e4a7f104907845c63448ccf734908fa53afe1	\\xbaf9913b47521009cb2173044da3df1db61bee101120b205f6dc643c64023a2e273d909d454185f9de4782f483ec9ed428c43ee195d0858f8afca853b48ec452c633f860b918cefcaf4b874d268a7e	2026-11-29 13:09:40.599214+00	\N	\N	\N	\N	\N	\N
01a2276c-f0c3-701c-a16c-6d93b73204f4	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-efd9-7001-bc6d-c086bb408210	session	Session	cancelled	["2036-12-02 13:30:00+00","2036-12-02 14:00:00+00")	0	15	0	\N	\N	Alan Turing	alan@guests.example	Europe/Berlin	en	\N	1	\\xec80cd8f49e3bdf440429dbf335e69492eda96fe9f422258ca1b1c49239f2106	\\xbaf9913b77ef8477d3d9eea8d7a217a319938fc308339020f5f17cc10f8dcb844cde2e4c3b8801db65732140334cb4840ed24b637d9ad616a66f2d91f7415e9fcb848173e48b60b19d37d11ad87fcc	2026-11-29 13:09:40.667526+00	2026-11-29 13:09:40.692919+00	mentee	ill	\N	\N	\N
01a2276c-f0fb-701f-a770-dcb04ff69c06	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-f017-7012-8b83-b69ce559496f	review	Portfolio review	pending	["2036-12-04 09:00:00+00","2036-12-04 09:45:00+00")	5	10	120	link	https://meet.example.com/ann	Mary Shelley	mary@guests.example	Europe/Berlin	en	\N	0	\\x80f27859b9a3ea1b03e710f448f46554b72feb835361c430ce4e4af866f1ecac	\\xbaf9913b51c6268b6fb6019b18e829a8a79c963416ab1be1200e0023e43615615f1bec8974267665a3ffa84470fdb4bf4b48ffdb71ed96653227b80989effe4804756fee4bbfdb32a52351d9d5c828	2026-11-29 13:09:40.716446+00	\N	\N	\N	\N	\N	\N
01a2276c-f112-7021-bd07-239fa749d26f	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-f017-7012-8b83-b69ce559496f	review	Portfolio review	declined	["2036-12-05 09:00:00+00","2036-12-05 09:45:00+00")	5	10	120	link	https://meet.example.com/ann	Lord Byron	lord@guests.example	Europe/Berlin	en	\N	1	\\x914aa72cd470cff1bbedf4a3f43b7d17378685dc95adf5a584d707be473c9046	\\xbaf9913bae1527bb1def052e49eacdb1418aa81e7291c1a5b32e8f51c7d9275a885b1138a60998365ff187f1cbfea7df67ac44820e880273c7e1e64cc57c9e82d0c3c6496bf895a4a2f417c21f1eff	2026-11-29 13:09:40.742027+00	2026-11-29 13:09:40.765195+00	mentor	no time	\N	\N	\N
2c36d87f-7668-4454-b5e2-f5aa7398b685	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-efd9-7001-bc6d-c086bb408210			held	["2036-12-03 11:00:00+00","2036-12-03 11:30:00+00")	0	15	0	\N	\N	\N	\N	\N	\N	\N	0	\N	\N	2026-11-29 13:09:40.774072+00	\N	\N	\N	2036-11-30 13:14:40.774072+00	\\x12ca17b49af2289436f303e0166030a21e525d266e209267433801a8fd4071a0	\N
01a2276c-f1f0-703c-a02d-d3d0f04ee37a	01a2276c-eff4-7006-85e4-37e1ffae01a3	01a2276c-eff5-7007-9cfd-6dbcdfd05d25	session	Session	confirmed	["2036-12-02 02:00:00+00","2036-12-02 02:30:00+00")	0	15	0	\N	\N	유 관순	yu@guests.example	Europe/Berlin	en	\N	0	\\x3d946b3caccfd381511e11fc17c55ab75a6a6dc67170731bb2a4a486bf6bcf42	\\xbaf9913b230ddc6d604315489abcde66862e3d4a18352cdb3991dfed271e5a525fa1d06ae160769cf21a44e364bf5a4c5a0266e0f5456fe8fccdf389152c2d321c3870e2891869b2cb5e84b9d58961	2026-11-29 13:09:40.975534+00	\N	\N	\N	\N	\N	\N
01a2276c-f239-703e-af0d-18555aee9b02	01a2276c-f006-700c-a2c3-1bab5f36e5eb	01a2276c-f006-700d-8592-c14603331755	session	Session	confirmed	["2036-12-02 16:00:00+00","2036-12-02 16:30:00+00")	0	15	0	\N	\N	Walt Whitman	walt@guests.example	Europe/Berlin	en	\N	0	\\x1c79e3911ebb4b5e4008e6efec1032a5fa11e22bfa116e3beec7cc3dda22c8f3	\\xbaf9913bde768227778c78a4bb1786c8879e351517e73b019f982f01b0c2eb915c46ded316a0d1364ad06273346a876a68dca484110262dc12604647caec532765911d8c3db13a030e14772d8f06be	2026-11-29 13:09:41.036605+00	\N	\N	\N	\N	\N	\N
01a2276c-f4da-7000-a198-ca228d5d401b	01a2276c-efd8-7000-9cdd-a465e0e450ee	01a2276c-efd9-7001-bc6d-c086bb408210	session	Session	confirmed	["2036-12-04 13:00:00+00","2036-12-04 13:30:00+00")	0	15	0	\N	\N	Emily Dickinson	emily@guests.example	Europe/Berlin	en	\N	0	\\xbf117277abbd4f5411125e00ff8c1a5d2ae191a6d520ab58b571e49948d1c939	\\xbaf9913b9f2ccbbd32762135a2031f867d357b5a5b331def05cd5619beebd9c620b1bb69370f1a5da63415fd37c41dac37118640e889ee382f231def13ed30514eb8857eef44d1857d02f03c15be2f	2026-11-29 13:09:41.715719+00	\N	\N	\N	\N	\N	\N
\.


--
-- Data for Name: calendar_authorizations; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.calendar_authorizations (state_hash, mentor_id, session_hash, provider, verifier_sealed, created_at, expires_at) FROM stdin;
\.


--
-- Data for Name: calendar_busy; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.calendar_busy (calendar_id, event_hash, mentor_id, during) FROM stdin;
\.


--
-- Data for Name: calendars; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.calendars (id, connection_id, mentor_id, remote_id, name, timezone, writable, is_primary, blocks, receives, cursor, window_start, window_end, doubted_at, watch_id, watch_resource, watch_secret_hash, watch_expires_at, notified_at) FROM stdin;
01a2276c-f159-7028-9f42-d1d7a32a1c51	01a2276c-f156-7026-a9e9-77108fda8f57	01a2276c-eff4-7006-85e4-37e1ffae01a3	team@group.calendar.google.com	Team	Asia/Seoul	t	f	f	f	\N	\N	\N	\N	\N	\N	\N	\N	\N
01a2276c-f159-7029-84f3-a1e2ceb50dfb	01a2276c-f156-7026-a9e9-77108fda8f57	01a2276c-eff4-7006-85e4-37e1ffae01a3	en.holidays#days@group.v.calendar.google.com	Holidays	Asia/Seoul	f	f	f	f	\N	\N	\N	\N	\N	\N	\N	\N	\N
01a2276c-f159-7027-828c-e3db4d344939	01a2276c-f156-7026-a9e9-77108fda8f57	01a2276c-eff4-7006-85e4-37e1ffae01a3	mentor@example.com	mentor@example.com	Asia/Seoul	t	t	t	t	sync5	2026-11-27 00:00:00+00	2027-02-01 00:00:00+00	\N	\N	\N	\N	\N	\N
01a2276c-f184-7032-a518-c79f3e380504	01a2276c-f180-7030-a15c-362b38043b05	01a2276c-f006-700c-a2c3-1bab5f36e5eb	AAMkTeam=	Team	\N	t	f	f	f	\N	\N	\N	\N	\N	\N	\N	\N	\N
01a2276c-f184-7033-8a24-aa36c42ab993	01a2276c-f180-7030-a15c-362b38043b05	01a2276c-f006-700c-a2c3-1bab5f36e5eb	AAMkHolidays=	Holidays	\N	f	f	f	f	\N	\N	\N	\N	\N	\N	\N	\N	\N
01a2276c-f184-7031-80f6-b33847dd0d8b	01a2276c-f180-7030-a15c-362b38043b05	01a2276c-f006-700c-a2c3-1bab5f36e5eb	AAMkCalendar=	Calendar	\N	t	t	t	t	{"link":"http://127.0.0.1:45565/v1.0/me/calendars/AAMkCalendar=/calendarView/delta?$deltatoken=delta5","series":[]}	2026-11-27 00:00:00+00	2027-02-01 00:00:00+00	\N	\N	\N	\N	\N	\N
01a2276c-f1ad-7039-83b5-b8f1a79ffafd	01a2276c-f1a9-7038-aaf8-384e94bb963b	01a2276c-efd8-7000-9cdd-a465e0e450ee	http://127.0.0.1:33819/me/team/	me/team	\N	t	t	t	t	http://radicale.org/ns/sync/7123fce5738df2ca26cdef473719ee05c5f5d195a23f124ff5b248bbf8bf203a	2026-11-27 00:00:00+00	2027-02-01 00:00:00+00	\N	\N	\N	\N	\N	\N
\.


--
-- Data for Name: credentials; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.credentials (mentor_id, password_hash, changed_at) FROM stdin;
01a2276c-f039-7014-ae90-3028a1cf66d8	$argon2id$v=19$m=19456,t=2,p=1$LPKdfX17JWUmA+u2RTw58g$Z7WtP2f2IAQP/0TOpSHMxVS3M5OHKvrlMTMldx8Pej4	2026-11-29 13:09:40.536008+00
\.


--
-- Data for Name: idempotency_keys; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.idempotency_keys (mentor_id, key_hash, request_hash, booking_id, answer, manage_token_sealed, created_at) FROM stdin;
01a2276c-efd8-7000-9cdd-a465e0e450ee	\\xc9d113304ee758b5eb294d7294ca1eb040621519c3b5d75d178c2b8944686aa9	\\xec3eab7c46261855a26ee191c5fad075db895d83c7544030400424c855e67cfd	01a2276c-f067-7017-a966-0b6ce53784fe	{"id": "01a2276c-f067-7017-a966-0b6ce53784fe", "end": "2026-12-01T09:30:00Z", "start": "2026-12-01T09:00:00Z", "mentor": {"name": "Ann Mentor", "handle": "ann", "timezone": "UTC"}, "status": "confirmed", "timezone": "Europe/Berlin", "session_type": {"name": "Session", "slug": "session", "duration_minutes": 30}}	\\xbaf9913bf797855b7fdb82b74bab15f2b8a12c65e37d9a11b5bd20360b3c8cdb176290d6cb2a9119e6d3ac80afd59b48bdec6e225ee664b0183d10197c66f745900251f5cae3bf62153b91f7f8c359	2026-11-29 13:09:40.576772+00
01a2276c-efd8-7000-9cdd-a465e0e450ee	\\xec0da04f1d758c80cb4bd83fac5d1ccc6415e41f1b9cbb0e2c431e3d06176f40	\\x3163483963a90a45b296e5186e2a90ddcae63148434c490e7cd7d6b72610430c	01a2276c-f08f-7019-baac-3e72eabe5274	{"id": "01a2276c-f08f-7019-baac-3e72eabe5274", "end": "2026-12-01T11:00:00Z", "start": "2026-12-01T10:30:00Z", "mentor": {"name": "Ann Mentor", "handle": "ann", "timezone": "UTC"}, "status": "confirmed", "timezone": "Europe/Berlin", "session_type": {"name": "Session", "slug": "session", "duration_minutes": 30}}	\\xbaf9913b47521009cb2173044da3df1db61bee101120b205f6dc643c64023a2e273d909d454185f9de4782f483ec9ed428c43ee195d0858f8afca853b48ec452c633f860b918cefcaf4b874d268a7e	2026-11-29 13:09:40.599214+00
01a2276c-efd8-7000-9cdd-a465e0e450ee	\\x96e6f5e2dd6ef2d570af9286db3751a3316095d8140dea749e25a4ab9a9b0f67	\\x81c104c83527fcab78250a5dc1c215209b8035683ec144b79961b33126dadf61	01a2276c-f0c3-701c-a16c-6d93b73204f4	{"id": "01a2276c-f0c3-701c-a16c-6d93b73204f4", "end": "2026-12-01T14:00:00Z", "start": "2026-12-01T13:30:00Z", "mentor": {"name": "Ann Mentor", "handle": "ann", "timezone": "UTC"}, "status": "confirmed", "timezone": "Europe/Berlin", "session_type": {"name": "Session", "slug": "session", "duration_minutes": 30}}	\\xbaf9913b77ef8477d3d9eea8d7a217a319938fc308339020f5f17cc10f8dcb844cde2e4c3b8801db65732140334cb4840ed24b637d9ad616a66f2d91f7415e9fcb848173e48b60b19d37d11ad87fcc	2026-11-29 13:09:40.667526+00
01a2276c-efd8-7000-9cdd-a465e0e450ee	\\x8ee23a9e2a8e2a8ecd84b2382fb11769b82c8e8867a3236dfa037ced4d4c5d49	\\xa6784375c2dc981b1520e811c7a6b18b685235f29eebd53c980c57142e015c27	01a2276c-f0fb-701f-a770-dcb04ff69c06	{"id": "01a2276c-f0fb-701f-a770-dcb04ff69c06", "end": "2026-12-03T09:45:00Z", "start": "2026-12-03T09:00:00Z", "mentor": {"name": "Ann Mentor", "handle": "ann", "timezone": "UTC"}, "status": "pending", "timezone": "Europe/Berlin", "session_type": {"name": "Portfolio review", "slug": "review", "duration_minutes": 45}}	\\xbaf9913b51c6268b6fb6019b18e829a8a79c963416ab1be1200e0023e43615615f1bec8974267665a3ffa84470fdb4bf4b48ffdb71ed96653227b80989effe4804756fee4bbfdb32a52351d9d5c828	2026-11-29 13:09:40.716446+00
01a2276c-efd8-7000-9cdd-a465e0e450ee	\\x37b14e127d58e5315a0a96b8c1f8d62908153750cef113835e3cb91aef445bca	\\x846cafe2b2d60899ea9dbd6b516e0c804d45e1fa5eafb813d20439c05475787b	01a2276c-f112-7021-bd07-239fa749d26f	{"id": "01a2276c-f112-7021-bd07-239fa749d26f", "end": "2026-12-04T09:45:00Z", "start": "2026-12-04T09:00:00Z", "mentor": {"name": "Ann Mentor", "handle": "ann", "timezone": "UTC"}, "status": "pending", "timezone": "Europe/Berlin", "session_type": {"name": "Portfolio review", "slug": "review", "duration_minutes": 45}}	\\xbaf9913bae1527bb1def052e49eacdb1418aa81e7291c1a5b32e8f51c7d9275a885b1138a60998365ff187f1cbfea7df67ac44820e880273c7e1e64cc57c9e82d0c3c6496bf895a4a2f417c21f1eff	2026-11-29 13:09:40.742027+00
01a2276c-eff4-7006-85e4-37e1ffae01a3	\\x392b487467189c411bf3c16ad1eafc722e93e3dfe159a5f2017e3d1cce4e414d	\\x3e61f2327d2e31b4b7d0692c3dce5f9af3b3fcff98280721963b22a7d26c568a	01a2276c-f1f0-703c-a02d-d3d0f04ee37a	{"id": "01a2276c-f1f0-703c-a02d-d3d0f04ee37a", "end": "2026-12-01T02:30:00Z", "start": "2026-12-01T02:00:00Z", "mentor": {"name": "김 멘토", "handle": "kim", "timezone": "Asia/Seoul"}, "status": "confirmed", "timezone": "Europe/Berlin", "session_type": {"name": "Session", "slug": "session", "duration_minutes": 30}}	\\xbaf9913b230ddc6d604315489abcde66862e3d4a18352cdb3991dfed271e5a525fa1d06ae160769cf21a44e364bf5a4c5a0266e0f5456fe8fccdf389152c2d321c3870e2891869b2cb5e84b9d58961	2026-11-29 13:09:40.975534+00
01a2276c-f006-700c-a2c3-1bab5f36e5eb	\\x214926c96b9616e225fdb8c3a22612fd84e975f5ca20608ff8d5ca57258ab76b	\\xd2bead7d4bdaa37d762f6c15c6464e5bd6ee90131636ad6c4b15c3b2d73c4813	01a2276c-f239-703e-af0d-18555aee9b02	{"id": "01a2276c-f239-703e-af0d-18555aee9b02", "end": "2026-12-01T16:30:00Z", "start": "2026-12-01T16:00:00Z", "mentor": {"name": "Lee Mentor", "handle": "lee", "timezone": "America/New_York"}, "status": "confirmed", "timezone": "Europe/Berlin", "session_type": {"name": "Session", "slug": "session", "duration_minutes": 30}}	\\xbaf9913bde768227778c78a4bb1786c8879e351517e73b019f982f01b0c2eb915c46ded316a0d1364ad06273346a876a68dca484110262dc12604647caec532765911d8c3db13a030e14772d8f06be	2026-11-29 13:09:41.036605+00
01a2276c-efd8-7000-9cdd-a465e0e450ee	\\xfeb52f20ff3845287b4402b5269234281531a22f51220888197b3de89acfd15d	\\x8a6096aa512275d1822fad2c2e1a1246922daee96b9eb2f8522c2ca534391860	01a2276c-f4da-7000-a198-ca228d5d401b	{"id": "01a2276c-f4da-7000-a198-ca228d5d401b", "end": "2026-12-03T13:30:00Z", "start": "2026-12-03T13:00:00Z", "mentor": {"name": "Ann Mentor", "handle": "ann", "timezone": "UTC"}, "status": "confirmed", "timezone": "Europe/Berlin", "session_type": {"name": "Session", "slug": "session", "duration_minutes": 30}}	\\xbaf9913b9f2ccbbd32762135a2031f867d357b5a5b331def05cd5619beebd9c620b1bb69370f1a5da63415fd37c41dac37118640e889ee382f231def13ed30514eb8857eef44d1857d02f03c15be2f	2026-11-29 13:09:41.715719+00
\.


--
-- Data for Name: jobs; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.jobs (id, mentor_id, kind, payload, run_at, attempts, last_error, locked_until, dead_at, created_at) FROM stdin;
20	01a2276c-efd8-7000-9cdd-a465e0e450ee	expire	{"kind": "expire", "booking": "01a2276c-f0fb-701f-a770-dcb04ff69c06"}	2036-12-04 09:00:00+00	0	\N	\N	\N	2026-11-29 13:09:40.716446+00
24	01a2276c-efd8-7000-9cdd-a465e0e450ee	expire	{"kind": "expire", "booking": "01a2276c-f112-7021-bd07-239fa749d26f"}	2036-12-05 09:00:00+00	0	\N	\N	\N	2026-11-29 13:09:40.742027+00
34	01a2276c-eff4-7006-85e4-37e1ffae01a3	invite	{"kind": "invite", "event": "01a2276c-f1f2-703d-aedc-b3d7f439f4cc"}	2026-11-29 14:09:40.975534+00	0	\N	\N	\N	2026-11-29 13:09:40.993471+00
38	01a2276c-f006-700c-a2c3-1bab5f36e5eb	invite	{"kind": "invite", "event": "01a2276c-f23a-703f-bd70-37ff5b421a07"}	2026-11-29 14:09:41.036605+00	0	\N	\N	\N	2026-11-29 13:09:41.073743+00
42	01a2276c-efd8-7000-9cdd-a465e0e450ee	invite	{"kind": "invite", "event": "01a2276c-f4db-7001-8404-da3dd9544dcf"}	2026-11-29 14:09:41.715719+00	0	\N	\N	\N	2026-11-29 13:09:41.73691+00
39	01a2276c-efd8-7000-9cdd-a465e0e450ee	notice	{"kind": "notice", "event": "01a2276c-f4db-7001-8404-da3dd9544dcf", "mentee": true}	2026-11-29 13:09:46.73984+00	1	mail was not sent: the mail server cannot be reached	\N	\N	2026-11-29 13:09:41.715719+00
40	01a2276c-efd8-7000-9cdd-a465e0e450ee	notice	{"kind": "notice", "event": "01a2276c-f4db-7001-8404-da3dd9544dcf", "mentee": false}	2026-11-29 13:09:46.745606+00	1	mail was not sent: the mail server cannot be reached	\N	\N	2026-11-29 13:09:41.715719+00
41	01a2276c-efd8-7000-9cdd-a465e0e450ee	event	{"kind": "event", "booking": "01a2276c-f4da-7000-a198-ca228d5d401b"}	2026-11-29 13:09:46.758738+00	1	the calendar cannot be reached: no connection	\N	\N	2026-11-29 13:09:41.715719+00
\.


--
-- Data for Name: keys; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.keys (name, sealed) FROM stdin;
canary	\\xbaf9913bc7ee12b4cd2a57c602d2a405463a834cbbcb6616e2a1223def5cb808d7856301f537
\.


--
-- Data for Name: mentor_availability; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.mentor_availability (mentor_id, day_of_week, start_minute, end_minute) FROM stdin;
01a2276c-efd8-7000-9cdd-a465e0e450ee	0	540	1020
01a2276c-efd8-7000-9cdd-a465e0e450ee	1	540	1020
01a2276c-efd8-7000-9cdd-a465e0e450ee	2	540	1020
01a2276c-efd8-7000-9cdd-a465e0e450ee	3	540	1020
01a2276c-efd8-7000-9cdd-a465e0e450ee	4	540	1020
01a2276c-efd8-7000-9cdd-a465e0e450ee	5	540	1020
01a2276c-efd8-7000-9cdd-a465e0e450ee	6	540	1020
01a2276c-eff4-7006-85e4-37e1ffae01a3	0	540	1020
01a2276c-eff4-7006-85e4-37e1ffae01a3	1	540	1020
01a2276c-eff4-7006-85e4-37e1ffae01a3	2	540	1020
01a2276c-eff4-7006-85e4-37e1ffae01a3	3	540	1020
01a2276c-eff4-7006-85e4-37e1ffae01a3	4	540	1020
01a2276c-eff4-7006-85e4-37e1ffae01a3	5	540	1020
01a2276c-eff4-7006-85e4-37e1ffae01a3	6	540	1020
01a2276c-f006-700c-a2c3-1bab5f36e5eb	0	540	1020
01a2276c-f006-700c-a2c3-1bab5f36e5eb	1	540	1020
01a2276c-f006-700c-a2c3-1bab5f36e5eb	2	540	1020
01a2276c-f006-700c-a2c3-1bab5f36e5eb	3	540	1020
01a2276c-f006-700c-a2c3-1bab5f36e5eb	4	540	1020
01a2276c-f006-700c-a2c3-1bab5f36e5eb	5	540	1020
01a2276c-f006-700c-a2c3-1bab5f36e5eb	6	540	1020
\.


--
-- Data for Name: mentor_calendar_tokens; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.mentor_calendar_tokens (id, mentor_id, provider, account, access_token, refresh_token, expires_at, status, last_synced_at, error, created_at, url, username, next_sync_at, sync_locked_until, refresh_locked_until, failures, throttled_until) FROM stdin;
01a2276c-f156-7026-a9e9-77108fda8f57	01a2276c-eff4-7006-85e4-37e1ffae01a3	google	mentor@example.com	\\xbaf9913b383edd68ef6660dfdddad5db2cd205dd0d0a24bd7d7fe8f1613659109c2752704c82f70d	\\xbaf9913b5239d743c672d4319b26dd80322bda5b609a8b75a49aa772cb53a50d850cf312d69e67326ee49f46	2026-11-29 14:09:40.826968+00	active	2026-11-29 13:09:40.871636+00	\N	2026-11-29 13:09:40.822767+00	\N	\N	2026-11-29 13:14:40.871636+00	\N	\N	0	\N
01a2276c-f180-7030-a15c-362b38043b05	01a2276c-f006-700c-a2c3-1bab5f36e5eb	microsoft	mentor@example.com	\\xbaf9913bfbcc1c2e55e88c9ba6e803536b2c82869c3259efd338b88540458186cfeb551c7819df45	\\xbaf9913bf089646587a454ca2346691f1b517dc83b9e7de6d5ed5926565ac31238c5abd7a34250e6366eff6b	2026-11-29 14:09:40.870664+00	active	2026-11-29 13:09:40.920099+00	\N	2026-11-29 13:09:40.864766+00	\N	\N	2026-11-29 13:14:40.920099+00	\N	\N	0	\N
01a2276c-f1a9-7038-aaf8-384e94bb963b	01a2276c-efd8-7000-9cdd-a465e0e450ee	caldav	me@127.0.0.1:33819	\N	\\xbaf9913bfc44f7dd43d2898873c10716155b5f82f32829f5762b15835ef216f4cb5bc174a7fa	\N	active	2026-11-29 13:09:41.067881+00	\N	2026-11-29 13:09:40.905504+00	http://127.0.0.1:33819/	me	2026-11-29 13:14:41.067881+00	\N	\N	0	\N
\.


--
-- Data for Name: mentors; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.mentors (id, handle, name, email, email_verified_at, headline, bio, photo_url, timezone, language, created_at) FROM stdin;
01a2276c-efd8-7000-9cdd-a465e0e450ee	ann	Ann Mentor	ann@mentors.example	2026-11-29 13:09:40.440289+00	\N	\N	\N	UTC	en	2026-11-29 13:09:40.440307+00
01a2276c-eff4-7006-85e4-37e1ffae01a3	kim	김 멘토	kim@mentors.example	2026-11-29 13:09:40.468138+00	\N	\N	\N	Asia/Seoul	en	2026-11-29 13:09:40.468164+00
01a2276c-f006-700c-a2c3-1bab5f36e5eb	lee	Lee Mentor	lee@mentors.example	2026-11-29 13:09:40.48623+00	\N	\N	\N	America/New_York	en	2026-11-29 13:09:40.486253+00
01a2276c-f039-7014-ae90-3028a1cf66d8	park	Park Mentor	park@mentors.example	2026-11-29 13:09:45.105004+00	\N	\N	\N	Asia/Seoul	en	2026-11-29 13:09:40.537959+00
\.


--
-- Data for Name: session_types; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.session_types (id, mentor_id, slug, name, description, duration_minutes, start_interval_minutes, buffer_before_minutes, buffer_after_minutes, minimum_notice_minutes, horizon_days, daily_limit, requires_approval, cancel_notice_minutes, price_amount, price_currency, location_kind, location_value, active, created_at) FROM stdin;
01a2276c-efd9-7001-bc6d-c086bb408210	01a2276c-efd8-7000-9cdd-a465e0e450ee	session	Session	\N	30	30	0	15	0	60	\N	f	0	\N	\N	\N	\N	t	2026-11-29 13:09:40.440307+00
01a2276c-eff5-7007-9cfd-6dbcdfd05d25	01a2276c-eff4-7006-85e4-37e1ffae01a3	session	Session	\N	30	30	0	15	0	60	\N	f	0	\N	\N	\N	\N	t	2026-11-29 13:09:40.468164+00
01a2276c-f006-700d-8592-c14603331755	01a2276c-f006-700c-a2c3-1bab5f36e5eb	session	Session	\N	30	30	0	15	0	60	\N	f	0	\N	\N	\N	\N	t	2026-11-29 13:09:40.486253+00
01a2276c-f017-7012-8b83-b69ce559496f	01a2276c-efd8-7000-9cdd-a465e0e450ee	review	Portfolio review	We look at your work.\nBring it.	45	15	5	10	60	60	3	t	120	5000	EUR	link	https://meet.example.com/ann	t	2026-11-29 13:09:40.503192+00
01a2276c-f03a-7015-8bc9-5ab1518dca08	01a2276c-f039-7014-ae90-3028a1cf66d8	session	Session	\N	30	30	0	15	0	60	\N	f	0	\N	\N	\N	\N	t	2026-11-29 13:09:40.537959+00
\.


--
-- Data for Name: sessions; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.sessions (token_hash, mentor_id, created_at, expires_at) FROM stdin;
\\xd5f5031749dd752f37aa482e65184d390ad34e01a0a0aa8a7464bb2f913ac1d3	01a2276c-eff4-7006-85e4-37e1ffae01a3	2026-11-29 13:09:40.806774+00	2036-12-30 13:09:40.806774+00
\\x3b3c8ca9e13495a74624cabee085934be4581e200f1f6ee7b166820f2764fa69	01a2276c-f006-700c-a2c3-1bab5f36e5eb	2026-11-29 13:09:40.844436+00	2036-12-30 13:09:40.844436+00
\\x05fac22bbdd826db6a488315ccbbe5045f3641aeed3af2c3a7304330b50e6601	01a2276c-efd8-7000-9cdd-a465e0e450ee	2026-11-29 13:09:41.357476+00	2036-12-30 13:09:41.357476+00
\.


--
-- Data for Name: single_use_tokens; Type: TABLE DATA; Schema: public; Owner: yaksok_owner
--

COPY public.single_use_tokens (token_hash, mentor_id, purpose, created_at, expires_at) FROM stdin;
\\xb36815e396b98b92dabd3caef5c1dc00860fedc60148a01649bd06001888f8dc	01a2276c-f039-7014-ae90-3028a1cf66d8	verify	2026-11-29 13:09:40.548904+00	2026-12-02 13:09:40.548904+00
\.


--
-- Name: blocked_dates_id_seq; Type: SEQUENCE SET; Schema: public; Owner: yaksok_owner
--

SELECT pg_catalog.setval('public.blocked_dates_id_seq', 1, true);


--
-- Name: jobs_id_seq; Type: SEQUENCE SET; Schema: public; Owner: yaksok_owner
--

SELECT pg_catalog.setval('public.jobs_id_seq', 42, true);


--
-- Name: _sqlx_migrations _sqlx_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);


--
-- Name: account_events account_events_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.account_events
    ADD CONSTRAINT account_events_pkey PRIMARY KEY (id);


--
-- Name: api_keys api_keys_key_hash_key; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);


--
-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);


--
-- Name: availability_overrides availability_overrides_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.availability_overrides
    ADD CONSTRAINT availability_overrides_pkey PRIMARY KEY (mentor_id, date);


--
-- Name: blocked_dates blocked_dates_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.blocked_dates
    ADD CONSTRAINT blocked_dates_pkey PRIMARY KEY (id);


--
-- Name: booking_calendar_events booking_calendar_events_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.booking_calendar_events
    ADD CONSTRAINT booking_calendar_events_pkey PRIMARY KEY (booking_id);


--
-- Name: booking_events booking_events_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.booking_events
    ADD CONSTRAINT booking_events_pkey PRIMARY KEY (id);


--
-- Name: bookings bookings_manage_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT bookings_manage_token_hash_key UNIQUE (manage_token_hash);


--
-- Name: bookings bookings_no_overlap; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT bookings_no_overlap EXCLUDE USING gist (mentor_id WITH =, during WITH &&) WHERE ((status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'held'::text])));


--
-- Name: bookings bookings_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT bookings_pkey PRIMARY KEY (id);


--
-- Name: calendar_authorizations calendar_authorizations_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendar_authorizations
    ADD CONSTRAINT calendar_authorizations_pkey PRIMARY KEY (state_hash);


--
-- Name: calendar_busy calendar_busy_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendar_busy
    ADD CONSTRAINT calendar_busy_pkey PRIMARY KEY (calendar_id, event_hash);


--
-- Name: calendars calendars_connection_id_remote_id_key; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendars
    ADD CONSTRAINT calendars_connection_id_remote_id_key UNIQUE (connection_id, remote_id);


--
-- Name: calendars calendars_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendars
    ADD CONSTRAINT calendars_pkey PRIMARY KEY (id);


--
-- Name: calendars calendars_watch_id_key; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendars
    ADD CONSTRAINT calendars_watch_id_key UNIQUE (watch_id);


--
-- Name: credentials credentials_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (mentor_id);


--
-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (mentor_id, key_hash);


--
-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);


--
-- Name: keys keys_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (name);


--
-- Name: mentor_availability mentor_availability_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.mentor_availability
    ADD CONSTRAINT mentor_availability_pkey PRIMARY KEY (mentor_id, day_of_week, start_minute);


--
-- Name: mentor_calendar_tokens mentor_calendar_tokens_mentor_id_provider_account_key; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.mentor_calendar_tokens
    ADD CONSTRAINT mentor_calendar_tokens_mentor_id_provider_account_key UNIQUE (mentor_id, provider, account);


--
-- Name: mentor_calendar_tokens mentor_calendar_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.mentor_calendar_tokens
    ADD CONSTRAINT mentor_calendar_tokens_pkey PRIMARY KEY (id);


--
-- Name: mentors mentors_handle_key; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.mentors
    ADD CONSTRAINT mentors_handle_key UNIQUE (handle);


--
-- Name: mentors mentors_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.mentors
    ADD CONSTRAINT mentors_pkey PRIMARY KEY (id);


--
-- Name: session_types session_types_mentor_id_slug_key; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.session_types
    ADD CONSTRAINT session_types_mentor_id_slug_key UNIQUE (mentor_id, slug);


--
-- Name: session_types session_types_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.session_types
    ADD CONSTRAINT session_types_pkey PRIMARY KEY (id);


--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token_hash);


--
-- Name: single_use_tokens single_use_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.single_use_tokens
    ADD CONSTRAINT single_use_tokens_pkey PRIMARY KEY (token_hash);


--
-- Name: account_events_newest; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX account_events_newest ON public.account_events USING btree (mentor_id, created_at, id);


--
-- Name: api_keys_mentor; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX api_keys_mentor ON public.api_keys USING btree (mentor_id);


--
-- Name: blocked_dates_mentor; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX blocked_dates_mentor ON public.blocked_dates USING btree (mentor_id, starts_on);


--
-- Name: booking_calendar_events_calendar; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX booking_calendar_events_calendar ON public.booking_calendar_events USING btree (calendar_id, remote_id);


--
-- Name: booking_calendar_events_mentor; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX booking_calendar_events_mentor ON public.booking_calendar_events USING btree (mentor_id);


--
-- Name: booking_events_booking; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX booking_events_booking ON public.booking_events USING btree (booking_id, created_at);


--
-- Name: booking_events_newest; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX booking_events_newest ON public.booking_events USING btree (mentor_id, created_at, id);


--
-- Name: bookings_by_start; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX bookings_by_start ON public.bookings USING btree (mentor_id, lower(during), id);


--
-- Name: bookings_expired_holds; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX bookings_expired_holds ON public.bookings USING btree (mentor_id, hold_expires_at) WHERE (status = 'held'::text);


--
-- Name: bookings_holds; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX bookings_holds ON public.bookings USING btree (hold_client, hold_expires_at) WHERE (status = 'held'::text);


--
-- Name: bookings_not_erased; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX bookings_not_erased ON public.bookings USING btree (upper(during)) WHERE ((erased_at IS NULL) AND (status <> 'held'::text));


--
-- Name: bookings_session_type; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX bookings_session_type ON public.bookings USING btree (session_type_id);


--
-- Name: calendar_authorizations_mentor; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX calendar_authorizations_mentor ON public.calendar_authorizations USING btree (mentor_id);


--
-- Name: calendar_busy_during; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX calendar_busy_during ON public.calendar_busy USING gist (mentor_id, during);


--
-- Name: calendars_mentor; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX calendars_mentor ON public.calendars USING btree (mentor_id);


--
-- Name: calendars_receiving; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE UNIQUE INDEX calendars_receiving ON public.calendars USING btree (mentor_id) WHERE receives;


--
-- Name: jobs_due_in_lane; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX jobs_due_in_lane ON public.jobs USING btree (public.lane(kind), run_at, id) WHERE (dead_at IS NULL);


--
-- Name: jobs_given_up; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX jobs_given_up ON public.jobs USING btree (mentor_id) WHERE (dead_at IS NOT NULL);


--
-- Name: jobs_mentor; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX jobs_mentor ON public.jobs USING btree (mentor_id);


--
-- Name: mentor_calendar_tokens_due; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX mentor_calendar_tokens_due ON public.mentor_calendar_tokens USING btree (next_sync_at) WHERE (status <> 'expired'::text);


--
-- Name: mentors_email_key; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE UNIQUE INDEX mentors_email_key ON public.mentors USING btree (lower(email));


--
-- Name: sessions_mentor; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX sessions_mentor ON public.sessions USING btree (mentor_id);


--
-- Name: single_use_tokens_mentor; Type: INDEX; Schema: public; Owner: yaksok_owner
--

CREATE INDEX single_use_tokens_mentor ON public.single_use_tokens USING btree (mentor_id);


--
-- Name: account_events account_events_api_key_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.account_events
    ADD CONSTRAINT account_events_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES public.api_keys(id) ON DELETE SET NULL;


--
-- Name: account_events account_events_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.account_events
    ADD CONSTRAINT account_events_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: api_keys api_keys_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: availability_overrides availability_overrides_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.availability_overrides
    ADD CONSTRAINT availability_overrides_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: blocked_dates blocked_dates_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.blocked_dates
    ADD CONSTRAINT blocked_dates_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: booking_calendar_events booking_calendar_events_booking_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.booking_calendar_events
    ADD CONSTRAINT booking_calendar_events_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES public.bookings(id) ON DELETE CASCADE;


--
-- Name: booking_calendar_events booking_calendar_events_calendar_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.booking_calendar_events
    ADD CONSTRAINT booking_calendar_events_calendar_id_fkey FOREIGN KEY (calendar_id) REFERENCES public.calendars(id) ON DELETE CASCADE;


--
-- Name: booking_calendar_events booking_calendar_events_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.booking_calendar_events
    ADD CONSTRAINT booking_calendar_events_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: booking_events booking_events_api_key_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.booking_events
    ADD CONSTRAINT booking_events_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES public.api_keys(id) ON DELETE SET NULL;


--
-- Name: booking_events booking_events_booking_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.booking_events
    ADD CONSTRAINT booking_events_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES public.bookings(id) ON DELETE CASCADE;


--
-- Name: booking_events booking_events_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.booking_events
    ADD CONSTRAINT booking_events_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: bookings bookings_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT bookings_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: bookings bookings_session_type_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT bookings_session_type_id_fkey FOREIGN KEY (session_type_id) REFERENCES public.session_types(id) ON DELETE SET NULL;


--
-- Name: calendar_authorizations calendar_authorizations_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendar_authorizations
    ADD CONSTRAINT calendar_authorizations_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: calendar_busy calendar_busy_calendar_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendar_busy
    ADD CONSTRAINT calendar_busy_calendar_id_fkey FOREIGN KEY (calendar_id) REFERENCES public.calendars(id) ON DELETE CASCADE;


--
-- Name: calendar_busy calendar_busy_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendar_busy
    ADD CONSTRAINT calendar_busy_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: calendars calendars_connection_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendars
    ADD CONSTRAINT calendars_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.mentor_calendar_tokens(id) ON DELETE CASCADE;


--
-- Name: calendars calendars_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.calendars
    ADD CONSTRAINT calendars_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: credentials credentials_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: idempotency_keys idempotency_keys_booking_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES public.bookings(id) ON DELETE CASCADE;


--
-- Name: idempotency_keys idempotency_keys_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: jobs jobs_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: mentor_availability mentor_availability_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.mentor_availability
    ADD CONSTRAINT mentor_availability_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: mentor_calendar_tokens mentor_calendar_tokens_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.mentor_calendar_tokens
    ADD CONSTRAINT mentor_calendar_tokens_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: session_types session_types_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.session_types
    ADD CONSTRAINT session_types_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: sessions sessions_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: single_use_tokens single_use_tokens_mentor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: yaksok_owner
--

ALTER TABLE ONLY public.single_use_tokens
    ADD CONSTRAINT single_use_tokens_mentor_id_fkey FOREIGN KEY (mentor_id) REFERENCES public.mentors(id) ON DELETE CASCADE;


--
-- Name: account_events; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.account_events ENABLE ROW LEVEL SECURITY;

--
-- Name: api_keys; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: availability_overrides; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.availability_overrides ENABLE ROW LEVEL SECURITY;

--
-- Name: blocked_dates; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.blocked_dates ENABLE ROW LEVEL SECURITY;

--
-- Name: booking_calendar_events; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.booking_calendar_events ENABLE ROW LEVEL SECURITY;

--
-- Name: booking_events; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.booking_events ENABLE ROW LEVEL SECURITY;

--
-- Name: bookings; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.bookings ENABLE ROW LEVEL SECURITY;

--
-- Name: calendar_authorizations; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.calendar_authorizations ENABLE ROW LEVEL SECURITY;

--
-- Name: calendar_busy; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.calendar_busy ENABLE ROW LEVEL SECURITY;

--
-- Name: calendars; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.calendars ENABLE ROW LEVEL SECURITY;

--
-- Name: credentials; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.credentials ENABLE ROW LEVEL SECURITY;

--
-- Name: idempotency_keys; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: jobs; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.jobs ENABLE ROW LEVEL SECURITY;

--
-- Name: keys; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.keys ENABLE ROW LEVEL SECURITY;

--
-- Name: mentor_availability; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.mentor_availability ENABLE ROW LEVEL SECURITY;

--
-- Name: mentor_calendar_tokens; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.mentor_calendar_tokens ENABLE ROW LEVEL SECURITY;

--
-- Name: bookings mentor_changes; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_changes ON public.bookings FOR UPDATE TO mentor USING (((mentor_id = public.acting_mentor()) AND (status <> 'held'::text))) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: jobs mentor_leaves; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_leaves ON public.jobs FOR INSERT TO mentor WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: api_keys mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.api_keys TO mentor USING ((mentor_id = public.acting_mentor())) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: availability_overrides mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.availability_overrides TO mentor USING ((mentor_id = public.acting_mentor())) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: blocked_dates mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.blocked_dates TO mentor USING ((mentor_id = public.acting_mentor())) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: calendar_busy mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.calendar_busy TO mentor USING ((mentor_id = public.acting_mentor())) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: calendars mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.calendars TO mentor USING ((mentor_id = public.acting_mentor())) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: mentor_availability mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.mentor_availability TO mentor USING ((mentor_id = public.acting_mentor())) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: mentor_calendar_tokens mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.mentor_calendar_tokens TO mentor USING ((mentor_id = public.acting_mentor())) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: mentors mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.mentors TO mentor USING ((id = public.acting_mentor())) WITH CHECK ((id = public.acting_mentor()));


--
-- Name: session_types mentor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_own ON public.session_types TO mentor USING ((mentor_id = public.acting_mentor())) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: account_events mentor_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_reads ON public.account_events FOR SELECT TO mentor USING ((mentor_id = public.acting_mentor()));


--
-- Name: booking_events mentor_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_reads ON public.booking_events FOR SELECT TO mentor USING ((mentor_id = public.acting_mentor()));


--
-- Name: bookings mentor_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_reads ON public.bookings FOR SELECT TO mentor USING (((mentor_id = public.acting_mentor()) AND (status <> 'held'::text)));


--
-- Name: jobs mentor_sees_given_up; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_sees_given_up ON public.jobs FOR SELECT TO mentor USING ((mentor_id = public.acting_mentor()));


--
-- Name: jobs mentor_tries_again; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_tries_again ON public.jobs FOR UPDATE TO mentor USING (((mentor_id = public.acting_mentor()) AND (dead_at IS NOT NULL))) WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: account_events mentor_writes; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_writes ON public.account_events FOR INSERT TO mentor WITH CHECK (((mentor_id = public.acting_mentor()) AND (actor = 'mentor'::text) AND ((api_key_id IS NULL) OR (EXISTS ( SELECT
   FROM public.api_keys k
  WHERE (k.id = account_events.api_key_id))))));


--
-- Name: booking_events mentor_writes; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY mentor_writes ON public.booking_events FOR INSERT TO mentor WITH CHECK (((mentor_id = public.acting_mentor()) AND (actor = 'mentor'::text) AND ((api_key_id IS NULL) OR (EXISTS ( SELECT
   FROM public.api_keys k
  WHERE (k.id = booking_events.api_key_id))))));


--
-- Name: mentors; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.mentors ENABLE ROW LEVEL SECURITY;

--
-- Name: session_types; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.session_types ENABLE ROW LEVEL SECURITY;

--
-- Name: sessions; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;

--
-- Name: single_use_tokens; Type: ROW SECURITY; Schema: public; Owner: yaksok_owner
--

ALTER TABLE public.single_use_tokens ENABLE ROW LEVEL SECURITY;

--
-- Name: jobs visitor_leaves; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_leaves ON public.jobs FOR INSERT TO visitor WITH CHECK ((mentor_id = public.acting_mentor()));


--
-- Name: bookings visitor_makes; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_makes ON public.bookings FOR INSERT TO visitor WITH CHECK (((mentor_id = public.acting_mentor()) AND (status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'held'::text]))));


--
-- Name: idempotency_keys visitor_own; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_own ON public.idempotency_keys TO visitor USING (((mentor_id = public.acting_mentor()) AND (key_hash = public.shown_key()))) WITH CHECK (((mentor_id = public.acting_mentor()) AND (key_hash = public.shown_key())));


--
-- Name: availability_overrides visitor_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_reads ON public.availability_overrides FOR SELECT TO visitor USING ((mentor_id = public.acting_mentor()));


--
-- Name: blocked_dates visitor_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_reads ON public.blocked_dates FOR SELECT TO visitor USING ((mentor_id = public.acting_mentor()));


--
-- Name: mentor_availability visitor_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_reads ON public.mentor_availability FOR SELECT TO visitor USING ((mentor_id = public.acting_mentor()));


--
-- Name: mentors visitor_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_reads ON public.mentors FOR SELECT TO visitor USING ((email_verified_at IS NOT NULL));


--
-- Name: session_types visitor_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_reads ON public.session_types FOR SELECT TO visitor USING (active);


--
-- Name: bookings visitor_with_token_changes; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_with_token_changes ON public.bookings FOR UPDATE TO visitor USING (((manage_token_hash = public.shown_token()) AND (mentor_id = public.acting_mentor()))) WITH CHECK (((manage_token_hash = public.shown_token()) AND (mentor_id = public.acting_mentor())));


--
-- Name: bookings visitor_with_token_reads; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_with_token_reads ON public.bookings FOR SELECT TO visitor USING ((manage_token_hash = public.shown_token()));


--
-- Name: booking_events visitor_writes; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY visitor_writes ON public.booking_events FOR INSERT TO visitor WITH CHECK (((mentor_id = public.acting_mentor()) AND (actor = 'mentee'::text) AND (api_key_id IS NULL)));


--
-- Name: account_events worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.account_events TO worker USING (true) WITH CHECK (true);


--
-- Name: api_keys worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.api_keys TO worker USING (true) WITH CHECK (true);


--
-- Name: availability_overrides worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.availability_overrides TO worker USING (true) WITH CHECK (true);


--
-- Name: blocked_dates worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.blocked_dates TO worker USING (true) WITH CHECK (true);


--
-- Name: booking_calendar_events worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.booking_calendar_events TO worker USING (true) WITH CHECK (true);


--
-- Name: booking_events worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.booking_events TO worker USING (true) WITH CHECK (true);


--
-- Name: bookings worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.bookings TO worker USING (true) WITH CHECK (true);


--
-- Name: calendar_authorizations worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.calendar_authorizations TO worker USING (true) WITH CHECK (true);


--
-- Name: calendar_busy worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.calendar_busy TO worker USING (true) WITH CHECK (true);


--
-- Name: calendars worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.calendars TO worker USING (true) WITH CHECK (true);


--
-- Name: credentials worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.credentials TO worker USING (true) WITH CHECK (true);


--
-- Name: idempotency_keys worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.idempotency_keys TO worker USING (true) WITH CHECK (true);


--
-- Name: jobs worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.jobs TO worker USING (true) WITH CHECK (true);


--
-- Name: keys worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.keys TO worker USING (true) WITH CHECK (true);


--
-- Name: mentor_availability worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.mentor_availability TO worker USING (true) WITH CHECK (true);


--
-- Name: mentor_calendar_tokens worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.mentor_calendar_tokens TO worker USING (true) WITH CHECK (true);


--
-- Name: mentors worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.mentors TO worker USING (true) WITH CHECK (true);


--
-- Name: session_types worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.session_types TO worker USING (true) WITH CHECK (true);


--
-- Name: sessions worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.sessions TO worker USING (true) WITH CHECK (true);


--
-- Name: single_use_tokens worker_all; Type: POLICY; Schema: public; Owner: yaksok_owner
--

CREATE POLICY worker_all ON public.single_use_tokens TO worker USING (true) WITH CHECK (true);


--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner
--

GRANT USAGE ON SCHEMA public TO visitor;
GRANT USAGE ON SCHEMA public TO mentor;
GRANT USAGE ON SCHEMA public TO worker;


--
-- Name: FUNCTION busy_times(from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid); Type: ACL; Schema: public; Owner: worker
--

REVOKE ALL ON FUNCTION public.busy_times(from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.busy_times(from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) TO visitor;
GRANT ALL ON FUNCTION public.busy_times(from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) TO mentor;


--
-- Name: FUNCTION live_holds(client bytea, at_instant timestamp with time zone); Type: ACL; Schema: public; Owner: worker
--

REVOKE ALL ON FUNCTION public.live_holds(client bytea, at_instant timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.live_holds(client bytea, at_instant timestamp with time zone) TO visitor;
GRANT ALL ON FUNCTION public.live_holds(client bytea, at_instant timestamp with time zone) TO mentor;


--
-- Name: FUNCTION take_hold(hold uuid, at_instant timestamp with time zone); Type: ACL; Schema: public; Owner: worker
--

REVOKE ALL ON FUNCTION public.take_hold(hold uuid, at_instant timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.take_hold(hold uuid, at_instant timestamp with time zone) TO visitor;
GRANT ALL ON FUNCTION public.take_hold(hold uuid, at_instant timestamp with time zone) TO mentor;


--
-- Name: FUNCTION timetables(mentor_ids uuid[], from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid); Type: ACL; Schema: public; Owner: worker
--

REVOKE ALL ON FUNCTION public.timetables(mentor_ids uuid[], from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.timetables(mentor_ids uuid[], from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) TO visitor;
GRANT ALL ON FUNCTION public.timetables(mentor_ids uuid[], from_instant timestamp with time zone, to_instant timestamp with time zone, at_instant timestamp with time zone, except_booking uuid) TO mentor;


--
-- Name: COLUMN _sqlx_migrations.version; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(version) ON TABLE public._sqlx_migrations TO worker;


--
-- Name: COLUMN _sqlx_migrations.success; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(success) ON TABLE public._sqlx_migrations TO worker;


--
-- Name: TABLE account_events; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT ON TABLE public.account_events TO worker;
GRANT SELECT,INSERT ON TABLE public.account_events TO mentor;


--
-- Name: TABLE api_keys; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_keys TO worker;
GRANT INSERT ON TABLE public.api_keys TO mentor;


--
-- Name: COLUMN api_keys.id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(id) ON TABLE public.api_keys TO mentor;


--
-- Name: COLUMN api_keys.mentor_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(mentor_id) ON TABLE public.api_keys TO mentor;


--
-- Name: COLUMN api_keys.name; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(name) ON TABLE public.api_keys TO mentor;


--
-- Name: COLUMN api_keys.prefix; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(prefix) ON TABLE public.api_keys TO mentor;


--
-- Name: COLUMN api_keys.created_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(created_at) ON TABLE public.api_keys TO mentor;


--
-- Name: COLUMN api_keys.last_used_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(last_used_at) ON TABLE public.api_keys TO mentor;


--
-- Name: COLUMN api_keys.revoked_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(revoked_at),UPDATE(revoked_at) ON TABLE public.api_keys TO mentor;


--
-- Name: TABLE availability_overrides; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.availability_overrides TO worker;
GRANT SELECT ON TABLE public.availability_overrides TO visitor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.availability_overrides TO mentor;


--
-- Name: TABLE blocked_dates; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.blocked_dates TO worker;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.blocked_dates TO mentor;


--
-- Name: COLUMN blocked_dates.mentor_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(mentor_id) ON TABLE public.blocked_dates TO visitor;


--
-- Name: COLUMN blocked_dates.starts_on; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(starts_on) ON TABLE public.blocked_dates TO visitor;


--
-- Name: COLUMN blocked_dates.ends_on; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(ends_on) ON TABLE public.blocked_dates TO visitor;


--
-- Name: TABLE booking_calendar_events; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.booking_calendar_events TO worker;


--
-- Name: TABLE booking_events; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT ON TABLE public.booking_events TO worker;
GRANT INSERT ON TABLE public.booking_events TO visitor;
GRANT SELECT,INSERT ON TABLE public.booking_events TO mentor;


--
-- Name: COLUMN booking_events.reason; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(reason) ON TABLE public.booking_events TO worker;


--
-- Name: TABLE bookings; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bookings TO worker;
GRANT SELECT,INSERT ON TABLE public.bookings TO visitor;
GRANT SELECT ON TABLE public.bookings TO mentor;


--
-- Name: COLUMN bookings.status; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(status) ON TABLE public.bookings TO visitor;
GRANT UPDATE(status) ON TABLE public.bookings TO mentor;


--
-- Name: COLUMN bookings.during; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(during) ON TABLE public.bookings TO visitor;
GRANT UPDATE(during) ON TABLE public.bookings TO mentor;


--
-- Name: COLUMN bookings.sequence; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(sequence) ON TABLE public.bookings TO visitor;
GRANT UPDATE(sequence) ON TABLE public.bookings TO mentor;


--
-- Name: COLUMN bookings.cancelled_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(cancelled_at) ON TABLE public.bookings TO visitor;
GRANT UPDATE(cancelled_at) ON TABLE public.bookings TO mentor;


--
-- Name: COLUMN bookings.cancelled_by; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(cancelled_by) ON TABLE public.bookings TO visitor;
GRANT UPDATE(cancelled_by) ON TABLE public.bookings TO mentor;


--
-- Name: COLUMN bookings.reason; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(reason) ON TABLE public.bookings TO visitor;
GRANT UPDATE(reason) ON TABLE public.bookings TO mentor;


--
-- Name: TABLE calendar_authorizations; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.calendar_authorizations TO worker;


--
-- Name: TABLE calendar_busy; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.calendar_busy TO worker;
GRANT DELETE ON TABLE public.calendar_busy TO mentor;


--
-- Name: COLUMN calendar_busy.calendar_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(calendar_id) ON TABLE public.calendar_busy TO mentor;


--
-- Name: COLUMN calendar_busy.mentor_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(mentor_id) ON TABLE public.calendar_busy TO mentor;


--
-- Name: TABLE calendars; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.calendars TO worker;


--
-- Name: COLUMN calendars.id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(id) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.connection_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(connection_id) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.mentor_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(mentor_id) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.remote_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(remote_id) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.name; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(name) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.timezone; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(timezone) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.writable; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(writable) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.is_primary; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(is_primary) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.blocks; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(blocks),UPDATE(blocks) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.receives; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(receives),UPDATE(receives) ON TABLE public.calendars TO mentor;


--
-- Name: COLUMN calendars.cursor; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(cursor) ON TABLE public.calendars TO mentor;


--
-- Name: TABLE credentials; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.credentials TO worker;


--
-- Name: TABLE idempotency_keys; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO worker;
GRANT SELECT,INSERT,DELETE ON TABLE public.idempotency_keys TO visitor;


--
-- Name: TABLE jobs; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.jobs TO worker;
GRANT INSERT ON TABLE public.jobs TO visitor;
GRANT INSERT ON TABLE public.jobs TO mentor;


--
-- Name: COLUMN jobs.mentor_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(mentor_id) ON TABLE public.jobs TO mentor;


--
-- Name: COLUMN jobs.run_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(run_at) ON TABLE public.jobs TO mentor;


--
-- Name: COLUMN jobs.attempts; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(attempts) ON TABLE public.jobs TO mentor;


--
-- Name: COLUMN jobs.dead_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(dead_at),UPDATE(dead_at) ON TABLE public.jobs TO mentor;


--
-- Name: TABLE keys; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.keys TO worker;


--
-- Name: TABLE mentor_availability; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mentor_availability TO worker;
GRANT SELECT ON TABLE public.mentor_availability TO visitor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mentor_availability TO mentor;


--
-- Name: TABLE mentor_calendar_tokens; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mentor_calendar_tokens TO worker;
GRANT DELETE ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(id) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.mentor_id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(mentor_id) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.provider; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(provider) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.account; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(account) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.status; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(status) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.last_synced_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(last_synced_at) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.error; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(error) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.created_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(created_at) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: COLUMN mentor_calendar_tokens.next_sync_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(next_sync_at),UPDATE(next_sync_at) ON TABLE public.mentor_calendar_tokens TO mentor;


--
-- Name: TABLE mentors; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mentors TO worker;
GRANT SELECT,DELETE ON TABLE public.mentors TO mentor;


--
-- Name: COLUMN mentors.id; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(id) ON TABLE public.mentors TO visitor;


--
-- Name: COLUMN mentors.handle; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(handle) ON TABLE public.mentors TO visitor;
GRANT UPDATE(handle) ON TABLE public.mentors TO mentor;


--
-- Name: COLUMN mentors.name; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(name) ON TABLE public.mentors TO visitor;
GRANT UPDATE(name) ON TABLE public.mentors TO mentor;


--
-- Name: COLUMN mentors.headline; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(headline) ON TABLE public.mentors TO visitor;
GRANT UPDATE(headline) ON TABLE public.mentors TO mentor;


--
-- Name: COLUMN mentors.bio; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(bio) ON TABLE public.mentors TO visitor;
GRANT UPDATE(bio) ON TABLE public.mentors TO mentor;


--
-- Name: COLUMN mentors.photo_url; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(photo_url) ON TABLE public.mentors TO visitor;
GRANT UPDATE(photo_url) ON TABLE public.mentors TO mentor;


--
-- Name: COLUMN mentors.timezone; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(timezone) ON TABLE public.mentors TO visitor;
GRANT UPDATE(timezone) ON TABLE public.mentors TO mentor;


--
-- Name: COLUMN mentors.language; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT UPDATE(language) ON TABLE public.mentors TO mentor;


--
-- Name: COLUMN mentors.created_at; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT(created_at) ON TABLE public.mentors TO visitor;


--
-- Name: TABLE session_types; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.session_types TO worker;
GRANT SELECT ON TABLE public.session_types TO visitor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.session_types TO mentor;


--
-- Name: TABLE sessions; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO worker;


--
-- Name: TABLE single_use_tokens; Type: ACL; Schema: public; Owner: yaksok_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.single_use_tokens TO worker;


--
-- PostgreSQL database dump complete
--


