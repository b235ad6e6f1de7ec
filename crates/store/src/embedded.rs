//! A private PostgreSQL under the data directory: made once, reachable through a Unix socket only, stopped with us.
//!
//! The server is run beside a pipe that we hold. When we end, in whatever way, the pipe closes and PostgreSQL shuts down
//! cleanly; when it ends by itself, it is started again.

mod locale;

use crate::StoreError;
use crate::migrate::connect;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::sync::watch;

const OWNER: &str = "yaksok_owner";
const APPLICATION: &str = "yaksok";
const DATABASE: &str = "yaksok";
/// `sockaddr_un` holds 107 bytes (macOS: 103), and PostgreSQL adds `/.s.PGSQL.5432`.
const LONGEST_SOCKET_DIRECTORY: usize = 103 - 14;
const OLDEST_VERSION: u32 = 15;

/// Runs `"$@"` until it ends or standard input does; then asks it for a fast, clean shutdown (SIGINT).
const BESIDE_A_PIPE: &str =
    r#"exec 3<&0; "$@" </dev/null & server=$!; { cat <&3 >/dev/null; kill -INT $server 2>/dev/null; } & wait $server"#;

/// Why the embedded database cannot run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No PostgreSQL of 15 or newer is installed.
    #[error(
        "PostgreSQL 15 or newer is not installed{found}. Install it (Debian, Ubuntu: apt-get install postgresql; macOS: \
         brew install postgresql@17), or set DATABASE_URL to a server that runs elsewhere"
    )]
    Missing {
        /// What was found instead, if anything.
        found: String,
    },
    /// The cluster was made by another major version.
    #[error("{path} was made by PostgreSQL {made}, which is not installed. Install that version, or dump and restore")]
    OtherVersion {
        /// The cluster.
        path: String,
        /// The major version that made it.
        made: u32,
    },
    /// Another server has this data directory.
    #[error("another yaksok server already uses {0}. Stop it, or set DATA_DIR to another directory")]
    InUse(String),
    /// The user has a number and no name, which initdb does not accept.
    #[error(
        "the user id {0} has no name on this system, and PostgreSQL's initdb asks for one. Install nss_wrapper (Debian, \
         Ubuntu: apt-get install libnss-wrapper), or run as a user that is in /etc/passwd"
    )]
    NoName(String),
    /// Root may not run PostgreSQL, and there is no other user to run it.
    #[error("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it instead")]
    NoUser,
    /// PostgreSQL's user may not enter the data directory.
    #[error(
        "the user {user}, who runs PostgreSQL because root may not, cannot enter {path}. Set DATA_DIR to a directory that other users may enter"
    )]
    CannotEnter {
        /// Who.
        user: String,
        /// Where.
        path: String,
    },
    /// A file or a process of ours failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// What happened.
        source: io::Error,
    },
    /// PostgreSQL said no.
    #[error("{doing} failed: {said}")]
    Failed {
        /// What was tried.
        doing: &'static str,
        /// Its last words.
        said: String,
    },
    /// The database that was started does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A running private PostgreSQL. Ends with [`Cluster::stop`], or with this process.
#[derive(Debug)]
pub struct Cluster {
    socket: PathBuf,
    stop: watch::Sender<bool>,
    supervisor: tokio::task::JoinHandle<()>,
    _lock: Lock,
}

impl Cluster {
    /// Makes the cluster in `data_dir/postgres` where there is none, starts it, and makes database and roles where they
    /// are missing. Answers once it accepts connections.
    ///
    /// # Errors
    /// See [`EmbeddedError`]; each says what to do.
    pub async fn start(data_dir: &Path) -> Result<Self, EmbeddedError> {
        if !data_dir.is_dir() {
            make_directory(data_dir, 0o711)?;
        }
        let data_dir = data_dir.canonicalize().map_err(io_error(format!("opening {}", data_dir.display())))?;
        let lock = lock(&data_dir)?;
        let place = data_dir.join("postgres");
        let binaries = Binaries::find(version_of_cluster(&place))?;
        let user = User::to_run_as(&data_dir)?;
        let socket = socket_directory(&data_dir);
        make_directory(&socket, 0o700)?;
        user.own(&socket)?;
        let server = Server { binaries, user, place, socket: socket.clone(), log: data_dir.join("postgres.log") };
        server.initialise()?;
        server.stop_orphan()?;

        // What is written while we run stays, also when the database ends and is started again.
        File::create(&server.log).map_err(io_error(format!("writing {}", server.log.display())))?;
        let (stop, stopping) = watch::channel(false);
        let mut child = server.spawn()?;
        server.wait_until_ready(&mut child).await?;
        let cluster = Self { socket, stop, supervisor: tokio::spawn(supervise(server, child, stopping)), _lock: lock };
        cluster.create_database().await?;
        locale::leave_c(&cluster, &data_dir).await?;
        Ok(cluster)
    }

    /// The owner's connection, for migrations.
    pub fn owner_url(&self) -> String {
        url(&self.socket, OWNER, DATABASE)
    }

    /// The application's connection: it can only take on our three roles.
    pub fn application_url(&self) -> String {
        url(&self.socket, APPLICATION, DATABASE)
    }

    /// `(owner's, application's)` connections to another database of this cluster, made as a copy of the first.
    /// For tests, each of which wants a database of its own.
    ///
    /// # Errors
    /// Where somebody is connected to the first, or the name is taken.
    pub async fn copy(&self, name: &str) -> Result<(String, String), EmbeddedError> {
        let mut maintenance = self.maintenance().await?;
        let copy = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{DATABASE}\"");
        sqlx::raw_sql(AssertSqlSafe(copy)).execute(&mut maintenance).await.map_err(StoreError::from)?;
        maintenance.close().await.map_err(StoreError::from)?;
        Ok((url(&self.socket, OWNER, name), url(&self.socket, APPLICATION, name)))
    }

    /// Stops PostgreSQL cleanly and waits for it.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.supervisor.await {
            tracing::error!(%error, "the embedded database's supervisor ended badly");
        }
    }

    async fn maintenance(&self) -> Result<PgConnection, StoreError> {
        connect(&crate::options(&url(&self.socket, OWNER, "postgres"))?).await
    }

    /// The application's role and the database, where they are missing.
    async fn create_database(&self) -> Result<(), StoreError> {
        let mut maintenance = self.maintenance().await?;
        let exists: bool = sqlx::query_scalar("SELECT exists(SELECT FROM pg_database WHERE datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut maintenance)
            .await?;
        if !exists {
            let role = format!(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APPLICATION}') THEN \
                 CREATE ROLE {APPLICATION} LOGIN NOINHERIT; END IF; END $$"
            );
            sqlx::raw_sql(AssertSqlSafe(role)).execute(&mut maintenance).await?;
            locale::create(&mut maintenance).await?;
        }
        maintenance.close().await?;
        Ok(())
    }
}

/// Whether a database has been made in `data_dir`, by whichever server.
pub fn exists(data_dir: &Path) -> bool {
    data_dir.join("postgres/PG_VERSION").exists()
}

/// `(owner's, application's)` connections to the cluster that another process runs in `data_dir` now, for commands beside
/// a server; `None` where nobody does.
///
/// # Errors
/// Where the directory cannot be read.
pub fn running(data_dir: &Path) -> Result<Option<(String, String)>, EmbeddedError> {
    let Ok(data_dir) = data_dir.canonicalize() else { return Ok(None) };
    match lock(&data_dir) {
        Ok(_free) => Ok(None),
        Err(EmbeddedError::InUse(_)) => {
            let socket = socket_directory(&data_dir);
            Ok(Some((url(&socket, OWNER, DATABASE), url(&socket, APPLICATION, DATABASE))))
        }
        Err(error) => Err(error),
    }
}

fn url(socket: &Path, user: &str, database: &str) -> String {
    let host: String = socket.to_string_lossy().bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
        text
    });
    format!("postgres://{user}@localhost/{database}?host={host}")
}

/// Starts the server again when it ends without having been told to.
async fn supervise(server: Server, mut child: tokio::process::Child, mut stopping: watch::Receiver<bool>) {
    loop {
        // Kept here, because `Child::wait` would close it.
        let pipe = child.stdin.take();
        tokio::select! {
            // The value that is waited for may not be kept across the next wait.
            () = async { drop(stopping.wait_for(|stop| *stop).await) } => {
                drop(pipe);
                let _ = child.wait().await;
                return;
            }
            status = child.wait() => {
                tracing::error!(?status, "the embedded database ended; starting it again");
                tokio::time::sleep(Duration::from_millis(200)).await;
                loop {
                    match server.spawn() {
                        Ok(next) => break child = next,
                        Err(error) => {
                            tracing::error!(%error, "the embedded database does not start");
                            tokio::time::sleep(Duration::from_secs(2)).await;
                        }
                    }
                }
            }
        }
    }
}

struct Server {
    binaries: Binaries,
    user: User,
    place: PathBuf,
    socket: PathBuf,
    log: PathBuf,
}

impl Server {
    fn initialise(&self) -> Result<(), EmbeddedError> {
        if self.place.join("PG_VERSION").exists() {
            return Ok(());
        }
        // Made beside its place and moved there when complete, so that a kill in the middle leaves nothing half done.
        let fresh = self.place.with_extension("new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(io_error(format!("removing {}", fresh.display())))?;
        }
        make_directory(&fresh, 0o700)?;
        self.user.own(&fresh)?;
        tracing::info!(directory = %self.place.display(), "making a database");
        let mut command = self.user.command(&self.binaries.program("initdb"));
        command.arg("-D").arg(&fresh).args([
            "-U",
            OWNER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ]);
        let names = self.place.with_extension("names");
        give_name(&mut command, &names)?;
        let made = run("initdb", &mut command);
        let _ = fs::remove_dir_all(&names);
        made?;
        fs::rename(&fresh, &self.place).map_err(io_error(format!("moving {}", fresh.display())))
    }

    /// A server of ours that was killed leaves PostgreSQL shutting down, or running where the pipe's reader was killed too.
    /// Where nothing runs any more, PostgreSQL sees by itself that the file is stale; unless the process id has gone to
    /// another program since, which must not be stopped in its stead.
    fn stop_orphan(&self) -> Result<(), EmbeddedError> {
        let file = self.place.join("postmaster.pid");
        let Some(command_line) = fs::read_to_string(&file).ok().and_then(|text| command_line(text.lines().next()?))
        else {
            return Ok(());
        };
        let place = self.place.as_os_str().as_encoded_bytes();
        if !command_line.windows(place.len()).any(|bytes| bytes == place) {
            return fs::remove_file(&file).map_err(io_error(format!("removing {}", file.display())));
        }
        let mut command = self.user.command(&self.binaries.program("pg_ctl"));
        command.arg("-D").arg(&self.place).args(["stop", "-m", "fast", "-w", "-t", "30"]);
        // It fails where PostgreSQL has ended in the meantime.
        let _ = run("pg_ctl stop", &mut command);
        Ok(())
    }

    fn spawn(&self) -> Result<tokio::process::Child, EmbeddedError> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(io_error(format!("writing {}", self.log.display())))?;
        let errors = log.try_clone().map_err(io_error("writing the log of the database".into()))?;
        let mut command = self.user.command(Path::new("/bin/sh"));
        command
            .args(["-c", BESIDE_A_PIPE, "sh"])
            .arg(self.binaries.program("postgres"))
            .arg("-D")
            .arg(&self.place)
            .arg("-k")
            .arg(quoted(&self.socket))
            .args(["-c", "listen_addresses=", "-c", "port=5432", "-c", "fsync=on", "-c", "synchronous_commit=on"])
            .args(["-c", "full_page_writes=on", "-c", "max_connections=100", "-c", "shared_buffers=64MB"])
            .args(["-c", "unix_socket_permissions=0700", "-c", "logging_collector=off", "-c", "timezone=UTC"])
            // A statement that failed may hold a person's data.
            .args(["-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"])
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors);
        // A Ctrl-C in the terminal is for us; we stop the database after the last request.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        tokio::process::Command::from(command).spawn().map_err(io_error("starting postgres".into()))
    }

    async fn wait_until_ready(&self, child: &mut tokio::process::Child) -> Result<(), EmbeddedError> {
        for _ in 0..600 {
            if let Ok(Some(_)) = child.try_wait() {
                break;
            }
            if PgConnection::connect_with(&crate::options(&url(&self.socket, OWNER, "postgres"))?).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        Err(EmbeddedError::Failed { doing: "starting postgres", said: last_lines(&log) })
    }
}

/// Where PostgreSQL's programs are, and of which major version.
struct Binaries {
    directory: PathBuf,
}

impl Binaries {
    fn find(made_by: Option<u32>) -> Result<Self, EmbeddedError> {
        let mut found: Vec<(u32, PathBuf)> = candidates()
            .into_iter()
            .filter(|directory| directory.join("initdb").exists() && directory.join("pg_ctl").exists())
            .filter_map(|directory| Some((version(&directory)?, directory)))
            .collect();
        found.sort();
        let newest = found.last().map(|(version, _)| *version);
        let wanted = |version: u32| made_by.map_or(version >= OLDEST_VERSION, |made| version == made);
        match (found.into_iter().rfind(|(version, _)| wanted(*version)), made_by) {
            (Some((_, directory)), _) => Ok(Self { directory }),
            (None, Some(made)) if newest.is_some() => {
                Err(EmbeddedError::OtherVersion { path: "the database in DATA_DIR".into(), made })
            }
            (None, _) => Err(EmbeddedError::Missing {
                found: newest.map(|v| format!(" (found version {v} only)")).unwrap_or_default(),
            }),
        }
    }

    fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        directories.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for (parent, bin) in [
        ("/usr/lib/postgresql", "bin"),
        ("/usr", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/Library/PostgreSQL", "bin"),
    ] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("pgsql") || name.starts_with("postgresql") || name.parse::<u32>().is_ok() {
                directories.push(entry.path().join(bin));
            }
        }
    }
    directories
}

fn version(directory: &Path) -> Option<u32> {
    let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
    // `postgres (PostgreSQL) 15.18 (Debian …)`, `postgres (PostgreSQL) 19beta1`
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split_whitespace().nth(2)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn version_of_cluster(place: &Path) -> Option<u32> {
    fs::read_to_string(place.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Who runs PostgreSQL, which refuses to run as root.
struct User {
    other: Option<Other>,
}

struct Other {
    name: String,
    uid: u32,
    gid: u32,
    /// The user may not enter the directories above the data; one capability lets PostgreSQL, and nothing else, do so.
    needs_capability: bool,
}

impl User {
    fn to_run_as(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let id = Command::new("id").arg("-u").output().map_err(io_error("asking who runs this".into()))?;
        if id.stdout.trim_ascii() != b"0" {
            return Ok(Self { other: None });
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(io_error("reading /etc/passwd".into()))?;
        let entry = |name: &str| {
            let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            let uid = fields.next()?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Other { name: name.to_owned(), uid, gid, needs_capability: false })
        };
        let other = entry("postgres").or_else(|| entry("nobody")).ok_or(EmbeddedError::NoUser)?;
        let mut user = Self { other: Some(other) };
        if user.can_enter(data_dir) {
            return Ok(user);
        }
        if let Some(other) = &mut user.other {
            other.needs_capability = true;
        }
        if user.can_enter(data_dir) {
            return Ok(user);
        }
        let name = user.other.map(|other| other.name).unwrap_or_default();
        Err(EmbeddedError::CannotEnter { user: name, path: data_dir.display().to_string() })
    }

    fn can_enter(&self, directory: &Path) -> bool {
        let mut command = self.command(Path::new("/bin/sh"));
        command.args(["-c", r#"cd "$1""#, "sh"]).arg(directory).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn command(&self, program: &Path) -> Command {
        match &self.other {
            None => Command::new(program),
            Some(other) if other.needs_capability => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={}", other.uid))
                    .arg(format!("--regid={}", other.gid))
                    .args(["--clear-groups", "--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"])
                    .arg("--")
                    .arg(program)
                    .current_dir("/");
                command
            }
            Some(other) => {
                let mut command = Command::new(program);
                std::os::unix::process::CommandExt::uid(&mut command, other.uid);
                std::os::unix::process::CommandExt::gid(&mut command, other.gid);
                command.current_dir("/");
                command
            }
        }
    }

    fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        match &self.other {
            None => Ok(()),
            Some(other) => std::os::unix::fs::chown(path, Some(other.uid), Some(other.gid)).map_err(io_error(format!(
                "giving {} to {}",
                path.display(),
                other.name
            ))),
        }
    }
}

/// The data directory is ours until this is dropped.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    /// Closing the file would do, but for a program that is being started at this moment: until it runs, it has the file too.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn lock(data_dir: &Path) -> Result<Lock, EmbeddedError> {
    let path = data_dir.join("lock");
    let file = File::create(&path).map_err(io_error(format!("writing {}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(EmbeddedError::InUse(data_dir.display().to_string())),
        Err(TryLockError::Error(source)) => Err(io_error(format!("locking {}", path.display()))(source)),
    }
}

fn socket_directory(data_dir: &Path) -> PathBuf {
    let beside = data_dir.join("socket");
    // The path goes into a URL, too.
    if beside.to_str().is_some() && beside.as_os_str().len() <= LONGEST_SOCKET_DIRECTORY {
        return beside;
    }
    // FNV-1a: the same place for the same data directory, whichever process asks.
    let hash = data_dir
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    PathBuf::from(format!("/tmp/yaksok-{hash:016x}"))
}

/// PostgreSQL takes a list of directories: quotes keep commas together.
fn quoted(directory: &Path) -> String {
    format!("\"{}\"", directory.to_string_lossy().replace('"', "\"\""))
}

/// What a process was started with; `None` where there is no such process.
fn command_line(pid: &str) -> Option<Vec<u8>> {
    let pid: u32 = pid.trim().parse().ok()?;
    let words = match Path::new("/proc/self/cmdline").exists() {
        true => fs::read(format!("/proc/{pid}/cmdline")).ok()?,
        false => Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output().ok()?.stdout,
    };
    (!words.is_empty()).then_some(words)
}

fn make_directory(path: &Path, mode: u32) -> Result<(), EmbeddedError> {
    let made = fs::DirBuilder::new().recursive(true).mode(mode).create(path);
    made.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
        .map_err(io_error(format!("making the directory {}", path.display())))
}

fn run(doing: &'static str, command: &mut Command) -> Result<(), EmbeddedError> {
    let output = command.stdin(Stdio::null()).output().map_err(io_error(format!("running {doing}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(EmbeddedError::Failed { doing, said: last_lines(&String::from_utf8_lossy(&output.stderr)) })
}

/// Gives initdb a name for its user where the system has none, as in a container that runs under any number: it asks for
/// the name and needs it for nothing. <https://cwrap.org/nss_wrapper.html>
fn give_name(initdb: &mut Command, folder: &Path) -> Result<(), EmbeddedError> {
    let id = |option: &str| Command::new("id").arg(option).output().map_err(io_error("asking who runs this".into()));
    if id("-un")?.status.success() {
        return Ok(());
    }
    let number = |said: std::process::Output| String::from_utf8_lossy(said.stdout.trim_ascii()).into_owned();
    let (user, group) = (number(id("-u")?), number(id("-g")?));
    let subfolders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders = subfolders.chain(["/usr/lib", "/usr/lib64"].map(PathBuf::from));
    let library = folders.find_map(|folder| Some(folder.join("libnss_wrapper.so")).filter(|path| path.exists()));
    let library = library.ok_or_else(|| EmbeddedError::NoName(user.clone()))?;
    make_directory(folder, 0o700)?;
    let lines =
        [("PASSWD", format!("yaksok:x:{user}:{group}::/:/bin/sh\n")), ("GROUP", format!("yaksok:x:{group}:\n"))];
    for (name, line) in lines {
        let path = folder.join(name);
        fs::write(&path, line).map_err(io_error(format!("writing {}", path.display())))?;
        initdb.env(format!("NSS_WRAPPER_{name}"), path);
    }
    initdb.env("LD_PRELOAD", library);
    Ok(())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(3)..].join(" / ")
}

fn io_error(doing: String) -> impl FnOnce(io::Error) -> EmbeddedError {
    move |source| EmbeddedError::Io { doing, source }
}
