//! What use cases need from outside: database, keys, mail, time zones, clock, randomness.

use crate::calendar::Settings;
use crate::listing::Looks;
use crate::zones::Zones;
use calendars::seal::Sealer;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use mailer::Mailer;
use scheduling::{FieldError, rules};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use store::Store;
use tokio::sync::Notify;
use uuid::{Builder, Uuid};

/// Tells the time. The real one is made at the edge; tests set theirs.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> DateTime<Utc>;
}

/// Gives random bytes that nobody can foretell.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// All of it. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
    /// Ids made so far, so that those of one millisecond sort in the order in which they were made.
    ids: Arc<AtomicU16>,
    /// What visitors have just looked at.
    pub(crate) looks: Arc<Looks>,
}

/// The parts of a [`Context`].
#[allow(missing_docs)]
pub struct Inner {
    pub store: Store,
    pub sealer: Sealer,
    pub mailer: Mailer,
    pub zones: Zones,
    /// How connected calendars are reached.
    pub calendars: Settings,
    pub clock: Box<dyn Clock>,
    pub random: Box<dyn Random>,
    /// Public origin, without a slash at the end.
    pub base_url: String,
    /// Whether anybody may sign up.
    pub signups_open: bool,
    /// How long the details of bookers are kept after a booking's end; none: for ever.
    pub details_kept: Option<TimeDelta>,
    /// Told when a transaction has left work behind: jobs, or a connection to be looked at.
    pub jobs_left: Notify,
}

impl std::ops::Deref for Context {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Context {
    /// A context of these parts.
    pub fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), ids: Arc::default(), looks: Arc::default() }
    }

    /// The current instant, in the microseconds that the database keeps.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// A new id that sorts by time (RFC 9562, version 7).
    pub fn new_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.random.fill(&mut random);
        // A counter in `rand_a` (RFC 9562, 6.2, method 1); its 12 bits begin anew after 4,096 ids.
        [random[0], random[1]] = self.ids.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// [`rules::check_email`], and what only a server knows: an internationalised domain has an ASCII form, and `localhost` is
    /// an address in development only.
    pub(crate) fn check_email(&self, field: &str, value: &str) -> Option<FieldError> {
        let here = value.trim().to_ascii_lowercase().ends_with("@localhost") && self.base_url.starts_with("https://");
        let unfit = || (here || !mailer::is_address(value)).then(|| rules::invalid_email(field));
        rules::check_email(field, value).or_else(unfit)
    }

    /// A link to ourselves.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}
