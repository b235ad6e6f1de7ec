//! What an SMTP reply means for a message: one table, and the server's words without anybody's address.

use crate::text;

/// Who can change that a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Time: the server is busy, away or greylists. Tried again.
    Temporary,
    /// The operator: sender, relay, credentials, TLS or the announced name are refused. Tried again, because the message is
    /// good; and shown, because nothing goes out until somebody acts.
    Operator,
    /// Nobody: the recipient does not exist, or takes no such message. Never tried again.
    Final,
}

/// What the server was asked when it replied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The greeting and `EHLO`.
    Hello,
    /// `STARTTLS`.
    Tls,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA` and the message.
    Message,
}

/// One line of the table. The first that fits decides.
struct Rule {
    /// Empty: any.
    stages: &'static [Stage],
    /// First and last reply code.
    codes: (u16, u16),
    status: Status,
    cause: Cause,
}

/// Which enhanced status codes (RFC 3463) a rule is for. The class is that of the reply code (RFC 2034, section 4).
enum Status {
    /// With or without one.
    Any,
    /// A subject, with any detail.
    Subject(u16),
    /// A subject, with one of these details.
    Detail(u16, &'static [u16]),
}

const fn rule(stages: &'static [Stage], codes: (u16, u16), status: Status, cause: Cause) -> Rule {
    Rule { stages, codes, status, cause }
}

const ANY: &[Stage] = &[];
const BEFORE_MAIL: &[Stage] = &[Stage::Hello, Stage::Tls, Stage::Auth];
const AFTER_SENDER: &[Stage] = &[Stage::Recipient, Stage::Message];
const PERMANENT: (u16, u16) = (500, 599);

/// RFC 5321 calls every 5yz reply permanent: permanent for a client that sends the same again. Much of what is refused so
/// becomes right when the operator changes a setting, so a reply is final only where it is certainly about this recipient
/// or this message. Many servers give the sender's and the relay's refusals in the reply to `RCPT TO` or after the message
/// (Postfix: `smtpd_delay_reject`), so the enhanced code counts more than the stage.
const TABLE: &[Rule] = &[
    // RFC 5321, 4.2.1: 4yz may be repeated as it is.
    rule(ANY, (400, 499), Status::Any, Cause::Temporary),
    // RFC 5321, 3.1 (554: no service for this client) and 4.1.1.1 (the EHLO name); RFC 3207, 4; RFC 4954, 6.
    rule(BEFORE_MAIL, PERMANENT, Status::Any, Cause::Operator),
    // RFC 3463, 3.2: 1 mailbox, 2 system, 3 syntax, 4 ambiguous, 6 moved; RFC 7505, 4: 10 takes no mail.
    // 0, 7 and 8 are about the sender, too.
    rule(AFTER_SENDER, PERMANENT, Status::Detail(1, &[1, 2, 3, 4, 6, 10]), Cause::Final),
    rule(ANY, PERMANENT, Status::Subject(1), Cause::Operator),
    // RFC 3463, 3.3: the mailbox is disabled, full, or takes no message of this size.
    rule(AFTER_SENDER, PERMANENT, Status::Subject(2), Cause::Final),
    // RFC 3463, 3.4; RFC 1870, 6.1 (4): the message is too large for the system. The rest is the system's state.
    rule(ANY, PERMANENT, Status::Detail(3, &[4]), Cause::Final),
    rule(ANY, PERMANENT, Status::Subject(3), Cause::Operator),
    // RFC 3463, 3.5: 1 no answer from the recipient's host, 4 no route to it. The rest is the server's own network.
    rule(&[Stage::Recipient], PERMANENT, Status::Detail(4, &[1, 4]), Cause::Final),
    rule(ANY, PERMANENT, Status::Subject(4), Cause::Operator),
    // RFC 3463, 3.6: the protocol; "504 5.5.2 need fully-qualified hostname" is about the EHLO name.
    rule(ANY, PERMANENT, Status::Subject(5), Cause::Operator),
    // RFC 3463, 3.7; RFC 6531, 3.5: the content or the form of the address is not supported on the way.
    rule(ANY, PERMANENT, Status::Subject(6), Cause::Final),
    // RFC 3463, 3.8; RFC 7372: policy, relay, authentication of the sender's domain.
    rule(ANY, PERMANENT, Status::Subject(7), Cause::Operator),
    // Without an enhanced code. RFC 5321, 4.2.3: 550 no such mailbox, 551 not local, 552 storage, 553 mailbox name;
    // 4.3.2: 501 is the syntax of the address. 554 after RCPT is "relay access denied" in practice.
    rule(&[Stage::Recipient], (550, 553), Status::Any, Cause::Final),
    rule(&[Stage::Recipient], (501, 501), Status::Any, Cause::Final),
    rule(&[Stage::Message], (552, 552), Status::Any, Cause::Final),
    // 550 and 554 after the message: relays say so of a sender that is not verified.
    rule(ANY, PERMANENT, Status::Any, Cause::Operator),
];

/// What a refusing reply means.
pub(crate) fn cause(stage: Stage, code: u16, reply: &str) -> Cause {
    let status = enhanced(code, reply);
    let fits = |rule: &&Rule| {
        (rule.stages.is_empty() || rule.stages.contains(&stage))
            && (rule.codes.0..=rule.codes.1).contains(&code)
            && match (&rule.status, status) {
                (Status::Any, _) => true,
                (Status::Subject(subject), Some((given, _))) => *subject == given,
                (Status::Detail(subject, details), Some((given, detail))) => {
                    *subject == given && details.contains(&detail)
                }
                (_, None) => false,
            }
    };
    TABLE.iter().find(fits).map_or(Cause::Temporary, |rule| rule.cause)
}

/// Subject and detail of the enhanced status code (RFC 2034) that a reply begins with.
fn enhanced(code: u16, reply: &str) -> Option<(u16, u16)> {
    let mut numbers = reply.split_whitespace().next()?.split('.').map(|part| part.parse::<u16>().ok());
    let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (numbers.next().is_none() && class == code / 100).then_some((subject, detail))
}

/// A server's words on one line, without anything that looks like a mail address, and without the words in `private`.
pub(crate) fn redacted(reply: &str, private: &[&str]) -> String {
    let mut line = text::line(reply);
    for word in private.iter().filter(|word| !word.is_empty()) {
        line = without(&line, word);
    }
    let words: Vec<_> =
        line.split(' ').map(|word| if word.contains('@') { hidden(word) } else { word.to_owned() }).collect();
    text::clip(&words.join(" "), 240)
}

const HIDDEN: &str = "…";

/// A word with an `@`: what stands around the address stays.
fn hidden(word: &str) -> String {
    let edge = |c: char| "<>()[]{},;:'\"".contains(c);
    let before: String = word.chars().take_while(|c| edge(*c)).collect();
    let after: String = word.chars().rev().take_while(|c| edge(*c)).collect();
    format!("{before}{HIDDEN}{}", after.chars().rev().collect::<String>())
}

/// `line` with each whole word `word` hidden, in any letter case of ASCII.
fn without(line: &str, word: &str) -> String {
    let (folded, word) = (line.to_ascii_lowercase(), word.to_ascii_lowercase());
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    for (at, found) in folded.match_indices(&word) {
        let end = at + found.len();
        if at < done || inside(line[..at].chars().next_back()) || inside(line[end..].chars().next()) {
            continue;
        }
        out.push_str(&line[done..at]);
        out.push_str(HIDDEN);
        done = end;
    }
    out + &line[done..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cause::{Final, Operator, Temporary};
    use Stage::{Auth, Hello, Message, Recipient, Sender, Tls};

    /// As real servers say it.
    #[test]
    fn replies() {
        for (stage, reply, expected) in [
            (Hello, "421 4.3.2 all server ports are busy", Temporary),
            (Hello, "554 no SMTP service here", Operator),
            (Hello, "550 5.7.1 your address is on a block list", Operator),
            (Hello, "504 5.5.2 <3f2a>: Helo command rejected: need fully-qualified hostname", Operator),
            (Tls, "454 4.7.0 TLS not available due to local problem", Temporary),
            (Tls, "502 5.5.1 command not implemented", Operator),
            (Auth, "454 4.7.0 temporary authentication failure", Temporary),
            (Auth, "534 5.7.9 application-specific password required", Operator),
            (Auth, "535 5.7.8 authentication failed", Operator),
            (Auth, "535 no", Operator),
            (Sender, "451 4.3.0 try again later", Temporary),
            (Sender, "452 4.3.1 insufficient system storage", Temporary),
            (Sender, "530 5.7.0 Must issue a STARTTLS command first", Operator),
            (Sender, "530 authentication required", Operator),
            (Sender, "550 5.1.8 domain of sender does not resolve", Operator),
            (Sender, "553 5.7.1 sender address rejected: not owned by user", Operator),
            (Sender, "550 sender refused", Operator),
            (Sender, "555 5.5.4 unsupported option: SMTPUTF8", Operator),
            (Sender, "550 5.6.7 address must be ASCII", Final),
            (Sender, "552 5.3.4 message size exceeds fixed limit", Final),
            (Recipient, "450 4.2.0 greylisted", Temporary),
            (Recipient, "452 4.5.3 too many recipients", Temporary),
            (Recipient, "550 5.1.1 user unknown", Final),
            (Recipient, "550 5.1.2 bad destination system", Final),
            (Recipient, "501 5.1.3 bad recipient address syntax", Final),
            (Recipient, "556 5.1.10 recipient address has null MX", Final),
            (Recipient, "550 5.2.1 mailbox disabled", Final),
            (Recipient, "552 5.2.2 mailbox full", Final),
            (Recipient, "550 5.4.1 recipient address rejected: access denied", Final),
            (Recipient, "550 no such user", Final),
            (Recipient, "551 user not local", Final),
            (Recipient, "553 mailbox name not allowed", Final),
            (Recipient, "501 syntax error in address", Final),
            // The sender and the relay, refused late.
            (Recipient, "554 5.7.1 relay access denied", Operator),
            (Recipient, "554 relay access denied", Operator),
            (Recipient, "550 5.7.1 client host blocked", Operator),
            (Recipient, "550 5.7.26 unauthenticated sender", Operator),
            (Recipient, "504 5.5.2 helo command rejected: need fully-qualified hostname", Operator),
            (Recipient, "550 5.1.0 sender address rejected", Operator),
            (Recipient, "550 5.1.7 sender address rejected", Operator),
            (Recipient, "503 bad sequence of commands", Operator),
            (Recipient, "550 5.4.6 routing loop detected", Operator),
            (Message, "451 4.7.1 try again later", Temporary),
            (Message, "452 disk is full", Temporary),
            (Message, "552 message too large", Final),
            (Message, "550 5.2.3 message too large for the mailbox", Final),
            (Message, "554 5.6.0 message is malformed", Final),
            (Message, "550 5.1.1 user unknown", Final),
            (Message, "554 5.7.1 spam", Operator),
            (Message, "554 Message rejected: address is not verified", Operator),
            (Message, "550 the domain is not verified", Operator),
            (Message, "550 5.3.5 system incorrectly configured", Operator),
            // The class must be that of the reply, or it is no enhanced code.
            (Recipient, "550 4.7.1 odd", Final),
            (Recipient, "550 5.7 odd", Final),
        ] {
            let (code, text) = reply.split_once(' ').unwrap();
            assert_eq!(cause(stage, code.parse().unwrap(), text), expected, "{stage:?} {reply}");
        }
    }

    #[test]
    fn words_of_a_server_name_nobody() {
        for (reply, expected) in [
            ("5.1.1 <ada@example.org>: user unknown", "5.1.1 <…>: user unknown"),
            ("5.1.1 ada@example.org... (ADA) not here; ada_x stays", "5.1.1 … (…) not here; …_x stays"),
            ("mailto:ada.l@example.org, \"b@c\"", "…, \"…\""),
            ("spam\r\nX-Evil: 1\u{1b}[31m", "spam X-Evil: 1 [31m"),
            ("김@예시.한국 is unknown", "… is unknown"),
            ("no user Ada Lovelace; adam is", "no user …; adam is"),
            ("ada=40example.org", "…=40example.org"),
        ] {
            assert_eq!(redacted(reply, &["ada lovelace", "ada", ""]), expected);
        }
        assert_eq!(redacted(&"x".repeat(500), &[]).chars().count(), 241);
    }
}
