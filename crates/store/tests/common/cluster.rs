//! One private PostgreSQL for a whole test binary, and a database of its own for each test.
//!
//! Every test has its own runtime, and what a runtime has begun ends with it: so the cluster has a thread, with a runtime
//! that lasts.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{mem, thread};
use store::Store;
use store::embedded::Cluster;

static CLUSTER: LazyLock<Cluster> = LazyLock::new(start);

/// A copy of the migrated database, which nobody else uses.
pub struct Database {
    pub owner_url: String,
    pub application_url: String,
}

pub async fn database() -> Database {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let (owner_url, application_url) = CLUSTER.copy(&name).await.expect("the database is copied");
    Database { owner_url, application_url }
}

fn start() -> Cluster {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async move {
            let cluster = Cluster::start(&lasting_directory().join("data")).await.expect("PostgreSQL starts");
            Store::migrate(&cluster.owner_url(), &cluster.application_url()).await.expect("the migrations run");
            sender.send(cluster).expect("somebody waits");
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("PostgreSQL starts")
}

/// A directory for as long as this process lives; PostgreSQL's is to be `data` in it.
///
/// Nothing in a static is dropped. A shell that waits beside a pipe outlives us, and PostgreSQL, and cleans up.
pub fn lasting_directory() -> PathBuf {
    let directory = tempfile::tempdir().expect("a directory").keep();
    const CLEAN_UP: &str = r#"cat >/dev/null; tries=0
        while [ -e "$1/data/postgres/postmaster.pid" ] && [ $((tries += 1)) -lt 300 ]; do sleep 0.1; done
        rm -rf "$1""#;
    let child = Command::new("/bin/sh")
        .args(["-c", CLEAN_UP, "sh"])
        .arg(&directory)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a shell");
    mem::forget(child);
    directory
}
