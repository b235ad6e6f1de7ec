//! From any address of an account to its calendars (RFC 6764, section 6; RFC 5397; RFC 4791, section 6.2.1).

use super::CalDav;
use super::xml::{Resource, propfind};
use crate::remote::{Account, RemoteCalendar, RemoteError};
use reqwest::{StatusCode, Url};

const WHO: &str = "<D:current-user-principal/><C:calendar-home-set/>";
const CALENDAR: &str = "<D:resourcetype/><D:displayname/><D:owner/><D:current-user-privilege-set/>\
    <C:supported-calendar-component-set/><C:calendar-timezone-id/><C:calendar-timezone/>";
/// Nobody has more; each costs a request.
const MAX_HOMES: usize = 5;

/// What is known of an account after asking who it is.
#[derive(Default)]
struct Found {
    principal: Option<Url>,
    homes: Vec<Url>,
    /// The address that was given is a calendar, and this one.
    given: Option<(Url, Resource)>,
}

impl CalDav {
    pub(super) async fn discover(&self) -> Result<Account, RemoteError> {
        let found = self.find().await?;
        let mut homes = found.homes;
        let mut default = None;
        if let Some(principal) = &found.principal {
            // The principal of some servers is the home as well, and says so nowhere.
            let (told, primary) = self.ask_principal(principal).await?;
            homes.extend(told);
            default = primary;
        }
        homes.dedup();
        let mut calendars: Vec<(Url, RemoteCalendar)> = Vec::new();
        let add = |calendars: &mut Vec<(Url, RemoteCalendar)>, url: Url, resource: &Resource| {
            if resource.holds_events() && calendars.iter().all(|(known, _)| !same_path(known, &url)) {
                let owner = resource.owner.as_ref().and_then(|href| url.join(href).ok());
                let owned = match (&owner, &found.principal) {
                    (Some(owner), Some(principal)) => same_path(owner, principal),
                    _ => true,
                };
                calendars.push((url.clone(), described(&url, resource, owned, &self.zones)));
            }
        };
        for home in homes.iter().take(MAX_HOMES) {
            let (from, resources) = self.multistatus("PROPFIND", home, "1", propfind(CALENDAR)).await?;
            for resource in &resources {
                if let Ok(url) = from.join(&resource.href) {
                    add(&mut calendars, url, resource);
                }
            }
        }
        let given = found.given.as_ref().map(|(url, _)| url.clone());
        if let Some((url, resource)) = &found.given {
            add(&mut calendars, url.clone(), resource);
        }
        let at = |url: &Url| calendars.iter().position(|(known, _)| same_path(known, url));
        let primary = given.as_ref().and_then(at).or_else(|| default.as_ref().and_then(at));
        let primary = primary.or_else(|| calendars.iter().position(|(_, calendar)| calendar.writable)).unwrap_or(0);
        let mut calendars: Vec<_> = calendars.into_iter().map(|(_, calendar)| calendar).collect();
        if primary < calendars.len() {
            let mut first = calendars.remove(primary);
            first.primary = true;
            calendars.insert(0, first);
        }
        Ok(Account { name: self.wire.username().to_owned(), calendars })
    }

    /// Asks at the address given, at the well-known one, and at the root, until somebody knows who we are.
    async fn find(&self) -> Result<Found, RemoteError> {
        let home = self.wire.home();
        let mut problem = None;
        let mut found = Found::default();
        let places = [Some(home.clone()), home.join("/.well-known/caldav").ok(), home.join("/").ok()];
        for (nth, place) in places.into_iter().flatten().enumerate() {
            let (url, resource) = match self.properties(&place, &format!("{WHO}{CALENDAR}")).await {
                Ok(answer) => answer,
                Err(error @ (RemoteError::GrantRefused | RemoteError::Throttled(_))) => return Err(error),
                Err(error) => {
                    // That of the address given says most.
                    problem.get_or_insert(error);
                    continue;
                }
            };
            found.principal = resource.principal.as_ref().and_then(|href| url.join(href).ok());
            found.homes = resource.homes.iter().filter_map(|href| url.join(href).ok()).collect();
            if nth == 0 {
                // As the server names it, which may have a slash at the end.
                let named = url.join(&resource.href).unwrap_or_else(|_| url.clone());
                if resource.is_calendar {
                    found.given = Some((named, resource));
                }
            }
            if found.principal.is_some() || !found.homes.is_empty() {
                return Ok(found);
            }
        }
        match problem {
            _ if found.given.is_some() => Ok(found),
            // It answers, but knows no principals: perhaps it is a home.
            None => Ok(Found { homes: vec![home.clone()], ..found }),
            // 403 says that a calendar may not be seen. Where nothing may be, it is who we are that is not liked.
            Some(RemoteError::NotFound) => {
                let headers = [(super::DEPTH, "0")];
                let answer = self.ask("PROPFIND", home, &headers, Some((super::XML, propfind(WHO)))).await?;
                let forbidden = answer.status == StatusCode::FORBIDDEN;
                Err(if forbidden { RemoteError::GrantRefused } else { RemoteError::NotFound })
            }
            Some(error) => Err(error),
        }
    }

    /// A principal's homes, and its default calendar where it tells one.
    async fn ask_principal(&self, principal: &Url) -> Result<(Vec<Url>, Option<Url>), RemoteError> {
        let (url, resource) = self.properties(principal, "<C:calendar-home-set/><C:schedule-inbox-URL/>").await?;
        let homes = resource.homes.iter().filter_map(|href| url.join(href).ok()).collect();
        let inbox = resource.inbox.as_ref().and_then(|href| url.join(href).ok());
        let Some(inbox) = inbox else { return Ok((homes, None)) };
        // RFC 6638, section 9.2. It only says which calendar comes first, so no failure counts.
        let default = match self.properties(&inbox, "<C:schedule-default-calendar-URL/>").await {
            Ok((url, inbox)) => inbox.default_calendar.and_then(|href| url.join(&href).ok()),
            Err(_) => None,
        };
        Ok((homes, default))
    }
}

fn described(url: &Url, resource: &Resource, owned: bool, zones: &zones::Zones) -> RemoteCalendar {
    let of_path = || url.path_segments().and_then(|parts| parts.rev().find(|part| !part.is_empty()));
    RemoteCalendar {
        id: url.to_string(),
        name: resource.name.clone().unwrap_or_else(|| of_path().unwrap_or_default().to_owned()),
        timezone: super::timezone_of(zones, resource).and_then(|zone| zone.name().map(str::to_owned)),
        primary: false,
        owned,
        writable: resource.is_writable(),
    }
}

/// Whether two URLs are of one resource, with or without a slash at the end.
fn same_path(one: &Url, other: &Url) -> bool {
    let plain = |url: &Url| super::normal(url.path().trim_end_matches('/'));
    one.host() == other.host() && plain(one) == plain(other)
}
