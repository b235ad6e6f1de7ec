use crate::{StoreError, Tx};
use scheduling::{Availability, BlockedRange, ClockTime, DateOverride, MentorId, WeeklyWindow, Window};
use sqlx::types::Json;

pub(crate) fn clock_time(minutes: i16) -> Result<ClockTime, StoreError> {
    u16::try_from(minutes)
        .ok()
        .and_then(ClockTime::from_minutes)
        .ok_or(StoreError::Corrupt("mentor_availability: a minute of the day"))
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Visitor (acting for the mentor) and mentor: the hours, without the notes of blocked dates.
    pub async fn hours(&mut self, mentor: MentorId, timezone: &str) -> Result<Availability, StoreError> {
        let weekly = sqlx::query!(
            "SELECT day_of_week, start_minute, end_minute FROM mentor_availability WHERE mentor_id = $1
             ORDER BY day_of_week, start_minute",
            mentor.0
        )
        .fetch_all(self.connection())
        .await?
        .into_iter()
        .map(|row| {
            Ok(WeeklyWindow {
                day_of_week: u8::try_from(row.day_of_week).map_err(|_| StoreError::Corrupt("day_of_week"))?,
                start_time: clock_time(row.start_minute)?,
                end_time: clock_time(row.end_minute)?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
        let overrides = sqlx::query!(
            r#"SELECT date, windows AS "windows: Json<Vec<Window>>" FROM availability_overrides WHERE mentor_id = $1
               ORDER BY date"#,
            mentor.0
        )
        .fetch_all(self.connection())
        .await?
        .into_iter()
        .map(|row| DateOverride { date: row.date, windows: row.windows.0 })
        .collect();
        let blocked = sqlx::query!(
            "SELECT starts_on, ends_on FROM blocked_dates WHERE mentor_id = $1 ORDER BY starts_on, ends_on",
            mentor.0
        )
        .fetch_all(self.connection())
        .await?
        .into_iter()
        .map(|row| BlockedRange { starts_on: row.starts_on, ends_on: row.ends_on, note: None })
        .collect();
        Ok(Availability { timezone: timezone.to_owned(), weekly, overrides, blocked })
    }

    /// Mentor: the hours with the notes.
    pub async fn own_hours(&mut self, mentor: MentorId, timezone: &str) -> Result<Availability, StoreError> {
        let mut hours = self.hours(mentor, timezone).await?;
        hours.blocked = sqlx::query!(
            "SELECT starts_on, ends_on, note FROM blocked_dates WHERE mentor_id = $1 ORDER BY starts_on, ends_on, id",
            mentor.0
        )
        .fetch_all(self.connection())
        .await?
        .into_iter()
        .map(|row| BlockedRange { starts_on: row.starts_on, ends_on: row.ends_on, note: row.note })
        .collect();
        Ok(hours)
    }

    /// Mentor: replaces all hours at once with `hours`, which is normalised. The time zone is not part of this.
    pub async fn replace_hours(&mut self, mentor: MentorId, hours: &Availability) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM mentor_availability WHERE mentor_id = $1", mentor.0)
            .execute(self.connection())
            .await?;
        sqlx::query!("DELETE FROM availability_overrides WHERE mentor_id = $1", mentor.0)
            .execute(self.connection())
            .await?;
        sqlx::query!("DELETE FROM blocked_dates WHERE mentor_id = $1", mentor.0).execute(self.connection()).await?;

        let minute = |time: ClockTime| i16::try_from(time.minutes()).unwrap_or(i16::MAX);
        let days: Vec<i16> = hours.weekly.iter().map(|w| i16::from(w.day_of_week)).collect();
        let starts: Vec<i16> = hours.weekly.iter().map(|w| minute(w.start_time)).collect();
        let ends: Vec<i16> = hours.weekly.iter().map(|w| minute(w.end_time)).collect();
        sqlx::query!(
            "INSERT INTO mentor_availability (mentor_id, day_of_week, start_minute, end_minute)
             SELECT $1, * FROM unnest($2::smallint[], $3::smallint[], $4::smallint[])",
            mentor.0,
            &days,
            &starts,
            &ends
        )
        .execute(self.connection())
        .await?;

        let dates: Vec<_> = hours.overrides.iter().map(|o| o.date).collect();
        let windows: Vec<_> = hours.overrides.iter().map(|o| Json(&o.windows)).collect();
        sqlx::query("INSERT INTO availability_overrides (mentor_id, date, windows) SELECT $1, * FROM unnest($2::date[], $3::jsonb[])")
            .bind(mentor.0)
            .bind(&dates)
            .bind(&windows)
            .execute(self.connection())
            .await?;

        let starts: Vec<_> = hours.blocked.iter().map(|b| b.starts_on).collect();
        let ends: Vec<_> = hours.blocked.iter().map(|b| b.ends_on).collect();
        let notes: Vec<Option<String>> = hours.blocked.iter().map(|b| b.note.clone()).collect();
        sqlx::query!(
            "INSERT INTO blocked_dates (mentor_id, starts_on, ends_on, note)
             SELECT $1, * FROM unnest($2::date[], $3::date[], $4::text[])",
            mentor.0,
            &starts,
            &ends,
            &notes as &[Option<String>]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
