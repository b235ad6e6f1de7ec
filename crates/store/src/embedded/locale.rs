//! The locale of the embedded database: `C.UTF-8`, which knows the letter case of all scripts and sorts as `C` does.
//!
//! Clusters of earlier releases were made with `C`. A database's locale cannot be changed, so its contents are copied into a
//! new database of the same cluster, through a backup, and the two swap names in one transaction. Until that commits, the old
//! database stays as it is; from then on the new one is complete. So a crash at any moment leaves a database that starts,
//! and the next start clears away what it finds half done. Where the copy fails, for example because the disk is full, the
//! server goes on with the old database and tries again at its next start.

use super::{APPLICATION, Cluster, DATABASE, OWNER, url};
use crate::migrate::connect;
use crate::{Store, StoreError, backup, options};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The copy, until the names are swapped.
const COPY: &str = "yaksok_copy";
/// The database with the locale `C`, from then on.
const FORMER: &str = "yaksok_former";

/// How a database with this locale is made; the last resort has the locale `C`.
fn statements(name: &str, version: i32) -> [String; 2] {
    let locale = if version >= 170_000 {
        "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
    } else {
        "LOCALE 'C.UTF-8' LOCALE_PROVIDER libc"
    };
    [locale, "LOCALE 'C' LOCALE_PROVIDER libc"]
        .map(|locale| format!("CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' {locale}"))
}

async fn version(maintenance: &mut PgConnection) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(maintenance).await?)
}

/// Makes the database `yaksok`, with the locale `C.UTF-8` where the system has it.
pub(super) async fn create(maintenance: &mut PgConnection) -> Result<(), StoreError> {
    let [wanted, last_resort] = statements(DATABASE, version(maintenance).await?);
    if let Err(error) = run(maintenance, &wanted).await {
        tracing::debug!(%error, "no database with the locale C.UTF-8 can be made");
        run(maintenance, &last_resort).await?;
    }
    Ok(())
}

/// Moves a database with the locale `C` to `C.UTF-8`. Nothing else uses the cluster yet.
pub(super) async fn leave_c(cluster: &Cluster, data_dir: &Path) -> Result<(), StoreError> {
    let mut maintenance = connect(&options(&url(&cluster.socket, OWNER, "postgres"))?).await?;
    clear_away(&mut maintenance, data_dir).await?;
    let is_c = "SELECT datlocprovider = 'c' AND datctype IN ('C', 'POSIX') FROM pg_database WHERE datname = $1";
    if sqlx::query_scalar(is_c).bind(DATABASE).fetch_one(&mut maintenance).await? {
        let [create, _] = statements(COPY, version(&mut maintenance).await?);
        if let Err(error) = run(&mut maintenance, &create).await {
            tracing::debug!(%error, "the database keeps the locale C: this system has no other");
        } else if let Err(error) = move_to_copy(cluster, &mut maintenance, data_dir).await {
            tracing::warn!(%error, "the database keeps the locale C; the next start tries again to change it");
        }
        clear_away(&mut maintenance, data_dir).await?;
    }
    maintenance.close().await?;
    Ok(())
}

/// What an attempt has left, whether it ended well, failed or was killed.
async fn clear_away(maintenance: &mut PgConnection, data_dir: &Path) -> Result<(), StoreError> {
    for name in [COPY, FORMER] {
        run(maintenance, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    }
    let closed = "SELECT datconnlimit = 0 FROM pg_database WHERE datname = $1";
    if sqlx::query_scalar(closed).bind(DATABASE).fetch_one(&mut *maintenance).await? {
        run(maintenance, &format!("ALTER DATABASE {DATABASE} CONNECTION LIMIT -1")).await?;
    }
    // It may not be there.
    let _ = fs::remove_file(backup_file(data_dir));
    Ok(())
}

fn backup_file(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join("locale.backup")
}

async fn move_to_copy(
    cluster: &Cluster,
    maintenance: &mut PgConnection,
    data_dir: &Path,
) -> Result<(), backup::BackupError> {
    tracing::info!("moving the database from the locale C to C.UTF-8");
    // A command beside the server may come at any time; what it wrote now would be lost.
    run(maintenance, &format!("ALTER DATABASE {DATABASE} CONNECTION LIMIT 0")).await?;
    let others =
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()";
    sqlx::query(others).bind(DATABASE).execute(&mut *maintenance).await?;

    let (from, to) = (cluster.owner_url(), url(&cluster.socket, OWNER, COPY));
    if Store::is_set_up(&from).await? {
        // What is backed up has this program's tables.
        Store::migrate(&from, &from).await?;
        Store::migrate(&to, &url(&cluster.socket, APPLICATION, COPY)).await?;
        let path = backup_file(data_dir);
        let mut file = BufWriter::new(File::options().write(true).create_new(true).mode(0o600).open(&path)?);
        // The time is nobody's to read: the file goes at once.
        backup::write(&from, None, chrono::DateTime::UNIX_EPOCH, &mut file).await?;
        file.flush()?;
        backup::restore(&to, &path, false).await?;
        if backup::counts(&from).await? != backup::counts(&to).await? {
            return Err(StoreError::Corrupt("the copy holds another number of rows").into());
        }
    } else if has_tables(&from).await? {
        return Err(StoreError::Corrupt("there are tables that this program does not know").into());
    }
    let swap = format!(
        "BEGIN; ALTER DATABASE {DATABASE} RENAME TO {FORMER}; ALTER DATABASE {COPY} RENAME TO {DATABASE}; COMMIT"
    );
    if let Err(error) = run(maintenance, &swap).await {
        run(maintenance, "ROLLBACK").await?;
        return Err(error.into());
    }
    Ok(())
}

async fn has_tables(owner_url: &str) -> Result<bool, StoreError> {
    let mut owner = connect(&options(owner_url)?).await?;
    let any = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)";
    let any = sqlx::query_scalar(any).fetch_one(&mut owner).await?;
    owner.close().await?;
    Ok(any)
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await?;
    Ok(())
}
