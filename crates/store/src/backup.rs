//! A copy of everything, in one file: taken while servers run, and put back into an empty database.
//!
//! The file is a line of JSON about itself; then, for each table, a line of JSON with its name and columns, and what
//! `COPY … TO STDOUT` says, in pieces of a length (four bytes, big-endian) and so many bytes, the last one empty; and at last
//! the SHA-256 of all of that. It needs no program of PostgreSQL's and no superuser: the role `yaksok_worker` may read every row.

use crate::migrate::{MIGRATIONS, connect};
use crate::{StoreError, options};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use std::io::{self, Read, Write};
use std::path::Path;

/// A large table takes longer than a server's own limit may allow.
const NO_LIMITS: &str = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0";

const FORMAT: &str = "yaksok backup 1";

/// Every table of ours, those first that others refer to, and of those the older ones. What a later schema added stands at
/// the end, with the first schema that has it.
const TABLES: [&str; 23] = [
    "mentors",
    "credentials",
    "sessions",
    "single_use_tokens",
    "api_keys",
    "account_events",
    "mentor_availability",
    "availability_overrides",
    "blocked_dates",
    "session_types",
    "bookings",
    "booking_events",
    "idempotency_keys",
    "mentor_calendar_tokens",
    "calendar_authorizations",
    "calendars",
    "calendar_busy",
    "booking_calendar_events",
    "jobs",
    "keys",
    "closed_bookings",
    "former_handles",
    "sent_forms",
];
const SINCE: [(&str, i64); 4] = [("keys", 9), ("closed_bookings", 20), ("former_handles", 20), ("sent_forms", 26)];

/// Why a backup was not made, or not put back. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error("the backup cannot be read or written: {0}")]
    File(#[from] io::Error),
    /// Not a backup, cut off, or changed.
    #[error("this is not a whole backup of Yaksok: {0}")]
    Damaged(&'static str),
    /// Made by a newer program.
    #[error("the backup was made by a newer Yaksok (schema {0}); restore it with that one")]
    Newer(i64),
    /// There is something already.
    #[error("the database is not empty: to replace all that is in it, add --force")]
    NotEmpty,
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<serde_json::Error> for BackupError {
    fn from(_: serde_json::Error) -> Self {
        Self::Damaged("a line of it cannot be read")
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    made_at: DateTime<Utc>,
    /// The newest migration.
    schema: i64,
    /// The key in `DATA_DIR`, where there is one: without it, sealed tokens open nowhere else.
    encryption_key: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct TableHead {
    table: String,
    columns: Vec<String>,
}

/// Writes everything into `file`, as it is at one moment. `encryption_key` goes with it.
///
/// # Errors
/// See [`BackupError`].
pub async fn write(
    owner_url: &str,
    encryption_key: Option<String>,
    made_at: DateTime<Utc>,
    file: &mut impl Write,
) -> Result<(), BackupError> {
    let mut connection = connect(&options(owner_url)?).await?;
    let mut out = Summed { inner: file, sum: Sha256::new() };
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut connection).await?;
    sqlx::raw_sql(NO_LIMITS).execute(&mut connection).await?;
    let head = Head { format: FORMAT.into(), made_at, schema: schema(&mut connection).await?, encryption_key };
    line(&mut out, &head)?;
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
         AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection)
    .await?;
    if found.len() != TABLES.len() || !found.iter().all(|table| TABLES.contains(&table.as_str())) {
        return Err(StoreError::Corrupt("the tables are not those that this program knows").into());
    }
    sqlx::raw_sql("SET LOCAL ROLE yaksok_worker").execute(&mut connection).await?;
    for table in TABLES {
        let columns = columns(&mut connection, table).await?;
        let list = quoted(&columns);
        line(&mut out, &TableHead { table: table.into(), columns })?;
        let mut rows = connection.copy_out_raw(&format!("COPY (SELECT {list} FROM {table}) TO STDOUT")).await?;
        while let Some(piece) = next(&mut rows).await {
            let piece = piece?;
            if !piece.is_empty() {
                out.write_all(&u32::try_from(piece.len()).unwrap_or(u32::MAX).to_be_bytes())?;
                out.write_all(&piece)?;
            }
        }
        out.write_all(&[0; 4])?;
    }
    let sum = out.sum.finalize();
    file.write_all(&sum)?;
    file.flush()?;
    connection.close().await?;
    Ok(())
}

/// Whether the file is a whole backup, and the key in it.
///
/// # Errors
/// See [`BackupError`].
pub fn check(file: &Path) -> Result<Option<String>, BackupError> {
    let length = std::fs::metadata(file)?.len();
    let mut all = io::BufReader::new(std::fs::File::open(file)?);
    let body = length.checked_sub(32).ok_or(BackupError::Damaged("it is too short"))?;
    let mut sum = Sha256::new();
    io::copy(&mut (&mut all).take(body), &mut Sum(&mut sum))?;
    let mut kept = [0; 32];
    all.read_exact(&mut kept)?;
    if kept[..] != sum.finalize()[..] {
        return Err(BackupError::Damaged("it was cut off or changed"));
    }
    let head: Head = read_line(&mut io::BufReader::new(std::fs::File::open(file)?))?;
    if head.format != FORMAT {
        return Err(BackupError::Damaged("its format is not known"));
    }
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    if head.schema > newest {
        return Err(BackupError::Newer(head.schema));
    }
    Ok(head.encryption_key)
}

/// Puts a backup back, all of it or nothing, into a migrated database. What is there already is only replaced with `force`.
///
/// # Errors
/// See [`BackupError`].
pub async fn restore(owner_url: &str, file: &Path, force: bool) -> Result<(), BackupError> {
    check(file)?;
    let mut from = io::BufReader::new(std::fs::File::open(file)?);
    let Head { schema, .. } = read_line(&mut from)?;
    let mut connection = connect(&options(owner_url)?).await?;
    // `COPY … FROM` knows no row level security. Within this transaction, which locks the tables, the owner is exempt.
    sqlx::raw_sql("BEGIN").execute(&mut connection).await?;
    sqlx::raw_sql(NO_LIMITS).execute(&mut connection).await?;
    // A server that is still there holds locks; it is not waited for without end.
    sqlx::raw_sql("SET LOCAL lock_timeout = '5s'").execute(&mut connection).await?;
    force_rows_security(&mut connection, false).await?;
    for table in TABLES.iter().rev() {
        let any: bool = sqlx::query_scalar(AssertSqlSafe(format!("SELECT EXISTS (SELECT FROM {table})")))
            .fetch_one(&mut connection)
            .await?;
        // What a server leaves that was only started is nobody's.
        if any && !force && table != &"keys" {
            return Err(BackupError::NotEmpty);
        }
        sqlx::raw_sql(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut connection).await?;
    }
    for table in TABLES.into_iter().filter(|table| !SINCE.iter().any(|(new, since)| new == table && *since > schema)) {
        let head: TableHead = read_line(&mut from)?;
        let known = columns(&mut connection, table).await?;
        if head.table != table || !head.columns.iter().all(|column| known.contains(column)) {
            return Err(BackupError::Damaged("a table in it is not known"));
        }
        let statement = format!("COPY {table} ({}) FROM STDIN", quoted(&head.columns));
        let mut rows = connection.copy_in_raw(&statement).await?;
        loop {
            let mut length = [0; 4];
            from.read_exact(&mut length)?;
            let length = u32::from_be_bytes(length);
            if length == 0 {
                break;
            }
            let mut piece = vec![0; length as usize];
            from.read_exact(&mut piece)?;
            rows.send(piece).await?;
        }
        rows.finish().await?;
    }
    // Numbers go on after the last one that is in use.
    for table in ["blocked_dates", "jobs"] {
        let next = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'),
                 greatest((SELECT last_value FROM {table}_id_seq), (SELECT max(id) FROM {table}), 1))"
        );
        sqlx::raw_sql(AssertSqlSafe(next)).execute(&mut connection).await?;
    }
    force_rows_security(&mut connection, true).await?;
    sqlx::raw_sql("COMMIT").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn force_rows_security(connection: &mut PgConnection, forced: bool) -> Result<(), sqlx::Error> {
    let word = if forced { "FORCE" } else { "NO FORCE" };
    let sql: String = TABLES.map(|table| format!("ALTER TABLE {table} {word} ROW LEVEL SECURITY;")).concat();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

/// How many rows each table has.
pub(crate) async fn counts(owner_url: &str) -> Result<Vec<i64>, BackupError> {
    let mut connection = connect(&options(owner_url)?).await?;
    sqlx::raw_sql("BEGIN READ ONLY; SET LOCAL ROLE yaksok_worker").execute(&mut connection).await?;
    let mut counts = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        counts.push(sqlx::query_scalar(count).fetch_one(&mut connection).await?);
    }
    connection.close().await?;
    Ok(counts)
}

async fn schema(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await
}

async fn columns(connection: &mut PgConnection, table: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute
         WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| format!("\"{}\"", column.replace('"', "\"\""))).collect::<Vec<_>>().join(", ")
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), BackupError> {
    serde_json::to_writer(&mut *out, value)?;
    Ok(out.write_all(b"\n")?)
}

fn read_line<T: for<'de> Deserialize<'de>>(mut from: &mut impl io::BufRead) -> Result<T, BackupError> {
    let mut text = Vec::new();
    io::BufRead::read_until(&mut Read::take(&mut from, 64 * 1024), b'\n', &mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

async fn next<T>(stream: &mut (impl futures_core::Stream<Item = T> + Unpin)) -> Option<T> {
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context)).await
}

struct Summed<'a, W> {
    inner: &'a mut W,
    sum: Sha256,
}

impl<W: Write> Write for Summed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.sum.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

struct Sum<'a>(&'a mut Sha256);

impl Write for Sum<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
