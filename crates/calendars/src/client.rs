//! Whichever provider it is.

use crate::caldav::CalDav;
use crate::google::Google;
use crate::microsoft::Microsoft;
use crate::remote::{Account, Changes, Draft, Remote, RemoteError, RemoteEvent, Watch, WatchRequest, Written};
use chrono::{DateTime, Utc};
use std::ops::Range;
use std::time::Duration;

/// The limits that [`Remote`] promises for a call, however many requests it takes; a large calendar has many pages.
const LIMIT: Duration = Duration::from_secs(60);
const LOOK_LIMIT: Duration = Duration::from_secs(300);

/// One account at one of the providers.
#[derive(Debug)]
pub enum Client {
    /// Google Calendar.
    Google(Google),
    /// Outlook.
    Microsoft(Microsoft),
    /// A CalDAV server.
    CalDav(Box<CalDav>),
}

macro_rules! delegate {
    ($self:ident, $remote:ident => $call:expr) => {
        delegate!($self, LIMIT, $remote => $call)
    };
    ($self:ident, $limit:expr, $remote:ident => $call:expr) => {{
        let call = async {
            match $self {
                Self::Google($remote) => $call.await,
                Self::Microsoft($remote) => $call.await,
                Self::CalDav($remote) => $call.await,
            }
        };
        let slow = |_| RemoteError::Unavailable("no answer in time".into());
        tokio::time::timeout($limit, call).await.map_err(slow)?
    }};
}

impl Remote for Client {
    async fn account(&self) -> Result<Account, RemoteError> {
        delegate!(self, remote => remote.account())
    }

    async fn changes(
        &self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Result<Changes, RemoteError> {
        delegate!(self, LOOK_LIMIT, remote => remote.changes(calendar, window, cursor))
    }

    async fn put(&self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, RemoteError> {
        delegate!(self, remote => remote.put(calendar, draft, known))
    }

    async fn get(&self, calendar: &str, id: &str) -> Result<Option<RemoteEvent>, RemoteError> {
        delegate!(self, remote => remote.get(calendar, id))
    }

    async fn delete(&self, calendar: &str, id: &str) -> Result<(), RemoteError> {
        delegate!(self, remote => remote.delete(calendar, id))
    }

    async fn watch(&self, calendar: &str, request: &WatchRequest) -> Result<Option<Watch>, RemoteError> {
        delegate!(self, remote => remote.watch(calendar, request))
    }

    async fn unwatch(&self, watch: &Watch) -> Result<(), RemoteError> {
        delegate!(self, remote => remote.unwatch(watch))
    }
}
