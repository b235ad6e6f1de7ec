//! Where the outside world comes in: the one source of randomness, and the parts put together.

use crate::clock::SystemClock;
use crate::config::{Config, Provider};
use base64::{Engine, engine::general_purpose::STANDARD};
use booking::calendar::{Service, Settings};
use booking::context::{Clock, Context, Inner, Random};
use booking::seed::Amounts;
use booking::zones::Zones;
use calendars::http::Http;
use calendars::oauth::App;
use calendars::remote;
use calendars::seal::{SealKey, Sealer};
use chrono::TimeDelta;
use mailer::Mailer;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::Store;
use store::backup::{self, BackupError};
use store::embedded::{self, Cluster, EmbeddedError};
use tokio::sync::Notify;
use tokio::time::timeout;

/// A database that is there answers within this.
const SOON: Duration = Duration::from_secs(1);
/// As long as PostgreSQL may take to write down what it has in memory.
const CLEANLY: Duration = Duration::from_secs(60);

struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness comes in")]
    #[expect(clippy::expect_used, reason = "without randomness no token is safe; nothing may go on")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Why the server does not start: a line that says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("{0}")]
    Embedded(#[from] EmbeddedError),
    #[error("{0}")]
    Store(#[from] store::StoreError),
    #[error("{0}")]
    Mail(#[from] mailer::ConfigError),
    #[error("{0}")]
    Backup(#[from] BackupError),
    #[error(
        "CALENDAR_TOKEN_ENCRYPTION_KEY (or DATA_DIR/encryption.key) is not the key that this database was used with: give \
         every server the same one, or the one before as CALENDAR_TOKEN_ENCRYPTION_KEY_PREVIOUS"
    )]
    OtherKey,
    #[error(
        "there is no database in {0}, which is DATA_DIR. Set DATA_DIR to the server's, or DATABASE_URL; `yaksok migrate` \
         makes a new database"
    )]
    NoDatabase(String),
    #[error("the database that DATABASE_URL names is not one of Yaksok's; `yaksok migrate` makes it one")]
    NotSetUp,
    #[error("{0}: {1}")]
    File(String, io::Error),
    #[error("{0}")]
    Other(String),
}

/// What a command does where there is no database yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It makes one.
    Create,
    /// It fails: what it is for is in the database of a server, and an empty one somewhere else would only hide the mistake.
    Fail,
}

/// The database that the configuration names, or the embedded one.
pub(crate) struct Database {
    pub(crate) store: Store,
    cluster: Option<Cluster>,
    owner_url: String,
}

impl Database {
    /// Starts what must be started, migrates, connects. `beside`: a command, which may use the embedded database of a
    /// server that runs.
    pub(crate) async fn open(config: &Config, beside: bool, missing: Missing) -> Result<Self, StartError> {
        if missing == Missing::Fail {
            is_there(config).await?;
        }
        let running = if beside { embedded::running(&config.data_dir)? } else { None };
        let (cluster, owner, application) = match (&config.database_url, running) {
            (Some(url), _) => (None, config.migration_url.clone().unwrap_or_else(|| url.clone()), url.clone()),
            (None, Some((owner, application))) => (None, owner, application),
            (None, None) => {
                let cluster = Cluster::start(&config.data_dir).await?;
                let (owner, application) = (cluster.owner_url(), cluster.application_url());
                (Some(cluster), owner, application)
            }
        };
        Store::migrate(&owner, &application).await?;
        Ok(Self { store: Store::connect(&application, 20).await?, cluster, owner_url: owner })
    }

    /// From here on this server hears of changed slots, its own and those of other servers.
    pub(crate) fn listen(&self) -> Result<(), StartError> {
        Ok(self.store.listen(&self.owner_url)?)
    }

    /// Closes the connections and stops the embedded database cleanly. One that is away is not waited for: told to stop, it
    /// does so as soon as it can, with us or without.
    pub(crate) async fn close(self) {
        let answers = timeout(SOON, self.store.is_migrated()).await.is_ok_and(|checked| checked.is_ok());
        if answers {
            let _ = timeout(SOON, self.store.close()).await;
        }
        let Some(cluster) = self.cluster else { return };
        if timeout(if answers { CLEANLY } else { SOON }, cluster.stop()).await.is_err() {
            tracing::warn!("the embedded database has not stopped yet");
        }
    }
}

/// Whether there is a database for a command that makes none.
async fn is_there(config: &Config) -> Result<(), StartError> {
    match (&config.database_url, &config.migration_url) {
        (Some(url), owner) => match Store::is_set_up(owner.as_ref().unwrap_or(url)).await? {
            true => Ok(()),
            false => Err(StartError::NotSetUp),
        },
        (None, _) if embedded::exists(&config.data_dir) => Ok(()),
        (None, _) => Err(StartError::NoDatabase(absolute(&config.data_dir).display().to_string())),
    }
}

/// As the person at the command line can find it, from wherever they stand.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The context of all use cases.
pub(crate) fn context(config: &Config, store: Store) -> Result<Context, StartError> {
    let key = match config.seal_key {
        Some(key) => key,
        None => kept_key(&config.data_dir)?,
    };
    let sealer = Sealer::new(SealKey::new(&key), config.previous_seal_key.as_ref().map(SealKey::new));
    let context = Context::new(Inner {
        store,
        sealer,
        mailer: Mailer::with_helo_name(config.transport(), &config.mail_from, config.helo_name.as_deref())?,
        zones: config.zone_directory.as_ref().map_or_else(Zones::newest, |path| Zones::of(vec![path.clone()])),
        calendars: calendars(config)?,
        clock: Box::new(SystemClock::new()),
        random: Box::new(SystemRandom),
        base_url: config.base_url.clone(),
        signups_open: config.signups_open,
        details_kept: config.retention_days.map(|days| TimeDelta::days(i64::from(days))),
        jobs_left: Notify::new(),
    });
    Ok(context)
}

/// How connected calendars are reached.
fn calendars(config: &Config) -> Result<Settings, StartError> {
    let service = |provider, of: &Provider| Service {
        app: App {
            provider,
            client_id: of.client_id.clone(),
            client_secret: of.client_secret.clone().into(),
            auth_url: of.auth_url.clone(),
            token_url: of.token_url.clone(),
            revoke_url: of.revoke_url.clone(),
        },
        api_url: of.api_url.clone(),
    };
    Ok(Settings {
        http: Http::new().map_err(|error| StartError::Other(error.to_string()))?,
        google: config.google.as_ref().map(|of| service(remote::Provider::Google, of)),
        microsoft: config.microsoft.as_ref().map(|of| service(remote::Provider::Microsoft, of)),
        caldav: config.caldav.clone(),
        sync_interval: TimeDelta::seconds(i64::from(config.sync_interval_seconds)),
        push: config.is_https(),
    })
}

/// The key in `DATA_DIR/encryption.key`; made where there is none.
fn kept_key(data_dir: &Path) -> Result<[u8; 32], StartError> {
    let path = data_dir.join("encryption.key");
    let fail = |doing: &str, error| StartError::File(format!("{doing} {}", path.display()), error);
    match fs::read_to_string(&path) {
        Ok(text) => STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
            StartError::Other(format!("{} does not hold 32 bytes in base64; restore it from a backup", path.display()))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = [0; 32];
            SystemRandom.fill(&mut key);
            write_secret(&path, &STANDARD.encode(key)).map_err(|error| fail("writing", error))?;
            Ok(key)
        }
        Err(error) => Err(fail("reading", error)),
    }
}

/// Made-up mentors are for measurements, never for where people are served.
pub(crate) fn may_seed(config: &Config) -> Result<(), StartError> {
    if config.is_https() {
        return Err(StartError::Other("`seed` is for measurements, not for a server with an https BASE_URL".into()));
    }
    Ok(())
}

/// Fills the database with what measurements need.
pub(crate) async fn seed(
    config: &Config,
    database: &Database,
    amounts: Amounts,
    force: bool,
) -> Result<(), StartError> {
    let context = context(config, database.store.clone())?;
    match booking::seed::fill(&context, amounts, force).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(StartError::Other("the database has mentors already: to add made-up ones, add --force".into()))
        }
        Err(error) => Err(StartError::Other(error.to_string())),
    }
}

/// Copies everything into `path`, whole or not at all.
pub(crate) async fn backup(config: &Config, database: &Database, path: &Path, force: bool) -> Result<(), StartError> {
    let fail = |doing: &str, error| StartError::File(format!("{doing} {}", path.display()), error);
    if path.exists() && !force {
        return Err(StartError::Other(format!("{} is there already: to replace it, add --force", path.display())));
    }
    let key = match config.seal_key {
        Some(_) => None,
        None => Some(STANDARD.encode(kept_key(&config.data_dir)?)),
    };
    let fresh = path.with_extension("new");
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh);
    let mut file = io::BufWriter::new(file.map_err(|error| fail("writing", error))?);
    let written = backup::write(&database.owner_url, key, SystemClock::new().now(), &mut file).await;
    let kept = written.map_err(StartError::from).and_then(|()| {
        file.get_ref().sync_all().and_then(|()| fs::rename(&fresh, path)).map_err(|error| fail("writing", error))
    });
    if kept.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    kept
}

/// Puts a backup back, with the key that was in it.
pub(crate) async fn restore(config: &Config, database: &Database, path: &Path, force: bool) -> Result<(), StartError> {
    let key = backup::check(path)?;
    let kept = config.data_dir.join("encryption.key");
    let before = fs::read_to_string(&kept).ok();
    match (&key, &before) {
        (Some(key), Some(before)) if key.trim() != before.trim() && !force => {
            return Err(StartError::Other(format!(
                "{} holds another key than the backup: to replace it, add --force",
                kept.display()
            )));
        }
        _ => {}
    }
    backup::restore(&database.owner_url, path, force).await?;
    match key {
        Some(key) if config.seal_key.is_none() => {
            write_secret(&kept, &key).map_err(|error| StartError::File(format!("writing {}", kept.display()), error))
        }
        _ => Ok(()),
    }
}

/// Writes a file that only we may read, whole or not at all.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let fresh = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(fresh, path)
}
