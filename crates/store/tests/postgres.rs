//! The databases that people have: PostgreSQL of several versions, owners with few rights, default privileges of a hoster, a
//! schema of the release before, poolers and proxies in between.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "common/postgres.rs"]
mod postgres;

use chrono::{DateTime, Utc};
use postgres::{ADMIN, Postgres, execute, installed, texts};
use scheduling::MentorId;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use store::{Actor, NewMentor, Store, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;
use uuid::Uuid;

/// One of each version, for all tests that need no cluster of their own. An administrator has prepared the roles.
static SERVERS: LazyLock<[Postgres; 2]> = LazyLock::new(|| installed().map(|bin| Postgres::start(&bin)));

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");
/// The last one of release b306692.
const RELEASE_BEFORE: i64 = 14;

const MENTOR: MentorId = MentorId(Uuid::from_u128(1));

/// A role that owns databases in one of [`SERVERS`].
async fn owner(server: &Postgres, name: &str) {
    let sql = format!(
        "DO $$ DECLARE r text; BEGIN
             FOREACH r IN ARRAY ARRAY['yaksok_visitor', 'yaksok_mentor', 'yaksok_worker'] LOOP
                 BEGIN EXECUTE 'CREATE ROLE ' || r; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
             END LOOP; END $$;
         CREATE ROLE {name} LOGIN CREATEROLE; GRANT yaksok_visitor, yaksok_mentor, yaksok_worker TO {name} WITH ADMIN OPTION"
    );
    server.admin("postgres", &sql).await;
}

fn now() -> DateTime<Utc> {
    "2027-01-01T09:00:00Z".parse().unwrap()
}

fn mentor(n: u128, handle: &str, name: &str) -> NewMentor {
    NewMentor {
        id: MentorId(Uuid::from_u128(n)),
        handle: handle.into(),
        name: name.into(),
        email: format!("{handle}@example.com"),
        email_verified_at: Some(now()),
        headline: None,
        bio: None,
        photo_url: None,
        timezone: "UTC".into(),
        language: "en".into(),
        clock: None,
        week_start: None,
        created_at: now(),
    }
}

async fn add(store: &Store, mentor: &NewMentor) -> Result<(), StoreError> {
    let mut tx = store.begin(Actor::Worker).await?;
    tx.insert_mentor(mentor).await?;
    tx.commit().await
}

async fn found(store: &Store, query: &str) -> Vec<String> {
    let mut tx = store.begin(Actor::Visitor).await.unwrap();
    tx.mentors(query, "", 100).await.unwrap().into_iter().map(|mentor| mentor.handle).collect()
}

// --- Roles ---------------------------------------------------------------------------------------

#[tokio::test]
async fn an_owner_who_may_create_roles_needs_nothing_else() {
    for bin in installed() {
        let server = Postgres::start(&bin);
        server.admin("postgres", "CREATE ROLE owner LOGIN CREATEROLE; CREATE ROLE app LOGIN NOINHERIT").await;
        let database = server.database("owner", "").await;
        let (owner, app) = (server.url("owner", &database), server.url("app", &database));
        assert!(!Store::is_set_up(&owner).await.unwrap());
        Store::migrate(&owner, &app).await.unwrap();
        Store::migrate(&owner, &app).await.expect("a second time there is nothing to do");
        assert!(Store::is_set_up(&owner).await.unwrap());
        let store = Store::connect(&app, 2).await.unwrap();
        add(&store, &mentor(1, "ann", "Ann")).await.unwrap();
        assert_eq!(found(&store, "ann").await, ["ann"]);
        let without_prefix = "SELECT rolname::text FROM pg_roles WHERE rolname IN ('visitor', 'mentor', 'worker')";
        assert!(texts(&owner, without_prefix).await.is_empty());

        // A second owner in the same cluster. Since 16 nobody may grant a role who was not given it to grant.
        server.admin("postgres", "CREATE ROLE other LOGIN CREATEROLE").await;
        let second = server.url("other", &server.database("other", "").await);
        if server.version().await >= 16 {
            let sql = refused_for_roles(Store::migrate(&second, &second).await);
            assert!(!sql.contains("CREATE ROLE"), "{sql}");
            assert!(texts(&second, "SELECT relname::text FROM pg_class WHERE relname = 'mentors'").await.is_empty());
            // Whoever created them may grant them.
            execute(&owner, &sql).await.unwrap();
        }
        Store::migrate(&second, &second).await.unwrap();
        let other = Store::connect(&second, 2).await.unwrap();
        assert!(found(&other, "").await.is_empty(), "a database of its own");
        add(&other, &mentor(1, "ben", "Ben")).await.unwrap();
        assert_eq!(found(&store, "").await, ["ann"]);
    }
}

/// What an administrator is asked to run.
fn refused_for_roles(result: Result<(), StoreError>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::Roles(_)), "{error}");
    error.to_string().split_once("administrator run: ").unwrap().1.to_owned()
}

#[tokio::test]
async fn an_owner_who_may_not_create_roles_hears_what_an_administrator_runs() {
    for bin in installed() {
        let server = Postgres::start(&bin);
        server.admin("postgres", "CREATE ROLE \"the owner\" LOGIN; CREATE ROLE app LOGIN NOINHERIT").await;
        let database = server.database("\"the owner\"", "").await;
        let (owner, app) = (server.url("the%20owner", &database), server.url("app", &database));
        let sql = refused_for_roles(Store::migrate(&owner, &app).await);
        assert!(sql.starts_with("CREATE ROLE yaksok_visitor NOLOGIN;"), "{sql}");
        server.admin("postgres", &sql).await;
        // With one URL that is enough; another role of the application is one more line.
        Store::migrate(&owner, &owner).await.unwrap();
        let sql = refused_for_roles(Store::migrate(&owner, &app).await);
        assert!(sql.contains(" TO app") && !sql.contains("CREATE ROLE"), "{sql}");
        server.admin("postgres", &sql).await;
        Store::migrate(&owner, &app).await.unwrap();
        for url in [owner, app] {
            let store = Store::connect(&url, 2).await.unwrap();
            assert!(store.is_migrated().await.unwrap() && store.is_writable().await.unwrap());
        }
    }
}

// --- What others may -----------------------------------------------------------------------------

/// As Supabase sets them.
async fn owner_with_generous_defaults(server: &Postgres, name: &str) -> String {
    owner(server, name).await;
    let others = "DO $$ BEGIN
        CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";
    server.admin("postgres", others).await;
    let owner = name;
    let database = server.database(owner, "").await;
    for kind in ["TABLES", "SEQUENCES", "FUNCTIONS"] {
        for schema in ["", "IN SCHEMA public"] {
            let sql = format!(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} {schema} GRANT ALL ON {kind} TO anon, authenticated, service_role"
            );
            server.admin(&database, &sql).await;
        }
    }
    let shop =
        "CREATE TABLE shop (id serial, price int); CREATE FUNCTION shop_total() RETURNS int LANGUAGE sql AS 'SELECT 1'";
    execute(&server.url(owner, &database), shop).await.unwrap();
    database
}

/// What anybody may do who is neither ours nor the owner, with whatever in `public` is not an extension's and not the shop's.
const OPEN_TO_OTHERS: &str = "
    WITH objects AS (
        SELECT oid, relkind::text AS kind, relname::text AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT oid, 'function', proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    ours AS (
        SELECT * FROM objects
        WHERE name NOT LIKE 'shop%' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = objects.oid AND d.deptype = 'e')),
    others AS (SELECT unnest(ARRAY['anon', 'authenticated', 'service_role', 'public']) AS role)
    SELECT role || ' ' || name FROM ours, others
    WHERE CASE kind
        WHEN 'function' THEN has_function_privilege(role, oid, 'execute')
        WHEN 'S' THEN has_sequence_privilege(role, oid, 'usage, select, update')
        ELSE has_table_privilege(role, oid, 'select, insert, update, delete, truncate, references, trigger')
            OR has_any_column_privilege(role, oid, 'select, insert, update, references') END";

async fn nothing_is_open(server: &Postgres, database: &str) {
    let admin = server.url(ADMIN, database);
    let open = texts(&admin, OPEN_TO_OTHERS).await;
    assert!(open.is_empty(), "{open:?}");
    let unprotected = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p') AND relname <> 'shop' AND NOT relrowsecurity";
    assert!(texts(&admin, unprotected).await.is_empty(), "row level security, the migration tool's table included");
    for sql in [
        "SELECT id FROM mentors",
        "SELECT version FROM _sqlx_migrations",
        "DELETE FROM _sqlx_migrations",
        "TRUNCATE jobs",
        "SELECT * FROM timetables('{}', '-infinity', 'infinity', now(), NULL)",
        "SELECT * FROM take_hold(gen_random_uuid(), now())",
        "SELECT acting_mentor()",
    ] {
        for role in ["anon", "service_role"] {
            let refused = execute(&admin, &format!("SET ROLE {role}; {sql}")).await.unwrap_err();
            let code = refused.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned();
            assert_eq!(code, "42501", "{role}: {sql}: {refused}");
        }
    }
    execute(&admin, "SET ROLE anon; SELECT price, shop_total() FROM shop; INSERT INTO shop (price) VALUES (1)")
        .await
        .expect("other people's tables are left as they are");
}

#[tokio::test]
async fn what_default_privileges_give_to_others_is_taken_away() {
    for server in SERVERS.iter() {
        let database = owner_with_generous_defaults(server, "hosted").await;
        let owner = server.url("hosted", &database);
        Store::migrate(&owner, &owner).await.unwrap();
        nothing_is_open(server, &database).await;
        // And it works.
        let store = Store::connect(&owner, 2).await.unwrap();
        add(&store, &mentor(1, "ann", "Ann")).await.unwrap();
        assert!(store.is_migrated().await.unwrap());
    }
}

// --- The release before --------------------------------------------------------------------------

/// As release b306692 left a database: its files as they stand, and rows that it wrote.
async fn made_by_the_release_before(server: &Postgres, owner: &str, database: &str) -> String {
    // Since 16 its owner could not migrate at all without this.
    if server.version().await >= 16 {
        server.admin("postgres", &format!("ALTER ROLE {owner} SET createrole_self_grant = 'set, inherit'")).await;
    }
    let old_roles = "DO $$ DECLARE r text; BEGIN
        FOREACH r IN ARRAY ARRAY['visitor', 'mentor', 'worker'] LOOP
            BEGIN EXECUTE 'CREATE ROLE ' || r; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
        END LOOP; END $$";
    server.admin("postgres", &format!("{old_roles}; GRANT visitor, mentor, worker TO {owner}")).await;
    let url = server.url(owner, database);
    let files = MIGRATIONS.iter().filter(|file| file.version <= RELEASE_BEFORE).cloned().collect();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    Migrator::with_migrations(files).run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    as_the_release_before(&url, 1, "Zoë").await;
    url
}

/// What its transactions do, in its roles.
async fn as_the_release_before(url: &str, n: u8, name: &str) {
    let mentor = format!("00000000-0000-0000-0000-0000000000{n:02}");
    let sql = format!(
        "BEGIN; SET LOCAL ROLE worker;
         INSERT INTO mentors (id, handle, name, email, email_verified_at, created_at)
             VALUES ('{mentor}', 'old-{n}', '{name}', 'old-{n}@example.com', now(), now());
         INSERT INTO session_types (id, mentor_id, slug, name, duration_minutes, start_interval_minutes, buffer_before_minutes,
             buffer_after_minutes, minimum_notice_minutes, horizon_days, requires_approval, cancel_notice_minutes, active,
             created_at) VALUES ('{mentor}', '{mentor}', 's', 'S', 30, 30, 0, 0, 0, 60, false, 0, true, now());
         SELECT * FROM timetables(ARRAY['{mentor}']::uuid[], '-infinity', 'infinity', now(), NULL);
         SELECT count(*) FROM _sqlx_migrations WHERE version = 14 AND success;
         COMMIT;
         BEGIN; SET LOCAL ROLE visitor; SET LOCAL app.mentor_id = '{mentor}';
         SELECT * FROM timetables(ARRAY['{mentor}']::uuid[], '-infinity', 'infinity', now(), NULL);
         SELECT * FROM take_hold('{mentor}', now());
         SELECT * FROM live_holds('x', now());
         INSERT INTO bookings (id, mentor_id, session_type_id, session_slug, session_name, status, during,
             buffer_before_minutes, buffer_after_minutes, cancel_notice_minutes, booker_name, booker_email, booker_timezone,
             booker_language, manage_token_hash, manage_token_sealed, created_at)
         VALUES ('{mentor}', '{mentor}', '{mentor}', 's', 'S', 'confirmed', '[2027-01-01 09:00Z, 2027-01-01 10:00Z)', 0, 0, 0,
             'Ada', 'ada@example.com', 'UTC', 'en', 'hash {n}', 'sealed', now());
         INSERT INTO jobs (mentor_id, kind, payload, run_at, created_at) VALUES ('{mentor}', 'mail', '{{}}', now(), now());
         COMMIT;
         BEGIN; SET LOCAL ROLE mentor; SET LOCAL app.mentor_id = '{mentor}';
         UPDATE mentors SET headline = 'Läuft';
         COMMIT"
    );
    execute(url, &sql).await.unwrap();
}

/// The schema with all rights in it, but the owner's and those of roles without a prefix.
const SCHEMA: &str = "
    WITH old AS (SELECT oid FROM pg_roles WHERE rolname IN ('visitor', 'mentor', 'worker')),
    ours AS (SELECT c.* FROM pg_class c WHERE relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')),
    who AS (SELECT oid, CASE WHEN rolname LIKE 'yaksok%' THEN rolname::text ELSE 'owner' END AS name FROM pg_roles)
    SELECT format('%s %s %s %s', relkind, relname, relrowsecurity, relforcerowsecurity) FROM ours
    UNION ALL SELECT format('%s %s %s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull,
        pg_get_expr(adbin, adrelid))
        FROM ours JOIN pg_attribute a ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_attrdef ON adrelid = ours.oid AND adnum = attnum
    UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(c.oid)) FROM pg_constraint c JOIN ours ON ours.oid = conrelid
    UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN ours ON ours.oid = indrelid
    UNION ALL SELECT format('%s %s %s %s %s %s', relname, polname, polcmd, pg_get_expr(polqual, polrelid),
        pg_get_expr(polwithcheck, polrelid),
        (SELECT string_agg(name, ' ' ORDER BY name) FROM who WHERE oid = ANY (polroles) AND oid NOT IN (SELECT oid FROM old)))
        FROM pg_policy JOIN ours ON ours.oid = polrelid
    UNION ALL SELECT format('%s %s %s', relname, name, privilege_type) FROM ours, aclexplode(relacl) JOIN who ON who.oid = grantee
        WHERE name <> 'owner' AND grantee NOT IN (SELECT oid FROM old)
    UNION ALL SELECT format('%s.%s %s %s', relname, attname, name, privilege_type)
        FROM ours JOIN pg_attribute ON attrelid = ours.oid, aclexplode(attacl) JOIN who ON who.oid = grantee
        WHERE name <> 'owner' AND grantee NOT IN (SELECT oid FROM old)
    UNION ALL SELECT format('schema %s %s', name, privilege_type) FROM pg_namespace, aclexplode(nspacl) JOIN who ON who.oid = grantee
        WHERE nspname = 'public' AND name <> 'owner' AND grantee NOT IN (SELECT oid FROM old)
    UNION ALL SELECT format('%s %s', pg_get_functiondef(p.oid), name) FROM pg_proc p JOIN who ON who.oid = proowner
        WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL SELECT format('%s %s %s', p.oid::regprocedure, name, privilege_type)
        FROM pg_proc p, aclexplode(proacl) LEFT JOIN who ON who.oid = grantee
        WHERE pronamespace = 'public'::regnamespace AND name IS DISTINCT FROM 'owner' AND grantee NOT IN (SELECT oid FROM old)
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    ORDER BY 1";

#[tokio::test]
async fn a_database_of_the_release_before_keeps_its_data_and_its_servers_while_it_is_upgraded() {
    for server in SERVERS.iter() {
        let database = owner_with_generous_defaults(server, "upgrading").await;
        let url = made_by_the_release_before(server, "upgrading", &database).await;
        Store::migrate(&url, &url).await.unwrap();

        // The release before runs on beside this one.
        as_the_release_before(&url, 2, "Øyvind").await;
        let store = Store::connect(&url, 2).await.unwrap();
        assert!(store.is_migrated().await.unwrap());
        assert_eq!(found(&store, "zoe").await, ["old-1"], "rows from before");
        assert_eq!(found(&store, "oyvind").await, ["old-2"], "rows that the release before writes now");
        assert_eq!(found(&store, "lauft").await, ["old-1", "old-2"]);
        for mentor in [MENTOR, MentorId(Uuid::from_u128(2))] {
            let mut tx = store.begin(Actor::Visitor).await.unwrap();
            let span = now() - chrono::TimeDelta::days(1)..now() + chrono::TimeDelta::days(1);
            assert_eq!(tx.timetables(&[mentor], span, now(), None).await.unwrap()[0].busy(None).len(), 1);
        }
        nothing_is_open(server, &database).await;

        // It has come to the schema that a new database has.
        let fresh = server.url("upgrading", &server.database("upgrading", "").await);
        Store::migrate(&fresh, &fresh).await.unwrap();
        let without_shop =
            |lines: Vec<String>| lines.into_iter().filter(|line| !line.contains("shop")).collect::<Vec<_>>();
        let [new, upgraded] = [&fresh, &url].map(|url| texts(url, SCHEMA));
        let (new, upgraded) = (without_shop(new.await), without_shop(upgraded.await));
        let only_in =
            |a: &[String], b: &[String]| a.iter().filter(|line| !b.contains(line)).cloned().collect::<Vec<_>>();
        assert_eq!((only_in(&new, &upgraded), only_in(&upgraded, &new)), (vec![], vec![]));
    }
}

// --- What cannot be used, and why ----------------------------------------------------------------

#[tokio::test]
async fn a_database_in_another_encoding_is_refused_before_the_first_migration() {
    let server = &SERVERS[0];
    owner(server, "latin").await;
    let database = server.database("latin", "ENCODING 'LATIN1' LOCALE 'C'").await;
    let url = server.url("latin", &database);
    let error = Store::migrate(&url, &url).await.unwrap_err();
    assert!(matches!(error, StoreError::Encoding(_)), "{error}");
    assert!(error.to_string().contains("LATIN1") && error.to_string().contains("ENCODING 'UTF8'"), "{error}");
    let tables = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert!(texts(&url, tables).await.is_empty());
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_says_where_to_and_why() {
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let url = format!("postgres://yaksok@{closed}/yaksok");
    let server = &SERVERS[0];
    for (url, place, why) in [
        (url, closed.to_string(), "refused"),
        (
            server.url(ADMIN, "nowhere"),
            server.directory().display().to_string(),
            "\"nowhere\" does not exist (SQLSTATE 3D000)",
        ),
        (server.url("nobody", "postgres"), server.directory().display().to_string(), "\"nobody\" does not exist"),
        ("postgres://yaksok@localhost/x?host=%2Fnowhere".into(), "/nowhere".into(), "No such file"),
    ] {
        for error in [Store::migrate(&url, &url).await.unwrap_err(), Store::connect(&url, 2).await.unwrap_err()] {
            let said = error.to_string();
            assert!(said.contains(&place) && said.contains(why) && !said.contains("at line"), "{said}");
        }
    }
}

// --- Search --------------------------------------------------------------------------------------

#[tokio::test]
async fn a_name_is_found_however_it_is_typed() {
    for (server, locale) in
        SERVERS.iter().zip(["LOCALE 'C'", "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"])
    {
        owner(server, "seeking").await;
        let url = server.url("seeking", &server.database("seeking", locale).await);
        Store::migrate(&url, &url).await.unwrap();
        let store = Store::connect(&url, 2).await.unwrap();
        // As a Mac sends it: ㄱㅣㅁ as letters of their own, e and an accent.
        let decomposed = "\u{1100}\u{1175}\u{11b7}\u{1106}\u{1166}\u{11ab}\u{1110}\u{1169} Jose\u{301}";
        for (n, handle, name) in [
            (1, "jose", "José García"),
            (2, "kim", "김멘토"),
            (3, "mac", decomposed),
            (4, "ivan", "ИВАН Ёлкин"),
            (5, "lukasz", "Łukasz 100% _x_"),
            (6, "full", "ＡＢＣ"),
        ] {
            add(&store, &mentor(n, handle, name)).await.unwrap();
        }
        for (query, handles) in [
            ("jose", &["jose", "mac"][..]),
            ("JOSÉ", &["jose", "mac"]),
            ("Jose\u{301} g", &["jose"]),
            ("김멘토", &["kim", "mac"]),
            ("\u{1100}\u{1175}\u{11b7}", &["kim", "mac"]),
            ("멘", &["kim", "mac"]),
            ("иван елкин", &["ivan"]),
            ("łUKASZ", &["lukasz"]),
            ("lukasz", &["lukasz"]),
            ("abc", &["full"]),
            ("100%", &["lukasz"]),
            ("_x_", &["lukasz"]),
            ("%", &["lukasz"]),
            ("\\", &[]),
            ("\0", &[]),
            ("", &["full", "ivan", "jose", "kim", "lukasz", "mac"]),
        ] {
            assert_eq!(found(&store, query).await, handles, "{query:?} with {locale}");
        }
    }
}

// --- Poolers and proxies -------------------------------------------------------------------------

/// PgBouncer, which gives each transaction to whichever session is free.
struct Pooler {
    child: Child,
    place: tempfile::TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pooler {
    fn start(server: &Postgres, sessions: u32) -> Self {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().display();
        let settings = format!(
            "[databases]\n* = host={} port=5432\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {directory}\nlisten_port = 6432\n\
             auth_type = trust\nauth_file = {directory}/users\npool_mode = transaction\ndefault_pool_size = {sessions}\n\
             server_reset_query_always = 1\n",
            server.directory().display()
        );
        fs::write(place.path().join("pgbouncer.ini"), settings).unwrap();
        fs::write(place.path().join("users"), "\"pooled\" \"\"\n").unwrap();
        let root = std::os::unix::fs::MetadataExt::uid(&fs::metadata(place.path()).unwrap()) == 0;
        let mut command = Command::new(if root { "setpriv" } else { "pgbouncer" });
        if root {
            assert!(Command::new("chown").args(["-R", "postgres:"]).arg(place.path()).status().unwrap().success());
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", "pgbouncer"]);
        }
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        command.arg(place.path().join("pgbouncer.ini")).env("PATH", path).current_dir("/");
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.expect("pgbouncer is missing. Run: scripts/setup.sh test");
        let pooler = Self { child, place };
        for _ in 0..600 {
            if pooler.place.path().join(".s.PGSQL.6432").exists() {
                return pooler;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("pgbouncer does not start");
    }

    /// Without statements that outlive a transaction: PgBouncer keeps them since 1.21 only.
    fn url(&self, database: &str) -> String {
        let host = self.place.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://pooled@localhost:6432/{database}?host={host}&statement-cache-capacity=0")
    }
}

#[tokio::test]
async fn limits_hold_behind_a_pooler_of_transactions_and_leave_nothing_behind() {
    let server = &SERVERS[0];
    owner(server, "pooling").await;
    server.admin("postgres", "CREATE ROLE pooled LOGIN NOINHERIT").await;
    let database = server.database("pooling", "").await;
    let pooler = Pooler::start(server, 2);
    let url = pooler.url(&database);
    Store::migrate(&server.url("pooling", &database), &url).await.unwrap();
    // More connections than sessions.
    let store = Store::connect(&url, 6).await.unwrap();
    add(&store, &mentor(1, "ann", "Ann")).await.unwrap();
    let mut reading = JoinSet::new();
    for _ in 0..12 {
        let store = store.clone();
        reading.spawn(async move {
            for _ in 0..10 {
                assert_eq!(found(&store, "ann").await, ["ann"]);
            }
        });
    }
    reading.join_all().await;

    // A lock that is not given back is not waited for without end.
    let mut first = store.begin(Actor::Worker).await.unwrap();
    first.lock_calendar(MENTOR).await.unwrap();
    let mut second = store.begin(Actor::Worker).await.unwrap();
    let refused = second.lock_calendar(MENTOR).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    drop((first, second));

    // The sessions themselves are as they were.
    let plain = PgConnectOptions::from_str(&url).unwrap().extra_float_digits(None);
    let mut session = PgConnection::connect_with(&plain).await.unwrap();
    let settings = "SELECT concat_ws(' ', current_setting('lock_timeout'), current_setting('role'),
        current_setting('idle_in_transaction_session_timeout'))";
    for _ in 0..4 {
        let row = sqlx::raw_sql(settings).fetch_one(&mut session).await.unwrap();
        assert_eq!(row.get::<String, _>(0), "0 none 0");
    }
}

/// What stands between a server and its database.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Between {
    Carries,
    /// A proxy without a server behind it.
    Closes,
    /// A proxy that speaks HTTP when it has nothing else to say.
    Answers,
    /// It takes the connection, and TLS is refused: then it closes.
    ClosesAfterTls,
}

struct Proxy {
    between: Arc<Mutex<Between>>,
    carried: Arc<tokio::sync::Mutex<JoinSet<()>>>,
    port: u16,
}

impl Proxy {
    async fn start(server: &Postgres) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let between = Arc::new(Mutex::new(Between::Carries));
        let carried = Arc::new(tokio::sync::Mutex::new(JoinSet::new()));
        let socket = server.directory().join(".s.PGSQL.5432");
        let (is, keep) = (between.clone(), carried.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let between = *is.lock().unwrap();
                keep.lock().await.spawn(serve(stream, between, socket.clone()));
            }
        });
        Self { between, carried, port }
    }

    /// From here on; what is carried now is cut.
    async fn becomes(&self, between: Between) {
        *self.between.lock().unwrap() = between;
        self.carried.lock().await.shutdown().await;
    }
}

async fn serve(mut stream: TcpStream, between: Between, socket: impl AsRef<Path>) {
    match between {
        Between::Carries => {
            let Ok(mut database) = UnixStream::connect(socket).await else { return };
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut database).await;
        }
        Between::Closes => {}
        Between::Answers => {
            let _ = stream.write_all(b"HTTP/1.0 503 Service Unavailable\r\n\r\n").await;
            let _ = stream.read(&mut [0; 64]).await;
        }
        Between::ClosesAfterTls => {
            let _ = stream.read(&mut [0; 64]).await;
            let _ = stream.write_all(b"N").await;
            let _ = stream.read(&mut [0; 64]).await;
        }
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_as_such_in_every_phase() {
    let server = &SERVERS[0];
    owner(server, "proxied").await;
    let database = server.database("proxied", "").await;
    let direct = server.url("proxied", &database);
    Store::migrate(&direct, &direct).await.unwrap();
    let proxy = Proxy::start(server).await;
    let store = Store::connect(&format!("postgres://proxied@127.0.0.1:{}/{database}", proxy.port), 2).await.unwrap();
    add(&store, &mentor(1, "ann", "Ann")).await.unwrap();
    for between in [Between::Closes, Between::Answers, Between::ClosesAfterTls] {
        // In the middle of a transaction, and at its end.
        let [mut asking, mut ending] =
            [store.begin(Actor::Worker).await.unwrap(), store.begin(Actor::Worker).await.unwrap()];
        ending.lock_calendar(MENTOR).await.unwrap();
        proxy.becomes(between).await;
        let failed = [asking.count_mentors().await.map(drop), ending.commit().await];
        drop(asking);
        // At the beginning.
        let refused = store.begin(Actor::Visitor).await.map(drop);
        for result in failed.into_iter().chain([refused]) {
            assert!(matches!(result, Err(StoreError::Unavailable(_))), "{between:?}: {result:?}");
        }
        proxy.becomes(Between::Carries).await;
        assert_eq!(found(&store, "ann").await, ["ann"], "it comes back by itself");
    }
}

#[tokio::test]
async fn a_database_that_only_reads_says_so() {
    let server = &SERVERS[1];
    owner(server, "demoted").await;
    let url = server.url("demoted", &server.database("demoted", "").await);
    Store::migrate(&url, &url).await.unwrap();
    add(&Store::connect(&url, 2).await.unwrap(), &mentor(1, "ann", "Ann")).await.unwrap();
    server.admin("postgres", "ALTER ROLE demoted SET default_transaction_read_only = on").await;
    let store = Store::connect(&url, 2).await.unwrap();
    assert!(!store.is_writable().await.unwrap() && store.is_migrated().await.unwrap());
    assert_eq!(found(&store, "ann").await, ["ann"]);
    let refused = add(&store, &mentor(2, "ben", "Ben")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
}
