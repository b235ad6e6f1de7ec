//! A mail server that treats its recipients as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What becomes of a message.
#[derive(Clone, Copy)]
pub(crate) enum Treatment {
    Take,
    /// This answer, at the recipient's address.
    Refuse(&'static str),
    /// No answer, ever.
    Hang,
    /// The connection ends in the middle of the message.
    Cut,
}

/// By recipient, and how often somebody has tried before.
type Rule = fn(recipient: &str, before: usize) -> Treatment;

#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) text: String,
}

impl Letter {
    /// What stands before the `@` of its `Message-ID`.
    pub(crate) fn id(&self) -> &str {
        let line = self.text.lines().find_map(|line| line.strip_prefix("Message-ID: <")).unwrap();
        line.split('@').next().unwrap()
    }
}

#[derive(Default)]
struct Heard {
    letters: Vec<Letter>,
    attempts: BTreeMap<String, usize>,
}

pub(crate) struct Post {
    pub(crate) url: String,
    heard: Arc<Mutex<Heard>>,
    closed: Arc<AtomicBool>,
}

impl Post {
    pub(crate) fn start(rule: Rule) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Heard::default()));
        let closed = Arc::new(AtomicBool::new(false));
        let (notes, refuses) = (heard.clone(), closed.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (notes, refuses) = (notes.clone(), refuses.clone());
                thread::spawn(move || serve(stream, rule, &notes, &refuses));
            }
        });
        Self { url, heard, closed }
    }

    /// Whether every password is the wrong one from now on.
    pub(crate) fn refuse_passwords(&self, refuse: bool) {
        self.closed.store(refuse, Ordering::Relaxed);
    }

    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.heard.lock().unwrap().letters.clone()
    }

    pub(crate) fn attempts(&self, recipient: &str) -> usize {
        self.heard.lock().unwrap().attempts.get(recipient).copied().unwrap_or_default()
    }
}

/// Ends at whatever goes wrong: clients are killed in these tests.
fn serve(stream: TcpStream, rule: Rule, heard: &Mutex<Heard>, closed: &AtomicBool) -> Option<()> {
    let mut answers = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream).lines();
    let (mut to, mut treatment) = (String::new(), Treatment::Take);
    let mut say = move |line: &str| answers.write_all(format!("{line}\r\n").as_bytes()).ok();
    say("220 post")?;
    loop {
        let line = lines.next()?.ok()?;
        match line.split([' ', ':']).next()? {
            "RCPT" => {
                to = line.split(['<', '>']).nth(1)?.to_owned();
                let mut heard = heard.lock().unwrap();
                let before = heard.attempts.entry(to.clone()).or_default();
                treatment = rule(&to, *before);
                *before += 1;
                drop(heard);
                match treatment {
                    Treatment::Refuse(answer) => say(answer)?,
                    Treatment::Hang => thread::sleep(Duration::from_secs(3600)),
                    _ => say("250 fine")?,
                }
            }
            "DATA" => {
                say("354 go on")?;
                let mut text = String::new();
                loop {
                    let line = lines.next()?.ok()?;
                    if matches!(treatment, Treatment::Cut) {
                        return None;
                    }
                    if line == "." {
                        break;
                    }
                    text.push_str(&line);
                    text.push('\n');
                }
                heard.lock().unwrap().letters.push(Letter { to: to.clone(), text });
                say("250 taken")?;
            }
            "EHLO" => say("250-post\r\n250 AUTH PLAIN")?,
            "AUTH" if closed.load(Ordering::Relaxed) => say("535 5.7.8 not with that password")?,
            "AUTH" => say("235 welcome")?,
            "QUIT" => {
                say("221 bye")?;
                return None;
            }
            _ => say("250 fine")?,
        }
    }
}
