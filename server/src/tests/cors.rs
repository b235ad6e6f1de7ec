//! What a page of another site may ask: every route of the router, with the cookies of somebody who is logged in.

use super::rights::routes;
use super::*;
use crate::proxies::Proxies;
use axum::extract::ConnectInfo;
use std::net::SocketAddr;

/// Rows of the API that need no cookie, no mentor's key and no platform's. Whatever else there is, is closed.
const OPEN: [(&str, &str); 10] = [
    ("get", "/api/v1/mentors"),
    ("get", "/api/v1/mentors/{handle}"),
    ("get", "/api/v1/mentors/{handle}/slots"),
    ("post", "/api/v1/holds"),
    ("post", "/api/v1/bookings"),
    ("get", "/api/v1/bookings/{id}"),
    ("post", "/api/v1/bookings/{id}/cancel"),
    ("post", "/api/v1/bookings/{id}/reschedule"),
    ("get", "/api/v1/bookings/{id}/invite.ics"),
    ("get", "/api/v1/openapi.json"),
];

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn from_elsewhere(world: &World, method: &str, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method.to_uppercase().as_str())
        .uri(path)
        .header("origin", "https://elsewhere.example")
        .header("cookie", format!("__Host-yaksok={}", world.people.kim.session))
}

#[tokio::test]
async fn other_sites_may_ask_the_open_rows_and_nothing_else() {
    let world = World::new().await;
    let known = routes(&world.router);
    for (method, path) in OPEN {
        assert!(known.contains(&(method.to_owned(), path.to_owned())), "{method} {path} is no route");
    }
    let paths: std::collections::BTreeSet<&String> = known.iter().map(|(_, path)| path).collect();
    for path in paths {
        let given = path.replace("{handle}", "kim-mentor").replace("{id}", &world.people.ada.id);
        let given = given.replace(['{', '}', '*'], "");
        for method in METHODS {
            let open = OPEN.contains(&(method, path.as_str()));
            let preflight = from_elsewhere(&world, "options", &given)
                .header("access-control-request-method", method.to_uppercase())
                .header("access-control-request-headers", "authorization,content-type,idempotency-key");
            let preflight = world.send(preflight.body(Body::empty()).unwrap()).await;
            let asked = world.send(from_elsewhere(&world, method, &given).body(Body::empty()).unwrap()).await;
            for reply in [&preflight, &asked] {
                let origin = reply.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap());
                assert_eq!(origin, open.then_some("*"), "{method} {path}: {:?}", reply.headers);
                assert!(!reply.headers.contains_key("access-control-allow-credentials"), "{method} {path}");
            }
            let header = |reply: &Reply, name: &str| {
                reply.headers.get(name).map(|value| value.to_str().unwrap().to_lowercase()).unwrap_or_default()
            };
            let mut names = preflight.headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
            if !open {
                assert_eq!(names.next(), None, "{method} {path}");
                continue;
            }
            assert_eq!((preflight.status, preflight.text.as_str()), (204, ""), "{method} {path}");
            assert!(header(&preflight, "access-control-allow-methods").split(", ").any(|known| known == method));
            for name in ["authorization", "content-type", "idempotency-key", "if-none-match", "if-match"] {
                assert!(header(&preflight, "access-control-allow-headers").contains(name), "{method} {path}: {name}");
            }
            assert!(header(&preflight, "access-control-max-age").parse::<u32>().unwrap() > 0);
            for name in ["etag", "retry-after"] {
                assert!(header(&asked, "access-control-expose-headers").contains(name), "{method} {path}: {name}");
            }
        }
    }
}

/// A page can read why it was refused: without the header, a browser shows it a network error.
#[tokio::test]
async fn refusals_can_be_read_too() {
    let world = World::new().await;
    let allowed = |reply: &Reply| reply.headers.get("access-control-allow-origin").is_some_and(|value| value == "*");
    for (method, path, token, status) in [
        ("get", "/api/v1/mentors/nobody", "", 404),
        ("get", "/api/v1/mentors", "unknown", 401),
        ("post", "/api/v1/bookings", "", 400),
        ("head", "/api/v1/mentors", "", 200),
    ] {
        let mut request = from_elsewhere(&world, method, path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let reply = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, status, "{method} {path}");
        assert!(allowed(&reply), "{method} {path}");
    }
    let limited = Limits::new(0, 1, Proxies::none(), None);
    let (_stop, stopped) = watch::channel(false);
    let router = http_server::router(world.site.clone(), limited, None, stopped).unwrap();
    for status in [200, 429] {
        let mut request = from_elsewhere(&world, "get", "/api/v1/mentors").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert!(response.headers().contains_key("access-control-allow-origin"), "{status}");
    }
}
