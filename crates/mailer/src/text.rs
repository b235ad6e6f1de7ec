//! Making strangers' text harmless.

/// Characters that reorder or hide the text around them: they can make a name read as something it is not.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// One line: line breaks, tabs and other controls become spaces, runs of spaces become one.
pub(crate) fn line(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| !is_deceptive(*c))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Several lines, separated by `\n`: no other controls, no empty lines at either end.
pub(crate) fn block(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    let visible: String = text.chars().filter(|c| !is_deceptive(*c) && (*c == '\n' || !c.is_control())).collect();
    visible.trim().to_owned()
}

/// The first `limit` characters of a line, with an ellipsis where something was cut off.
pub(crate) fn clip(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// Text as HTML, for element content and quoted attributes.
pub(crate) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push_str("<br>"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A link that a person may be offered to follow: never `javascript:` or the like.
pub(crate) fn is_web_address(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(line(" Ada\r\nBcc: eve@example.com\u{2028}\u{0}x "), "Ada Bcc: eve@example.com x");
        assert_eq!(line("\u{202E}evil\u{2066} 👩‍💻 \u{FEFF}"), "evil 👩‍💻");
        assert_eq!(line("\u{202E}\n"), "");
    }

    #[test]
    fn a_block_keeps_its_lines_only() {
        assert_eq!(block("\r\na\rb\u{1b}[31m\tc\r\n\r\nd\n"), "a\nb[31m c\n\nd");
    }

    #[test]
    fn clipping_counts_characters() {
        assert_eq!(clip("약속이에요", 5), "약속이에요");
        assert_eq!(clip("약속 이에요", 3), "약속…");
    }

    #[test]
    fn html_is_escaped() {
        assert_eq!(html("<a href=\"x\">&'\n"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;<br>");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert!(is_web_address("https://meet.example/1"));
        assert!(!is_web_address("javascript:alert(1)"));
        assert!(!is_web_address("https://a b"));
    }
}
