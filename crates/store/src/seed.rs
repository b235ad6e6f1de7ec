//! Test data in bulk, for measurements: a statement for each table, whatever the number of rows.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{MentorId, SessionType};
use uuid::Uuid;

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Worker: adds `mentor-00001` and those that follow, confirmed, in zones all over the world.
    pub async fn seed_mentors(&mut self, count: i32, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO mentors (id, handle, name, email, email_verified_at, headline, timezone, created_at)
             SELECT gen_random_uuid(), 'mentor-' || lpad(n::text, 5, '0'), 'Mentor ' || n, 'mentor-' || n || '@example.com',
                 $2, 'Mentor for measurements, number ' || n,
                 (ARRAY['Asia/Seoul', 'Europe/Berlin', 'America/New_York', 'Australia/Sydney'])[1 + n % 4], $2
             FROM generate_series(1, $1) AS n",
            count,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: whoever has no session type gets this one, and is open from Monday to Friday, a third also in the evening.
    pub async fn seed_offers(&mut self, s: &SessionType, now: DateTime<Utc>) -> Result<(), StoreError> {
        let small = |n: u16| i16::try_from(n).unwrap_or(i16::MAX);
        sqlx::query!(
            "WITH offering AS (
                 INSERT INTO session_types (id, mentor_id, slug, name, duration_minutes, start_interval_minutes,
                     buffer_before_minutes, buffer_after_minutes, minimum_notice_minutes, horizon_days, requires_approval,
                     cancel_notice_minutes, active, created_at)
                 SELECT gen_random_uuid(), id, $1, $2, $3, $4, $5, $6, 0, $7, false, 0, true, $8 FROM mentors
                 WHERE NOT EXISTS (SELECT FROM session_types WHERE mentor_id = mentors.id)
                 RETURNING mentor_id)
             INSERT INTO mentor_availability (mentor_id, day_of_week, start_minute, end_minute)
             SELECT mentor_id, day, start_minute, end_minute
             FROM offering, generate_series(1, 5) AS day, (VALUES (540, 720), (780, 1020), (1080, 1260)) AS w (start_minute, end_minute)
             WHERE start_minute < 1080 OR hashtext(mentor_id::text) % 3 = 0",
            s.slug,
            s.name,
            small(s.duration_minutes),
            small(s.start_interval_minutes),
            small(s.buffer_before_minutes),
            small(s.buffer_after_minutes),
            small(s.horizon_days),
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: `count` half hours of each of these mentors (empty: of everybody), `step_hours` apart from `first` on; back
    /// in time where that is negative. Their manage tokens open nothing.
    pub async fn seed_bookings(
        &mut self,
        mentors: &[MentorId],
        count: i32,
        first: DateTime<Utc>,
        step_hours: i32,
        token_sealed: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mentors: Vec<Uuid> = mentors.iter().map(|id| id.0).collect();
        sqlx::query!(
            "WITH made AS (
                 INSERT INTO bookings (id, mentor_id, session_type_id, session_slug, session_name, status, during,
                     buffer_before_minutes, buffer_after_minutes, cancel_notice_minutes, booker_name, booker_email,
                     booker_timezone, booker_language, manage_token_hash, manage_token_sealed, created_at)
                 SELECT gen_random_uuid(), s.mentor_id, s.id, s.slug, s.name, 'confirmed',
                     tstzrange($3::timestamptz + n * make_interval(hours => $4), $3::timestamptz + n * make_interval(hours => $4) + interval '30 minutes'),
                     s.buffer_before_minutes, s.buffer_after_minutes, 0, 'Ada ' || n, 'ada-' || n || '@example.com',
                     'Europe/Berlin', 'en', sha256((s.id::text || ' ' || n || ' ' || $4::integer)::bytea), $6, $5
                 FROM session_types s, generate_series(0, $2::integer - 1) AS n
                 WHERE s.mentor_id = ANY($1) OR $1 = '{}'
                 RETURNING id, mentor_id, during)
             INSERT INTO booking_events (id, booking_id, mentor_id, kind, actor, sequence, during, created_at)
             SELECT gen_random_uuid(), id, mentor_id, 'booked', 'mentee', 0, during, $5 FROM made",
            &mentors,
            count,
            first,
            step_hours,
            now,
            token_sealed
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: a calendar of a mentor's, which nobody looks at, with `events` on the thirty days from `midnight` on, and
    /// `series` that come every week of a year. Every other day leaves the hours from eight to sixteen (UTC) free.
    pub async fn seed_calendar(
        &mut self,
        mentor: MentorId,
        events: i32,
        series: i32,
        midnight: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "WITH connection AS (
                 INSERT INTO mentor_calendar_tokens (id, mentor_id, provider, account, created_at, last_synced_at, next_sync_at)
                 VALUES (gen_random_uuid(), $1, 'caldav', 'measured@example.com', $4, $4, $4::timestamptz + interval '10 years')
                 RETURNING id),
             calendar AS (
                 INSERT INTO calendars (id, connection_id, mentor_id, remote_id, name, writable, is_primary, blocks, receives)
                 SELECT gen_random_uuid(), id, $1, 'measured', 'Measured', false, true, true, false FROM connection
                 RETURNING id),
             minutes AS (
                 SELECT 'event ' || n AS name, n % 30 * 1440
                         + CASE WHEN n / 30 < 26 OR n % 2 = 1 THEN 1020 + n / 30 * 12 ELSE 480 + (n / 30 - 26) * 60 END AS minute
                 FROM generate_series(0, $2::integer - 1) AS n
                 UNION ALL
                 SELECT 'series ' || n || ' ' || week, (n % 7 + week * 7) * 1440 + 1050 + n / 7 * 30
                 FROM generate_series(0, $3::integer - 1) AS n, generate_series(0, 51) AS week)
             INSERT INTO calendar_busy (calendar_id, event_hash, mentor_id, during)
             SELECT calendar.id, sha256(minutes.name::bytea), $1,
                 tstzrange($4::timestamptz + minute * interval '1 minute', $4::timestamptz + (minute + 30) * interval '1 minute')
             FROM calendar, minutes",
            mentor.0,
            events,
            series,
            midnight
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
