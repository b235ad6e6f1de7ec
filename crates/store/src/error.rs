/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused two overlapping sessions of one mentor (`bookings_no_overlap`).
    #[error("the time is taken")]
    Overlap,
    /// Another mentor has that handle.
    #[error("the handle is taken")]
    HandleTaken,
    /// Another mentor has that e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// A cursor that we did not make.
    #[error("the cursor cannot be read")]
    BadCursor,
    /// A text holds U+0000, which PostgreSQL keeps nowhere.
    #[error("a text holds U+0000")]
    Nul,
    /// PostgreSQL is too old; the number is its major version.
    #[error("PostgreSQL {0} is too old: version 15 or newer is needed")]
    TooOld(i32),
    /// A stored value that this program does not understand.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(&'static str),
    /// The schema could not be brought up to date.
    #[error("the database schema could not be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database cannot serve now: it is away, overloaded, or its disk is full. Nothing has happened, unless a commit
    /// went unanswered; the same may well succeed in a while.
    #[error("the database cannot serve now: {0}")]
    Unavailable(sqlx::Error),
    /// Anything else, for the log.
    #[error("database: {0}")]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let refused = error.as_database_error();
        // `character_not_in_repertoire` and `untranslatable_character`: nothing else is no UTF-8 here.
        if refused.and_then(|e| e.code()).is_some_and(|code| matches!(code.as_ref(), "22021" | "22P05")) {
            return Self::Nul;
        }
        match refused.and_then(|e| e.constraint()) {
            // The ids of holds are chosen by whoever asks: one that is in use is refused like a time that is.
            Some("bookings_no_overlap" | "bookings_pkey") => Self::Overlap,
            Some("mentors_handle_key") => Self::HandleTaken,
            Some("mentors_email_key") => Self::EmailTaken,
            _ if passes(&error) => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

/// Whether it is the database's condition that stood in the way, not what was asked of it.
fn passes(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => true,
        // PostgreSQL, appendix A. Class 08: the connection broke; 53: no disk, memory or connections are left; 57P01 to
        // 57P05: it ends or begins; 58: its files fail; 40: two stood in each other's way; 25P03, 55P03: somebody waited too
        // long; 57014: it was broken off.
        E::Database(refused) => refused.code().is_some_and(|code| {
            ["08", "53", "57P", "58", "40", "25P03", "55P03", "57014"].iter().any(|begin| code.starts_with(begin))
        }),
        _ => false,
    }
}
