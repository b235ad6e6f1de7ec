//! The life of a booking on each PostgreSQL that people have, whose owner is no superuser.

use crate::common::*;
use crate::postgres::{ADMIN, Postgres, installed};
use booking::bookings;
use booking::store::Store;
use booking::store::backup;
use std::fs;

/// A migrated database: the owner's and the application's connection, neither of which is a superuser's.
async fn database(server: &Postgres) -> (String, String, Database) {
    let name = server.database("hosted_owner", "").await;
    let (owner, application) = (server.url("hosted_owner", &name), server.url("hosted_app", &name));
    Store::migrate(&owner, &application).await.unwrap();
    // The tests look past every right.
    let database = Database { owner_url: server.url(ADMIN, &name), application_url: application.clone() };
    (owner, application, database)
}

#[tokio::test]
async fn bookings_are_made_moved_cancelled_copied_and_put_back_on_every_version() {
    for bin in installed() {
        let server = Postgres::start(&bin);
        let roles = "CREATE ROLE hosted_owner LOGIN CREATEROLE; CREATE ROLE hosted_app LOGIN NOINHERIT";
        server.admin("postgres", roles).await;
        let (owner, _, tables) = database(&server).await;
        let app = TestApp::on(tables, |_| {}).await;
        app.mentor("ann", "Asia/Seoul").await;
        let (_, key) = app.booked("ann", "session", "2026-11-24T01:00:00Z").await;
        assert_eq!(app.mail().await.len(), 2);
        let taken = app.book("ann", "session", "2026-11-24T01:00:00Z").await;
        assert!(matches!(taken, Err(booking::Error::SlotUnavailable)));
        let moved = bookings::reschedule(&app.context, &key, at("2026-11-25T01:00:00Z")).await.unwrap();
        assert_eq!(moved.booking.start, at("2026-11-25T01:00:00Z"));
        let (_, other) = app.booked("ann", "session", "2026-11-24T01:00:00Z").await;
        bookings::cancel(&app.context, &other, Some("약속".into())).await.unwrap();
        app.mail().await;

        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("backup");
        backup::write(&owner, None, app.now(), &mut fs::File::create(&path).unwrap()).await.unwrap();
        let before = app.fingerprint().await;
        let (owner, _, tables) = database(&server).await;
        backup::restore(&owner, &path, false).await.unwrap();
        let restored = TestApp::on(tables, |_| {}).await;
        assert_eq!(restored.fingerprint().await, before, "PostgreSQL {}", server.version().await);
        bookings::cancel(&restored.context, &key, None).await.unwrap();
        assert_eq!(restored.mail().await.len(), 2);
    }
}
