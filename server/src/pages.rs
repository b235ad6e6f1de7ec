//! Pages and server functions: what each request knows of its visitor, and the headers that keep a page to itself.

use app::api::cookies::Cookies;
use app::api::server::Caller;
use app::context::{CLOCK_COOKIE, Posted, Viewer, Visit};
use app::document::{self, Files};
use axum::body::Body;
use axum::extract::{FromRef, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use booking::secrets::Secret;
use booking::store::Account;
use booking::{Context, accounts, calendar, jobs, schedule};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use scheduling::{ClockFormat, Language, MentorId, RegionalFormat, urls};
use std::fmt::Write as _;

/// What every handler of a page needs.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) context: Context,
    pub(crate) options: LeptosOptions,
    pub(crate) files: Files,
    pub(crate) https: bool,
    pub(crate) mail_in_files: bool,
}

/// Who visits, from the cookies.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) mentor: Option<MentorId>,
    pub(crate) viewer: Option<Viewer>,
    pub(crate) session: Option<Secret>,
    pub(crate) language: Language,
    /// How hours and weeks are written for them.
    pub(crate) format: RegionalFormat,
    pub(crate) cookies: Cookies,
}

impl Visitor {
    /// Nobody is logged in, and no language is asked for.
    pub(crate) fn nobody() -> Self {
        Self {
            mentor: None,
            viewer: None,
            session: None,
            language: Language::default(),
            format: RegionalFormat::default(),
            cookies: Cookies::default(),
        }
    }

    /// As server functions see this visitor.
    pub(crate) fn caller(&self) -> Caller {
        Caller { mentor: self.mentor, language: self.language, format: self.format }
    }
}

impl FromRef<Site> for LeptosOptions {
    fn from_ref(site: &Site) -> Self {
        site.options.clone()
    }
}

impl Site {
    /// `__Host-` binds the cookie to this very origin, and wants TLS.
    fn session_cookie_name(&self) -> &'static str {
        if self.https { "__Host-yaksok" } else { "yaksok" }
    }

    /// A cookie that logs in, or out (`None`).
    pub(crate) fn session_cookie(&self, token: Option<&Secret>) -> HeaderValue {
        let (value, age) = token.map_or(("", 0), |token| (token.reveal(), accounts::SESSION.num_seconds()));
        let mut cookie =
            format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}", self.session_cookie_name());
        if self.https {
            cookie.push_str("; Secure");
        }
        HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
    }

    /// A cookie that remembers a choice for a year: the language, or how hours are counted.
    pub(crate) fn lasting_cookie(&self, name: &str, value: &str) -> HeaderValue {
        let secure = if self.https { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; SameSite=Lax; Max-Age=31536000{secure}");
        HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
    }

    /// What a page or server function of this visitor finds in its context.
    pub(crate) fn provide(&self, visitor: &Visitor, posted: Option<Posted>) {
        provide_context(self.context.clone());
        provide_context(visitor.caller());
        provide_context(visitor.cookies.clone());
        provide_context(Visit {
            language: visitor.language,
            format: visitor.format,
            viewer: visitor.viewer.clone(),
            now: self.context.now(),
            base_url: self.context.base_url.clone(),
            signups_open: self.context.signups_open,
            mail_in_files: self.mail_in_files,
            posted,
            timezone: visitor.cookies.timezone.clone(),
            form_key: self.form_key(),
        });
        if let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), leptos::nonce::use_nonce()) {
            let mut policy = format!("default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; ");
            let _ = write!(
                policy,
                "style-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                 frame-ancestors 'none'"
            );
            if let Ok(policy) = HeaderValue::from_str(&policy) {
                response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
    }

    /// 128 random bits, in hexadecimal.
    fn form_key(&self) -> String {
        let mut bytes = [0; 16];
        self.context.random.fill(&mut bytes);
        format!("{:032x}", u128::from_be_bytes(bytes))
    }

    /// Renders the page of `uri`, with what was posted to it.
    pub(crate) async fn render(&self, request: Request, visitor: Visitor, posted: Option<Posted>) -> Response {
        let (files, site) = (self.files.clone(), self.clone());
        let render = leptos_axum::render_app_async_with_context(
            move || site.provide(&visitor, posted.clone()),
            move || document::shell(&files),
        );
        render(request).await.into_response()
    }

    /// Answers a plain form that failed: its page once more, with what was typed.
    pub(crate) async fn render_posted(
        &self,
        uri: axum::http::Uri,
        headers: HeaderMap,
        visitor: Visitor,
        posted: Posted,
    ) -> Response {
        let status = posted.error.as_ref().map_or(StatusCode::OK, app::api::server::status);
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let mut response = self.render(request, visitor, Some(posted)).await;
        *response.status_mut() = status;
        response
    }
}

/// Finds out who visits, once for each request.
pub(crate) async fn identify(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let session = cookie(headers, site.session_cookie_name()).filter(|value| !value.is_empty()).map(Secret::new);
    let account = match &session {
        Some(token) => match accounts::session(&site.context, token).await {
            Ok(account) => account,
            Err(error) => {
                tracing::error!(%error, "a session cannot be read");
                return crate::patience::busy();
            }
        },
        None => None,
    };
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let language =
        cookie(headers, "language").and_then(Language::from_tag).unwrap_or_else(|| Language::negotiate(accepted));
    let format = format_of(request.uri(), headers, account.as_ref(), accepted);
    let cookies = Cookies::read(|name| cookie(headers, name), |zone| site.context.zones.contains(zone));
    let path = request.uri().path();
    let private = path == urls::DASHBOARD || path.starts_with("/dashboard/");
    let calendar_expired = match &account {
        Some(account) if private => calendar::list(&site.context, account.id())
            .await
            .is_ok_and(|connections| connections.iter().any(|connection| connection.status == "expired")),
        _ => false,
    };
    let given_up = match &account {
        Some(account) if private => jobs::given_up(&site.context, account.id()).await.unwrap_or_default(),
        _ => 0,
    };
    let lacks_link = match &account {
        Some(account) if private => schedule::any_lacks_link(&site.context, account.id()).await.unwrap_or_default(),
        _ => false,
    };
    let visitor = Visitor {
        mentor: account.as_ref().map(|account| account.id()),
        viewer: account.map(|account| Viewer {
            handle: account.handle,
            name: account.name,
            calendar_expired,
            given_up,
            lacks_link,
        }),
        session,
        language,
        format,
        cookies,
    };
    if private && visitor.mentor.is_none() && [Method::GET, Method::HEAD].contains(request.method()) {
        let next = request.uri().path_and_query().map(|p| p.as_str()).unwrap_or(path);
        return Redirect::to(&format!("{}?next={}", urls::LOGIN, percent_encode(next))).into_response();
    }
    // The switch is a link, which remembers the choice where no script does.
    let switched = clock_in(request.uri()).filter(|clock| cookie(request.headers(), CLOCK_COOKIE) != Some(clock.tag()));
    request.extensions_mut().insert(visitor);
    let mut response = next.run(request).await;
    if let Some(clock) = switched {
        response.headers_mut().append(header::SET_COOKIE, site.lasting_cookie(CLOCK_COOKIE, clock.tag()));
    }
    // A page holds its visitor's language and name: no cache may give it to another.
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Cookie, Accept-Language"));
    response
}

/// How hours and weeks are written for this visitor. A mentor who is logged in has settings; everybody else has a switch,
/// which stands in the address and is remembered in a cookie; otherwise it is as is usual in the browser's region.
fn format_of(uri: &Uri, headers: &HeaderMap, account: Option<&Account>, accepted: &str) -> RegionalFormat {
    let usual = RegionalFormat::negotiate(accepted);
    if let Some(account) = account {
        return accounts::chosen_format(account, usual);
    }
    let clock = clock_in(uri).or_else(|| cookie(headers, CLOCK_COOKIE).and_then(ClockFormat::from_tag));
    RegionalFormat { clock: clock.unwrap_or(usual.clock), ..usual }
}

/// The clock format that an address asks for: `h=24h`.
fn clock_in(uri: &Uri) -> Option<ClockFormat> {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| *name == "h").find_map(|(_, value)| ClockFormat::from_tag(value))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// For a value in a query (RFC 3986: everything but unreserved characters).
pub(crate) fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        encoded
    })
}
