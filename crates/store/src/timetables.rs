use crate::hours::clock_time;
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{Availability, BlockedRange, BookingId, Busy, DateOverride, MentorId, SessionTypeId, WeeklyWindow};
use sqlx::types::Json;
use std::ops::Range;
use uuid::Uuid;

/// What decides which starts of a mentor are offered, but for what is asked for.
#[derive(Clone, Debug)]
pub struct Timetable {
    /// Whose.
    pub mentor: MentorId,
    /// The hours, without the notes of blocked dates; in no order, and not of any zone.
    pub hours: Availability,
    /// Bookings and holds, each with its session type.
    sessions: Vec<(Busy, Option<SessionTypeId>)>,
    /// Busy time of connected calendars.
    events: Vec<Busy>,
}

impl Timetable {
    /// When the mentor is taken. What is of `session_type` counts to its daily limit.
    pub fn busy(&self, session_type: Option<SessionTypeId>) -> Vec<Busy> {
        let counts = |of: Option<SessionTypeId>| of.is_some() && of == session_type;
        let sessions = self.sessions.iter().map(|(busy, of)| Busy { counts_to_daily_limit: counts(*of), ..*busy });
        sessions.chain(self.events.iter().copied()).collect()
    }

    /// Bookings and holds alone.
    pub fn sessions(&self) -> Vec<Busy> {
        self.sessions.iter().map(|(busy, _)| *busy).collect()
    }

    /// Busy time of connected calendars alone.
    pub fn events(&self) -> &[Busy] {
        &self.events
    }
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Everybody: the timetables of these mentors, in no order, as far as they touch `span`, at the instant `now`; the
    /// booking `except` does not count. Unknown and unconfirmed mentors are left out.
    pub async fn timetables(
        &mut self,
        mentors: &[MentorId],
        span: Range<DateTime<Utc>>,
        now: DateTime<Utc>,
        except: Option<BookingId>,
    ) -> Result<Vec<Timetable>, StoreError> {
        let mentors: Vec<_> = mentors.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            r#"SELECT mentor AS "mentor!", days, start_minutes, end_minutes,
                   overrides AS "overrides: Json<Vec<DateOverride>>", blocked_from, blocked_to, booked_from, booked_to,
                   buffers_before, buffers_after, session_types AS "session_types: Vec<Option<Uuid>>", busy_from, busy_to
               FROM timetables($1, $2, $3, $4, $5)"#,
            &mentors,
            span.start,
            span.end,
            now,
            except.map(|id| id.0)
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let minutes =
                    row.start_minutes.unwrap_or_default().into_iter().zip(row.end_minutes.unwrap_or_default());
                let weekly = row.days.unwrap_or_default().into_iter().zip(minutes).map(|(day, (start, end))| {
                    let day_of_week = u8::try_from(day).map_err(|_| StoreError::Corrupt("day_of_week"))?;
                    Ok(WeeklyWindow { day_of_week, start_time: clock_time(start)?, end_time: clock_time(end)? })
                });
                let dates = row.blocked_from.unwrap_or_default().into_iter().zip(row.blocked_to.unwrap_or_default());
                let hours = Availability {
                    timezone: String::new(),
                    weekly: weekly.collect::<Result<_, StoreError>>()?,
                    overrides: row.overrides.map(|overrides| overrides.0).unwrap_or_default(),
                    blocked: dates
                        .map(|(starts_on, ends_on)| BlockedRange { starts_on, ends_on, note: None })
                        .collect(),
                };
                let small = |n: i16| u16::try_from(n).unwrap_or_default();
                let busy = |start, end, before, after| Busy {
                    start,
                    end,
                    buffer_before_minutes: small(before),
                    buffer_after_minutes: small(after),
                    counts_to_daily_limit: false,
                };
                let times = row.booked_from.unwrap_or_default().into_iter().zip(row.booked_to.unwrap_or_default());
                let buffers =
                    row.buffers_before.unwrap_or_default().into_iter().zip(row.buffers_after.unwrap_or_default());
                let booked = times.zip(buffers).zip(row.session_types.unwrap_or_default());
                let booked = booked.map(|(((start, end), (before, after)), kind)| {
                    (busy(start, end, before, after), kind.map(SessionTypeId))
                });
                let events = row.busy_from.unwrap_or_default().into_iter().zip(row.busy_to.unwrap_or_default());
                let events = events.map(|(start, end)| busy(start, end, 0, 0));
                let (sessions, events) = (booked.collect(), events.collect());
                Ok(Timetable { mentor: MentorId(row.mentor), hours, sessions, events })
            })
            .collect()
    }
}
