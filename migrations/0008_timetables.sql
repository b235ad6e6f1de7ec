-- What decides which starts of some mentors are offered, at once: their hours without the notes, and when they are busy,
-- not why or with whom. Of confirmed mentors only, whose hours and busy times every visitor may ask for. One's own booking
-- does not count. Owned by `worker`, to see past the caller's policies. It takes the place of `busy_times`, which the
-- release before still calls. In PL/pgSQL, because that keeps the plan.
CREATE FUNCTION timetables(mentor_ids uuid[], from_instant timestamptz, to_instant timestamptz, at_instant timestamptz,
        except_booking uuid)
    RETURNS TABLE (mentor uuid, days smallint[], start_minutes smallint[], end_minutes smallint[], overrides jsonb,
        blocked_from date[], blocked_to date[], busy_from timestamptz[], busy_to timestamptz[], busy_before smallint[],
        busy_after smallint[], busy_types uuid[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
    #variable_conflict use_column
    BEGIN
        RETURN QUERY
        SELECT m.id, weekly.*, overridden.*, blocked.*, busy.*
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
            SELECT array_agg(lower(during)), array_agg(upper(during)), array_agg(before), array_agg(after), array_agg(kind)
            FROM (
                SELECT during, buffer_before_minutes AS before, buffer_after_minutes AS after, session_type_id AS kind
                FROM bookings
                WHERE mentor_id = m.id
                    AND during && tstzrange(from_instant, to_instant)
                    AND status IN ('pending', 'confirmed', 'held')
                    AND (hold_expires_at IS NULL OR hold_expires_at > at_instant)
                    AND id IS DISTINCT FROM except_booking
                UNION ALL
                SELECT during, 0::smallint, 0::smallint, NULL
                FROM calendar_busy
                WHERE mentor_id = m.id AND during && tstzrange(from_instant, to_instant)) taken) busy
        WHERE m.id = ANY(mentor_ids) AND m.email_verified_at IS NOT NULL;
    END
    $$;

DO $$
DECLARE
    signature text := 'timetables(uuid[], timestamptz, timestamptz, timestamptz, uuid)';
BEGIN
    GRANT CREATE ON SCHEMA public TO worker;
    EXECUTE format('ALTER FUNCTION %s OWNER TO worker', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO visitor, mentor, worker', signature);
    REVOKE CREATE ON SCHEMA public FROM worker;
END $$;
