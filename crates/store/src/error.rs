use sqlx::migrate::MigrateError;

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
    /// The database keeps text in another encoding than UTF-8, which is named here.
    #[error("the database's encoding is {0}, and UTF8 is needed: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")]
    Encoding(String),
    /// The roles are missing or not granted, and the owner may not change that. What an administrator runs instead.
    #[error(
        "the database's owner may neither create nor grant the roles that Yaksok takes on; have an administrator run: {0}"
    )]
    Roles(String),
    /// No connection could be made: where to, and why not.
    #[error("the database at {place} cannot be reached: {why}")]
    Unreachable {
        /// Host and port, or the socket's directory.
        place: String,
        /// What happened.
        why: String,
    },
    /// A stored value that this program does not understand.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(&'static str),
    /// The schema could not be brought up to date.
    #[error("the database schema could not be migrated: {}", words_of_migration(.0))]
    Migrate(#[source] MigrateError),
    /// The database cannot serve now: it is away, overloaded, or its disk is full. Nothing has happened, unless a commit
    /// went unanswered; the same may well succeed in a while.
    #[error("the database cannot serve now: {}", words(.0))]
    Unavailable(sqlx::Error),
    /// Anything else, for the log.
    #[error("database: {}", words(.0))]
    Database(sqlx::Error),
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) if passes(&error) => Self::Unavailable(error),
            error => Self::Migrate(error),
        }
    }
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

/// Whether it is the database's condition that stood in the way, not what was asked of it. The one place that decides.
fn passes(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        // The connection could not be made, broke, or carried something else: a proxy without a server behind it closes or
        // answers in its own words, in whichever phase.
        E::Io(_) | E::Tls(_) | E::Protocol(_) => true,
        E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => true,
        E::Database(refused) => refused.code().is_some_and(|code| PASSING.iter().any(|begin| code.starts_with(begin))),
        _ => false,
    }
}

/// How the SQLSTATEs begin that a later try may not meet (PostgreSQL, appendix A).
const PASSING: [&str; 9] = [
    // The connection broke; poolers that have no server answer 08P01.
    "08", //
    // It only reads: a standby, a primary that was demoted, or an administrator's setting.
    "25006", //
    // A transaction that rested or lasted too long was ended.
    "25P03", "25P04", //
    // Two transactions stood in each other's way.
    "40", //
    // No disk, memory or connections are left.
    "53", //
    // It is not in the state for that: it recovers, takes no connections, or something was locked for too long.
    "55", //
    // An operator or a time limit ended it; it ends or begins.
    "57", //
    // Its files fail.
    "58",
];

/// What PostgreSQL says, without the line of its own source that sqlx adds, and with the SQLSTATE, by which its manual lists
/// errors.
pub(crate) fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refused) => match refused.code() {
            Some(code) => format!("{} (SQLSTATE {code})", refused.message()),
            None => refused.message().to_owned(),
        },
        sqlx::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn words_of_migration(error: &MigrateError) -> String {
    match error {
        MigrateError::Execute(error) => words(error),
        MigrateError::ExecuteMigration(error, version) => {
            format!("while executing migration {version}: {}", words(error))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::error::{DatabaseError, ErrorKind};
    use std::borrow::Cow;
    use std::error::Error;
    use std::io;

    /// As PostgreSQL refuses something.
    #[derive(Debug, thiserror::Error)]
    #[error("refused at line 5041")]
    struct Refused(&'static str);

    impl DatabaseError for Refused {
        fn message(&self) -> &str {
            "refused"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn refused(code: &'static str) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Refused(code)))
    }

    #[test]
    fn what_the_database_cannot_do_now_is_told_from_what_it_refuses() {
        for code in [
            "08000", "08001", "08003", "08004", "08006", "08007", "08P01", "25006", "25P03", "25P04", "40001", "40P01",
            "53000", "53100", "53200", "53300", "53400", "55000", "55006", "55P03", "57000", "57014", "57P01", "57P02",
            "57P03", "57P04", "57P05", "58000", "58030",
        ] {
            assert!(matches!(StoreError::from(refused(code)), StoreError::Unavailable(_)), "{code}");
        }
        for code in ["0A000", "22012", "23503", "23505", "25001", "25P02", "42501", "42601", "42P01", "XX000", "XX001"]
        {
            assert!(matches!(StoreError::from(refused(code)), StoreError::Database(_)), "{code}");
        }
        for code in ["22021", "22P05"] {
            assert!(matches!(StoreError::from(refused(code)), StoreError::Nul), "{code}");
        }
    }

    #[test]
    fn a_connection_that_fails_is_the_databases_condition_in_every_phase() {
        use sqlx::Error as E;
        let text = || "HTTP/1.0 503 Service Unavailable".to_owned();
        for error in [
            E::Io(io::ErrorKind::ConnectionRefused.into()),
            E::Io(io::ErrorKind::UnexpectedEof.into()),
            E::Tls(text().into()),
            E::Protocol(text()),
            E::PoolTimedOut,
            E::PoolClosed,
            E::WorkerCrashed,
            E::BeginFailed,
        ] {
            assert!(matches!(StoreError::from(error), StoreError::Unavailable(_)));
        }
        for error in
            [E::RowNotFound, E::Decode(text().into()), E::ColumnNotFound(text()), E::Configuration(text().into())]
        {
            assert!(matches!(StoreError::from(error), StoreError::Database(_)));
        }
    }

    #[test]
    fn no_error_ends_in_a_line_of_postgresqls_source() {
        let migration = |error| StoreError::Migrate(error);
        for error in [
            StoreError::from(refused("42P01")),
            StoreError::from(refused("57P01")),
            migration(MigrateError::Execute(refused("42P01"))),
            migration(MigrateError::ExecuteMigration(refused("42P01"), 7)),
        ] {
            let said = error.to_string();
            assert!(said.contains("refused (SQLSTATE ") && !said.contains("at line"), "{said}");
        }
    }
}
