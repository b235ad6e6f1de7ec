//! Who changed what: written down in the transaction of the change, read by the mentor whose things they are.

use crate::bookings::{Key, read_cursor, write_cursor};
use crate::{Context, Error};
use scheduling::{Actor as By, ApiKeyId, BookingId, Change, MentorId};
use serde_json::{Value, json};
use store::{Activity, Actor, Happened, NewAccountEvent, Tx};

/// A mentor who changes something: logged in, or by an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Author {
    /// Whose things are changed.
    pub mentor: MentorId,
    /// The key that was shown; none: logged in.
    pub api_key: Option<ApiKeyId>,
}

impl From<MentorId> for Author {
    fn from(mentor: MentorId) -> Self {
        Self { mentor, api_key: None }
    }
}

impl Author {
    /// The right to one of the mentor's bookings.
    pub fn booking(self, id: BookingId) -> Key {
        match self.api_key {
            Some(api_key) => Key::ApiKey(self.mentor, api_key, id),
            None => Key::Mentor(self.mentor, id),
        }
    }

    /// Writes down what the mentor did, in the transaction that does it.
    pub(crate) async fn wrote(self, context: &Context, tx: &mut Tx, change: Change) -> Result<(), Error> {
        add(context, tx, self, By::Mentor, change).await
    }
}

/// Writes down what happened to a mentor's account at somebody else's hand. `tx` is the worker's.
pub(crate) async fn happened(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    by: By,
    change: Change,
) -> Result<(), Error> {
    add(context, tx, mentor.into(), by, change).await
}

async fn add(context: &Context, tx: &mut Tx, author: Author, by: By, change: Change) -> Result<(), Error> {
    let event = NewAccountEvent {
        id: context.new_id(),
        mentor_id: author.mentor,
        actor: by,
        api_key: author.api_key,
        change,
        created_at: context.now(),
    };
    Ok(tx.insert_account_event(&event).await?)
}

/// What happened, newest first: a page, and the cursor of the next.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is not ours.
pub async fn list(
    context: &Context,
    mentor: MentorId,
    cursor: Option<&str>,
) -> Result<(Vec<Activity>, Option<String>), Error> {
    const PAGE: usize = 50;
    let before = cursor.map(read_cursor).transpose()?;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    let mut found = tx.activity(mentor, before, PAGE as i64 + 1).await?;
    let next = (found.len() > PAGE).then(|| write_cursor(found[PAGE - 1].at, found[PAGE - 1].id));
    found.truncate(PAGE);
    Ok((found, next))
}

/// All of it, newest first, for the mentor to take away. `tx` is the mentor's.
pub(crate) async fn export(tx: &mut Tx, mentor: MentorId) -> Result<Vec<Value>, Error> {
    let all = tx.activity(mentor, None, i64::MAX).await?;
    Ok(all.into_iter().map(exported).collect())
}

fn exported(happened: Activity) -> Value {
    let what = match happened.what {
        Happened::Booking { id, kind, during, previous, .. } => {
            let previous = previous.map(|span| span.start);
            json!({ "kind": kind, "booking": id, "start": during.start, "previous_start": previous })
        }
        Happened::Change { change, .. } => json!(change),
    };
    json!({ "at": happened.at, "by": happened.actor, "api_key": happened.api_key, "what": what })
}
