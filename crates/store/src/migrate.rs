//! Brings a database up to date: what it must be, the roles, the migrations, and what other roles may not.
//!
//! A migration that has landed is never edited. Those up to [`LAST_WITHOUT_PREFIX`] name the roles `visitor`, `mentor` and
//! `worker`; roles belong to the whole cluster, so they are called `yaksok_visitor`, `yaksok_mentor` and `yaksok_worker` today.
//! The files run with the names as they are now and are recorded with the checksums of their text: a database of an earlier
//! release and a new one have one history, and a new cluster never gets roles without a prefix. What an earlier release
//! granted to the old names, migration 15 grants to the new ones.

use crate::error::words;
use crate::{Store, StoreError, options};
use sqlx::migrate::{Migration, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Row, SqlSafeStr};
use std::time::Duration;

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Up to this one, files name the roles without their prefix.
const LAST_WITHOUT_PREFIX: i64 = 34;

/// Creates the roles and grants them to a member.
const ROLES: &str = include_str!("../sql/roles.sql");
/// Takes from all other roles what they may do with what is ours.
const CLOSE: &str = include_str!("../sql/close.sql");

/// How long the first connection may take: a host that drops packets answers nothing at all.
const CONNECT: Duration = Duration::from_secs(10);

impl Store {
    /// Brings the schema up to date as its owner, and lets the application's role take on the three roles.
    /// Replicas that start together wait for each other (advisory lock).
    ///
    /// # Errors
    /// Where the database cannot be reached, is older than 15 or not in UTF-8, the owner may not change the schema, the roles
    /// are missing and the owner may not create them, or the schema is newer than this program.
    pub async fn migrate(owner_url: &str, application_url: &str) -> Result<(), StoreError> {
        let mut owner = connect(&options(owner_url)?).await?;
        let version = suitable(&mut owner).await?;
        // Of this database: nobody else changes roles and rights in it meanwhile. A replica waits as long as it takes.
        sqlx::raw_sql("SELECT pg_advisory_lock(hashtextextended('yaksok migrate', 0))").execute(&mut owner).await?;
        // A migration that waits for a table keeps everybody else waiting behind it.
        sqlx::raw_sql("SET lock_timeout = '5s'").execute(&mut owner).await?;
        prepare_roles(&mut owner, None, version).await?;
        migrator().run_direct(None, &mut owner, false).await?;
        sqlx::raw_sql(CLOSE).execute(&mut owner).await?;
        if owner_url != application_url {
            let mut application = connect(&options(application_url)?).await?;
            // Not prepared: a pooler of transactions may run the statement in another session.
            let user: String =
                sqlx::raw_sql("SELECT current_user::text").fetch_one(&mut application).await?.try_get(0)?;
            application.close().await?;
            prepare_roles(&mut owner, Some(&user), version).await?;
        }
        owner.close().await?;
        Ok(())
    }

    /// Whether this database is one of Yaksok's: an earlier start or `yaksok migrate` has put a schema into it.
    ///
    /// # Errors
    /// Where the database cannot be reached.
    pub async fn is_set_up(owner_url: &str) -> Result<bool, StoreError> {
        let mut owner = connect(&options(owner_url)?).await?;
        let known = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL AND to_regclass('mentors') IS NOT NULL";
        let known = sqlx::query_scalar(known).fetch_one(&mut owner).await?;
        owner.close().await?;
        Ok(known)
    }
}

/// One connection, without a pool, which would try until its time is up and then not say why it failed.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let place = match (options.get_socket(), options.get_host()) {
        (Some(socket), _) => socket.display().to_string(),
        (None, host) if host.starts_with('/') => host.to_owned(),
        (None, host) => format!("{host}:{}", options.get_port()),
    };
    let why = match tokio::time::timeout(CONNECT, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => words(&error),
        Err(_) => format!("no answer within {} seconds", CONNECT.as_secs()),
    };
    Err(StoreError::Unreachable { place, why })
}

/// The server's version, where this program can use the database.
async fn suitable(owner: &mut PgConnection) -> Result<i32, StoreError> {
    let (version, encoding): (i32, String) =
        sqlx::query_as("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
            .fetch_one(owner)
            .await?;
    if version < 150_000 {
        return Err(StoreError::TooOld(version / 10_000));
    }
    if encoding != "UTF8" {
        return Err(StoreError::Encoding(encoding));
    }
    Ok(version)
}

/// Makes `member` (without one: the owner) able to use the three roles.
async fn prepare_roles(owner: &mut PgConnection, member: Option<&str>, version: i32) -> Result<(), StoreError> {
    sqlx::query("SELECT set_config('yaksok.member', $1, false)")
        .bind(member.unwrap_or_default())
        .execute(&mut *owner)
        .await?;
    let done = sqlx::raw_sql(ROLES).execute(&mut *owner).await;
    let refused =
        |error: &sqlx::Error| error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == "42501");
    match done {
        Err(error) if refused(&error) => Err(StoreError::Roles(by_an_administrator(owner, member, version).await?)),
        done => done.map(drop).map_err(StoreError::from),
    }
}

/// What an administrator runs so that `member` can use the roles.
async fn by_an_administrator(
    owner: &mut PgConnection,
    member: Option<&str>,
    version: i32,
) -> Result<String, StoreError> {
    let mut statements: Vec<String> = sqlx::query_scalar(
        "SELECT 'CREATE ROLE ' || name || ' NOLOGIN;'
         FROM unnest(ARRAY['yaksok_visitor', 'yaksok_mentor', 'yaksok_worker']) WITH ORDINALITY AS role (name, n)
         WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) ORDER BY n",
    )
    .fetch_all(&mut *owner)
    .await?;
    let member: String = sqlx::query_scalar("SELECT quote_ident(coalesce($1, current_user::text))")
        .bind(member)
        .fetch_one(owner)
        .await?;
    let options = if version >= 160_000 { " WITH INHERIT TRUE, SET TRUE" } else { "" };
    statements.push(format!("GRANT yaksok_visitor, yaksok_mentor, yaksok_worker TO {member}{options};"));
    Ok(statements.join(" "))
}

/// A list of the roles that a migration goes through, and what stands for it.
const WITHOUT_PREFIX: &str = "ARRAY['visitor', 'mentor', 'worker']";
const PREFIXED: &str = "ARRAY['yaksok_visitor', 'yaksok_mentor', 'yaksok_worker']";
const NO_ROLES: &str = "ARRAY[]::text[]";

/// The migrations as they are run.
fn migrator() -> Migrator {
    let runs = |migration: &Migration| {
        let mut migration = migration.clone();
        if migration.version <= LAST_WITHOUT_PREFIX {
            // The first one creates them; by then they are there, whoever has prepared them.
            let listed = if migration.version == 1 { NO_ROLES } else { PREFIXED };
            let sql = migration.sql.as_str().replace(WITHOUT_PREFIX, listed);
            migration.sql = AssertSqlSafe(with_prefixed_roles(&sql)).into_sql_str();
        }
        migration
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(runs).collect())
}

/// The text of a migration with the roles' names of today, wherever SQL takes a role: after `TO`, `FROM` and `ROLE`, and in the
/// list that goes on there. The same words are names of columns and of actors elsewhere.
fn with_prefixed_roles(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 256);
    let mut takes_a_role = false;
    for piece in sql.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_') {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        let is_role = takes_a_role && matches!(word.trim_start_matches("yaksok_"), "visitor" | "mentor" | "worker");
        if is_role && !word.starts_with("yaksok_") {
            text.push_str("yaksok_");
        }
        text.push_str(piece);
        // An empty word is one more separator: a space behind a comma.
        if !word.is_empty() {
            let goes_on = is_role && piece.ends_with(',');
            takes_a_role = goes_on || matches!(word, "TO" | "FROM" | "ROLE") && piece.ends_with(char::is_whitespace);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_get_the_prefix() {
        for (before, after) in [
            (
                "GRANT SELECT (id) ON t TO visitor, mentor, worker;",
                "GRANT SELECT (id) ON t TO yaksok_visitor, yaksok_mentor, yaksok_worker;",
            ),
            (
                "CREATE POLICY mentor_own ON t TO mentor\n    USING (actor = 'mentor')",
                "CREATE POLICY mentor_own ON t TO yaksok_mentor\n    USING (actor = 'mentor')",
            ),
            ("REVOKE CREATE ON SCHEMA public FROM worker;", "REVOKE CREATE ON SCHEMA public FROM yaksok_worker;"),
            ("ALTER FUNCTION f(mentor uuid) OWNER TO worker", "ALTER FUNCTION f(mentor uuid) OWNER TO yaksok_worker"),
            (
                "SET LOCAL ROLE worker;\nRESET ROLE;\nSELECT mentor FROM mentors",
                "SET LOCAL ROLE yaksok_worker;\nRESET ROLE;\nSELECT mentor FROM mentors",
            ),
            ("TO yaksok_worker, visitor", "TO yaksok_worker, yaksok_visitor"),
            ("CHECK (actor IN ('mentee', 'mentor', 'calendar'))", "CHECK (actor IN ('mentee', 'mentor', 'calendar'))"),
        ] {
            assert_eq!(with_prefixed_roles(before), after);
        }
    }

    #[test]
    fn what_is_recorded_is_the_checksum_of_the_file() {
        let run = migrator();
        assert!(run.iter().zip(MIGRATIONS.iter()).all(|(run, file)| run.checksum == file.checksum && run == file));
        let [first, before] = [&run, &MIGRATIONS].map(|all| all.iter().next().unwrap().sql.as_str());
        assert!(before.contains(WITHOUT_PREFIX) && first.contains(NO_ROLES) && !first.contains(WITHOUT_PREFIX));
    }
}
