//! What the providers send by themselves.

use super::{State, lock};
use crate::remote::Provider;
use http::StatusCode;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) fn outgoing() -> reqwest::Client {
    let timeout = Duration::from_secs(5);
    reqwest::Client::builder().timeout(timeout).tls_backend_preconfigured(no_tls()).build().unwrap_or_default()
}

/// Fakes speak to plain addresses only; reqwest wants to be told all the same.
fn no_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring's own versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

/// Graph asks an address whether it wants notifications before it sends any.
/// <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks>
pub(super) async fn shaken(url: &str) -> bool {
    let token = "Validation: Testing client application reachability + 1";
    let Ok(asked) = outgoing().post(url).query(&[("validationToken", token)]).send().await else { return false };
    let plain = asked.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    asked.status() == StatusCode::OK && plain && asked.text().await.is_ok_and(|text| text == token)
}

/// <https://developers.google.com/workspace/calendar/api/guides/push>,
/// <https://learn.microsoft.com/graph/api/resources/changenotificationcollection>
pub(super) async fn tell(state: &Mutex<State>, what: &'static str) -> Vec<u16> {
    let (google, channels) = {
        let mut state = lock(state);
        state.channels.iter_mut().for_each(|channel| channel.messages += 1);
        (state.provider == Provider::Google, state.channels.clone())
    };
    let mut statuses = Vec::new();
    for channel in channels {
        let request = outgoing().post(&channel.url);
        let request = if google {
            [
                ("x-goog-channel-id", channel.id),
                ("x-goog-channel-token", channel.secret),
                ("x-goog-channel-expiration", channel.expires),
                ("x-goog-resource-id", channel.resource),
                ("x-goog-resource-state", what.to_owned()),
                ("x-goog-message-number", channel.messages.to_string()),
            ]
            .into_iter()
            .fold(request.header("content-length", "0"), |request, (name, value)| request.header(name, value))
        } else {
            request.json(&json!({ "value": [{
                "subscriptionId": channel.id,
                "clientState": channel.secret,
                "changeType": "updated",
                "resource": channel.resource,
                "tenantId": "1",
                "subscriptionExpirationDateTime": channel.expires,
                "resourceData": { "@odata.type": "#Microsoft.Graph.Event", "id": "1" },
            }] }))
        };
        statuses.push(request.send().await.map_or(0, |answer| answer.status().as_u16()));
    }
    statuses
}
