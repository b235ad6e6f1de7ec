//! One letter, written twice: as plain text and as HTML.

use crate::{
    messages,
    text::{self, html},
};
use scheduling::Language;
use std::fmt::Write as _;

/// A message's body before it is written. All text in here is plain: cleaned, but not yet escaped.
pub(crate) struct Letter {
    pub(crate) language: Language,
    pub(crate) to_name: String,
    pub(crate) heading: String,
    /// Bad news are marked by another colour.
    pub(crate) bad_news: bool,
    pub(crate) lead: Vec<String>,
    pub(crate) details: Vec<Detail>,
    pub(crate) button: Option<(&'static str, String)>,
    /// Small print below the button.
    pub(crate) after: Vec<String>,
}

/// One labelled line of a letter.
pub(crate) struct Detail {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) kind: Kind,
}

/// How a [`Detail`] looks in HTML.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As it is. A stranger's words never become a link.
    Plain,
    /// The time that counts.
    Time,
    /// The same time for somebody else.
    OtherTime,
    /// A time that counts no longer: struck through.
    PastTime,
    /// Where to meet: a link, if it is a web address.
    Place,
}

impl Letter {
    /// The letter as plain text.
    pub(crate) fn text(&self) -> String {
        let messages = messages::of(self.language);
        let mut out = format!("{}\n\n{}\n", (messages.greeting)(&self.to_name), self.heading);
        for paragraph in &self.lead {
            let _ = write!(out, "\n{paragraph}\n");
        }
        if !self.details.is_empty() {
            out.push('\n');
        }
        for Detail { label, value, .. } in &self.details {
            if value.contains('\n') {
                let _ = writeln!(out, "{label}:\n  {}", value.replace('\n', "\n  "));
            } else {
                let _ = writeln!(out, "{label}: {value}");
            }
        }
        if let Some((label, url)) = &self.button {
            let _ = write!(out, "\n{label}:\n{url}\n");
        }
        for line in &self.after {
            let _ = write!(out, "\n{line}\n");
        }
        let _ = write!(out, "\n-- \n{}\n", messages.tagline);
        out
    }

    /// The letter as an HTML page that needs nothing from elsewhere.
    ///
    /// Styles are inline, as mail programs want them; the one style sheet only holds the dark colours.
    pub(crate) fn html(&self) -> String {
        let messages = messages::of(self.language);
        let edge = if self.bad_news { "edge bad" } else { "edge" };
        let edge_colour = if self.bad_news { "#b4653f" } else { "#0f5c58" };
        let mut out = format!(
            r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>{DARK}</style>
</head>
<body class="page" style="margin:0;padding:32px 16px;background:#f6f2ea;color:#1c2b2c;{FONT}">
<div style="max-width:560px;margin:0 auto">
<p class="brand" style="margin:0 0 14px 4px;font-size:15px;font-weight:700;letter-spacing:.02em;color:#0f5c58">Yaksok <span lang="ko" style="font-weight:400">약속</span></p>
<div class="card {edge}" style="padding:32px 28px;background:#fffdf9;border:1px solid #e6dfd2;border-top:4px solid {edge_colour};border-radius:12px">
<h1 class="ink" style="margin:0 0 18px;font-size:24px;line-height:1.3;font-weight:700;color:#14302f">{title}</h1>
<p style="margin:0 0 12px">{greeting}</p>
"#,
            lang = self.language.tag(),
            title = html(&self.heading),
            greeting = html(&(messages.greeting)(&self.to_name)),
        );
        for paragraph in &self.lead {
            let _ = writeln!(out, r#"<p style="margin:0 0 12px">{}</p>"#, html(paragraph));
        }
        if !self.details.is_empty() {
            out.push_str(
                "<dl class=\"rule\" style=\"margin:22px 0 0;padding:20px 0 0;border-top:1px solid #e6dfd2\">\n",
            );
            for detail in &self.details {
                let _ = writeln!(
                    out,
                    r#"<dt class="quiet" style="margin:0;font-size:13px;line-height:1.5;color:#5d6b69">{}</dt>"#,
                    html(&detail.label)
                );
                let _ = writeln!(out, r#"<dd dir="auto" style="margin:0 0 14px">{}</dd>"#, detail.value_html());
            }
            out.push_str("</dl>\n");
        }
        if let Some((label, url)) = &self.button {
            let _ = writeln!(
                out,
                r##"<p style="margin:24px 0 18px"><a class="button" href="{}" style="display:inline-block;padding:13px 24px;border-radius:8px;background:#0f5c58;color:#ffffff;font-weight:700;text-decoration:none">{}</a></p>"##,
                html(url),
                html(label)
            );
        }
        for line in &self.after {
            let _ = writeln!(
                out,
                r#"<p class="quiet" style="margin:10px 0 0;font-size:14px;color:#5d6b69">{}</p>"#,
                linked(line)
            );
        }
        let _ = write!(
            out,
            r#"</div>
<p class="quiet" style="margin:18px 4px 0;font-size:13px;color:#6b7674">{}</p>
</div>
</body>
</html>
"#,
            html(messages.tagline)
        );
        out
    }
}

impl Detail {
    fn value_html(&self) -> String {
        match self.kind {
            Kind::Plain => html(&self.value),
            Kind::Time => {
                format!(r#"<strong class="ink" style="font-size:18px;color:#14302f">{}</strong>"#, time(&self.value))
            }
            Kind::OtherTime => time(&self.value),
            Kind::PastTime => format!(r#"<s class="quiet" style="color:#5d6b69">{}</s>"#, time(&self.value)),
            Kind::Place => linked(&self.value),
        }
    }
}

/// A time as HTML; its zone, in brackets at the end, stays together and stands back a little.
fn time(value: &str) -> String {
    let Some((time, zone)) = value.rsplit_once(" (") else { return html(value) };
    format!(
        r#"{} <span class="quiet" style="display:inline-block;font-size:15px;font-weight:400;color:#5d6b69">({}</span>"#,
        html(time),
        html(zone)
    )
}

/// Text as HTML; a line that is a web address becomes a link.
fn linked(text: &str) -> String {
    let link = |line| {
        if !text::is_web_address(line) {
            return html(line);
        }
        let url = html(line);
        format!(r#"<a class="link" href="{url}" style="color:#0f5c58;word-break:break-all">{url}</a>"#)
    };
    text.split('\n').map(link).collect::<Vec<_>>().join("<br>")
}

/// `keep-all` breaks Korean lines between words, as people do.
const FONT: &str = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI','Apple SD Gothic Neo','Malgun Gothic',\
    'Noto Sans KR',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.6;word-break:keep-all;\
    overflow-wrap:anywhere";

const DARK: &str = "\
@media (prefers-color-scheme: dark){\
.page{background:#101717!important;color:#e9e5dc!important}\
.card{background:#182221!important;border-color:#2b3836!important}\
.edge{border-top-color:#56b8ae!important}\
.edge.bad{border-top-color:#d98e66!important}\
.ink{color:#f4f0e7!important}\
.brand,.link{color:#7fd0c7!important}\
.rule{border-color:#2b3836!important}\
.quiet{color:#a3aeab!important}\
.button{background:#7fd0c7!important;color:#0d1f1e!important}\
}";
