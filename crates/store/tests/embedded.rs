//! The private PostgreSQL: made once, kept through stops and kills, and one server's at a time.
//!
//! Temporary directories are closed to everybody but who runs the tests. So where that is root, PostgreSQL's own user gets
//! through to its data by a capability; `a_directory_that_others_may_enter` is the other way.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "common/cluster.rs"]
mod cluster;

use cluster::lasting_directory;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;
use store::embedded::{Cluster, EmbeddedError};
use store::{Actor, Store};
use tempfile::TempDir;

/// A cluster that was made, stopped and not touched since: making one takes seconds, copying it does not.
static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
    let make = || {
        let data = lasting_directory().join("data");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let cluster = Cluster::start(&data).await.unwrap();
            execute(&cluster.owner_url(), "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('first')")
                .await
                .unwrap();
            cluster.stop().await;
        });
        data
    };
    std::thread::spawn(make).join().unwrap()
});

/// A copy of it, as `name` in a directory of the test's own.
struct Place {
    parent: TempDir,
    name: String,
}

impl Place {
    fn new() -> Self {
        Self::named("data")
    }

    fn named(name: &str) -> Self {
        let place = Self { parent: tempfile::tempdir().unwrap(), name: name.into() };
        let data = place.data();
        fs::create_dir_all(data.parent().unwrap()).unwrap();
        assert!(Command::new("cp").arg("-a").arg(MADE.as_path()).arg(&data).status().unwrap().success());
        place
    }

    fn data(&self) -> PathBuf {
        self.parent.path().join(&self.name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.data().join("postgres.log")).unwrap()
    }

    fn pid_file(&self) -> PathBuf {
        self.data().join("postgres/postmaster.pid")
    }

    fn postmaster(&self) -> u32 {
        let text = fs::read_to_string(self.pid_file()).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }
}

async fn execute(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}

async fn kept(cluster: &Cluster) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = PgConnection::connect(&cluster.owner_url()).await?;
    let words = sqlx::query_scalar("SELECT word FROM kept ORDER BY word").fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(words)
}

async fn keep(cluster: &Cluster, word: &str) {
    execute(&cluster.owner_url(), &format!("INSERT INTO kept VALUES ('{word}')")).await.unwrap();
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn it_is_made_once_stopped_cleanly_and_keeps_its_data() {
    let place = Place::new();
    let version = place.data().join("postgres/PG_VERSION");
    let made_at = fs::metadata(&version).unwrap().modified().unwrap();

    let cluster = Cluster::start(&place.data()).await.unwrap();
    assert!(place.pid_file().exists());
    keep(&cluster, "second").await;
    // Somebody who is still connected does not keep it from stopping.
    let _connected = PgConnection::connect(&cluster.application_url()).await.unwrap();
    cluster.stop().await;
    assert!(!place.pid_file().exists());
    assert!(place.log().contains("database system is shut down"), "{}", place.log());

    let cluster = Cluster::start(&place.data()).await.unwrap();
    assert_eq!(kept(&cluster).await.unwrap(), ["first", "second"]);
    assert!(!place.log().contains("not properly shut down"), "{}", place.log());
    assert_eq!(fs::metadata(&version).unwrap().modified().unwrap(), made_at);
    cluster.stop().await;
}

#[tokio::test]
async fn nobody_reaches_it_but_through_its_socket_and_it_writes_durably() {
    let place = Place::new();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    let mut connection = PgConnection::connect(&cluster.owner_url()).await.unwrap();
    for (setting, value) in
        [("listen_addresses", ""), ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")]
    {
        let found: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, value, "{setting}");
    }
    for closed in ["postgres", "socket"] {
        let mode = fs::metadata(place.data().join(closed)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{closed}");
    }
    cluster.stop().await;
}

#[tokio::test]
async fn a_second_server_is_refused() {
    let place = Place::new();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    let error = Cluster::start(&place.data()).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::InUse(_)), "{error}");
    let message = error.to_string();
    assert!(message.contains(place.data().to_str().unwrap()) && message.contains("set DATA_DIR"), "{message}");
    assert_eq!(kept(&cluster).await.unwrap(), ["first"], "the first goes on");
    cluster.stop().await;
    Cluster::start(&place.data()).await.unwrap().stop().await;
}

#[tokio::test]
async fn it_starts_again_after_its_handle_was_dropped() {
    let place = Place::new();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    keep(&cluster, "second").await;
    drop(cluster);
    let cluster = Cluster::start(&place.data()).await.unwrap();
    assert_eq!(kept(&cluster).await.unwrap(), ["first", "second"]);
    assert!(!place.log().contains("not properly shut down"), "{}", place.log());
    cluster.stop().await;
}

#[tokio::test]
async fn it_comes_back_by_itself_when_it_is_killed() {
    let place = Place::new();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    let mut connected = PgConnection::connect(&cluster.application_url()).await.unwrap();
    for word in ["second", "third"] {
        keep(&cluster, word).await;
        let before = place.postmaster();
        kill(before);
        back(&cluster).await;
        assert_ne!(place.postmaster(), before);
    }
    assert!(connected.ping().await.is_err());
    assert_eq!(kept(&cluster).await.unwrap(), ["first", "second", "third"]);
    cluster.stop().await;
    assert!(!place.pid_file().exists(), "the one that came back is stopped, too");
}

async fn back(cluster: &Cluster) {
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if kept(cluster).await.is_ok() {
            return;
        }
    }
    panic!("it does not come back");
}

/// Not a test of its own: the server that `a_killed_server_leaves_nothing_in_the_way` kills.
#[tokio::test]
async fn a_server_to_be_killed() {
    let Some(data) = std::env::var_os("YAKSOK_TEST_SERVER_TO_BE_KILLED") else { return };
    let cluster = Cluster::start(Path::new(&data)).await.unwrap();
    keep(&cluster, "second").await;
    println!("running");
    std::future::pending::<()>().await;
}

/// Starts it in a process of its own, and answers when the database runs.
fn server_to_be_killed(place: &Place) -> std::process::Child {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_server_to_be_killed", "--nocapture"])
        .env("YAKSOK_TEST_SERVER_TO_BE_KILLED", place.data())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("running")), "the server starts");
    server
}

#[tokio::test]
async fn a_killed_server_leaves_nothing_in_the_way() {
    let place = Place::new();
    let mut server = server_to_be_killed(&place);
    let error = Cluster::start(&place.data()).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::InUse(_)), "{error}");
    server.kill().unwrap();
    server.wait().unwrap();

    let cluster = Cluster::start(&place.data()).await.unwrap();
    assert_eq!(kept(&cluster).await.unwrap(), ["first", "second"]);
    cluster.stop().await;
}

/// The shell beside the pipe is killed with the server, so PostgreSQL runs on.
#[tokio::test]
async fn a_database_that_outlived_its_server_is_stopped_first() {
    let place = Place::new();
    let mut server = server_to_be_killed(&place);
    let orphan = place.postmaster();
    let processes = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap().stdout;
    let processes: Vec<(u32, u32)> = String::from_utf8(processes)
        .unwrap()
        .lines()
        .map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect::<Vec<_>>())
        .map(|numbers| (numbers[0], numbers[1]))
        .collect();
    let shell = processes.iter().find(|(pid, _)| *pid == orphan).unwrap().1;
    let reader = processes.iter().find(|(pid, parent)| *parent == shell && *pid != orphan).unwrap().0;
    kill(shell);
    kill(reader);
    server.kill().unwrap();
    server.wait().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(place.postmaster(), orphan, "it runs on");

    let cluster = Cluster::start(&place.data()).await.unwrap();
    assert_ne!(place.postmaster(), orphan);
    assert_eq!(kept(&cluster).await.unwrap(), ["first", "second"]);
    cluster.stop().await;
}

#[tokio::test]
async fn a_stale_process_id_stops_nobody_else() {
    let place = Place::new();
    // A program of the user who runs PostgreSQL, which has the process id by now.
    let postgres = fs::metadata(place.data().join("postgres")).unwrap();
    let us = fs::metadata(place.parent.path()).unwrap();
    let mut command = Command::new("sleep");
    if std::os::unix::fs::MetadataExt::uid(&postgres) != std::os::unix::fs::MetadataExt::uid(&us) {
        std::os::unix::process::CommandExt::uid(&mut command, std::os::unix::fs::MetadataExt::uid(&postgres));
    }
    let mut bystander = command.arg("60").current_dir("/").spawn().unwrap();
    let lines =
        format!("{}\n{}\n1700000000\n5432\n/nowhere\n\n  1234567 0\nready\n", bystander.id(), place.data().display());
    fs::write(place.pid_file(), lines).unwrap();

    let cluster = Cluster::start(&place.data()).await.unwrap();
    assert_eq!(kept(&cluster).await.unwrap(), ["first"]);
    assert!(bystander.try_wait().unwrap().is_none(), "the bystander lives");
    cluster.stop().await;
    bystander.kill().unwrap();
    bystander.wait().unwrap();

    // And one that nobody has.
    fs::write(place.pid_file(), format!("{}\n{}\n", bystander.id(), place.data().display())).unwrap();
    Cluster::start(&place.data()).await.unwrap().stop().await;
}

#[tokio::test]
async fn any_path_will_do() {
    for name in ["약속 데이터, \"main\" & 100%", "deep/".repeat(30).as_str()] {
        let place = Place::named(name);
        let cluster = Cluster::start(&place.data()).await.unwrap();
        assert_eq!(kept(&cluster).await.unwrap(), ["first"], "{name}");
        let (owner, _) = cluster.copy("another").await.unwrap();
        execute(&owner, "SELECT 1").await.unwrap();
        cluster.stop().await;
    }
}

#[tokio::test]
async fn a_directory_that_others_may_enter() {
    let place = Place::new();
    fs::set_permissions(place.parent.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.data(), fs::Permissions::from_mode(0o1777)).unwrap();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    assert_eq!(kept(&cluster).await.unwrap(), ["first"]);
    let mode = fs::metadata(place.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o1777, "a directory that was there is left as it was");
    cluster.stop().await;
}

#[tokio::test]
async fn the_application_may_do_nothing_but_take_on_its_roles() {
    let place = Place::new();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    let role = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication OR rolinherit
                FROM pg_roles WHERE rolname = current_user";
    let mut connection = PgConnection::connect(&cluster.application_url()).await.unwrap();
    assert!(!sqlx::query_scalar::<_, bool>(role).fetch_one(&mut connection).await.unwrap());
    assert!(execute(&cluster.application_url(), "SET ROLE yaksok_owner").await.is_err());
    assert!(execute(&cluster.application_url(), "CREATE TABLE mine (n int)").await.is_err());
    assert!(execute(&cluster.application_url(), "SELECT word FROM kept").await.is_err());
    cluster.stop().await;
}

#[tokio::test]
async fn a_cluster_of_another_version_is_named() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join("postgres")).unwrap();
    fs::write(place.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::start(place.path()).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::OtherVersion { made: 9, .. }), "{error}");
    assert!(error.to_string().contains("PostgreSQL 9"), "{error}");
}

/// What is in the log every time hides what is not, and fills the disk.
#[tokio::test]
async fn everyday_work_leaves_nothing_in_the_log() {
    let place = Place::new();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    Store::migrate(&cluster.owner_url(), &cluster.application_url()).await.unwrap();
    let store = Store::connect(&cluster.application_url(), 2).await.unwrap();
    let before = place.log();
    for _ in 0..5 {
        store.begin(Actor::Worker).await.unwrap().commit().await.unwrap();
        drop(store.begin(Actor::Visitor).await.unwrap());
        assert!(store.is_migrated().await.unwrap());
    }
    // Connections go back to the pool behind our back.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(place.log().strip_prefix(&before), Some(""));
    cluster.stop().await;
}

// --- The locale ----------------------------------------------------------------------------------

/// Names and connection limits of what is not a template.
async fn databases(cluster: &Cluster) -> Vec<String> {
    let mut connection = PgConnection::connect(&cluster.owner_url()).await.unwrap();
    let names = "SELECT datname || ' ' || datconnlimit FROM pg_database WHERE NOT datistemplate ORDER BY 1";
    let names = sqlx::query_scalar(names).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    names
}

/// Whether letters of all scripts have a lower case there.
async fn knows_letters(cluster: &Cluster) -> bool {
    let mut connection = PgConnection::connect(&cluster.owner_url()).await.unwrap();
    let knows = sqlx::query_scalar("SELECT lower('ÀЖ') = 'àж'").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    knows
}

#[tokio::test]
async fn a_new_database_knows_the_letters_of_all_scripts() {
    let place = Place::new();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    assert!(knows_letters(&cluster).await);
    assert_eq!(databases(&cluster).await, ["postgres -1", "yaksok -1"]);
    cluster.stop().await;
}

/// A database as earlier releases made it, with the locale `C`, and a mentor in it.
async fn with_the_locale_c() -> Place {
    let place = Place::new();
    let cluster = Cluster::start(&place.data()).await.unwrap();
    let postgres = cluster.owner_url().replace("/yaksok?", "/postgres?");
    for sql in ["DROP DATABASE yaksok", "CREATE DATABASE yaksok TEMPLATE template0 LOCALE 'C'"] {
        execute(&postgres, sql).await.unwrap();
    }
    Store::migrate(&cluster.owner_url(), &cluster.application_url()).await.unwrap();
    assert!(!knows_letters(&cluster).await);
    let mentor = "INSERT INTO mentors (id, handle, name, email, created_at)
        VALUES ('00000000-0000-0000-0000-000000000001', 'jose', 'José', 'jose@example.com', now());
        INSERT INTO jobs (mentor_id, kind, payload, run_at, created_at)
        SELECT id, 'mail', '{}', now(), now() FROM mentors";
    execute(&cluster.owner_url(), mentor).await.unwrap();
    cluster.stop().await;
    place
}

async fn mentors(cluster: &Cluster) -> i64 {
    let store = Store::connect(&cluster.application_url(), 1).await.unwrap();
    let count = store.begin(Actor::Worker).await.unwrap().count_mentors().await.unwrap();
    store.close().await;
    count
}

#[tokio::test]
async fn a_database_with_the_locale_c_is_moved_with_its_data() {
    let place = with_the_locale_c().await;
    for start in ["first", "second"] {
        let cluster = Cluster::start(&place.data()).await.unwrap();
        assert!(knows_letters(&cluster).await, "{start}");
        assert_eq!(databases(&cluster).await, ["postgres -1", "yaksok -1"], "{start}");
        assert_eq!(mentors(&cluster).await, 1);
        // The application is let in, and what has a number of its own goes on after the last one.
        let next = "INSERT INTO jobs (kind, payload, run_at, created_at) VALUES ('mail', '{}', now(), now())";
        execute(&cluster.owner_url(), next).await.unwrap();
        cluster.stop().await;
        assert!(!place.data().join("locale.backup").exists());
    }
}

/// What a kill leaves at each step: the copy not yet complete, connections closed, the old database not yet dropped.
#[tokio::test]
async fn a_move_that_was_broken_off_at_any_step_is_made_at_the_next_start() {
    let copy = "CREATE DATABASE yaksok_copy TEMPLATE template0";
    let limit = "ALTER DATABASE yaksok CONNECTION LIMIT 0";
    let place = with_the_locale_c().await;
    let steps: [&[&str]; 4] =
        [&[copy], &[copy, limit], &[limit], &["CREATE DATABASE yaksok_former TEMPLATE template0"]];
    for left in steps {
        let trial = Place { parent: tempfile::tempdir().unwrap(), name: "data".into() };
        assert!(Command::new("cp").arg("-a").arg(place.data()).arg(trial.data()).status().unwrap().success());
        half_done(&trial, left).await;
        let cluster = Cluster::start(&trial.data()).await.unwrap();
        assert!(knows_letters(&cluster).await, "{left:?}");
        assert_eq!(databases(&cluster).await, ["postgres -1", "yaksok -1"], "{left:?}");
        assert_eq!(mentors(&cluster).await, 1, "{left:?}");
        cluster.stop().await;
    }
}

/// Runs statements of a move in a server that knows nothing of it, and ends it without anything being cleared away.
async fn half_done(place: &Place, statements: &[&str]) {
    let data = place.data().join("postgres");
    let root = std::os::unix::fs::MetadataExt::uid(&fs::metadata(place.parent.path()).unwrap()) == 0;
    let single = |database: &str, sql: &str| {
        let bin = bin_of(&data);
        let mut command = Command::new(if root { "setpriv".as_ref() } else { bin.as_os_str() });
        if root {
            let owner = fs::metadata(&data).unwrap();
            let (uid, gid) = (std::os::unix::fs::MetadataExt::uid(&owner), std::os::unix::fs::MetadataExt::gid(&owner));
            command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}"));
            command.args([
                "--clear-groups",
                "--inh-caps=-all,+dac_read_search",
                "--ambient-caps=+dac_read_search",
                "--",
            ]);
            command.arg(&bin);
        }
        let mut child = command
            .arg("--single")
            .arg("-D")
            .arg(&data)
            .arg(database)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), sql.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{sql}");
    };
    for statement in statements {
        single("postgres", &format!("{statement}\n"));
    }
}

/// The programs of the version that made the cluster.
fn bin_of(data: &Path) -> PathBuf {
    let version = fs::read_to_string(data.join("PG_VERSION")).unwrap();
    let debian = PathBuf::from(format!("/usr/lib/postgresql/{}/bin/postgres", version.trim()));
    let on_path =
        || std::env::split_paths(&std::env::var_os("PATH")?).map(|bin| bin.join("postgres")).find(|p| p.exists());
    if debian.exists() { debian } else { on_path().unwrap() }
}
