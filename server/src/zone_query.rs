//! Time zones in plain forms, where no script helps to choose one: what was typed is understood as the search field
//! understands it.

use crate::pages::percent_encode;
use axum::extract::{Query, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use booking::Context;
use booking::zones::search;

/// The part of a page's query that holds the zone.
const FIELD: &str = "tz";

/// The zone that was meant. What nothing is found for stays, for the page to say so.
pub(crate) fn meant(context: &Context, typed: &str) -> String {
    search::resolve(&context.zones, typed, context.now()).unwrap_or_else(|| typed.to_owned())
}

/// Answers `?tz=new+york` with the address of `?tz=America/New_York`.
pub(crate) async fn settle(State(context): State<Context>, request: Request, next: Next) -> Response {
    match (request.method(), settled(&context, request.uri())) {
        (&Method::GET, Some(address)) => Redirect::to(&address).into_response(),
        _ => next.run(request).await,
    }
}

/// The address with the zone's name in it, where it has something else that means a zone.
fn settled(context: &Context, uri: &Uri) -> Option<String> {
    let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let (_, typed) = query.iter().find(|(name, _)| name == FIELD)?;
    let zone = meant(context, typed);
    if zone == *typed {
        return None;
    }
    let rest = query.iter().filter(|(name, _)| name != FIELD).map(|(name, value)| (name.as_str(), value.as_str()));
    let pairs = rest.chain([(FIELD, zone.as_str())]);
    let query: Vec<_> =
        pairs.map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value))).collect();
    // A path that begins with two slashes would be another host.
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    Some(format!("{path}?{}", query.join("&")))
}
