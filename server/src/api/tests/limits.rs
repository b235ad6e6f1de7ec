//! How often one may ask.

use super::*;
use axum::extract::ConnectInfo;
use std::net::SocketAddr;

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let api = Api::limited(3, 5).await;
    let ask = async |method: &str, path: &str, address: [u8; 4], token: &str| {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 1))));
        api.send(request).await
    };
    let (one, another) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    // Every request counts, refused ones too.
    for path in ["/api/v1/mentors", "/api/v1/nothing", "/api/v1/availability", "/api/docs", "/api/v1/openapi.json"] {
        assert!(ask("GET", path, one, "").await.status < 429, "{path}");
    }
    for path in ["/api/v1/mentors", "/api/v1/nothing", "/api/docs"] {
        let limited = ask("GET", path, one, "").await;
        assert_eq!(limited.refused(), (429, "rate_limited".into()));
        assert!((1..=12).contains(&limited.header("retry-after").parse::<u32>().unwrap()), "{limited:?}");
    }
    for _ in 0..3 {
        assert_eq!(
            ask("POST", "/api/v1/bookings", one, &api.kim.key).await.status,
            400,
            "writing has a bucket of its own"
        );
    }
    assert_eq!(ask("POST", "/api/v1/bookings", one, &api.kim.key).await.status, 429);
    assert_eq!(ask("GET", "/api/v1/mentors", another, "").await.status, 200, "each address has its own");
    for _ in 0..8 {
        assert_eq!(ask("GET", "/api/v1/mentors", one, PLATFORM_KEY).await.status, 200, "the platform is exempt");
        assert_eq!(ask("GET", "/healthz", one, "").await.status, 200, "and so is whoever runs the server");
    }
}
