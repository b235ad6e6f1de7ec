//! The database cannot do it now: no connection is to be had, or it says itself that it has no room. Whoever asks hears
//! 503 and when to come again, nothing is half done, and whoever comes again gets what was asked for.

use super::*;
use booking::jobs;
use http::StatusCode;
use serde_json::{Value, json};
use store::Actor;

/// A booking with Kim, as the API takes it.
fn wish() -> Request<Body> {
    let body = json!({ "mentor": "kim-mentor", "session_type": "session", "start": "2026-12-03T01:00:00Z",
        "name": "Cleo", "email": "cleo@example.com", "timezone": "UTC" });
    let request = Request::post("/api/v1/bookings").header("content-type", "application/json");
    request.header("idempotency-key", "cleo's").body(body.to_string().into()).unwrap()
}

/// One of each kind: API, page, server function, plain form, file.
fn questions(world: &World) -> Vec<Request<Body>> {
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let form = Request::post("/login").header("content-type", "application/x-www-form-urlencoded");
    let ada = &world.people.ada.token;
    vec![
        wish(),
        get("/api/v1/mentors"),
        get("/"),
        get("/fn/mentors"),
        get(&format!("/b/{ada}")),
        get(&format!("/b/{ada}/invite.ics")),
        get(&format!("/enter?token={LOGIN_TOKEN}")),
        form.body("email=kim%40example.com&password=wrong".into()).unwrap(),
    ]
}

fn hears_to_come_again(reply: &Reply, what: &str) {
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{what}: {}", reply.text);
    assert!(reply.headers.contains_key("retry-after"), "{what}: {:?}", reply.headers);
    if what.starts_with("/api/") {
        let problem: Value = serde_json::from_str(&reply.text).unwrap();
        assert_eq!(problem["code"], "unavailable");
    }
}

#[tokio::test]
async fn whoever_gets_no_connection_is_told_when_to_come_again() {
    let world = World::new().await;
    let mut held = Vec::new();
    // As many as the pool of the tests has.
    for _ in 0..8 {
        held.push(world.app.context.store.begin(Actor::Visitor).await.unwrap());
    }
    let asked = questions(&world).into_iter().map(|request| async {
        let path = request.uri().path().to_owned();
        (world.send(request).await, path)
    });
    for (reply, path) in futures_util::future::join_all(asked).await {
        hears_to_come_again(&reply, &path);
    }
    drop(held);
    for request in questions(&world) {
        let path = request.uri().path().to_owned();
        let reply = world.send(request).await;
        assert!(reply.status < 500, "{path}: {} {}", reply.status, reply.text);
    }
}

/// `BEFORE INSERT` of a row, or at the commit of what was inserted.
fn refusing(table: &str, when: &str, code: &str) -> String {
    let kind = if when == "commit" { "CONSTRAINT TRIGGER refused AFTER" } else { "TRIGGER refused BEFORE" };
    let late = if when == "commit" { "DEFERRABLE INITIALLY DEFERRED" } else { "" };
    format!(
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{code}'; END $$;
         CREATE {kind} INSERT ON {table} {late} FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
}

#[tokio::test]
async fn a_database_without_room_refuses_a_booking_and_nothing_is_half_done() {
    let world = World::new().await;
    world.app.mail().await;
    let before = world.app.fingerprint().await;
    // Disk, memory, connections; it is told to end; its files fail; it was demoted.
    let passing = ["53100", "53200", "53300", "57P01", "58030", "25006"];
    let cases = passing.into_iter().flat_map(|code| ["insert", "commit"].map(|when| (code, when)));
    for (n, (code, when)) in cases.enumerate() {
        let table = ["jobs", "bookings", "booking_events", "idempotency_keys"][n % 4];
        world.app.sql(&refusing(table, when, code)).await;
        hears_to_come_again(&world.send(wish()).await, "/api/v1/bookings");
        assert!(world.app.mail().await.is_empty(), "{table} {code} at {when}: nobody is told");
        assert_eq!(world.app.fingerprint().await, before, "{table} {code} at {when}");
        world.app.sql(&format!("DROP TRIGGER refused ON {table}")).await;
    }
    // What will not pass is no such thing.
    world.app.sql(&refusing("bookings", "insert", "XX001")).await;
    let broken = world.send(wish()).await;
    assert_eq!((broken.status, broken.headers.contains_key("retry-after")), (500, false), "{}", broken.text);
    world.app.sql("DROP TRIGGER refused ON bookings").await;

    assert_eq!(world.send(wish()).await.status, 201);
    assert_eq!(world.app.mail().await.len(), 2, "both are told, once");
}

#[tokio::test]
async fn jobs_wait_while_there_is_no_room_and_run_when_there_is() {
    let world = World::new().await;
    world.app.mail().await;
    let full = refusing("jobs", "insert", "53100").replace("INSERT ON", "UPDATE ON");
    assert_eq!(world.send(wish()).await.status, 201);
    world.app.sql(&full).await;
    let waiting = jobs::state(&world.app.context).await.unwrap();
    for _ in 0..3 {
        let tried = jobs::run_due(&world.app.context).await;
        assert!(matches!(tried, Err(booking::Error::Unavailable(_))), "{tried:?}");
    }
    // The event of a mentor without a calendar is passed over by deleting it, for which there is room.
    let (waiting, given_up) = (waiting.0 - 1, waiting.1);
    assert_eq!(jobs::state(&world.app.context).await.unwrap(), (waiting, given_up), "no mail is lost or given up");
    world.app.sql("DROP TRIGGER refused ON jobs").await;
    assert_eq!(world.app.mail().await.len(), 2);
}

#[tokio::test]
async fn a_database_without_a_migration_is_not_ready() {
    let world = World::new().await;
    let ready = || async {
        let reply = world.send(Request::get("/readyz").body(Body::empty()).unwrap()).await;
        let told: Value = serde_json::from_str(&reply.text).unwrap();
        (reply.status, told["database"].clone(), told["migrations"].clone())
    };
    assert_eq!(ready().await, (200, json!("ok"), json!("ok")));
    world.app.sql("UPDATE _sqlx_migrations SET success = false WHERE version = 3").await;
    assert_eq!(ready().await, (503, json!("ok"), json!("missing")));
    world.app.sql("UPDATE _sqlx_migrations SET success = true").await;
    world.app.sql("REVOKE SELECT (version, success) ON _sqlx_migrations FROM yaksok_worker").await;
    assert_eq!(ready().await, (503, json!("ok"), json!("missing")));
    world.app.sql("GRANT SELECT (version, success) ON _sqlx_migrations TO yaksok_worker").await;
    // A newer release has been here.
    world.app.sql("INSERT INTO _sqlx_migrations SELECT 9999, description, now(), true, checksum, 0 FROM _sqlx_migrations LIMIT 1").await;
    assert_eq!(ready().await, (200, json!("ok"), json!("ok")));
}

#[tokio::test]
async fn a_database_that_was_demoted_is_not_ready_and_whoever_writes_is_told_to_come_again() {
    let world = World::new().await;
    let database = world.app.texts("SELECT current_database()::text").await.remove(0);
    // Connections from before end, as they do where a primary is demoted.
    let becomes = async |read_only: &str| {
        let sql = format!(
            "ALTER DATABASE {database} SET default_transaction_read_only = {read_only};
             SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );
        world.app.sql_that_writes(&sql).await;
        // The pool asks a connection whether it lives once that has rested for a while.
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    };
    let ready = || async {
        let reply = world.send(Request::get("/readyz").body(Body::empty()).unwrap()).await;
        let told: Value = serde_json::from_str(&reply.text).unwrap();
        (reply.status, told["status"].clone(), told["database"].clone())
    };
    becomes("on").await;
    assert_eq!(ready().await, (503, json!("not ready"), json!("read only")));
    hears_to_come_again(&world.send(wish()).await, "/api/v1/bookings");
    let reads = world.send(Request::get("/api/v1/mentors").body(Body::empty()).unwrap()).await;
    assert_eq!(reads.status, 200, "{}", reads.text);
    becomes("off").await;
    assert_eq!(ready().await, (200, json!("ready"), json!("ok")));
    assert_eq!(world.send(wish()).await.status, 201);
}
