//! The server that is measured, with a database of its own in a folder that is thrown away.

use crate::http::{Connection, Request};
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{Error, Result, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Where everything is that the measurements leave behind, until they end.
pub(crate) struct Place {
    directory: TempDir,
    program: PathBuf,
    postgres: PathBuf,
}

impl Place {
    /// On a disk, which `/tmp` need not be: writing through to it is what bounds a booking.
    pub(crate) fn new(program: PathBuf, postgres: PathBuf) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("yaksok-bench-").tempdir_in("/var/tmp")?;
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
        Ok(Self { directory, program, postgres })
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).kill_on_drop(true).stdin(Stdio::null()).env("DATA_DIR", self.data());
        for unset in
            ["DATABASE_URL", "DATABASE_MIGRATION_URL", "BASE_URL", "METRICS_ADDR", "SMTP_URL", "RESEND_API_KEY"]
        {
            command.env_remove(unset);
        }
        // The client is a crowd from one address: behind a proxy nobody counts its connections.
        command.env("TRUSTED_PROXY_HOPS", "1");
        for off in ["RATE_LIMIT_WRITES_PER_MINUTE", "RATE_LIMIT_READS_PER_MINUTE"] {
            command.env(off, "0");
        }
        command.env("RUST_LOG", "warn");
        command
    }

    /// Starts the server: how long until it answered with a page.
    pub(crate) async fn serve(&self) -> Result<(Server, Duration)> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = File::options().create(true).append(true).open(self.directory.path().join("log"))?;
        let begin = Instant::now();
        let mut command = self.command(&["serve"]);
        let child = command.env("LEPTOS_SITE_ADDR", address.to_string()).stderr(log).spawn()?;
        let mut server = Server { child, address };
        while begin.elapsed() < Duration::from_secs(60) {
            if let Some(status) = server.child.try_wait()? {
                let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
                return Err(Error::other(format!("the server ended: {status}\n{log}")));
            }
            if let Ok(mut connection) = Connection::open(address).await
                && connection.ask(&Request::get("/")).await.is_ok_and(|reply| reply.status == 200)
            {
                return Ok((server, begin.elapsed()));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(Error::other("the server did not answer within a minute"))
    }

    /// Fills the database of the server that runs.
    pub(crate) async fn seed(&self) -> Result<()> {
        run(self.command(&["seed"])).await?;
        self.sql("VACUUM ANALYZE; CHECKPOINT").await.map(drop)
    }

    fn postgres(&self, program: &str) -> Command {
        let mut command = Command::new(self.postgres.join(program));
        command.kill_on_drop(true).stdin(Stdio::null()).env("PGHOST", self.data().join("socket"));
        command.env("PGUSER", "yaksok_owner").env("PGDATABASE", "yaksok");
        command
    }

    /// What a statement answers, asked past the server.
    pub(crate) async fn sql(&self, sql: &str) -> Result<String> {
        let mut command = self.postgres("psql");
        for statement in sql.split(';') {
            command.args(["-c", statement]);
        }
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"]);
        run(command).await
    }

    /// A script of pgbench's, by so many clients: transactions a second, and how long one took on average.
    pub(crate) async fn pgbench(&self, script: &str, clients: usize, seconds: u64) -> Result<(f64, Duration)> {
        let file = self.directory.path().join("script.sql");
        fs::write(&file, script)?;
        let mut command = self.postgres("pgbench");
        let (clients, seconds) = (clients.to_string(), seconds.to_string());
        command.args(["-n", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds, "-f"]).arg(&file);
        let said = run(command).await?;
        let number = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches([' ', '=']).split(' ').next()?.parse::<f64>().ok()
        };
        let (rate, ms) = (number("tps"), number("latency average"));
        let (rate, ms) = rate.zip(ms).ok_or_else(|| Error::other(format!("pgbench said: {said}")))?;
        Ok((rate, Duration::from_secs_f64(ms / 1000.0)))
    }

    /// How long a small write through to the disk takes.
    pub(crate) fn synced_writes(&self) -> Result<Vec<Duration>> {
        let mut file = File::create(self.directory.path().join("synced"))?;
        let mut times = Vec::new();
        for _ in 0..200 {
            let begin = Instant::now();
            file.write_all(&[7; 8192])?;
            file.sync_data()?;
            times.push(begin.elapsed());
        }
        Ok(times)
    }

    /// How long PostgreSQL alone takes to make a cluster, and then to start it.
    pub(crate) async fn cluster(&self) -> Result<(Duration, Duration)> {
        let cluster = self.directory.path().join("cluster");
        fs::create_dir(&cluster)?;
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let mut postgres = passwd
            .lines()
            .map(|line| line.split(':'))
            .find_map(|mut fields| (fields.next()? == "postgres").then(|| fields.nth(1)?.parse::<u32>().ok())?);
        // It refuses to run as root.
        if fs::metadata(&cluster).map(|about| std::os::unix::fs::MetadataExt::uid(&about))? != 0 {
            postgres = None;
        }
        if let Some(user) = postgres {
            chown(&cluster, Some(user), None)?;
        }
        let timed = async |program: &str, arguments: &[&OsStr]| {
            let mut command = Command::new(self.postgres.join(program));
            command.arg("-D").arg(&cluster).args(arguments).current_dir("/").kill_on_drop(true);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            if let Some(user) = postgres {
                command.uid(user);
            }
            let begin = Instant::now();
            let done = command.status().await?;
            if done.success() { Ok(begin.elapsed()) } else { Err(Error::other(format!("{program}: {done}"))) }
        };
        let made = timed("initdb", &["--auth=trust".as_ref()]).await?;
        let options = format!("-c listen_addresses= -k {}", cluster.display());
        let started = timed("pg_ctl", &["start".as_ref(), "-w".as_ref(), "-o".as_ref(), options.as_ref()]).await?;
        timed("pg_ctl", &["stop".as_ref(), "-m".as_ref(), "immediate".as_ref()]).await?;
        Ok((made, started))
    }
}

/// A server that runs; it is killed when this is dropped, and its database ends with it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Resident memory in megabytes, the database aside.
    pub(crate) async fn memory(&self) -> Result<f64> {
        let pid = self.child.id().map(|pid| pid.to_string()).unwrap_or_default();
        let mut command = Command::new("ps");
        command.args(["-o", "rss=", "-p", &pid]);
        let kilobytes = run(command).await?;
        kilobytes.trim().parse::<f64>().map(|kilobytes| kilobytes / 1024.0).map_err(Error::other)
    }

    /// Asks it to end, and waits.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let pid = self.child.id().map(|pid| pid.to_string()).unwrap_or_default();
        let mut command = Command::new("kill");
        command.args(["-TERM", &pid]);
        run(command).await?;
        tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await.map_err(Error::other)?.map(drop)
    }
}

/// What a command says, if it succeeds.
async fn run(mut command: Command) -> Result<String> {
    let output = command.output().await?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let program = Path::new(command.as_std().get_program()).display().to_string();
    Err(Error::other(format!("{program}: {}", String::from_utf8_lossy(&output.stderr))))
}
