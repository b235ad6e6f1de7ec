use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// A mentor: the tenant that every other row belongs to.
    MentorId,
    /// A kind of session that a mentor offers.
    SessionTypeId,
    /// A booking, for life: moving it keeps the id.
    BookingId,
    /// One thing that happened to a booking.
    EventId,
    /// A mentor's API key (the row, not the secret).
    ApiKeyId,
    /// A mentor's account at a calendar provider.
    ConnectionId,
    /// One calendar of a connection.
    CalendarId,
}
