//! How a mentor lets us into a calendar: OAuth 2.0, authorization code with PKCE (RFC 6749, RFC 7636).

use crate::http::{Answer, Http, endpoint};
use crate::remote::{Provider, RemoteError};
use chrono::TimeDelta;
use http::StatusCode;
use oauth2::basic::{BasicClient, BasicRequestTokenError, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenResponse, TokenUrl,
};
use reqwest::Method;
use std::fmt;
use zeroize::Zeroizing;

/// What we ask of Google: events, and the list of calendars to look for them in.
/// <https://developers.google.com/workspace/calendar/api/auth>
const GOOGLE: [&str; 2] = [
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
];
/// Whoever has allowed all of it has allowed what we ask for.
const ALL_OF_GOOGLE_CALENDAR: &str = "https://www.googleapis.com/auth/calendar";
/// What we ask of Microsoft: events, and that the permission lasts.
/// <https://learn.microsoft.com/graph/permissions-reference#calendarsreadwrite>
const MICROSOFT: [&str; 2] = ["offline_access", "Calendars.ReadWrite"];

/// Of an access token whose answer does not say how long it lasts (RFC 6749, section 5.1, only recommends it).
const UNTOLD_LIFE: TimeDelta = TimeDelta::minutes(5);

/// Yaksok as a provider knows it. Prints without its secret.
#[derive(Clone)]
pub struct App {
    /// Google or Microsoft; CalDAV has passwords instead.
    pub provider: Provider,
    /// As registered with the provider.
    pub client_id: String,
    /// As registered with the provider.
    pub client_secret: Zeroizing<String>,
    /// Where people are sent to.
    pub auth_url: String,
    /// Where tokens come from.
    pub token_url: String,
    /// Where tokens are given back; Microsoft has no such place.
    pub revoke_url: Option<String>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("provider", &self.provider)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The beginning of a grant.
pub struct Started {
    /// Where to send the person.
    pub url: String,
    /// To be kept, with the state, until they come back. Not to be shown to them.
    pub verifier: Zeroizing<String>,
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Started(…)")
    }
}

/// What a grant gives. Does not print.
pub struct Tokens {
    /// Shown with every request.
    pub access: Zeroizing<String>,
    /// Gets the next access token. `None`: the one that was used stays. Microsoft gives a new one each time, and it is the
    /// new one that has to be kept.
    pub refresh: Option<Zeroizing<String>>,
    /// How long the access token lasts, from now.
    pub expires_in: TimeDelta,
    /// What is allowed, where the provider tells.
    pub scopes: Option<Vec<String>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("expires_in", &self.expires_in)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

type Client = BasicClient<
    oauth2::EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
>;

impl App {
    /// Where to send a person who wants to connect a calendar. They come back to `redirect_uri` with `state` and a code, or
    /// with an error.
    ///
    /// # Errors
    /// [`RemoteError::Refused`] where a configured address is none.
    pub fn start(&self, state: &str, redirect_uri: &str) -> Result<Started, RemoteError> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client()?.set_redirect_uri(redirect(redirect_uri)?);
        let request = client
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .add_scopes(self.scopes().iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge);
        let extra: &[(&str, &str)] = match self.provider {
            // Without both of the first, Google gives no refresh token to somebody who has agreed before.
            Provider::Google => {
                &[("access_type", "offline"), ("prompt", "consent"), ("include_granted_scopes", "true")]
            }
            _ => &[("prompt", "select_account")],
        };
        let (url, _) =
            extra.iter().fold(request, |request, (name, value)| request.add_extra_param(*name, *value)).url();
        Ok(Started { url: url.into(), verifier: Zeroizing::new(verifier.into_secret()) })
    }

    /// Tokens for the code that the person came back with. `verifier` is that of [`Started`], `redirect_uri` the same as
    /// there.
    ///
    /// # Errors
    /// [`RemoteError::GrantRefused`] for a code that is wrong, spent or too old, [`RemoteError::ScopeMissing`] where the
    /// person has unticked something, else see [`RemoteError`].
    pub async fn exchange(
        &self,
        http: &Http,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, RemoteError> {
        let client = self.client()?.set_redirect_uri(redirect(redirect_uri)?);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        let ask = |request| ask(http.clone(), request);
        let tokens = tokens(&request.request_async(&ask).await.map_err(error)?);
        let lasts = tokens.refresh.is_some();
        if lasts && self.covered_by(&tokens) { Ok(tokens) } else { Err(RemoteError::ScopeMissing) }
    }

    /// A new access token, and perhaps a new refresh token: see [`Tokens::refresh`].
    ///
    /// # Errors
    /// [`RemoteError::GrantRefused`] where the permission was withdrawn or has lapsed, else see [`RemoteError`].
    pub async fn refresh(&self, http: &Http, refresh_token: &str) -> Result<Tokens, RemoteError> {
        let (client, token) = (self.client()?, RefreshToken::new(refresh_token.to_owned()));
        let ask = |request| ask(http.clone(), request);
        Ok(tokens(&client.exchange_refresh_token(&token).request_async(&ask).await.map_err(error)?))
    }

    /// Gives a refresh or access token back (RFC 7009). One that is not valid any more is fine, and so is a provider that
    /// takes none back.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn revoke(&self, http: &Http, token: &str) -> Result<(), RemoteError> {
        let Some(url) = &self.revoke_url else { return Ok(()) };
        let answer = http.send(http.request(Method::POST, endpoint(url)?).form(&[("token", token)])).await?;
        match answer.code().as_str() {
            "invalid_token" if answer.status == StatusCode::BAD_REQUEST => Ok(()),
            _ => answer.done(),
        }
    }

    fn scopes(&self) -> &'static [&'static str] {
        match self.provider {
            Provider::Google => &GOOGLE,
            Provider::Microsoft => &MICROSOFT,
            Provider::CalDav => &[],
        }
    }

    /// Whether all that was asked for is allowed. A provider that does not tell has allowed it (RFC 6749, section 5.1).
    fn covered_by(&self, tokens: &Tokens) -> bool {
        let Some(granted) = &tokens.scopes else { return true };
        // Microsoft may put the resource in front of a scope, and never names the one about lasting.
        let same = |granted: &str, asked: &str| match self.provider {
            Provider::Microsoft => granted.rsplit('/').next().is_some_and(|short| short.eq_ignore_ascii_case(asked)),
            _ => granted == asked || granted == ALL_OF_GOOGLE_CALENDAR,
        };
        let asked = self.scopes().iter().filter(|asked| **asked != "offline_access");
        asked.into_iter().all(|asked| granted.iter().any(|granted| same(granted, asked)))
    }

    fn client(&self) -> Result<Client, RemoteError> {
        let bad = |_| RemoteError::Refused("an address is not a web address".into());
        Ok(BasicClient::new(ClientId::new(self.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.client_secret.as_str().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::new(self.auth_url.clone()).map_err(bad)?)
            .set_token_uri(TokenUrl::new(self.token_url.clone()).map_err(bad)?))
    }
}

fn redirect(url: &str) -> Result<RedirectUrl, RemoteError> {
    RedirectUrl::new(url.to_owned()).map_err(|_| RemoteError::Refused("an address is not a web address".into()))
}

/// Asks as the `oauth2` crate wants it, and says itself what a refusal means.
async fn ask(http: Http, request: HttpRequest) -> Result<HttpResponse, RemoteError> {
    let (parts, body) = request.into_parts();
    let url = endpoint(&parts.uri.to_string())?;
    let answer = http.send(http.request(parts.method, url).headers(parts.headers).body(body)).await?;
    if !answer.status.is_success() {
        return Err(refusal(&answer));
    }
    let mut response = HttpResponse::new(answer.body);
    (*response.status_mut(), *response.headers_mut()) = (answer.status, answer.headers);
    Ok(response)
}

/// RFC 6749, section 5.2; the other two are Microsoft's, where the person has to come back.
fn refusal(answer: &Answer) -> RemoteError {
    match (answer.code().as_str(), answer.status.as_u16()) {
        ("invalid_grant" | "interaction_required" | "consent_required", _) => RemoteError::GrantRefused,
        // Here it is our secret that is wrong, or the address, not an access token or a calendar.
        (_, 401 | 404 | 410) => RemoteError::Refused(answer.text()),
        _ => answer.error(),
    }
}

fn error(error: BasicRequestTokenError<RemoteError>) -> RemoteError {
    match error {
        BasicRequestTokenError::Request(error) => error,
        // The others carry what was answered.
        _ => RemoteError::Unavailable("an answer is broken".into()),
    }
}

fn tokens(answer: &BasicTokenResponse) -> Tokens {
    let secret = |text: &String| Zeroizing::new(text.clone());
    Tokens {
        access: secret(answer.access_token().secret()),
        refresh: answer.refresh_token().map(|token| secret(token.secret())),
        expires_in: answer.expires_in().and_then(|life| TimeDelta::from_std(life).ok()).unwrap_or(UNTOLD_LIFE),
        scopes: answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
    }
}
