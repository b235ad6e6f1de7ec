//! Rules for the text that people type, one function each, for every form and request alike.
//!
//! Each answers `None` where the value is fine, else the one [`FieldError`] that says what to do. Lengths are counted
//! in characters (Unicode scalar values). The limits are those of the contract, section 4.

use crate::FieldError;

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The longest note, description or bio, in characters.
pub const MAX_TEXT: usize = 4000;
/// The longest web address, in characters.
pub const MAX_URL: usize = 2000;

/// A name of a person or a thing: one line of 1 to [`MAX_NAME`] characters; see [`check_line`].
///
/// ```
/// use scheduling::rules::check_name;
/// assert_eq!(check_name("name", "김멘토"), None);
/// assert_eq!(check_name("name", "  ").unwrap().code, "required");
/// ```
pub fn check_name(field: &str, value: &str) -> Option<FieldError> {
    check_line(field, value, MAX_NAME)
}

/// One line of text: not blank, at most `max` characters, none of them a control character.
///
/// The invisible characters that turn the direction of text (U+202A to U+202E, U+2066 to U+2069) are refused as well:
/// a name stands in the middle of other people's sentences, in mail subjects too, and must not rearrange them.
///
/// ```
/// use scheduling::rules::check_line;
/// assert_eq!(check_line("location.value", "2nd floor, room 7", 500), None);
/// assert_eq!(check_line("name", "Ada\r\nBcc: all@example.com", 200).unwrap().code, "invalid");
/// assert_eq!(check_line("name", "abc\u{202E}fdp.exe", 200).unwrap().code, "invalid");
/// ```
pub fn check_line(field: &str, value: &str, max: usize) -> Option<FieldError> {
    let turns = |c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if value.trim().is_empty() {
        Some(FieldError::new(field, "required", "Please fill this in."))
    } else if value.contains(|c: char| c.is_control() || turns(c)) {
        let message = "Please keep to one line without control characters or invisible direction marks.";
        Some(FieldError::new(field, "invalid", message))
    } else {
        check_length(field, value, max)
    }
}

/// Text of several lines, possibly empty: at most `max` characters; line breaks (`\n`, `\r\n`) and tabs are the only
/// control characters.
///
/// ```
/// use scheduling::rules::check_text;
/// assert_eq!(check_text("notes", "First line\r\n\tsecond line", 4000), None);
/// assert_eq!(check_text("notes", "\u{1b}[31mred", 4000).unwrap().code, "invalid");
/// assert_eq!(check_text("notes", "four", 3).unwrap().code, "too_long");
/// ```
pub fn check_text(field: &str, value: &str, max: usize) -> Option<FieldError> {
    // A carriage return is half of a line break and nothing on its own.
    let fine = value.replace("\r\n", "\n").chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control());
    if fine {
        check_length(field, value, max)
    } else {
        let message = "Please take out the control characters; line breaks and tabs are fine.";
        Some(FieldError::new(field, "invalid", message))
    }
}

/// A mentor's handle: 3 to 40 of `a-z 0-9 -`, beginning with a letter.
///
/// Whether a path of ours or another mentor has it already is for the caller to say.
///
/// ```
/// use scheduling::rules::check_handle;
/// assert_eq!(check_handle("handle", "kim-mentor"), None);
/// assert_eq!(check_handle("handle", "7even").unwrap().code, "invalid");
/// ```
pub fn check_handle(field: &str, value: &str) -> Option<FieldError> {
    let fine =
        (3..=40).contains(&value.len()) && is_url_name(value) && value.starts_with(|c: char| c.is_ascii_lowercase());
    let message = "Choose 3 to 40 of the letters a to z, digits and hyphens, beginning with a letter.";
    (!fine).then(|| FieldError::new(field, "invalid", message))
}

/// A session type's name in URLs: 1 to 40 of `a-z 0-9 -`, beginning with a letter or digit.
///
/// ```
/// use scheduling::rules::check_slug;
/// assert_eq!(check_slug("slug", "30-minutes"), None);
/// assert_eq!(check_slug("slug", "Session").unwrap().code, "invalid");
/// ```
pub fn check_slug(field: &str, value: &str) -> Option<FieldError> {
    let fine = (1..=40).contains(&value.len()) && is_url_name(value) && !value.starts_with('-');
    let message = "Choose 1 to 40 of the letters a to z, digits and hyphens, beginning with a letter or digit.";
    (!fine).then(|| FieldError::new(field, "invalid", message))
}

/// An e-mail address: `local@domain`, at most 254 octets, white space around it aside.
///
/// The local part is an RFC 5322 `dot-atom` of at most 64 octets (nothing quoted), the domain has a dot and consists of
/// labels of letters, digits and inner hyphens; `localhost` is a domain too. Both may be internationalised (RFC 6531,
/// RFC 5890); whether a domain has an ASCII form is for the server to say. Only mail that arrives proves an address.
///
/// ```
/// use scheduling::rules::check_email;
/// assert_eq!(check_email("email", "ada.o'neill+yaksok@mail.example.com "), None);
/// assert_eq!(check_email("email", "kim@한국.kr"), None);
/// assert_eq!(check_email("email", "Ada <ada@example.com>").unwrap().code, "invalid");
/// assert_eq!(check_email("email", "ada@example").unwrap().code, "invalid");
/// assert_eq!(check_email("email", "").unwrap().code, "required");
/// ```
pub fn check_email(field: &str, value: &str) -> Option<FieldError> {
    let value = value.trim();
    let atom = |atom: &str| {
        let fine = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c) || is_beyond_ascii(c);
        !atom.is_empty() && atom.chars().all(fine)
    };
    let label = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || is_beyond_ascii(c))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let named = |domain: &str| domain.contains('.') || domain.eq_ignore_ascii_case("localhost");
    if value.is_empty() {
        return Some(FieldError::new(field, "required", "Please enter an e-mail address."));
    }
    let fine = value.len() <= 254
        && value.split_once('@').is_some_and(|(local, domain)| {
            local.len() <= 64 && local.split('.').all(atom) && named(domain) && domain.split('.').all(label)
        });
    (!fine).then(|| invalid_email(field))
}

/// The error of [`check_email`] for what is no address.
pub fn invalid_email(field: &str) -> FieldError {
    FieldError::new(field, "invalid", "Please enter an e-mail address such as name@example.com.")
}

/// A character beyond ASCII that can be seen, and that turns or hides nothing around it.
fn is_beyond_ascii(c: char) -> bool {
    let unseen = matches!(c, '\u{AD}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}');
    !c.is_ascii() && !c.is_control() && !c.is_whitespace() && !unseen
}

/// A web address that is safe to link to: `http://` or `https://`, a host, at most [`MAX_URL`] characters.
///
/// No spaces, quotes, backslashes or brackets that would end a link early, and no `user@` before the host, which
/// makes an address look like another's.
///
/// ```
/// use scheduling::rules::check_url;
/// assert_eq!(check_url("photo_url", "https://example.com/kim.jpg?size=2"), None);
/// assert_eq!(check_url("photo_url", "javascript:alert(1)").unwrap().code, "invalid");
/// ```
pub fn check_url(field: &str, value: &str) -> Option<FieldError> {
    let scheme_end = value.find("://").map_or(0, |colon| colon + 3);
    let (scheme, rest) = value.split_at(scheme_end);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let fine = (scheme.eq_ignore_ascii_case("https://") || scheme.eq_ignore_ascii_case("http://"))
        && !host.is_empty()
        && !host.starts_with(':')
        && !host.contains('@')
        && !value.contains(|c: char| c.is_whitespace() || "<>\"`{}|\\^".contains(c));
    if !fine {
        let message = "Please enter a web address that begins with https:// or http://.";
        return Some(FieldError::new(field, "invalid", message));
    }
    check_line(field, value, MAX_URL)
}

fn check_length(field: &str, value: &str, max: usize) -> Option<FieldError> {
    let length = value.chars().count();
    (length > max).then(|| {
        FieldError::new(field, "too_long", format!("Please shorten this to {max} characters; it has {length}."))
    })
}

fn is_url_name(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
