use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),*
        }

        impl $name {
            /// The word for it in the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What the word means.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// Where a booking stands.
    Status {
        /// Waits for the mentor's yes; the time is taken.
        Pending = "pending",
        /// Takes place.
        Confirmed = "confirmed",
        /// The mentor said no; counts as cancelled.
        Declined = "declined",
        /// Does not take place.
        Cancelled = "cancelled",
    }
}

words! {
    /// Who did something to a booking.
    Actor {
        /// Whoever holds the manage token.
        Mentee = "mentee",
        /// The mentor, logged in or with an API key.
        Mentor = "mentor",
        /// The mentor, by changing the event in a connected calendar.
        Calendar = "calendar",
        /// Time: a pending booking's start passed.
        Expiry = "expiry",
        /// Whoever runs the server: with the platform's key, or on the command line.
        Platform = "platform",
        /// Time: details were kept for as long as they are kept.
        Retention = "retention",
    }
}

words! {
    /// What happened to a booking.
    EventKind {
        /// Made, and good at once.
        Booked = "booked",
        /// Made, and awaiting the mentor's yes.
        Requested = "requested",
        /// The mentor said yes.
        Confirmed = "confirmed",
        /// The mentor said no.
        Declined = "declined",
        /// It has another time now.
        Moved = "moved",
        /// It will not take place.
        Cancelled = "cancelled",
        /// The mentor moved its event in a connected calendar to where it cannot be; the booking stays.
        MoveRefused = "move_refused",
        /// The booker's details were erased; the booking stays.
        Erased = "erased",
    }
}
