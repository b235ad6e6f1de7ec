//! stub
use crate::remote::*;
use chrono::{DateTime, Utc};
use std::ops::Range;
use zeroize::Zeroizing;
/// stub
#[derive(Clone, Debug)]
pub struct CalDav;
impl CalDav {
    /// stub
    pub fn new(_: &str, _: &str, _: Zeroizing<String>, _: bool) -> Result<Self, RemoteError> {
        Ok(Self)
    }
}
#[allow(unused)]
impl Remote for CalDav {
    async fn account(&self) -> Result<Account, RemoteError> {
        Err(RemoteError::NotFound)
    }
    async fn changes(
        &self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Result<Changes, RemoteError> {
        Err(RemoteError::NotFound)
    }
    async fn put(&self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, RemoteError> {
        Err(RemoteError::NotFound)
    }
    async fn get(&self, calendar: &str, id: &str) -> Result<Option<RemoteEvent>, RemoteError> {
        Err(RemoteError::NotFound)
    }
    async fn delete(&self, calendar: &str, id: &str) -> Result<(), RemoteError> {
        Err(RemoteError::NotFound)
    }
    async fn watch(&self, calendar: &str, request: &WatchRequest) -> Result<Option<Watch>, RemoteError> {
        Err(RemoteError::NotFound)
    }
    async fn unwatch(&self, watch: &Watch) -> Result<(), RemoteError> {
        Err(RemoteError::NotFound)
    }
}
