//! Configuration: environment variables, all checked before anything starts.

use crate::proxies;
use axum::http::Uri;
use base64::{Engine, engine::general_purpose::STANDARD};
use calendars::caldav::Reach;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Whom mail comes from where nothing else is set.
const FROM: &str = "Yaksok <bookings@localhost>";

/// Every setting. Does not print its secrets.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) database_url: Option<String>,
    pub(crate) migration_url: Option<String>,
    pub(crate) data_dir: PathBuf,
    /// Where the host keeps its time zone data; none: in one of the usual places.
    pub(crate) zone_directory: Option<PathBuf>,
    pub(crate) address: SocketAddr,
    pub(crate) metrics_address: Option<SocketAddr>,
    /// Without a slash at the end.
    pub(crate) base_url: String,
    pub(crate) seal_key: Option<[u8; 32]>,
    pub(crate) previous_seal_key: Option<[u8; 32]>,
    pub(crate) smtp_url: Option<String>,
    pub(crate) resend_api_key: Option<String>,
    pub(crate) mail_from: String,
    /// What this server calls itself where it sends mail; none: what the machine calls itself.
    pub(crate) helo_name: Option<String>,
    pub(crate) platform_api_key: Option<String>,
    pub(crate) signups_open: bool,
    /// The details of bookers are kept for so long after a booking's end; none: for ever.
    pub(crate) retention_days: Option<u32>,
    pub(crate) google: Option<Provider>,
    pub(crate) microsoft: Option<Provider>,
    pub(crate) sync_interval_seconds: u32,
    /// Which CalDAV servers may be reached.
    pub(crate) caldav: Reach,
    pub(crate) proxy_hops: usize,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) writes_per_minute: u32,
    pub(crate) reads_per_minute: u32,
    pub(crate) log_filter: String,
}

/// A calendar provider that is switched on: who we are there, and where it is.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) auth_url: String,
    pub(crate) token_url: String,
    pub(crate) revoke_url: Option<String>,
    /// Without a slash at the end.
    pub(crate) api_url: String,
}

/// Variables that cannot be used, one line each.
#[derive(Debug)]
pub(crate) struct ConfigErrors(Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl Config {
    /// Reads and checks every variable, through `get` (so that tests need no environment).
    pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        // An empty variable counts as unset: container files often set them so.
        let value = |name: &str| get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let mut wrong = |name: &str, should: &str| errors.push(format!("{name} {should}"));

        let address = value("LEPTOS_SITE_ADDR").unwrap_or_else(|| "127.0.0.1:3000".into());
        let address = address.parse::<SocketAddr>().unwrap_or_else(|_| {
            wrong("LEPTOS_SITE_ADDR", "must be an address and a port, such as 127.0.0.1:3000");
            SocketAddr::from(([127, 0, 0, 1], 3000))
        });

        let metrics_address = value("METRICS_ADDR").and_then(|text| {
            let address = text.parse::<SocketAddr>().ok();
            if address.is_none() {
                wrong("METRICS_ADDR", "must be an address and a port, such as 127.0.0.1:9100");
            }
            address
        });

        // The container image sets it: there the address to listen on says nothing about the address that people use.
        if value("BASE_URL").is_none() && value("BASE_URL_REQUIRED").is_some_and(|required| required != "false") {
            wrong("BASE_URL", "is missing: set it to the address that people use, such as https://book.example.com");
        }
        let base_url = value("BASE_URL").unwrap_or_else(|| format!("http://{address}"));
        let base_url = base_url.trim_end_matches('/').to_owned();
        // An origin has the two slashes after its scheme, and no more.
        if !is_web_address(&base_url) || base_url.matches('/').count() > 2 || base_url.contains(['?', '#']) {
            wrong("BASE_URL", "must be an origin without a path, such as https://book.example.com");
        }

        for name in ["DATABASE_URL", "DATABASE_MIGRATION_URL"] {
            if value(name).is_some_and(|url| !store::is_address(&url)) {
                wrong(name, "must be an address such as postgres://user:password@host:5432/database");
            }
        }
        if value("DATABASE_MIGRATION_URL").is_some() && value("DATABASE_URL").is_none() {
            wrong("DATABASE_MIGRATION_URL", "is of no use without DATABASE_URL");
        }

        let mut key = |name: &str| {
            let text = value(name)?;
            let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            if bytes.is_none() {
                wrong(name, "must be 32 bytes in base64; make one with: openssl rand -base64 32");
            }
            bytes
        };
        let seal_key = key("CALENDAR_TOKEN_ENCRYPTION_KEY");
        let previous_seal_key = key("CALENDAR_TOKEN_ENCRYPTION_KEY_PREVIOUS");

        let platform_api_key = value("PLATFORM_API_KEY");
        if platform_api_key.as_ref().is_some_and(|key| key.chars().count() < 32) {
            wrong("PLATFORM_API_KEY", "must have 32 characters or more");
        }

        let signups = value("SIGNUPS").unwrap_or_else(|| "open".into());
        if !["open", "closed"].contains(&signups.as_str()) {
            wrong("SIGNUPS", "must be open or closed");
        }

        let mut number = |name: &str, default: u32, most: u32| match value(name).map(|v| v.parse::<u32>()) {
            None => default,
            Some(Ok(number)) if number <= most => number,
            Some(_) => {
                wrong(name, &format!("must be a whole number from 0 to {most}"));
                default
            }
        };
        let proxy_hops = number("TRUSTED_PROXY_HOPS", 0, 10) as usize;
        let trusted_proxies = value("TRUSTED_PROXIES").unwrap_or_else(|| "private".into());
        let trusted_proxies = proxies::networks(&trusted_proxies);
        let retention_days = number("BOOKING_RETENTION_DAYS", 0, 36_500);
        let writes_per_minute = number("RATE_LIMIT_WRITES_PER_MINUTE", 20, 1_000_000);
        let reads_per_minute = number("RATE_LIMIT_READS_PER_MINUTE", 600, 1_000_000);

        let sync_interval_seconds = number("CALENDAR_SYNC_INTERVAL_SECONDS", 300, 86_400);
        if sync_interval_seconds == 0 {
            wrong("CALENDAR_SYNC_INTERVAL_SECONDS", "must be 1 or more");
        }
        if trusted_proxies.is_none() {
            wrong(
                "TRUSTED_PROXIES",
                "must be addresses or networks with commas between, such as private,203.0.113.0/24",
            );
        }

        let listed = Reach::listed(&value("CALDAV_ALLOWED_HOSTS").unwrap_or_default()).unwrap_or_else(|error| {
            wrong("CALDAV_ALLOWED_HOSTS", &format!("must be a list such as nas.lan:8443, 10.0.0.0/8: {error}"));
            Reach::default()
        });
        // Where people are served over TLS, the machine's own network is nobody's to reach into. Elsewhere it is in development.
        let caldav = if base_url.starts_with("https://") { listed } else { Reach::anywhere() };

        let mut account = |id: &str, secret: &str| match (value(id), value(secret)) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (Some(_), None) => {
                wrong(secret, &format!("is missing: {id} is set"));
                None
            }
            (None, Some(_)) => {
                wrong(id, &format!("is missing: {secret} is set"));
                None
            }
            (None, None) => None,
        };
        let google = account("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET");
        let microsoft = account("MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET");
        let mut url = |name: &str, default: &str| {
            let set = value(name);
            let url = set.clone().unwrap_or_else(|| default.to_owned());
            if set.is_some_and(|set| !is_web_address(&set)) {
                wrong(name, "must be an address that begins with https://");
            }
            url.trim_end_matches('/').to_owned()
        };
        let google_urls = (
            url("GOOGLE_AUTH_URL", "https://accounts.google.com/o/oauth2/v2/auth"),
            url("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token"),
            url("GOOGLE_REVOKE_URL", "https://oauth2.googleapis.com/revoke"),
            url("GOOGLE_CALENDAR_API_URL", "https://www.googleapis.com/calendar/v3"),
        );
        let tenant = value("MICROSOFT_TENANT").unwrap_or_else(|| "common".into());
        let login = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0");
        let microsoft_urls = (
            url("MICROSOFT_AUTH_URL", &format!("{login}/authorize")),
            url("MICROSOFT_TOKEN_URL", &format!("{login}/token")),
            url("MICROSOFT_GRAPH_URL", "https://graph.microsoft.com/v1.0"),
        );
        if !tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
            wrong("MICROSOFT_TENANT", "must be common, organizations, consumers, or a tenant's id or domain");
        }

        let (smtp_url, resend_api_key) = (value("SMTP_URL"), value("RESEND_API_KEY"));
        let from_set = value("MAIL_FROM");
        let mail_from = from_set.clone().unwrap_or_else(|| FROM.into());
        let helo_name = value("SMTP_HELO_NAME").or_else(|| public_name(&base_url));
        if helo_name.as_ref().is_some_and(|name| !is_helo_name(name)) {
            errors.push(
                "SMTP_HELO_NAME must be this server's full name, such as book.example.com, or [192.0.2.1]".into(),
            );
        }
        // Each by itself, so that one hides no other.
        let from = mailer::Mailer::new(transport(None, None, PathBuf::new()), &mail_from);
        let smtp = mailer::Mailer::new(transport(smtp_url.as_ref(), None, PathBuf::new()), FROM);
        let resend = mailer::Mailer::new(transport(None, resend_api_key.as_ref(), PathBuf::new()), FROM);
        errors.extend([from, smtp, resend].into_iter().filter_map(Result::err).map(|error| error.to_string()));
        if base_url.starts_with("https://") && smtp_url.is_none() && resend_api_key.is_none() {
            errors.push("SMTP_URL or RESEND_API_KEY is missing: with an https BASE_URL, mail must go out".into());
        }
        if base_url.starts_with("https://") && from_set.is_none() {
            errors.push(
                "MAIL_FROM is missing: with an https BASE_URL, mail needs a sender that mail servers accept".into(),
            );
        }
        errors.extend(tls::check_variables(&get).err());

        let log_filter = value("RUST_LOG").unwrap_or_else(|| "info".into());
        if log_filter.parse::<tracing_subscriber::filter::Targets>().is_err()
            && log_filter.parse::<tracing_subscriber::EnvFilter>().is_err()
        {
            errors.push("RUST_LOG must be a tracing filter, such as info or info,store=debug".into());
        }

        if !errors.is_empty() {
            return Err(ConfigErrors(errors));
        }
        Ok(Self {
            database_url: value("DATABASE_URL"),
            migration_url: value("DATABASE_MIGRATION_URL"),
            data_dir: value("DATA_DIR").map_or_else(|| PathBuf::from("data"), PathBuf::from),
            zone_directory: value("TZDIR").map(PathBuf::from),
            address,
            metrics_address,
            base_url,
            seal_key,
            previous_seal_key,
            smtp_url,
            resend_api_key,
            mail_from,
            helo_name,
            platform_api_key,
            signups_open: signups == "open",
            retention_days: Some(retention_days).filter(|days| *days > 0),
            google: google.map(|(client_id, client_secret)| Provider {
                client_id,
                client_secret,
                auth_url: google_urls.0,
                token_url: google_urls.1,
                revoke_url: Some(google_urls.2),
                api_url: google_urls.3,
            }),
            microsoft: microsoft.map(|(client_id, client_secret)| Provider {
                client_id,
                client_secret,
                auth_url: microsoft_urls.0,
                token_url: microsoft_urls.1,
                revoke_url: None,
                api_url: microsoft_urls.2,
            }),
            sync_interval_seconds,
            caldav,
            proxy_hops,
            trusted_proxies: trusted_proxies.unwrap_or_default(),
            writes_per_minute,
            reads_per_minute,
            log_filter,
        })
    }

    /// Where mail goes.
    pub(crate) fn transport(&self) -> mailer::Transport {
        transport(self.smtp_url.as_ref(), self.resend_api_key.as_ref(), self.data_dir.join("mail"))
    }

    /// Whether mail is written to files in `DATA_DIR`.
    pub(crate) fn mail_in_files(&self) -> bool {
        matches!(self.transport(), mailer::Transport::Files(_))
    }

    /// Whether pages are served to people over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// The host of an origin, if it is a name that other machines may know.
fn public_name(origin: &str) -> Option<String> {
    const LOCAL: [&str; 8] = ["localhost", "local", "internal", "lan", "home", "arpa", "test", "invalid"];
    let uri = origin.parse::<Uri>().ok()?;
    let host = uri.host()?.trim_end_matches('.').to_ascii_lowercase();
    let (_, last) = host.rsplit_once('.')?;
    let is_name = last.bytes().any(|b| b.is_ascii_alphabetic()) && is_helo_name(&host);
    (is_name && !LOCAL.contains(&last)).then_some(host)
}

/// A domain name or an address literal (RFC 5321, section 4.1.3).
fn is_helo_name(name: &str) -> bool {
    if let Some(literal) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.strip_prefix("IPv6:").unwrap_or(literal).parse::<IpAddr>().is_ok();
    }
    let label = |label: &str| {
        let letters = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (1..=63).contains(&label.len()) && letters && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// `SMTP_URL` wins over `RESEND_API_KEY`; without either, files.
fn transport(smtp: Option<&String>, resend: Option<&String>, files: PathBuf) -> mailer::Transport {
    match (smtp, resend) {
        (Some(url), _) => mailer::Transport::Smtp(url.clone()),
        (None, Some(key)) => mailer::Transport::Resend(key.clone()),
        (None, None) => mailer::Transport::Files(files),
    }
}

/// `http` or `https`, a host, and perhaps a port and more, but nobody's name.
fn is_web_address(text: &str) -> bool {
    let Ok(url) = text.parse::<Uri>() else { return false };
    let Some(place) = url.authority() else { return false };
    let (host, all) = (place.host(), place.as_str());
    let whole = all == host || place.port_u16().is_some();
    matches!(url.scheme_str(), Some("https" | "http")) && whole && !host.is_empty() && !all.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let get = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Config::read(get).map_err(|errors| errors.0)
    }

    #[test]
    fn nothing_set_is_enough() {
        let config = read(&[]).unwrap();
        assert_eq!(config.base_url, "http://127.0.0.1:3000");
        assert_eq!((config.writes_per_minute, config.reads_per_minute), (20, 600));
        assert!(matches!(config.transport(), mailer::Transport::Files(_)));
    }

    #[test]
    fn every_bad_variable_has_a_line_of_its_own() {
        let errors = read(&[
            ("LEPTOS_SITE_ADDR", "nowhere"),
            ("METRICS_ADDR", "9100"),
            ("BASE_URL", "book.example.com/path"),
            ("DATABASE_URL", "mysql://x"),
            ("CALENDAR_TOKEN_ENCRYPTION_KEY", "short"),
            ("PLATFORM_API_KEY", "short"),
            ("SIGNUPS", "maybe"),
            ("RATE_LIMIT_WRITES_PER_MINUTE", "-1"),
            ("BOOKING_RETENTION_DAYS", "36501"),
            ("TRUSTED_PROXY_HOPS", "many"),
            ("TRUSTED_PROXIES", "proxy.example.com"),
            ("GOOGLE_CLIENT_ID", "id"),
            ("MICROSOFT_GRAPH_URL", "graph.example.com"),
            ("CALENDAR_SYNC_INTERVAL_SECONDS", "0"),
            ("SMTP_URL", "http://x"),
            ("MAIL_FROM", "nobody"),
            ("SMTP_HELO_NAME", "two words"),
            ("CALDAV_ALLOWED_HOSTS", "nas.lan, https://nas.lan"),
        ])
        .err()
        .unwrap();
        assert_eq!(errors.len(), 18, "{errors:#?}");
        assert!(errors.iter().all(|line| !line.contains('\n')));
    }

    #[test]
    fn addresses_are_read_before_anything_is_started() {
        for (name, wrong) in [
            ("BASE_URL", "http://localhost:port"),
            ("BASE_URL", "http://localhost:99999"),
            ("BASE_URL", "http://localhost:"),
            ("BASE_URL", "http://"),
            ("BASE_URL", "http://:3000"),
            ("BASE_URL", "http://ann@localhost:3000"),
            ("MICROSOFT_TENANT", "two words"),
            ("BASE_URL", "http://ann@localhost"),
            ("BASE_URL", "http://localhost/path"),
            ("BASE_URL", "ftp://localhost"),
            ("DATABASE_URL", "postgres://yaksok@localhost:port/yaksok"),
            ("GOOGLE_TOKEN_URL", "https://"),
            ("MICROSOFT_GRAPH_URL", "http://localhost:port/v1.0"),
        ] {
            let errors = read(&[(name, wrong)]).err().unwrap();
            assert!(errors.len() == 1 && errors[0].starts_with(&format!("{name} must be")), "{wrong}: {errors:?}");
        }
        for fine in ["http://localhost:8080", "http://[::1]:8080", "http://[::1]/", "http://book.example.com"] {
            assert!(read(&[("BASE_URL", fine)]).is_ok(), "{fine}");
        }
    }

    #[test]
    fn details_are_kept_for_ever_unless_days_are_set() {
        let days = |text| read(&[("BOOKING_RETENTION_DAYS", text)]).unwrap().retention_days;
        assert_eq!([days(""), days("0"), days("1"), days("36500")], [None, None, Some(1), Some(36_500)]);
        for wrong in ["36501", "-1", "1.5", "a year"] {
            let errors = read(&[("BOOKING_RETENTION_DAYS", wrong)]).err().unwrap();
            assert_eq!(errors, ["BOOKING_RETENTION_DAYS must be a whole number from 0 to 36500"], "{wrong}");
        }
    }

    #[test]
    fn a_public_address_can_be_required() {
        let required = ("BASE_URL_REQUIRED", "true");
        let errors = read(&[required]).err().unwrap();
        assert!(errors.len() == 1 && errors[0].starts_with("BASE_URL is missing"), "{errors:?}");
        assert!(read(&[required, ("BASE_URL", "http://localhost:3000")]).is_ok());
        assert!(
            read(&[("LEPTOS_SITE_ADDR", "0.0.0.0:3000")]).is_ok(),
            "elsewhere the address to listen on is the default"
        );
    }

    #[test]
    fn https_needs_a_way_for_mail() {
        let errors = read(&[("BASE_URL", "https://book.example.com")]).err().unwrap();
        assert!(errors[0].starts_with("SMTP_URL or RESEND_API_KEY is missing"), "{errors:?}");
        assert!(errors[1].starts_with("MAIL_FROM is missing"), "{errors:?}");
        let from = ("MAIL_FROM", "bookings@example.com");
        assert!(read(&[("BASE_URL", "https://book.example.com/"), ("RESEND_API_KEY", "re_x"), from]).is_ok());
    }

    #[test]
    fn the_name_for_mail_servers_is_a_public_one() {
        let name = |pairs: &[(&str, &str)]| read(pairs).unwrap().helo_name;
        for (base_url, expected) in [
            ("http://book.example.com", Some("book.example.com")),
            ("http://Book.Example.com:8443", Some("book.example.com")),
            ("http://localhost:3000", None),
            ("http://book", None),
            ("http://192.0.2.1", None),
            ("http://[2001:db8::1]:3000", None),
            ("http://nas.local", None),
            ("http://book.internal", None),
        ] {
            assert_eq!(name(&[("BASE_URL", base_url)]).as_deref(), expected, "{base_url}");
        }
        for fine in ["mx.example.com", "mx", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            let set = [("BASE_URL", "http://book.example.com"), ("SMTP_HELO_NAME", fine)];
            assert_eq!(name(&set).as_deref(), Some(fine));
        }
        for wrong in ["-mx.example.com", "mx..example.com", "[x]", "mx_1", "한국.kr", "mx.example.com\r\nMAIL"] {
            assert!(read(&[("SMTP_HELO_NAME", wrong)]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_empty_variable_is_unset() {
        assert!(read(&[("SMTP_URL", ""), ("PLATFORM_API_KEY", " "), ("SIGNUPS", "")]).is_ok());
    }
}
