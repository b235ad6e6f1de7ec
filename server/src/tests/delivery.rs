//! How pages travel.

use super::World;
use axum::body::Body;
use axum::http::{Request, header};

fn page(path: &str, encodings: &str) -> Request<Body> {
    Request::get(path).header(header::ACCEPT_ENCODING, encodings).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_page_is_compressed_for_whoever_can_read_that() {
    let world = World::new().await;
    let plain = world.send(page("/kim-mentor", "identity")).await;
    assert_eq!(plain.status, 200);
    assert!(!plain.headers.contains_key(header::CONTENT_ENCODING));
    // The program is not asked for before the page is drawn.
    assert!(plain.text.contains(r#"<link rel="stylesheet" href="/pkg/yaksok.css""#), "{}", plain.text);
    assert!(plain.text.contains("import('/pkg/yaksok.js')"), "{}", plain.text);
    assert!(!plain.text.contains("preload"), "{}", plain.text);

    let packed = world.send(page("/kim-mentor", "br, gzip")).await;
    assert_eq!(packed.headers[header::CONTENT_ENCODING], "gzip");
    let vary: Vec<_> = packed.headers.get_all(header::VARY).iter().map(|value| value.to_str().unwrap()).collect();
    assert!(vary.join(", ").to_lowercase().contains("accept-encoding"), "{vary:?}");
    // Read as text, each byte of it is a character at most.
    let (packed, plain) = (packed.text.chars().count(), plain.text.len());
    assert!(packed * 2 < plain, "{packed} of {plain}");

    // What waits to be told of changes is not held back to be packed.
    let live = world.send(page("/fn/live/kim-mentor", "gzip")).await;
    assert_eq!(live.status, 200);
    assert!(!live.headers.contains_key(header::CONTENT_ENCODING));
}
