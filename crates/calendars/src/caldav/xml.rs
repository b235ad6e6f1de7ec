//! What WebDAV asks and answers in XML: property requests and multistatus answers (RFC 4918, sections 9.1 and 13).
//!
//! Documents with a DTD are refused, so no entity expands, and their nodes are counted.

use crate::remote::RemoteError;
use roxmltree::{Document, Node, ParsingOptions};

const DAV: &str = "DAV:";
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
const CALENDAR_SERVER: &str = "http://calendarserver.org/ns/";

/// Some 70 bytes each.
const MAX_NODES: u32 = 500_000;

/// One `response`, with the properties that it has, of those that we ever ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct Resource {
    pub(super) href: String,
    /// Where the whole resource has one, rather than each property.
    pub(super) status: Option<u16>,
    pub(super) is_calendar: bool,
    pub(super) name: Option<String>,
    /// Components that may be kept there; empty where it is not told.
    pub(super) components: Vec<String>,
    pub(super) privileges: Option<Vec<String>>,
    pub(super) owner: Option<String>,
    pub(super) principal: Option<String>,
    pub(super) homes: Vec<String>,
    pub(super) inbox: Option<String>,
    pub(super) default_calendar: Option<String>,
    pub(super) addresses: Vec<String>,
    /// RFC 7809.
    pub(super) timezone_id: Option<String>,
    /// A calendar object with a VTIMEZONE.
    pub(super) timezone: Option<String>,
    pub(super) sync_token: Option<String>,
    pub(super) ctag: Option<String>,
    pub(super) data: Option<String>,
}

/// A request for properties, `D:` being WebDAV, `C:` CalDAV, `S:` the extensions of Apple's Calendar Server.
pub(super) fn propfind(properties: &str) -> String {
    envelope("D:propfind", &format!("<D:prop>{properties}</D:prop>"))
}

/// A request for the calendar objects that pass a filter of their events.
pub(super) fn calendar_query(properties: &str, filter: &str) -> String {
    let filter = format!(
        "<C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">{filter}</C:comp-filter></C:comp-filter></C:filter>"
    );
    envelope("C:calendar-query", &format!("<D:prop>{properties}</D:prop>{filter}"))
}

fn envelope(name: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><{name} xmlns:D=\"{DAV}\" xmlns:C=\"{CALDAV}\" xmlns:S=\"{CALENDAR_SERVER}\">{content}</{name}>"
    )
}

fn children<'a, 'i>(node: Node<'a, 'i>, namespace: &'a str, name: &'a str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name((namespace, name)))
}

fn text(node: Node<'_, '_>) -> Option<String> {
    let text: String = node.children().filter_map(|child| child.text()).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn hrefs(node: Node<'_, '_>) -> Vec<String> {
    children(node, DAV, "href").filter_map(text).collect()
}

/// The number in `HTTP/1.1 404 Not Found`.
fn status(node: Node<'_, '_>) -> Option<u16> {
    text(children(node, DAV, "status").next()?)?.split_whitespace().nth(1)?.parse().ok()
}

fn parse(xml: &str) -> Result<Document<'_>, RemoteError> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(xml.trim_start(), options)
        .map_err(|_| RemoteError::Refused("the answer is no XML that can be read".to_owned()))
}

/// The resources of a multistatus answer.
///
/// # Errors
/// [`RemoteError::Refused`] where it is none.
pub(super) fn multistatus(xml: &str) -> Result<Vec<Resource>, RemoteError> {
    let document = parse(xml)?;
    let root = document.root_element();
    if !root.has_tag_name((DAV, "multistatus")) {
        return Err(RemoteError::Refused("the answer is not of a calendar server".to_owned()));
    }
    Ok(children(root, DAV, "response").filter_map(resource).collect())
}

/// Whether an error names this precondition of CalDAV (RFC 4791, section 1.3).
pub(super) fn names_precondition(xml: &str, name: &str) -> bool {
    parse(xml).is_ok_and(|document| document.descendants().any(|node| node.has_tag_name((CALDAV, name))))
}

fn resource(response: Node<'_, '_>) -> Option<Resource> {
    let href = text(children(response, DAV, "href").next()?)?;
    let mut resource = Resource { href, status: status(response), ..Resource::default() };
    for propstat in children(response, DAV, "propstat") {
        if status(propstat).is_some_and(|status| !(200..300).contains(&status)) {
            continue;
        }
        for property in children(propstat, DAV, "prop").flat_map(|prop| prop.children()) {
            resource.take(property);
        }
    }
    Some(resource)
}

impl Resource {
    fn take(&mut self, node: Node<'_, '_>) {
        let name = node.tag_name();
        let href = || hrefs(node).into_iter().next();
        match (name.namespace().unwrap_or(""), name.name()) {
            (DAV, "resourcetype") => self.is_calendar = children(node, CALDAV, "calendar").next().is_some(),
            (DAV, "displayname") => self.name = text(node),
            (DAV, "owner") => self.owner = href(),
            (DAV, "sync-token") => self.sync_token = text(node),
            (DAV, "current-user-principal") => self.principal = href(),
            (DAV, "current-user-privilege-set") => {
                let privileges = children(node, DAV, "privilege").flat_map(|privilege| privilege.children());
                self.privileges = Some(privileges.map(|privilege| privilege.tag_name().name().to_owned()).collect());
            }
            (CALENDAR_SERVER, "getctag") => self.ctag = text(node),
            (CALDAV, "calendar-home-set") => self.homes = hrefs(node),
            (CALDAV, "schedule-inbox-URL") => self.inbox = href(),
            (CALDAV, "schedule-default-calendar-URL") => self.default_calendar = href(),
            (CALDAV, "calendar-user-address-set") => self.addresses = hrefs(node),
            (CALDAV, "calendar-timezone-id") => self.timezone_id = text(node),
            (CALDAV, "calendar-timezone") => self.timezone = text(node),
            (CALDAV, "calendar-data") => self.data = text(node),
            (CALDAV, "supported-calendar-component-set") => {
                let names = children(node, CALDAV, "comp").filter_map(|component| component.attribute("name"));
                self.components = names.map(str::to_ascii_uppercase).collect();
            }
            _ => {}
        }
    }

    /// Events may be kept there.
    pub(super) fn holds_events(&self) -> bool {
        self.is_calendar && (self.components.is_empty() || self.components.iter().any(|name| name == "VEVENT"))
    }

    /// We may write there, or the server does not tell.
    pub(super) fn is_writable(&self) -> bool {
        let may_write = |privilege: &String| matches!(privilege.as_str(), "all" | "write" | "write-content" | "bind");
        self.privileges.as_ref().is_none_or(|privileges| privileges.iter().any(may_write))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_properties_of_any_prefix() {
        let xml = r#"<?xml version="1.0"?>
            <multistatus xmlns="DAV:" xmlns:x="urn:ietf:params:xml:ns:caldav"><response><href>/me/team/</href><propstat><prop>
            <resourcetype><collection/><x:calendar/></resourcetype><displayname>Work &amp; <![CDATA[play]]></displayname>
            <x:supported-calendar-component-set><x:comp name="VEVENT"/></x:supported-calendar-component-set>
            <current-user-privilege-set><privilege><read/></privilege></current-user-privilege-set>
            </prop><status>HTTP/1.1 200 OK</status></propstat><propstat><prop><sync-token>no</sync-token></prop>
            <status>HTTP/1.1 404 Not Found</status></propstat></response></multistatus>"#;
        let [calendar] = <[Resource; 1]>::try_from(multistatus(xml).unwrap()).unwrap();
        assert_eq!((calendar.href.as_str(), calendar.name.as_deref()), ("/me/team/", Some("Work & play")));
        assert!(calendar.holds_events() && !calendar.is_writable() && calendar.sync_token.is_none());
    }

    #[test]
    fn entities_do_not_expand() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
            <multistatus xmlns="DAV:"><response><href>&b;&c;</href></response></multistatus>"#;
        assert!(multistatus(bomb).is_err());
    }

    #[test]
    fn depth_and_number_of_nodes_are_bounded() {
        assert!(multistatus(&"<a>".repeat(2_000_000)).is_err());
        assert!(multistatus(&format!("<multistatus xmlns=\"DAV:\">{}</multistatus>", "<a/>".repeat(600_000))).is_err());
        let deep = format!("{}{}", "<a>".repeat(400_000), "</a>".repeat(400_000));
        assert!(multistatus(&deep).is_err());
        assert!(multistatus("<html><body>Welcome</body></html>").is_err());
    }
}
