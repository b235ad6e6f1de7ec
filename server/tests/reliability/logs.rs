//! Nothing that is a person's, and no secret, stands in any log, however much is logged.

use crate::common::*;
use crate::post::{Post, Treatment};
use crate::world::*;
use serde_json::json;
use std::fs;

/// For a form.
fn encoded(pairs: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    pairs.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("&")
}

#[test]
fn no_log_tells_who_anybody_is() {
    let post = Post::start(|recipient, before| match (recipient, before) {
        ("unlucky.guest@private.example", _) => Treatment::Refuse("550 unlucky.guest@private.example is unknown"),
        _ => Treatment::Take,
    });
    let place = Place::new()
        .without_limits()
        .with("BASE_URL", "http://yaksok.example")
        .with("SMTP_URL", post.url.replace("smtp://", "smtp://mailuser:mail-password-7@"))
        .with("GOOGLE_CLIENT_ID", "google-id")
        .with("GOOGLE_CLIENT_SECRET", "google-secret-7")
        .with("RUST_LOG", "debug");
    let server = place.serve();
    let mut secrets: Vec<String> = ["mail-password-7", "google-secret-7", PLATFORM_KEY].map(str::to_owned).into();
    let mut private: Vec<String> = Vec::new();
    let form = |path: &str, session: &str, pairs: &[(&str, &str)]| {
        let cookie = format!("yaksok={session}");
        let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded")];
        if !session.is_empty() {
            headers.push(("Cookie", &cookie));
        }
        ask(server.port, "POST", path, &headers, &encoded(pairs)).unwrap()
    };

    // Signing up, confirming, logging in: right and wrong.
    let (name, email, password) = ("Maximiliane Sonderbar", "maximiliane@private.example", "correct horse 77");
    private.extend([name, "Sonderbar", email, "maximiliane%40", "private.example"].map(str::to_owned));
    secrets
        .extend([password, "correct+horse", "correct%20horse", "wrong horse 77", "wrong%20horse"].map(str::to_owned));
    let signup =
        [("handle", "maxi"), ("name", name), ("email", email), ("timezone", "Europe/Berlin"), ("password", password)];
    assert_eq!(form("/signup", "", &signup).status, 303);
    assert!(waited(|| !post.letters().is_empty()), "{}", place.log());
    let letter = post.letters()[0].text.replace("=\n", "").replace("=3D", "=");
    let token =
        letter.split("/verify?token=").nth(1).unwrap().split(|c: char| !(c.is_alphanumeric() || "-_".contains(c)));
    let token = token.into_iter().next().unwrap().to_owned();
    let page = server.get(&format!("/verify?token={token}"), "");
    assert_eq!(page.status, 200);
    let verified = form("/verify", "", &[("token", &token)]);
    assert_eq!(verified.status, 303, "{}", verified.body);
    secrets.extend([token, verified.cookie()]);
    for wrong in [("email", "maximiliane@private.example"), ("email", "nobody.at.all@private.example")] {
        assert_eq!(form("/login", "", &[wrong, ("password", "wrong horse 77")]).status, 401);
    }
    private.push("nobody.at.all".into());
    let session = form("/login", &verified.cookie(), &[("email", email), ("password", password)]).cookie();
    secrets.push(session.clone());
    form("/forgot", "", &[("email", email)]);

    // Keys, of which one is wrong.
    let cookie = format!("yaksok={session}");
    let key_name = json!({"name": "Geheimprojekt"}).to_string();
    let made = ask(server.port, "POST", "/fn/create_api_key", &[("Cookie", &cookie)], &key_name).unwrap();
    let key = made.json()[1].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned();
    private.push("Geheimprojekt".into());
    assert_eq!(server.get("/api/v1/availability", &key).status, 200);
    assert_eq!(server.get("/api/v1/availability", "ysk_a-key-that-is-wrong").status, 401);
    secrets.extend([key.clone(), "ysk_a-key-that-is-wrong".into()]);
    Mentor { key: key.clone() }.offer(&server, "talk", 30, 30);
    let windows: Vec<_> =
        (0..7).map(|d| json!({"day_of_week": d, "start_time": "00:00", "end_time": "24:00"})).collect();
    let blocked = json!([{"starts_on": "2040-01-01", "ends_on": "2040-01-02", "note": "Kur in Bad Wörishofen"}]);
    let hours = json!({"timezone": "UTC", "weekly": windows, "overrides": [], "blocked": blocked}).to_string();
    assert_eq!(server.send("PUT", "/api/v1/availability", &key, &hours).status, 200);
    private.push("Kur in".into());

    // Booking, moving, cancelling; refused, repeated, and with mail that bounces.
    let start = tomorrow(&server);
    let book = |hour: i64, guest: &str, email: &str, key: &str| {
        let body = json!({"mentor": "maxi", "session_type": "talk", "start": instant(start + chrono::TimeDelta::hours(hour)),
            "name": guest, "email": email, "timezone": "Asia/Seoul", "notes": "My salary is a secret"});
        ask(server.port, "POST", "/api/v1/bookings", &[("Idempotency-Key", key)], &body.to_string()).unwrap()
    };
    private.extend(
        ["Wilhelmina Gast", "Wilhelmina", "wilhelmina@private.example", "Unlucky", "unlucky.guest", "salary"]
            .map(str::to_owned),
    );
    secrets.push("idempotency-key-7".into());
    let made = book(1, "Wilhelmina Gast", "wilhelmina@private.example", "idempotency-key-7");
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(book(1, "Wilhelmina Gast", "wilhelmina@private.example", "idempotency-key-7").status, 201);
    assert_eq!(book(1, "Wilhelmina Gast", "wilhelmina@private.example", "another").status, 409);
    assert_eq!(book(3, "Wilhelmina Gast", "wilhelmina at private.example", "third").status, 422);
    assert_eq!(book(5, "Unlucky Guest", "unlucky.guest@private.example", "fourth").status, 201);
    let (id, manage) = (made.json()["id"].clone(), made.json()["manage_token"].as_str().unwrap().to_owned());
    let path = format!("/api/v1/bookings/{}", id.as_str().unwrap());
    let moved = json!({"start": instant(start + chrono::TimeDelta::hours(9))}).to_string();
    assert_eq!(server.send("POST", &format!("{path}/reschedule"), &manage, &moved).status, 200);
    assert_eq!(server.get(&format!("/b/{manage}"), "").status, 200);
    assert_eq!(server.get(&format!("/b/{manage}/invite.ics"), "").status, 200);
    assert_eq!(form(&format!("/b/{manage}"), "", &[("action", "cancel"), ("reason", "My salary")]).status, 303);
    secrets.push(manage);
    secrets.push("ysm_a-token-that-is-wrong".into());
    assert_eq!(server.get("/b/ysm_a-token-that-is-wrong", "").status, 404);
    assert_eq!(server.get(&path, "ysm_a-token-that-is-wrong").status, 401);

    // A login link, used twice; a calendar that is not connected after all; and an export.
    let link = server.send("POST", "/api/v1/mentors/maxi/login-links", PLATFORM_KEY, "{}").json();
    let link = link["url"].as_str().unwrap().strip_prefix("http://yaksok.example").unwrap().to_owned();
    secrets.push(link.split("token=").nth(1).unwrap().to_owned());
    secrets.push(server.get(&link, "").cookie());
    server.get(&link, "");
    let callback = "/calendar/google/callback?state=a-state-7&code=a-code-7";
    secrets.extend(["a-state-7".into(), "a-code-7".into()]);
    ask(server.port, "GET", callback, &[("Cookie", &cookie)], "").unwrap();
    let caldav =
        json!({"url": "http://127.0.0.1:9/", "username": "caldavuser", "password": "caldav-password-7"}).to_string();
    server.send("POST", "/api/v1/calendars/caldav", &key, &caldav);
    secrets.push("caldav-password-7".into());
    ask(server.port, "GET", "/dashboard/export.json", &[("Cookie", &cookie)], "").unwrap();
    ask(server.port, "GET", "/dashboard", &[("Cookie", &cookie)], "").unwrap();

    // The database fails in the middle.
    send_signal("-KILL", &place.postgres().unwrap());
    for n in 0..3 {
        let body = ("Wilhelmina Gast", "wilhelmina@private.example");
        book(20 + n, body.0, body.1, "idempotency-key-7");
    }
    assert!(waited(|| server.is_ready()));
    std::thread::sleep(std::time::Duration::from_millis(500));

    let logs = [place.log(), fs::read_to_string(place.data.path().join("postgres.log")).unwrap()];
    assert!(logs[0].lines().count() > 100, "it was logged in detail");
    for log in logs {
        for word in secrets.iter().chain(&private) {
            let found = log.lines().find(|line| line.to_lowercase().contains(&word.to_lowercase()));
            assert!(found.is_none(), "{word} stands in a log: {}", found.unwrap_or_default());
        }
    }
}
