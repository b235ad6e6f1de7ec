//! Data of an earlier release, upgraded by this program: in place, and from a backup. `upgrade/make.py` made it with that
//! release: mentors, hours, session types, bookings in all states, a hold, calendars connected, and jobs that wait.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::*;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use store::embedded::Cluster;

/// The release before this one.
const BEFORE: &str = "b306692";

fn file(extension: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upgrade").join(format!("{BEFORE}.{extension}"))
}

fn made() -> Value {
    serde_json::from_str(&fs::read_to_string(file("json")).unwrap()).unwrap()
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(future)
}

/// Every row of every table, as JSON.
type Rows = BTreeMap<String, Vec<Value>>;

async fn rows(owner_url: &str) -> Rows {
    let mut connection = PgConnection::connect(owner_url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
         AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut rows = Rows::new();
    for table in tables {
        let all = format!("SELECT to_jsonb(t) FROM {table} t");
        rows.insert(table, sqlx::query_scalar(AssertSqlSafe(all)).fetch_all(&mut connection).await.unwrap());
    }
    rows
}

/// Whether `new` says all that `old` says; it may say more.
fn holds(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            old.iter().all(|(name, old)| new.get(name).is_some_and(|new| holds(new, old)))
        }
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| holds(new, old))
        }
        (new, old) => new == old,
    }
}

#[track_caller]
fn every_row_is_kept(old: &Rows, new: &Rows) {
    assert!(old.values().filter(|rows| !rows.is_empty()).count() > 12, "the old database is nearly empty");
    for (table, old) in old {
        let new = new.get(table).unwrap_or_else(|| panic!("the table {table} is gone"));
        for row in old {
            assert!(new.iter().any(|new| holds(new, row)), "{table} has lost {row:#}");
        }
    }
}

/// A data directory with the old release's database, as its server left it.
fn old_place() -> (Place, Rows) {
    let place = Place::new();
    let old = block_on(async {
        let cluster = Cluster::start(place.data.path()).await.unwrap();
        let host = place.data.path().canonicalize().unwrap().join("socket");
        // The role `yaksok` is there already.
        let psql = Command::new("psql")
            .args(["-qXU", "yaksok_owner", "-d", "yaksok", "-h"])
            .arg(&host)
            .arg("-f")
            .arg(file("sql"))
            .output()
            .unwrap();
        assert!(psql.status.success(), "{}", said(&psql));
        let errors: Vec<String> =
            said(&psql).lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect();
        assert!(errors.iter().all(|line| line.contains(r#"role "yaksok" already exists"#)), "{errors:#?}");
        let rows = rows(&cluster.owner_url()).await;
        cluster.stop().await;
        rows
    });
    fs::write(place.data.path().join("encryption.key"), made()["encryption_key"].as_str().unwrap()).unwrap();
    (place, old)
}

fn rows_of(place: &Place) -> Rows {
    block_on(async {
        let cluster = Cluster::start(place.data.path()).await.unwrap();
        let rows = rows(&cluster.owner_url()).await;
        cluster.stop().await;
        rows
    })
}

/// Providers that are not reached.
fn quiet(place: Place) -> Place {
    let nowhere = "http://127.0.0.1:9";
    place
        .with("GOOGLE_CLIENT_ID", "id")
        .with("GOOGLE_CLIENT_SECRET", "a secret of the tests")
        .with("GOOGLE_TOKEN_URL", nowhere)
        .with("GOOGLE_REVOKE_URL", nowhere)
        .with("GOOGLE_CALENDAR_API_URL", nowhere)
        .with("MICROSOFT_CLIENT_ID", "id")
        .with("MICROSOFT_CLIENT_SECRET", "a secret of the tests")
        .with("MICROSOFT_TOKEN_URL", nowhere)
        .with("MICROSOFT_GRAPH_URL", nowhere)
}

/// Old keys, links, sessions and passwords work, answers are as they were, and waiting jobs are done.
fn it_goes_on(place: &Place) {
    let made = made();
    let server = place.serve();
    for asked in made["answers"].as_array().unwrap() {
        let path = asked["path"].as_str().unwrap();
        let reply = server.get(path, asked["token"].as_str().unwrap_or_default());
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        // Links begin with the address that the old server had.
        let body = reply.body.replace("http://127.0.0.1:3000", made["base_url"].as_str().unwrap());
        let new: Value = serde_json::from_str(&body).unwrap();
        assert!(holds(&new, &asked["answer"]), "{path}: {new:#} does not hold {:#}", asked["answer"]);
    }
    for page in made["pages"].as_array().unwrap() {
        let path = page["path"].as_str().unwrap();
        let reply = server.get(path, "");
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.body.contains(page["holds"].as_str().unwrap()), "{path} does not name {}", page["holds"]);
    }
    let session = format!("yaksok={}", made["session"].as_str().unwrap());
    let dashboard = ask(server.port, "GET", "/dashboard", &[("Cookie", &session)], "").unwrap();
    assert_eq!(dashboard.status, 200, "{}", dashboard.head);
    let email = made["login"]["email"].as_str().unwrap().replace('@', "%40");
    let form = format!("email={email}&password={}", made["login"]["password"].as_str().unwrap().replace(' ', "+"));
    let entered =
        ask(server.port, "POST", "/login", &[("Content-Type", "application/x-www-form-urlencoded")], &form).unwrap();
    assert!(
        entered.status == 303 && entered.head.contains("set-cookie: yaksok=yss_"),
        "{} {}",
        entered.head,
        entered.body
    );

    // The old server could not send these; their jobs name what they are about, and sealed links open.
    let waiting = &made["waiting"];
    let link = waiting["path"].as_str().unwrap();
    let sent = || {
        let folder = fs::read_dir(place.data.path().join("mail")).into_iter().flatten().flatten();
        let text = |entry: fs::DirEntry| fs::read_to_string(entry.path()).unwrap_or_default().replace("=\r\n", "");
        folder.map(text).any(|mail| mail.contains(waiting["to"].as_str().unwrap()) && mail.contains(link))
    };
    assert!(waited(sent), "the mail that waited did not go out: {}", place.log());
    // Each token opens with the old key, and is sealed with another.
    drop(server);
    let mut rotate = place.yaksok(&["rotate-keys"]);
    rotate.env("CALENDAR_TOKEN_ENCRYPTION_KEY", "YSBzZWNvbmQga2V5LCBvZiAzMiBieXRlcyBhcyB3ZWw=");
    rotate.env("CALENDAR_TOKEN_ENCRYPTION_KEY_PREVIOUS", made["encryption_key"].as_str().unwrap());
    let rotated = rotate.output().unwrap();
    assert!(rotated.status.success(), "{}", said(&rotated));
    let count: usize = String::from_utf8_lossy(&rotated.stdout).split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert!(count > 10, "{count} tokens");
}

#[test]
fn the_database_of_the_release_before_is_upgraded_in_place() {
    let (place, old) = old_place();
    let place = quiet(place);
    let migrated = place.run(&["migrate"]);
    assert!(migrated.status.success(), "{}", said(&migrated));
    every_row_is_kept(&old, &rows_of(&place));
    it_goes_on(&place);
}

#[test]
fn the_backup_of_the_release_before_is_put_back() {
    let place = quiet(Place::new());
    let restored = place.run(&["restore", file("backup").to_str().unwrap()]);
    assert!(restored.status.success(), "{}", said(&restored));
    let (_before, old) = old_place();
    every_row_is_kept(&old, &rows_of(&place));
    it_goes_on(&place);
}
