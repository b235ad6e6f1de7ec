//! The providers' consent pages and token endpoints.

use super::{CLIENT_ID, CLIENT_SECRET, Reply, Scopes, Seen, State, soon};
use crate::remote::Provider;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// Seconds that an access token lasts.
const LIFE: u64 = 3600;

/// What was given out.
#[derive(Debug, Default)]
pub(super) struct Grants {
    codes: HashMap<String, Code>,
    /// With when they run out.
    pub(super) access: HashMap<String, (Instant, Scopes)>,
    pub(super) refresh: HashMap<String, Scopes>,
}

#[derive(Debug)]
struct Code {
    challenge: String,
    redirect_uri: String,
    scopes: Scopes,
}

/// All that can be asked for.
pub(super) fn needed(provider: Provider) -> Scopes {
    let scopes: &[&str] = match provider {
        Provider::Google => &[
            "https://www.googleapis.com/auth/calendar.events",
            "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
        ],
        _ => &["offline_access", "Calendars.ReadWrite"],
    };
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

fn page(status: u16, content: &str) -> Reply {
    let html = format!(
        "<!doctype html><html lang=en><title>Fake consent</title><h1>Yaksok wants to see your calendars</h1>{content}"
    );
    Reply { status, headers: vec![("content-type", "text/html; charset=utf-8".into())], body: Value::String(html) }
}

fn refused(code: &str) -> Reply {
    Reply { status: 400, ..Reply::ok(json!({ "error": code, "error_description": "mentor@example.com: no" })) }
}

impl State {
    /// A new access token.
    pub(super) fn access(&mut self, scopes: Scopes) -> String {
        let token = self.next("access-");
        self.grants.access.insert(token.clone(), (soon(Duration::from_secs(LIFE)), scopes));
        token
    }

    /// What the shown access token may do.
    pub(super) fn shown(&self, seen: &Seen) -> Option<&Scopes> {
        let token = seen.header("authorization").strip_prefix("Bearer ")?;
        let (until, scopes) = self.grants.access.get(token)?;
        (*until > Instant::now()).then_some(scopes)
    }

    /// The page where a person allows or denies; with all that the vendors want of whoever sends them there.
    pub(super) fn consent(&mut self, seen: &Seen) -> Reply {
        let asked = |name: &str| seen.query.get(name).map(String::as_str).unwrap_or_default();
        let scopes: Scopes = asked("scope").split_whitespace().map(str::to_owned).collect();
        let mut wanted = vec![("client_id", CLIENT_ID), ("response_type", "code"), ("code_challenge_method", "S256")];
        if self.provider == Provider::Google {
            wanted.extend([("access_type", "offline"), ("prompt", "consent")]);
        }
        let wrong = wanted.iter().find(|(name, value)| asked(name) != *value).map(|(name, _)| *name);
        let known = needed(self.provider);
        let wrong = wrong
            .or((asked("code_challenge").len() != 43).then_some("code_challenge"))
            .or(asked("state").is_empty().then_some("state"))
            .or((scopes.is_empty() || !scopes.is_subset(&known)).then_some("scope"));
        let back = Url::parse(asked("redirect_uri"));
        let (None, Ok(back)) = (wrong, back) else {
            return page(400, &format!("<p>Error 400: {}", wrong.unwrap_or("redirect_uri")));
        };
        let link = |pairs: &[(&str, &str)]| {
            let mut url = back.clone();
            url.query_pairs_mut().extend_pairs(pairs).append_pair("state", asked("state"));
            url.as_str().replace('&', "&amp;")
        };
        let mut code = |scopes: Scopes| {
            let code =
                Code { challenge: asked("code_challenge").into(), redirect_uri: asked("redirect_uri").into(), scopes };
            let name = self.next("4/0code");
            self.grants.codes.insert(name.clone(), code);
            link(&[("code", &name)])
        };
        let less = scopes.iter().take(1).cloned().collect();
        let (all, less) = (code(scopes), code(less));
        let deny = link(&[("error", "access_denied")]);
        page(
            200,
            &format!(
                "<p><a href=\"{all}\">Allow</a> <a href=\"{less}\">Allow only some</a> <a href=\"{deny}\">Deny</a>"
            ),
        )
    }

    /// RFC 6749, sections 4.1.3 and 6; RFC 7636, section 4.6.
    pub(super) fn token(&mut self, seen: &Seen) -> Reply {
        if seen.method != "POST" || seen.header("content-type") != "application/x-www-form-urlencoded" {
            return refused("invalid_request");
        }
        if seen.text("client_id") != CLIENT_ID || seen.text("client_secret") != CLIENT_SECRET {
            return Reply { status: 401, ..refused("invalid_client") };
        }
        let (scopes, first) = match seen.text("grant_type") {
            "authorization_code" => {
                let Some(code) = self.grants.codes.remove(seen.text("code")) else { return refused("invalid_grant") };
                let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(seen.text("code_verifier")));
                if challenge != code.challenge || seen.text("redirect_uri") != code.redirect_uri {
                    return refused("invalid_grant");
                }
                (code.scopes, true)
            }
            "refresh_token" => {
                let Some(scopes) = self.grants.refresh.get(seen.text("refresh_token")).cloned() else {
                    return refused("invalid_grant");
                };
                if self.rotating {
                    self.grants.refresh.remove(seen.text("refresh_token"));
                }
                (scopes, false)
            }
            _ => return refused("unsupported_grant_type"),
        };
        // Microsoft does not name the scope about lasting.
        let told: Vec<_> = scopes.iter().filter(|scope| *scope != "offline_access").map(String::as_str).collect();
        let mut body = json!({ "token_type": "Bearer", "expires_in": LIFE, "scope": told.join(" ") });
        let lasting = self.provider == Provider::Google || scopes.contains("offline_access");
        if lasting && (first || self.rotating) {
            let token = self.next("1//refresh-");
            self.grants.refresh.insert(token.clone(), scopes.clone());
            body["refresh_token"] = json!(token);
        }
        body["access_token"] = json!(self.access(scopes));
        Reply::ok(body)
    }

    /// <https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke>
    pub(super) fn revoke(&mut self, seen: &Seen) -> Reply {
        let token = seen.text("token");
        if seen.method != "POST" || seen.header("content-type") != "application/x-www-form-urlencoded" {
            return refused("invalid_request");
        }
        let grants = &mut self.grants;
        if grants.refresh.remove(token).is_none() && grants.access.remove(token).is_none() {
            return refused("invalid_token");
        }
        // One grant, so all that came of it goes with it.
        grants.access.clear();
        Reply::ok(json!({}))
    }
}
