//! The HTTP server: routes, layers, start and stop.

use crate::config::Config;
use crate::edge::{self, StartError};
use crate::limits::{self, Client, Limits};
use crate::pages::{self, Site, Visitor};
use crate::problem::Problem;
use crate::proxies::Proxies;
use crate::{api, connect, connections, forms, live, metrics, patience, zone_query};
use app::document::Files;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get_service, post};
use booking::{Context, accounts, demo, jobs};
use leptos::prelude::*;
use leptos_axum::{
    LeptosRoutes, generate_route_list_with_exclusions_and_ssg_and_context, handle_server_fns_with_context,
};
use scheduling::urls;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use store::Store;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// The largest request body.
const LARGEST_BODY: usize = 64 * 1024;
/// How long requests and jobs in flight may take when the server stops. With what follows, ten seconds.
const GRACE: Duration = Duration::from_secs(7);

/// Serves until SIGTERM or SIGINT; then stops accepting and finishes what is in flight.
pub(crate) async fn serve(config: &Config, store: Store, with_demo: bool) -> Result<(), StartError> {
    let context = edge::context(config, store)?;
    // Replicas with keys of their own would write links that the others cannot open.
    let fits = booking::rotation::key_fits(&context).await;
    if !fits.map_err(|error| StartError::Other(format!("the database cannot be read: {error}")))? {
        return Err(StartError::OtherKey);
    }
    let platform = config.platform_api_key.as_ref().map(|key| booking::secrets::sha256(key.as_bytes()));
    let proxies = Proxies::new(config.proxy_hops, config.trusted_proxies.clone(), &config.base_url);
    let limits = Limits::new(config.writes_per_minute, config.reads_per_minute, proxies.clone(), platform);
    let mail_in_files = config.mail_in_files();
    let options = options(config)?;
    let site = Site { context: context.clone(), files: files()?, options, https: config.is_https(), mail_in_files };
    let (stop, stopped) = watch::channel(false);
    let application = router(site, limits.clone(), platform, stopped.clone())?;

    if let Some(address) = config.metrics_address {
        metrics::serve(address, context.clone()).await?;
    }
    let listener = connections::listen(config.address)
        .map_err(|error| StartError::File(format!("listening on {}", config.address), error))?;
    tracing::info!(address = %config.address, url = config.base_url, "yaksok serves");
    booking::zones::log(&context);
    proxies.check_settings();
    if with_demo {
        show_demo(&context).await?;
    }

    let until_stopped = |mut stopped: watch::Receiver<bool>| async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let worker = tokio::spawn(jobs::run(context, until_stopped(stopped.clone())));
    let sweeper = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            limits.forget_quiet();
        }
    });
    let bounds = connections::Bounds::of_process(proxies);
    let server = tokio::spawn(connections::serve(listener, application, bounds, until_stopped(stopped)));
    let signalled = wait_for_signal().await;
    tracing::info!("stopping");
    stop.send_replace(true);
    sweeper.abort();
    if tokio::time::timeout(GRACE, async { tokio::join!(server, worker) }).await.is_err() {
        tracing::warn!("requests or jobs were still in flight after {} s", GRACE.as_secs());
    }
    signalled.map_err(|error| StartError::File("waiting for a signal".into(), error))
}

async fn wait_for_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Tells on standard output how to log in as the demo mentor.
#[expect(clippy::print_stdout, reason = "`serve --demo` prints how to log in")]
async fn show_demo(context: &Context) -> Result<(), StartError> {
    let failed = |error: booking::Error| StartError::Other(format!("the demo could not be made: {error}"));
    if !demo::seed(context).await.map_err(failed)? {
        return Ok(());
    }
    let (link, _) = accounts::login_link(context, demo::HANDLE).await.map_err(failed)?;
    println!("\n  Book with the demo mentor  {}", context.link(&urls::mentor(demo::HANDLE)));
    println!("  Log in as the demo mentor  {link}   (works once, 15 minutes)\n");
    Ok(())
}

fn beside_program(name: &str) -> Result<PathBuf, StartError> {
    let program = std::env::current_exe().map_err(|error| StartError::File("finding the program".into(), error))?;
    Ok(program.with_file_name(name))
}

/// The names of the pages' files, from `hash.txt` beside the program.
fn files() -> Result<Files, StartError> {
    let list = beside_program("hash.txt")?;
    match std::fs::read_to_string(&list) {
        Ok(hashes) => Ok(Files::listed(&hashes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Files::listed("")),
        Err(error) => Err(StartError::File(format!("reading {}", list.display()), error)),
    }
}

/// Leptos' view of where the pages' files are: `site/` beside the program.
fn options(config: &Config) -> Result<LeptosOptions, StartError> {
    let root = std::env::var_os("LEPTOS_SITE_ROOT").map(PathBuf::from);
    let root = root.map_or_else(|| beside_program("site"), Ok)?;
    if !root.join("pkg").is_dir() {
        return Err(StartError::Other(format!(
            "{} does not hold the pages' files; run the program from dist/, where `make build` puts both, or set LEPTOS_SITE_ROOT",
            root.display()
        )));
    }
    Ok(LeptosOptions::builder()
        .output_name("yaksok")
        .site_root(root.to_string_lossy().into_owned())
        .site_addr(config.address)
        .build())
}

/// Everything that is answered on the public address.
pub(crate) fn router(
    site: Site,
    limits: Limits,
    platform: Option<[u8; 32]>,
    stopped: watch::Receiver<bool>,
) -> Result<Router, StartError> {
    let context = site.context.clone();
    let origin_error = |error| StartError::Other(format!("BASE_URL cannot be an origin: {error:?}"));
    let csrf = CsrfLayer::new().add_trusted_origin(&context.base_url).map_err(origin_error)?;

    // The application is run once to ask it for its routes; it wants to know a visitor even then.
    let nobody = {
        let site = site.clone();
        move || site.provide(&Visitor::nobody(), None)
    };
    let (page_routes, _) = generate_route_list_with_exclusions_and_ssg_and_context(app::App, None, nobody);
    let pages = Router::new()
        .route("/fn/{*name}", post(server_function).get(server_function))
        .merge(forms::routes())
        .merge(connect::routes())
        .leptos_routes_with_handler(page_routes, page)
        .layer(from_fn_with_state(context.clone(), zone_query::settle))
        .fallback(not_found)
        .layer(csrf)
        .layer(from_fn_with_state(site.clone(), pages::identify))
        // Files are compressed when they are built; pages, here: a fifth of 24 kB takes less time than the wire would.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        // Server functions read their body without axum's limit.
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(from_fn_with_state(limits.clone(), limits::limit));

    // Outside the pages' layers: a stream is nobody's in particular.
    let live = live::routes(context.clone(), stopped).layer(from_fn_with_state(limits.clone(), limits::limit));
    let mut router = pages
        .with_state(site.clone())
        .merge(live)
        .merge(without_pages(&context, limits, platform))
        .nest_service("/pkg", assets(&site, "pkg"));
    // Files at the root (favicons) go before `/{handle}`.
    for entry in std::fs::read_dir(site.options.site_root.as_ref()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && !name.ends_with(".br") && !name.ends_with(".gz") {
            let file = ServeFile::new(entry.path()).precompressed_br().precompressed_gzip();
            let day = SetResponseHeaderLayer::if_not_present(
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=86400"),
            );
            router = router.route_service(&format!("/{name}"), get_service(file).layer(day));
        }
    }
    let router = router.layer(from_fn(patience::answer));
    Ok(hardened(router, site.https))
}

/// The routes that are not for browsers.
pub(crate) fn without_pages(context: &Context, limits: Limits, platform: Option<[u8; 32]>) -> Router {
    api::routes(context.clone(), platform)
        .merge(connect::notifications().with_state(context.clone()))
        .layer(from_fn_with_state(limits.clone(), limits::limit))
        .merge(api::health(context.clone()).layer(Extension(limits.proxies)))
}

/// What every route has around it.
pub(crate) fn hardened(router: Router, https: bool) -> Router {
    let router = router
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(async |request: Request, next: axum::middleware::Next| harden(next.run(request).await)))
        .layer(from_fn(metrics::count))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(api::cors::answer));
    if https { router.layer(from_fn(strict_transport)) } else { router }
}

/// Files with a hash in their name never change.
fn assets(site: &Site, directory: &str) -> Router {
    let files = ServeDir::new(PathBuf::from(site.options.site_root.as_ref()).join(directory))
        .precompressed_br()
        .precompressed_gzip();
    Router::new().fallback_service(files).layer(from_fn(async |request: Request, next: axum::middleware::Next| {
        let mut response = next.run(request).await;
        let cache = if response.status().is_success() { "public, max-age=31536000, immutable" } else { "no-store" };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        response
    }))
}

/// Headers that every answer carries.
fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // `no-referrer` would break the redirect of plain forms.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

async fn strict_transport(request: Request, next: axum::middleware::Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    response
}

async fn server_function(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Client(client): Client,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    // Leptos would tell whoever asks how it is put together.
    if leptos::server_fn::axum::get_server_fn_service(parts.uri.path(), parts.method.clone()).is_none() {
        return (StatusCode::NOT_FOUND, axum::Json(app::AppError::NotFound)).into_response();
    }
    // And it would take a body that is too large for a broken connection.
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = Request::from_parts(parts, Body::from(body));
    let provide = move || {
        site.provide(&visitor, None);
        provide_context(app::api::server::Client(client.clone()));
    };
    handle_server_fns_with_context(provide, request).await.into_response()
}

async fn page(State(site): State<Site>, Extension(visitor): Extension<Visitor>, request: Request<Body>) -> Response {
    site.render(request, visitor, None).await
}

async fn not_found(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    request: Request<Body>,
) -> Response {
    if request.uri().path().starts_with("/api/") {
        return Problem::not_found().into_response();
    }
    let mut response = site.render(request, visitor, None).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
