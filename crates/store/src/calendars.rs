use crate::bookings::range;
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{BookingId, CalendarId, ConnectionId, MentorId};
use sqlx::postgres::types::PgRange;
use std::ops::Range;
use uuid::Uuid;

/// A mentor's account at a provider, without its secrets.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Connection {
    pub id: Uuid,
    pub mentor_id: Uuid,
    pub provider: String,
    /// By what the mentor knows the account.
    pub account: String,
    /// `active`, `expired` (the mentor must connect again) or `error` (it fails for some time).
    pub status: String,
    pub last_synced_at: Option<DateTime<Utc>>,
    pub next_sync_at: Option<DateTime<Utc>>,
    /// Why the last look failed, as a code.
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl Connection {
    /// Its id.
    pub fn id(&self) -> ConnectionId {
        ConnectionId(self.id)
    }

    /// Whose it is.
    pub fn mentor(&self) -> MentorId {
        MentorId(self.mentor_id)
    }
}

/// A connection to be made, or to be made anew: the same account of the same mentor keeps its row.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewConnection {
    pub id: ConnectionId,
    pub mentor_id: MentorId,
    pub provider: &'static str,
    pub account: String,
    pub url: Option<String>,
    pub username: Option<String>,
    pub now: DateTime<Utc>,
}

/// What opens an account. Sealed.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Grant {
    pub connection: Connection,
    pub url: Option<String>,
    pub username: Option<String>,
    /// The mentor's time zone.
    pub timezone: String,
    /// The mentor's address.
    pub email: String,
    pub access_token: Option<Vec<u8>>,
    pub refresh_token: Option<Vec<u8>>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Until then the provider wants not to be asked.
    pub throttled_until: Option<DateTime<Utc>>,
}

/// One calendar of a connection.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Calendar {
    pub id: Uuid,
    pub connection_id: Uuid,
    pub remote_id: String,
    pub name: String,
    pub timezone: Option<String>,
    pub writable: bool,
    pub is_primary: bool,
    /// Its busy time blocks slots.
    pub blocks: bool,
    /// Bookings are written into it. One at most for each mentor.
    pub receives: bool,
}

/// How far a calendar was looked at.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Progress {
    pub cursor: Option<String>,
    /// When a full look found nothing at all where there had been something; it is believed the second time.
    pub doubted_at: Option<DateTime<Utc>>,
    pub window: Option<Range<DateTime<Utc>>>,
    pub watch_id: Option<String>,
    pub watch_resource: Option<String>,
    pub watch_expires_at: Option<DateTime<Utc>>,
    /// When the provider last told us of a change.
    pub notified_at: Option<DateTime<Utc>>,
}

/// The event of a booking, as it was last written.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct EventLink {
    pub booking_id: BookingId,
    pub calendar_id: CalendarId,
    pub connection_id: ConnectionId,
    pub calendar_remote_id: String,
    pub remote_id: Option<String>,
    pub written_sequence: i32,
    pub during: Option<Range<DateTime<Utc>>>,
    /// The booking's sequence since what the mentor did to the event was followed, or is to be undone.
    pub decided_sequence: i32,
    /// What the event looked like then, until it is written.
    pub decided_event: Option<String>,
}

/// The event of a booking, as a look at its calendar compares it.
#[derive(Clone, Debug)]
pub struct LinkedEvent {
    /// Whose event it is.
    pub booking: BookingId,
    /// Its id at the provider, if known.
    pub remote_id: Option<String>,
    /// The booking's sequence that it was written at.
    pub written_sequence: i32,
    /// What the mentor did to it was decided upon, and has yet to be written.
    pub decided: bool,
    /// When it is, as written.
    pub during: Option<Range<DateTime<Utc>>>,
}

/// A mentor on the way to a provider and back.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Authorization {
    pub mentor_id: Uuid,
    pub session_hash: Vec<u8>,
    pub provider: String,
    pub verifier_sealed: Vec<u8>,
    pub expires_at: DateTime<Utc>,
}

macro_rules! connections {
    ($tail:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Connection,
            "SELECT id, mentor_id, provider, account, status, last_synced_at, next_sync_at, error, created_at
             FROM mentor_calendar_tokens " + $tail
            $(, $argument)*
        )
    };
}

macro_rules! calendars {
    ($tail:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Calendar,
            "SELECT id, connection_id, remote_id, name, timezone, writable, is_primary, blocks, receives FROM calendars "
                + $tail
            $(, $argument)*
        )
    };
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Mentor: their own connections, oldest first. Worker: any mentor's.
    pub async fn connections(&mut self, mentor: MentorId) -> Result<Vec<Connection>, StoreError> {
        Ok(connections!("WHERE mentor_id = $1 ORDER BY created_at, id", mentor.0).fetch_all(self.connection()).await?)
    }

    /// Mentor: one of their own connections. Worker: any.
    pub async fn calendar_connection(&mut self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        Ok(connections!("WHERE id = $1", id.0).fetch_optional(self.connection()).await?)
    }

    /// Worker: a connection with its sealed secrets.
    pub async fn grant(&mut self, id: ConnectionId) -> Result<Option<Grant>, StoreError> {
        let Some(connection) = self.calendar_connection(id).await? else { return Ok(None) };
        let row = sqlx::query!(
            r#"SELECT url, username, access_token, refresh_token, expires_at, throttled_until, m.timezone AS "timezone!",
                   m.email AS "email!"
               FROM mentor_calendar_tokens t JOIN mentors m ON m.id = t.mentor_id WHERE t.id = $1"#,
            id.0
        )
        .fetch_one(self.connection())
        .await?;
        Ok(Some(Grant {
            connection,
            url: row.url,
            username: row.username,
            timezone: row.timezone,
            email: row.email,
            access_token: row.access_token,
            refresh_token: row.refresh_token,
            expires_at: row.expires_at,
            throttled_until: row.throttled_until,
        }))
    }

    /// Worker: makes the connection, or finds the one of the same account. Answers its id; the secrets follow.
    pub async fn put_connection(&mut self, new: &NewConnection) -> Result<ConnectionId, StoreError> {
        let id = sqlx::query_scalar!(
            "INSERT INTO mentor_calendar_tokens (id, mentor_id, provider, account, url, username, next_sync_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
             ON CONFLICT (mentor_id, provider, account) DO UPDATE SET
                 url = $5, username = $6, next_sync_at = $7, status = 'active', error = NULL, failures = 0,
                 throttled_until = NULL, refusals = 0, refused_at = NULL
             RETURNING id",
            new.id.0,
            new.mentor_id.0,
            new.provider,
            new.account,
            new.url,
            new.username,
            new.now
        )
        .fetch_one(self.connection())
        .await?;
        // Of one that was there, all is looked at afresh: what was seen before may not have been acted upon.
        sqlx::query!(
            "UPDATE calendars SET cursor = NULL, window_start = NULL, window_end = NULL WHERE connection_id = $1",
            id
        )
        .execute(self.connection())
        .await?;
        Ok(ConnectionId(id))
    }

    /// Worker: whether anybody has connected this account, other than with this connection.
    pub async fn is_connected(
        &mut self,
        provider: &str,
        account: &str,
        except: ConnectionId,
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM mentor_calendar_tokens WHERE provider = $1 AND account = $2 AND id <> $3)
               AS "connected!""#,
            provider,
            account,
            except.0
        )
        .fetch_one(self.connection())
        .await?)
    }

    /// Worker: keeps sealed secrets. A refresh token that is not given stays.
    pub async fn keep_grant(
        &mut self,
        id: ConnectionId,
        access_token: Option<&[u8]>,
        refresh_token: Option<&[u8]>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE mentor_calendar_tokens SET access_token = $2, refresh_token = coalesce($3, refresh_token),
                 expires_at = $4, refresh_locked_until = NULL, refusals = 0, refused_at = NULL
             WHERE id = $1",
            id.0,
            access_token,
            refresh_token,
            expires_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: whether it is ours to refresh the access token until `until`: one at a time, since a refresh token may
    /// work once.
    pub async fn lease_refresh(
        &mut self,
        id: ConnectionId,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE mentor_calendar_tokens SET refresh_locked_until = $3
             WHERE id = $1 AND (refresh_locked_until IS NULL OR refresh_locked_until <= $2)",
            id.0,
            now,
            until
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker: the lease on refreshing is over.
    pub async fn release_refresh(&mut self, id: ConnectionId) -> Result<(), StoreError> {
        sqlx::query!("UPDATE mentor_calendar_tokens SET refresh_locked_until = NULL WHERE id = $1", id.0)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: the provider refused the grant `refresh_token` once. Answers how often in a row it did, and since when; `None`
    /// where a newer grant has come, or the refusals were believed already.
    pub async fn count_refusal(
        &mut self,
        id: ConnectionId,
        refresh_token: Option<&[u8]>,
        now: DateTime<Utc>,
    ) -> Result<Option<(i32, DateTime<Utc>)>, StoreError> {
        let row = sqlx::query!(
            r#"UPDATE mentor_calendar_tokens
               SET refusals = refusals + 1, refused_at = coalesce(refused_at, $3), refresh_locked_until = NULL
               WHERE id = $1 AND status <> 'expired' AND refresh_token IS NOT DISTINCT FROM $2
               RETURNING refusals, refused_at AS "refused_at!""#,
            id.0,
            refresh_token,
            now
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| (row.refusals, row.refused_at)))
    }

    /// Worker: nobody asks the provider anything for this connection before `until`, because it refused what opens the
    /// account. The mentor is not shown this.
    pub async fn wait_after_refusal(&mut self, id: ConnectionId, until: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE mentor_calendar_tokens SET throttled_until = $2, next_sync_at = greatest(next_sync_at, $2)
             WHERE id = $1 AND status <> 'expired'",
            id.0,
            until
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the provider refused the grant `refresh_token`. Answers whether this is news: it was not known, and no
    /// newer grant has come meanwhile.
    pub async fn expire_connection(
        &mut self,
        id: ConnectionId,
        refresh_token: Option<&[u8]>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE mentor_calendar_tokens
             SET status = 'expired', error = 'grant_refused', next_sync_at = NULL, refresh_locked_until = NULL
             WHERE id = $1 AND status <> 'expired' AND refresh_token IS NOT DISTINCT FROM $2",
            id.0,
            refresh_token
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Mentor: forgets one of their own connections, with its calendars, busy time and links.
    pub async fn delete_connection(&mut self, id: ConnectionId) -> Result<bool, StoreError> {
        let done =
            sqlx::query!("DELETE FROM mentor_calendar_tokens WHERE id = $1", id.0).execute(self.connection()).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker: every connection with sealed secrets, to re-encrypt them, after `after`, at most `limit`.
    pub async fn grants(&mut self, after: ConnectionId, limit: i64) -> Result<Vec<Grant>, StoreError> {
        let ids = sqlx::query_scalar!(
            "SELECT id FROM mentor_calendar_tokens WHERE id > $1 ORDER BY id LIMIT $2 FOR UPDATE",
            after.0,
            limit
        )
        .fetch_all(self.connection())
        .await?;
        let mut grants = Vec::new();
        for id in ids {
            grants.extend(self.grant(ConnectionId(id)).await?);
        }
        Ok(grants)
    }

    // Looking at the provider -------------------------------------------------------------------------

    /// Worker: leases the connection of a provider that has been due longest until `until`; nobody else looks at it, or at the
    /// same account by another mentor's connection, meanwhile. One whose provider wants not to be asked yet is none; that it wants so for more than a day is an error of some clock.
    pub async fn lease_sync(
        &mut self,
        provider: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<ConnectionId>, StoreError> {
        let id = sqlx::query_scalar!(
            "UPDATE mentor_calendar_tokens SET sync_locked_until = $2, next_sync_at = $2
             WHERE id = (
                 SELECT id FROM mentor_calendar_tokens t
                 WHERE status <> 'expired' AND next_sync_at <= $1 AND provider = $3
                     AND (sync_locked_until IS NULL OR sync_locked_until <= $1)
                     AND (throttled_until IS NULL OR throttled_until <= $1 OR throttled_until > $1 + interval '1 day')
                     AND NOT EXISTS (
                         SELECT FROM mentor_calendar_tokens o
                         WHERE o.provider = $3 AND o.account = t.account AND o.id <> t.id AND o.sync_locked_until > $1)
                 ORDER BY next_sync_at LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING id",
            now,
            until,
            provider
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(id.map(ConnectionId))
    }

    /// Worker: the look that was leased until `leased` goes on until `until`. Answers whether the lease was still ours.
    pub async fn extend_sync(
        &mut self,
        id: ConnectionId,
        leased: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE mentor_calendar_tokens SET sync_locked_until = $3,
                 next_sync_at = CASE WHEN next_sync_at < $2 THEN next_sync_at ELSE $3 END
             WHERE id = $1 AND sync_locked_until = $2 AND status <> 'expired'",
            id.0,
            leased,
            until
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker: the look that was leased until `leased` is over, and nothing came of it.
    pub async fn release_sync(&mut self, id: ConnectionId, leased: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE mentor_calendar_tokens SET sync_locked_until = NULL WHERE id = $1 AND sync_locked_until = $2",
            id.0,
            leased
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Mentor, worker: looks at the provider as soon as can be.
    pub async fn request_sync(&mut self, id: ConnectionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE mentor_calendar_tokens SET next_sync_at = $2 WHERE id = $1 AND status <> 'expired'",
            id.0,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker: the look that was leased until `leased` went well. The next one is at `next`, or at once if somebody
    /// asked for it meanwhile. Nothing happens if the lease was lost.
    pub async fn sync_done(
        &mut self,
        id: ConnectionId,
        leased: DateTime<Utc>,
        now: DateTime<Utc>,
        next: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE mentor_calendar_tokens SET status = 'active', error = NULL, failures = 0, last_synced_at = $3,
                 refusals = 0, refused_at = NULL, sync_locked_until = NULL, next_sync_at = CASE WHEN next_sync_at < $2 THEN next_sync_at ELSE $4 END
             WHERE id = $1 AND sync_locked_until = $2 AND status <> 'expired'",
            id.0,
            leased,
            now,
            next
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the provider wants not to be asked before `until`, whoever wishes for it. The mentor sees that where it
    /// `lasts`.
    pub async fn throttle(&mut self, id: ConnectionId, until: DateTime<Utc>, lasts: bool) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE mentor_calendar_tokens
             SET throttled_until = $2, next_sync_at = greatest(next_sync_at, $2), error = 'throttled',
                 status = CASE WHEN $3 THEN 'error' ELSE status END
             WHERE id = $1 AND status <> 'expired'",
            id.0,
            until,
            lasts
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the look that was leased until `leased` failed for the reason `error`. It is tried again at `next`; after
    /// `patience` failures in a row the mentor sees it. Nothing happens if the lease was lost.
    pub async fn sync_failed(
        &mut self,
        id: ConnectionId,
        leased: DateTime<Utc>,
        error: &str,
        next: DateTime<Utc>,
        patience: i32,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE mentor_calendar_tokens SET failures = failures + 1, error = $3, next_sync_at = $4,
                 sync_locked_until = NULL, status = CASE WHEN failures + 1 >= $5 THEN 'error' ELSE status END
             WHERE id = $1 AND sync_locked_until = $2 AND status <> 'expired'",
            id.0,
            leased,
            error,
            next,
            patience
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: how often in a row looks at the provider have failed.
    pub async fn sync_failures(&mut self, id: ConnectionId) -> Result<i32, StoreError> {
        let failures = sqlx::query_scalar!("SELECT failures FROM mentor_calendar_tokens WHERE id = $1", id.0);
        Ok(failures.fetch_optional(self.connection()).await?.unwrap_or_default())
    }

    /// Worker: connections that should have been looked at since `since`, and were not.
    pub async fn count_lagging(&mut self, since: DateTime<Utc>) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM mentor_calendar_tokens
               WHERE status <> 'expired' AND coalesce(last_synced_at, created_at) < $1"#,
            since
        )
        .fetch_one(self.connection())
        .await?)
    }

    // Calendars ---------------------------------------------------------------------------------------

    /// Mentor: the calendars of all their connections, primary ones first. Worker: any mentor's.
    pub async fn calendars(&mut self, mentor: MentorId) -> Result<Vec<Calendar>, StoreError> {
        Ok(calendars!("WHERE mentor_id = $1 ORDER BY is_primary DESC, name, id", mentor.0)
            .fetch_all(self.connection())
            .await?)
    }

    /// Worker: the calendars of a connection.
    pub async fn calendars_of(&mut self, connection: ConnectionId) -> Result<Vec<Calendar>, StoreError> {
        Ok(calendars!("WHERE connection_id = $1 ORDER BY is_primary DESC, name, id", connection.0)
            .fetch_all(self.connection())
            .await?)
    }

    /// Worker: the calendars of a connection that can be written into and were not looked at since it was made, or made again:
    /// events of bookings may have been left behind there.
    pub async fn calendars_never_read(&mut self, connection: ConnectionId) -> Result<Vec<CalendarId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "SELECT id FROM calendars WHERE connection_id = $1 AND writable AND window_start IS NULL",
            connection.0
        )
        .fetch_all(self.connection())
        .await?;
        Ok(ids.into_iter().map(CalendarId).collect())
    }

    /// Worker: one calendar.
    pub async fn calendar(&mut self, id: CalendarId) -> Result<Option<Calendar>, StoreError> {
        Ok(calendars!("WHERE id = $1", id.0).fetch_optional(self.connection()).await?)
    }

    /// Worker: the calendars of a connection that hold events of bookings that end after `after`.
    pub async fn calendars_with_events(
        &mut self,
        connection: ConnectionId,
        after: DateTime<Utc>,
    ) -> Result<Vec<CalendarId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "SELECT c.id FROM calendars c WHERE c.connection_id = $1 AND EXISTS (
                 SELECT FROM booking_calendar_events e JOIN bookings b ON b.id = e.booking_id
                 WHERE e.calendar_id = c.id AND b.status IN ('pending', 'confirmed') AND upper(b.during) > $2)",
            connection.0,
            after
        )
        .fetch_all(self.connection())
        .await?;
        Ok(ids.into_iter().map(CalendarId).collect())
    }

    /// Worker: the calendar into which the mentor's bookings go, if its connection works.
    pub async fn receiving_calendar(&mut self, mentor: MentorId) -> Result<Option<Calendar>, StoreError> {
        Ok(calendars!(
            "WHERE mentor_id = $1 AND receives
                 AND connection_id IN (SELECT t.id FROM mentor_calendar_tokens t WHERE t.status <> 'expired')",
            mentor.0
        )
        .fetch_optional(self.connection())
        .await?)
    }

    /// Worker: a calendar as the provider tells of it. What the mentor chose stays; a new one gets `blocks` and
    /// `receives` as given.
    pub async fn put_calendar(&mut self, mentor: MentorId, calendar: &Calendar) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO calendars (id, connection_id, mentor_id, remote_id, name, timezone, writable, is_primary, blocks, receives)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (connection_id, remote_id) DO UPDATE SET name = $5, timezone = $6, writable = $7, is_primary = $8,
                 receives = calendars.receives AND $7",
            calendar.id,
            calendar.connection_id,
            mentor.0,
            calendar.remote_id,
            calendar.name,
            calendar.timezone,
            calendar.writable,
            calendar.is_primary,
            calendar.blocks,
            calendar.receives
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the provider does not have this calendar any more.
    pub async fn delete_calendar(&mut self, id: CalendarId) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM calendars WHERE id = $1", id.0).execute(self.connection()).await?;
        Ok(())
    }

    /// Mentor: which of their calendars block and which one receives bookings. A calendar that blocks no longer gives its
    /// time free at once; one that blocks from now on is looked at afresh.
    pub async fn choose_calendars(
        &mut self,
        mentor: MentorId,
        blocking: &[Uuid],
        receiving: Option<CalendarId>,
    ) -> Result<(), StoreError> {
        sqlx::query!("UPDATE calendars SET receives = false WHERE mentor_id = $1", mentor.0)
            .execute(self.connection())
            .await?;
        sqlx::query!(
            "UPDATE calendars SET blocks = NOT blocks, cursor = NULL WHERE mentor_id = $1 AND blocks <> (id = ANY($2))",
            mentor.0,
            blocking
        )
        .execute(self.connection())
        .await?;
        sqlx::query!(
            "UPDATE calendars SET receives = true WHERE mentor_id = $1 AND id = $2 AND writable",
            mentor.0,
            receiving.map(|id| id.0)
        )
        .execute(self.connection())
        .await?;
        sqlx::query!(
            "DELETE FROM calendar_busy WHERE mentor_id = $1 AND NOT calendar_id = ANY($2)",
            mentor.0,
            blocking
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: how far a calendar was looked at. Locks it until the end of the transaction.
    pub async fn progress(&mut self, id: CalendarId) -> Result<Option<(Calendar, Progress)>, StoreError> {
        let Some(calendar) = calendars!("WHERE id = $1 FOR UPDATE", id.0).fetch_optional(self.connection()).await?
        else {
            return Ok(None);
        };
        let row = sqlx::query!(
            "SELECT cursor, doubted_at, window_start, window_end, watch_id, watch_resource, watch_expires_at, notified_at FROM calendars
             WHERE id = $1",
            id.0
        )
        .fetch_one(self.connection())
        .await?;
        let progress = Progress {
            cursor: row.cursor,
            doubted_at: row.doubted_at,
            window: row.window_start.zip(row.window_end).map(|(start, end)| start..end),
            watch_id: row.watch_id,
            watch_resource: row.watch_resource,
            watch_expires_at: row.watch_expires_at,
            notified_at: row.notified_at,
        };
        Ok(Some((calendar, progress)))
    }

    /// Worker: whether anything is known to be busy in this calendar from `from` on.
    pub async fn is_busy(&mut self, id: CalendarId, from: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM calendar_busy WHERE calendar_id = $1 AND upper(during) > $2) AS "busy!""#,
            id.0,
            from
        )
        .fetch_one(self.connection())
        .await?)
    }

    /// Worker: a full look found nothing at all, and is not believed before another one says the same.
    pub async fn doubt(&mut self, id: CalendarId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE calendars SET doubted_at = coalesce(doubted_at, $2), cursor = NULL WHERE id = $1",
            id.0,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: every calendar is read in full at its next look, since the rules of time zones have changed.
    pub async fn reread_calendars(&mut self) -> Result<(), StoreError> {
        sqlx::query!("UPDATE calendars SET cursor = NULL WHERE cursor IS NOT NULL").execute(self.connection()).await?;
        Ok(())
    }

    /// Worker: from where and for which window the next look goes on.
    pub async fn keep_cursor(
        &mut self,
        id: CalendarId,
        cursor: Option<&str>,
        window: &Range<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE calendars SET cursor = $2, doubted_at = NULL, window_start = $3, window_end = $4 WHERE id = $1",
            id.0,
            cursor,
            window.start,
            window.end
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: replaces the busy time that a calendar's events cause: all of it (`complete`), or that of `gone` and of
    /// those in `busy`, each by the SHA-256 of the event's id.
    pub async fn keep_busy(
        &mut self,
        calendar: CalendarId,
        mentor: MentorId,
        complete: bool,
        gone: &[Vec<u8>],
        busy: &[(Vec<u8>, Range<DateTime<Utc>>)],
    ) -> Result<(), StoreError> {
        let deleted = sqlx::query!(
            "DELETE FROM calendar_busy WHERE calendar_id = $1 AND ($2 OR event_hash = ANY($3))",
            calendar.0,
            complete,
            gone
        )
        .execute(self.connection())
        .await?;
        // A look that finds nothing new tells nobody.
        if deleted.rows_affected() > 0 || !busy.is_empty() {
            self.changes_slots(mentor);
        }
        let hashes: Vec<Vec<u8>> = busy.iter().map(|(hash, _)| hash.clone()).collect();
        let starts: Vec<DateTime<Utc>> = busy.iter().map(|(_, during)| during.start).collect();
        let ends: Vec<DateTime<Utc>> = busy.iter().map(|(_, during)| during.end).collect();
        sqlx::query!(
            "INSERT INTO calendar_busy (calendar_id, event_hash, mentor_id, during)
             SELECT $1, event_hash, $2, tstzrange(starts_at, ends_at)
             FROM unnest($3::bytea[], $4::timestamptz[], $5::timestamptz[]) AS new (event_hash, starts_at, ends_at)
             ON CONFLICT (calendar_id, event_hash) DO UPDATE SET during = EXCLUDED.during",
            calendar.0,
            mentor.0,
            &hashes,
            &starts,
            &ends
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the provider tells us of changes under the name `watch_id`.
    pub async fn keep_watch(
        &mut self,
        id: CalendarId,
        watch_id: &str,
        resource: Option<&str>,
        secret_hash: &[u8; 32],
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE calendars SET watch_id = $2, watch_resource = $3, watch_secret_hash = $4, watch_expires_at = $5
             WHERE id = $1",
            id.0,
            watch_id,
            resource,
            secret_hash,
            expires_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the provider tells of a change in the calendar that is watched under this name and secret. Answers its
    /// connection.
    pub async fn notified(
        &mut self,
        watch_id: &str,
        secret_hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<ConnectionId>, StoreError> {
        let id = sqlx::query_scalar!(
            "UPDATE calendars SET notified_at = $3 WHERE watch_id = $1 AND watch_secret_hash = $2 RETURNING connection_id",
            watch_id,
            secret_hash,
            now
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(id.map(ConnectionId))
    }

    // Events of bookings ------------------------------------------------------------------------------

    /// Worker: the event of a booking.
    pub async fn event_link(&mut self, booking: BookingId) -> Result<Option<EventLink>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT e.calendar_id, c.connection_id, c.remote_id AS calendar_remote_id, e.remote_id, e.written_sequence,
                   e.decided_sequence, e.decided_event, e.during AS "during: PgRange<DateTime<Utc>>"
               FROM booking_calendar_events e JOIN calendars c ON c.id = e.calendar_id
               WHERE e.booking_id = $1"#,
            booking.0
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(|row| {
            Ok(EventLink {
                booking_id: booking,
                calendar_id: CalendarId(row.calendar_id),
                connection_id: ConnectionId(row.connection_id),
                calendar_remote_id: row.calendar_remote_id,
                remote_id: row.remote_id,
                written_sequence: row.written_sequence,
                during: row.during.map(range).transpose()?,
                decided_sequence: row.decided_sequence,
                decided_event: row.decided_event,
            })
        })
        .transpose()
    }

    /// Worker: the booking will have its event in this calendar, unless it has one already.
    pub async fn insert_event_link(
        &mut self,
        mentor: MentorId,
        booking: BookingId,
        calendar: CalendarId,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO booking_calendar_events (booking_id, mentor_id, calendar_id) VALUES ($1, $2, $3)
             ON CONFLICT (booking_id) DO NOTHING",
            booking.0,
            mentor.0,
            calendar.0
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: whether it is ours to write or ask about the event until `until`.
    pub async fn lease_event(
        &mut self,
        booking: BookingId,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE booking_calendar_events SET locked_until = $3
             WHERE booking_id = $1 AND (locked_until IS NULL OR locked_until <= $2)",
            booking.0,
            now,
            until
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker: the lease on the event until `until` is over.
    pub async fn release_event(&mut self, booking: BookingId, until: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE booking_calendar_events SET locked_until = NULL WHERE booking_id = $1 AND locked_until = $2",
            booking.0,
            until
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: an event of the mentor's calendar that carries the mark of a booking without one is that booking's, and has
    /// yet to be written.
    pub async fn adopt_event(
        &mut self,
        mentor: MentorId,
        booking: BookingId,
        calendar: CalendarId,
        remote_id: &str,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO booking_calendar_events (booking_id, mentor_id, calendar_id, remote_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (booking_id) DO NOTHING",
            booking.0,
            mentor.0,
            calendar.0,
            remote_id
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker, who has leased the event until `until`: it is in this calendar, under this id. Were it taken for busy time,
    /// by the SHA-256 of its id, it is not any more. Answers whether the lease was still ours.
    pub async fn event_found(
        &mut self,
        booking: BookingId,
        until: DateTime<Utc>,
        calendar: CalendarId,
        remote_id: &str,
        remote_hash: &[u8; 32],
    ) -> Result<bool, StoreError> {
        sqlx::query!("DELETE FROM calendar_busy WHERE calendar_id = $1 AND event_hash = $2", calendar.0, remote_hash)
            .execute(self.connection())
            .await?;
        let done = sqlx::query!(
            "UPDATE booking_calendar_events SET calendar_id = $3, remote_id = $4
             WHERE booking_id = $1 AND locked_until = $2",
            booking.0,
            until,
            calendar.0,
            remote_id
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker, who has leased the event until `until`: it shows the booking as it was at `sequence`, `during` that time. Were
    /// it taken for busy time, by the SHA-256 of its id, it is not any more. Answers whether the lease was still ours.
    pub async fn event_written(
        &mut self,
        link: &EventLink,
        until: DateTime<Utc>,
        remote_id: &str,
        remote_hash: &[u8; 32],
        sequence: i32,
        during: &Range<DateTime<Utc>>,
    ) -> Result<bool, StoreError> {
        sqlx::query!(
            "DELETE FROM calendar_busy WHERE calendar_id = $1 AND event_hash = $2",
            link.calendar_id.0,
            remote_hash
        )
        .execute(self.connection())
        .await?;
        let done = sqlx::query!(
            "UPDATE booking_calendar_events SET remote_id = $3, written_sequence = $4, during = tstzrange($5, $6),
                 decided_event = NULL
             WHERE booking_id = $1 AND locked_until = $2",
            link.booking_id.0,
            until,
            remote_id,
            sequence,
            during.start,
            during.end
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker, who has leased the event until `until`: the booking has none any more, and `sequence` is told. Answers
    /// whether the lease was still ours.
    pub async fn event_removed(
        &mut self,
        booking: BookingId,
        until: DateTime<Utc>,
        sequence: i32,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE booking_calendar_events SET written_sequence = $3 WHERE booking_id = $1 AND locked_until = $2",
            booking.0,
            until,
            sequence
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker: what the mentor did to the event, which looked like `event` then, was followed or is to be undone: the booking
    /// is at `sequence` now, and the event has yet to be written.
    pub async fn event_decided(&mut self, booking: BookingId, sequence: i32, event: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE booking_calendar_events SET decided_sequence = $2, decided_event = $3 WHERE booking_id = $1",
            booking.0,
            sequence,
            event
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the event must be written again, whatever it shows. Whoever has leased it loses it: what they write may be
    /// what has to be written over.
    pub async fn rewrite_event(&mut self, booking: BookingId) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE booking_calendar_events SET written_sequence = -1, locked_until = NULL WHERE booking_id = $1",
            booking.0
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: links of events in a calendar of bookings that end after `after`, or whose events do.
    pub async fn event_links(
        &mut self,
        calendar: CalendarId,
        after: DateTime<Utc>,
    ) -> Result<Vec<LinkedEvent>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT e.booking_id, e.remote_id, e.written_sequence, e.decided_event IS NOT NULL AS "decided!",
                   e.during AS "during: PgRange<DateTime<Utc>>"
               FROM booking_calendar_events e JOIN bookings b ON b.id = e.booking_id
               WHERE e.calendar_id = $1 AND (b.status IN ('pending', 'confirmed') OR e.written_sequence < b.sequence)
                   AND (upper(b.during) > $2 OR upper(e.during) > $2)"#,
            calendar.0,
            after
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(LinkedEvent {
                    booking: BookingId(row.booking_id),
                    remote_id: row.remote_id,
                    written_sequence: row.written_sequence,
                    decided: row.decided,
                    during: row.during.map(range).transpose()?,
                })
            })
            .collect()
    }

    /// Worker: bookings of the mentor that are still to come, or were erased, and whose newest state no event shows, though
    /// there is a calendar that works for it. With `unattended` only those of which no job takes care.
    pub async fn unwritten_bookings(
        &mut self,
        mentor: MentorId,
        now: DateTime<Utc>,
        unattended: bool,
    ) -> Result<Vec<BookingId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "WITH working AS (
                 SELECT c.id, c.receives FROM calendars c JOIN mentor_calendar_tokens t ON t.id = c.connection_id
                 WHERE c.mentor_id = $1 AND t.status <> 'expired')
             SELECT b.id FROM bookings b LEFT JOIN booking_calendar_events e ON e.booking_id = b.id
             WHERE b.mentor_id = $1 AND (upper(b.during) > $2 OR b.erased_at IS NOT NULL AND e.written_sequence < b.sequence)
                 AND CASE WHEN e.booking_id IS NULL
                     THEN b.status IN ('pending', 'confirmed') AND EXISTS (SELECT FROM working w WHERE w.receives)
                     ELSE b.status <> 'held' AND e.written_sequence < b.sequence
                         AND e.calendar_id IN (SELECT w.id FROM working w) END
                 AND NOT ($3 AND EXISTS (
                     SELECT FROM jobs j WHERE j.mentor_id = $1 AND j.kind = 'event' AND j.dead_at IS NULL
                         AND j.payload ->> 'booking' = b.id::text))",
            mentor.0,
            now,
            unattended
        )
        .fetch_all(self.connection())
        .await?;
        Ok(ids.into_iter().map(BookingId).collect())
    }

    /// Worker: where the session takes place, now that it is known.
    pub async fn set_location_value(&mut self, booking: BookingId, value: &str) -> Result<(), StoreError> {
        sqlx::query!("UPDATE bookings SET location_value = $2 WHERE id = $1", booking.0, value)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    // On the way to a provider and back ---------------------------------------------------------------

    /// Worker: a mentor sets out.
    pub async fn insert_authorization(
        &mut self,
        state_hash: &[u8; 32],
        authorization: &Authorization,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO calendar_authorizations
                 (state_hash, mentor_id, session_hash, provider, verifier_sealed, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            state_hash,
            authorization.mentor_id,
            authorization.session_hash,
            authorization.provider,
            authorization.verifier_sealed,
            now,
            authorization.expires_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: a mentor is back. Works once.
    pub async fn take_authorization(&mut self, state_hash: &[u8; 32]) -> Result<Option<Authorization>, StoreError> {
        Ok(sqlx::query_as!(
            Authorization,
            "DELETE FROM calendar_authorizations WHERE state_hash = $1
             RETURNING mentor_id, session_hash, provider, verifier_sealed, expires_at",
            state_hash
        )
        .fetch_optional(self.connection())
        .await?)
    }
}
