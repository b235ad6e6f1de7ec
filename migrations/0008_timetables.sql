-- What decides which starts of some mentors are offered, at once: their hours without the notes, and when they are busy,
-- not why or with whom. Of confirmed mentors only, whose hours and busy times every visitor may ask for. One's own booking
-- does not count. Owned by `worker`, to see past the caller's policies. It takes the place of `busy_times`, which the
-- release before still calls. In PL/pgSQL, because that keeps the plan, which would take longer to make than to follow;
-- and every row is found by its mentor, however few there are.
CREATE FUNCTION timetables(mentor_ids uuid[], from_instant timestamptz, to_instant timestamptz, at_instant timestamptz,
        except_booking uuid)
    RETURNS TABLE (mentor uuid, days smallint[], start_minutes smallint[], end_minutes smallint[], overrides jsonb,
        blocked_from date[], blocked_to date[], booked_from timestamptz[], booked_to timestamptz[], buffers_before smallint[],
        buffers_after smallint[], session_types uuid[], busy_from timestamptz[], busy_to timestamptz[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
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
