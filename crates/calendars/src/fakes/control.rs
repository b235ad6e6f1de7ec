//! What a browser test can do to a fake over HTTP: `POST /control/{what}` with JSON.
//!
//! | what | body | answer |
//! | --- | --- | --- |
//! | `add` | [`super::NewEvent`] | `{"id"}` |
//! | `move` | `{"id","start","end"}` | |
//! | `change` | `{"id","members"}` | |
//! | `delete`, `purge` | `{"id"}` | |
//! | `fail` | [`super::Failing`]: `{"matching":"GET /calendar","times":2,"fault":{"throttled":30}}` | |
//! | `expire-cursors`, `expire-access-tokens`, `withdraw` | | |
//! | `page-size` | `{"size"}` | |
//! | `meetings` | `{"allowed"}` | |
//! | `notify` | | the statuses that came back |
//! | `reset` | | as new |
//! | `events`, `requests` (GET too) | | a list |

use super::{Failing, Moment, NewEvent, Reply, Seen, State};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Move {
    id: String,
    start: Moment,
    end: Moment,
}

impl State {
    /// What was asked for at `/control/…`.
    pub(super) fn controlled(&mut self, what: &str, seen: &Seen) -> Reply {
        self.control(what, seen).map_or_else(|| self.refuse(400, "control"), Reply::ok)
    }

    fn control(&mut self, what: &str, seen: &Seen) -> Option<Value> {
        let id = seen.text("id");
        match what {
            "add" => return Some(json!({ "id": self.add(read::<NewEvent>(seen)?) })),
            "move" => {
                let Move { id, start, end } = read(seen)?;
                let times = self.times(start, end);
                self.change(&id, &times);
            }
            "change" => self.change(id, &seen.body["members"]),
            "delete" => self.delete(id),
            "purge" => self.stored(id)?.purged = true,
            "fail" => self.failing.push(read::<Failing>(seen)?),
            "expire-cursors" => self.cursors.clear(),
            "expire-access-tokens" => self.grants.access.clear(),
            "withdraw" => (self.grants.access, self.grants.refresh) = Default::default(),
            "page-size" => self.page = seen.body["size"].as_u64()?.max(1) as usize,
            "meetings" => self.meetings = seen.body["allowed"].as_bool()?,
            "reset" => *self = Self::new(self.provider, self.origin.clone()),
            "events" => return serde_json::to_value(self.kept()).ok(),
            "requests" => return serde_json::to_value(&self.seen).ok(),
            _ => return None,
        }
        Some(json!({}))
    }
}

fn read<T: DeserializeOwned>(seen: &Seen) -> Option<T> {
    serde_json::from_value(seen.body.clone()).ok()
}
