//! Mentor accounts: signing up, logging in, links in mail, settings, API keys.
//!
//! Signing up, logging in and asking for a new password answer the same, after the same work, whether the address is known
//! or not; who owns it learns the rest by mail.

use crate::activity::{self, Author};
use crate::closing::{self, Preview};
use crate::jobs::{self, AccountMail, Task};
use crate::secrets::{self, Kind, Secret, sha256};
use crate::version::{self, Expected};
use crate::{Context, Error, listing, schedule};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use chrono::{DateTime, TimeDelta, Utc};
use mailer::{AccountNotice, Outgoing};
use scheduling::{
    Actor as By, ApiKeyId, Change, ClockFormat, FieldError, Language, MentorId, RegionalFormat, SessionType,
    SessionTypeId, Way, rules, urls,
};
use serde::Serialize;
use std::sync::LazyLock;
use store::{Account, Actor, ApiKey, FormerHandle, NewMentor, Profile, SingleUse, Tx};

/// How long a login lasts.
pub const SESSION: TimeDelta = TimeDelta::days(30);
const VERIFY_LINK: TimeDelta = TimeDelta::days(3);
const RESET_LINK: TimeDelta = TimeDelta::hours(1);
const LOGIN_LINK: TimeDelta = TimeDelta::minutes(15);
/// An account whose address nobody confirmed is deleted after this.
pub(crate) const UNCONFIRMED_KEPT: TimeDelta = TimeDelta::days(3);
/// How long a handle that was given up leads to its former owner, and is kept from everybody else.
pub const HANDLE_KEPT: TimeDelta = TimeDelta::days(90);
/// So many handles a mentor may have reserved besides their own.
const MOST_FORMER_HANDLES: i64 = 10;
/// Shorter passwords are refused; longer ones than 1,000 characters too, to bound the work.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 10..=1000;

/// What a new mentor tells about themselves.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewAccount {
    pub handle: String,
    pub name: String,
    pub email: String,
    pub timezone: String,
    pub headline: Option<String>,
    pub bio: Option<String>,
    pub photo_url: Option<String>,
    pub language: Language,
    /// How hours and weeks are written for them; unset: as is usual for their language.
    pub format: Option<RegionalFormat>,
}

impl NewAccount {
    fn errors(&self, context: &Context) -> Vec<Option<FieldError>> {
        let mut errors = vec![context.check_email("email", &self.email)];
        errors.extend(profile_errors(context, &self.profile()));
        errors
    }

    fn profile(&self) -> Profile {
        Profile {
            handle: self.handle.clone(),
            name: self.name.clone(),
            headline: self.headline.clone(),
            bio: self.bio.clone(),
            photo_url: self.photo_url.clone(),
            timezone: self.timezone.clone(),
            language: self.language.tag().to_owned(),
            clock: self.format.map(|format| format.clock.tag().to_owned()),
            week_start: self.format.map(|format| i16::from(format.week_start)),
        }
    }

    fn row(&self, context: &Context, email_verified_at: Option<DateTime<Utc>>) -> NewMentor {
        let profile = tidy(self.profile());
        NewMentor {
            id: MentorId(context.new_id()),
            handle: profile.handle,
            name: profile.name,
            email: self.email.trim().to_owned(),
            email_verified_at,
            headline: profile.headline,
            bio: profile.bio,
            photo_url: profile.photo_url,
            timezone: profile.timezone,
            language: profile.language,
            clock: profile.clock,
            week_start: profile.week_start,
            created_at: context.now(),
        }
    }
}

fn profile_errors(context: &Context, profile: &Profile) -> Vec<Option<FieldError>> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    vec![
        rules::check_name("name", &profile.name),
        rules::check_handle("handle", &profile.handle),
        (!context.zones.contains(&profile.timezone))
            .then(|| match listing::unknown_zone("timezone", &profile.timezone) {
                Error::Invalid(errors) => errors.into_iter().next(),
                _ => None,
            })
            .flatten(),
        filled(&profile.headline).and_then(|text| rules::check_name("headline", &text)),
        filled(&profile.bio).and_then(|text| rules::check_text("bio", &text, rules::MAX_TEXT)),
        check_format(profile),
        filled(&profile.photo_url).and_then(|text| rules::check_url("photo_url", &text)),
    ]
}

fn check_format(profile: &Profile) -> Option<FieldError> {
    let known =
        profile.clock.as_deref().is_none_or(|clock| ClockFormat::from_tag(clock).is_some_and(|c| c.tag() == clock));
    if !known {
        return Some(FieldError::new("clock", "invalid", "Send 12h or 24h."));
    }
    let on_a_day = profile.week_start.is_none_or(|day| (0..=6).contains(&day));
    (!on_a_day).then(|| FieldError::new("week_start", "out_of_range", "Send a day from 0 (Sunday) to 6 (Saturday)."))
}

/// How hours and weeks are written for this mentor: as they have set it, else as is usual for their language.
pub fn format_of(account: &Account) -> RegionalFormat {
    chosen_format(account, RegionalFormat::of_tag(&account.language))
}

/// How hours and weeks are written for this mentor: as they have set it, else as is `usual`.
pub fn chosen_format(account: &Account, usual: RegionalFormat) -> RegionalFormat {
    RegionalFormat {
        clock: account.clock.as_deref().and_then(ClockFormat::from_tag).unwrap_or(usual.clock),
        week_start: account.week_start.and_then(|day| u8::try_from(day).ok()).unwrap_or(usual.week_start),
    }
}

fn tidy(mut profile: Profile) -> Profile {
    let tidied = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    profile.name = profile.name.trim().to_owned();
    profile.headline = tidied(profile.headline);
    profile.bio = tidied(profile.bio);
    profile.photo_url = tidied(profile.photo_url);
    profile
}

fn check_password(password: &Secret) -> Option<FieldError> {
    let length = password.reveal().chars().count();
    let code = match length {
        0 => "required",
        _ if length < *PASSWORD_LENGTH.start() => "too_short",
        _ if length > *PASSWORD_LENGTH.end() => "too_long",
        _ => return None,
    };
    Some(FieldError::new("password", code, "Choose a password of 10 to 1,000 characters."))
}

fn refuse_reserved(handle: &str) -> Result<(), Error> {
    if urls::RESERVED.contains(&handle) { Err(Error::HandleTaken) } else { Ok(()) }
}

/// Refuses a handle that a former owner has reserved, unless it is `by`. Holds it until the end of the transaction.
async fn refuse_reserved_for_another(tx: &mut Tx, handle: &str, by: Option<MentorId>) -> Result<(), Error> {
    match tx.former_handle(handle).await? {
        FormerHandle::Of(owner) if owner.is_none() || owner != by => Err(Error::HandleTaken),
        FormerHandle::Of(_) | FormerHandle::Unknown => Ok(()),
    }
}

/// Adds a mentor whose address the platform vouches for. Answers the account and an API key, which is shown this once.
///
/// # Errors
/// [`Error::Invalid`], [`Error::HandleTaken`].
pub async fn create(context: &Context, new: &NewAccount) -> Result<(Account, Secret), Error> {
    Error::check(new.errors(context))?;
    refuse_reserved(&new.handle)?;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let row = new.row(context, Some(context.now()));
    insert(context, &mut tx, &row, By::Platform).await?;
    let (id, key) = add_api_key(context, &mut tx, row.id, "First key").await?;
    activity::happened(context, &mut tx, row.id, By::Platform, Change::ApiKeyCreated { key: id }).await?;
    let account = tx.account(row.id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok((account, key))
}

async fn insert(context: &Context, tx: &mut Tx, row: &NewMentor, by: By) -> Result<(), Error> {
    tx.lock_handles(&[&row.handle]).await?;
    refuse_reserved_for_another(tx, &row.handle, None).await?;
    tx.insert_mentor(row).await?;
    tx.put_session_type(row.id, SessionTypeId(context.new_id()), row.created_at, &SessionType::first()).await?;
    activity::happened(context, tx, row.id, by, Change::AccountCreated).await
}

/// Signs up. A link to confirm the address is mailed; where the address is known already, its owner is told instead, and
/// the answer is the same. The account is neither public nor open before it is confirmed.
///
/// # Errors
/// [`Error::SignupsClosed`], [`Error::Invalid`], [`Error::HandleTaken`].
pub async fn sign_up(context: &Context, new: &NewAccount, password: Secret) -> Result<(), Error> {
    sign_up_once(context, new, password, None).await
}

/// As [`sign_up`], by a form of a page: sent again, it does nothing.
///
/// # Errors
/// As there.
pub async fn sign_up_once(
    context: &Context,
    new: &NewAccount,
    password: Secret,
    form: Option<SentForm>,
) -> Result<(), Error> {
    if !context.signups_open {
        return Err(Error::SignupsClosed);
    }
    let mut errors = new.errors(context);
    errors.push(check_password(&password));
    Error::check(errors)?;
    refuse_reserved(&new.handle)?;
    let hash = hash_password(context, password).await?;
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.lock_address(&new.email).await?;
    if !is_first(&mut tx, form, now).await? {
        return Ok(());
    }
    let known = tx.account_by_email(&new.email).await?;
    let owner = tx.account_by_handle(&new.handle).await?;
    let same = |account: &Account| {
        known.as_ref().is_some_and(|known| known.id == account.id && known.email_verified_at.is_none())
    };
    if owner.as_ref().is_some_and(|owner| !same(owner)) {
        return Err(Error::HandleTaken);
    }
    // Before it matters whether the address is known: the answer must not tell.
    tx.lock_handles(&[&new.handle]).await?;
    refuse_reserved_for_another(&mut tx, &new.handle, None).await?;
    // Whoever signed up with this address before and never confirmed it gives way: the newest attempt counts.
    match known {
        Some(known) if known.email_verified_at.is_some() || !tx.delete_if_unconfirmed(known.id()).await? => {
            leave_mail(&mut tx, known.id(), AccountMail::EmailInUse, now).await?;
        }
        _ => {
            let row = new.row(context, None);
            insert(context, &mut tx, &row, By::Mentor).await?;
            tx.set_password_hash(row.id, &hash, now).await?;
            leave_mail(&mut tx, row.id, AccountMail::Verify, now).await?;
        }
    }
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(())
}

/// Logs in with address and password. Answers the session's token, for the cookie.
///
/// # Errors
/// [`Error::WrongCredentials`], whatever of it is wrong.
pub async fn log_in(context: &Context, email: &str, password: Secret) -> Result<Secret, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let account = tx.account_by_email(email.trim()).await?.filter(|account| account.email_verified_at.is_some());
    let hash = match &account {
        Some(account) => tx.password_hash(account.id()).await?,
        None => None,
    };
    drop(tx);
    let verified = verify_password(hash, password).await?;
    match account {
        Some(account) if verified => {
            let tx = context.store.begin(Actor::Worker).await?;
            open_session(context, tx, account.id(), Change::SignedIn { way: Way::Password }).await
        }
        _ => Err(Error::WrongCredentials),
    }
}

/// Whose session the cookie's token is.
///
/// # Errors
/// Where the database fails.
pub async fn session(context: &Context, token: &Secret) -> Result<Option<Account>, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some(mentor) = tx.session(&token.hash(), context.now()).await? else { return Ok(None) };
    Ok(tx.account(mentor).await?)
}

/// Logs out.
///
/// # Errors
/// Where the database fails.
pub async fn log_out(context: &Context, token: &Secret) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.delete_session(&token.hash()).await?;
    Ok(tx.commit().await?)
}

async fn open_session(context: &Context, mut tx: Tx, mentor: MentorId, by: Change) -> Result<Secret, Error> {
    let token = secrets::new_token(context, Kind::Session);
    let now = context.now();
    tx.insert_session(&token.hash(), mentor, now, now + SESSION).await?;
    activity::happened(context, &mut tx, mentor, By::Mentor, by).await?;
    tx.commit().await?;
    Ok(token)
}

/// Confirms an e-mail address with the link that was mailed, and logs in.
///
/// # Errors
/// [`Error::WrongCredentials`]: the link was used, or has expired.
pub async fn verify_email(context: &Context, token: &Secret) -> Result<Secret, Error> {
    verify_email_once(context, token, None).await
}

/// As [`verify_email`], by a form of a page: sent again within [`SENT_AGAIN`], it logs in again.
///
/// # Errors
/// As there.
pub async fn verify_email_once(context: &Context, token: &Secret, form: Option<SentForm>) -> Result<Secret, Error> {
    match take_once(context, token, SingleUse::Verify, form).await? {
        (mut tx, mentor, true) => {
            tx.set_email_verified(mentor, context.now()).await?;
            open_session(context, tx, mentor, Change::EmailConfirmed).await
        }
        (tx, mentor, false) => open_session(context, tx, mentor, Change::SignedIn { way: Way::Link }).await,
    }
}

/// Mails a link that sets a new password, if the address is known. The answer is the same if not.
///
/// # Errors
/// [`Error::Invalid`] for what is no address.
pub async fn forgot(context: &Context, email: &str) -> Result<(), Error> {
    forgot_once(context, email, None).await
}

/// As [`forgot`], by a form of a page: sent again, it mails nothing.
///
/// # Errors
/// As there.
pub async fn forgot_once(context: &Context, email: &str, form: Option<SentForm>) -> Result<(), Error> {
    Error::check([context.check_email("email", email)])?;
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    if !is_first(&mut tx, form, now).await? {
        return Ok(());
    }
    match tx.account_by_email(email.trim()).await? {
        Some(account) => leave_mail(&mut tx, account.id(), AccountMail::Reset, now).await?,
        // The same work for an address that nobody has; the job finds no account.
        None => {
            let task = Task::Account { mentor: MentorId(context.new_id()), notice: AccountMail::Reset };
            jobs::leave(&mut tx, None, &task, now, now).await?;
        }
    }
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(())
}

/// Sets a new password with the link that was mailed. Every session ends; the address counts as confirmed.
///
/// # Errors
/// [`Error::Invalid`] (the password), [`Error::WrongCredentials`]: the link was used, or has expired.
pub async fn reset_password(context: &Context, token: &Secret, password: Secret) -> Result<(), Error> {
    reset_password_once(context, token, password, None).await
}

/// As [`reset_password`], by a form of a page: sent again within [`SENT_AGAIN`], it changes nothing.
///
/// # Errors
/// As there.
pub async fn reset_password_once(
    context: &Context,
    token: &Secret,
    password: Secret,
    form: Option<SentForm>,
) -> Result<(), Error> {
    Error::check([check_password(&password)])?;
    let hash = hash_password(context, password).await?;
    let (mut tx, mentor, true) = take_once(context, token, SingleUse::Reset, form).await? else { return Ok(()) };
    tx.set_password_hash(mentor, &hash, context.now()).await?;
    tx.set_email_verified(mentor, context.now()).await?;
    tx.delete_sessions(mentor).await?;
    activity::happened(context, &mut tx, mentor, By::Mentor, Change::PasswordChanged).await?;
    Ok(tx.commit().await?)
}

/// A link that logs a mentor in, once, and when it stops working.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn login_link(context: &Context, handle: &str) -> Result<(String, DateTime<Utc>), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let account = tx.account_by_handle(handle).await?.ok_or(Error::NotFound)?;
    let token = secrets::new_token(context, Kind::SingleUse);
    let now = context.now();
    let expires_at = now + LOGIN_LINK;
    tx.insert_single_use(&token.hash(), account.id(), SingleUse::Login, now, expires_at).await?;
    activity::happened(context, &mut tx, account.id(), By::Platform, Change::LoginLinkMade).await?;
    tx.commit().await?;
    Ok((context.link(&urls::with_token(urls::ENTER, token.reveal())), expires_at))
}

/// Logs in with a login link.
///
/// # Errors
/// [`Error::WrongCredentials`]: the link was used, or has expired.
pub async fn enter(context: &Context, token: &Secret) -> Result<Secret, Error> {
    let (tx, mentor) = take(context, token, SingleUse::Login).await?;
    open_session(context, tx, mentor, Change::SignedIn { way: Way::Link }).await
}

/// Uses a link up, in a transaction that is yet to be committed.
async fn take(context: &Context, token: &Secret, purpose: SingleUse) -> Result<(Tx, MentorId), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let mentor = tx.take_single_use(&token.hash(), purpose, context.now()).await?.ok_or(Error::WrongCredentials)?;
    Ok((tx, mentor))
}

/// For so long a form that uses a link up may be sent again: as long as somebody presses a button twice.
pub const SENT_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// Recognises a form that is sent again: by the key that the server gave it when it rendered the page, and by what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentForm([u8; 32]);

impl SentForm {
    /// `None` for a key that is too short to be one of ours: somebody else could know it.
    pub fn new(key: &str, about: &[&str]) -> Option<Self> {
        (key.len() >= 32).then(|| Self(sha256([&[key], about].concat().join("\0").as_bytes())))
    }
}

/// Whether the form, if it is one, was not sent before. From then on it was, once `tx` is committed.
async fn is_first(tx: &mut Tx, form: Option<SentForm>, now: DateTime<Utc>) -> Result<bool, Error> {
    match form {
        Some(SentForm(hash)) => Ok(tx.record_sent_form(&hash, None, now).await?),
        None => Ok(true),
    }
}

/// As [`take`]; for a form that has used the link up a moment ago it answers the same, and `false`.
async fn take_once(
    context: &Context,
    token: &Secret,
    purpose: SingleUse,
    form: Option<SentForm>,
) -> Result<(Tx, MentorId, bool), Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    if let Some(mentor) = tx.take_single_use(&token.hash(), purpose, now).await? {
        if let Some(SentForm(hash)) = form {
            tx.record_sent_form(&hash, Some(mentor), now).await?;
        }
        return Ok((tx, mentor, true));
    }
    let sender = match form {
        Some(SentForm(hash)) => tx.sender_of_form(&hash, now - SENT_AGAIN).await?,
        None => None,
    };
    Ok((tx, sender.ok_or(Error::WrongCredentials)?, false))
}

async fn leave_mail(tx: &mut Tx, mentor: MentorId, notice: AccountMail, now: DateTime<Utc>) -> Result<(), Error> {
    jobs::leave(tx, Some(mentor), &Task::Account { mentor, notice }, now, now).await
}

/// Writes the message of a job. The link's token is made here, so that no job holds a secret.
pub(crate) async fn compose(
    context: &Context,
    mentor: MentorId,
    mail: AccountMail,
    job: i64,
    created_at: DateTime<Utc>,
) -> Result<Option<Outgoing>, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let account = tx.account(mentor).await?.filter(|account| account.closed_at.is_none());
    let Some(account) = account else { return Ok(None) };
    let now = context.now();
    let (path, purpose, lasts) = match mail {
        AccountMail::Verify => (urls::VERIFY, SingleUse::Verify, VERIFY_LINK),
        AccountMail::Reset => (urls::FORGOT, SingleUse::Reset, RESET_LINK),
        AccountMail::EmailInUse => {
            let notice = AccountNotice::EmailInUse {
                login_url: context.link(urls::LOGIN),
                reset_url: context.link(urls::FORGOT),
            };
            return Ok(Some(address(notice, account, job, created_at)));
        }
        AccountMail::CalendarExpired { connection } => {
            // It may have been connected again, or forgotten.
            let connection = tx.calendar_connection(connection).await?.filter(|c| c.status == "expired");
            let Some(connection) = connection else { return Ok(None) };
            let url = context.link(urls::CALENDARS);
            let notice = AccountNotice::CalendarExpired { provider: connection.provider, url };
            return Ok(Some(address(notice, account, job, created_at)));
        }
    };
    let token = secrets::new_token(context, Kind::SingleUse);
    tx.insert_single_use(&token.hash(), mentor, purpose, now, now + lasts).await?;
    tx.commit().await?;
    let url = context.link(&urls::with_token(path, token.reveal()));
    let notice = match purpose {
        SingleUse::Reset => AccountNotice::ResetPassword { url },
        SingleUse::Verify | SingleUse::Login => AccountNotice::VerifyEmail { url },
    };
    Ok(Some(address(notice, account, job, created_at)))
}

fn address(notice: AccountNotice, account: Account, job: i64, created_at: DateTime<Utc>) -> Outgoing {
    let message_id = format!("{}.{job}", account.id);
    let language = Language::from_tag(&account.language).unwrap_or_default();
    notice.compose(language, account.name, account.email, message_id, created_at)
}

/// The mentor's own account.
///
/// # Errors
/// [`Error::NotFound`] where it was deleted.
pub async fn account(context: &Context, mentor: MentorId) -> Result<Account, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.account(mentor).await?.ok_or(Error::NotFound)
}

/// The version of the settings that [`update_profile`] replaces.
///
/// # Errors
/// Where they cannot be written as JSON.
pub fn profile_version(account: &Account) -> Result<String, Error> {
    version::of(&settings_of(account))
}

fn settings_of(account: &Account) -> impl Serialize + use<'_> {
    let Account { handle, name, headline, bio, photo_url, timezone, language, clock, week_start, .. } = account;
    (handle, name, headline, bio, photo_url, timezone, language, clock, week_start)
}

/// Changes the mentor's profile, whatever it is.
///
/// # Errors
/// [`Error::Invalid`], [`Error::HandleTaken`].
pub async fn update_profile(context: &Context, mentor: MentorId, profile: Profile) -> Result<Account, Error> {
    update_expected_profile(context, mentor, profile, &Expected::Anything).await
}

/// As [`update_profile`], if what is saved is what is expected. A handle that is given up leads to the mentor for
/// [`HANDLE_KEPT`]; nobody else can take it, and the mentor can take it back.
///
/// # Errors
/// As there, and [`Error::Stale`].
pub async fn update_expected_profile(
    context: &Context,
    mentor: MentorId,
    profile: Profile,
    expected: &Expected,
) -> Result<Account, Error> {
    Error::check(profile_errors(context, &profile))?;
    refuse_reserved(&profile.handle)?;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.lock_calendar(mentor).await?;
    let before = tx.account(mentor).await?.ok_or(Error::NotFound)?;
    expected.check(Some(&settings_of(&before)))?;
    if profile.handle != before.handle {
        change_handle(context, &mut tx, mentor, &before.handle, &profile.handle).await?;
    }
    tx.update_profile(mentor, &tidy(profile)).await?;
    let account = tx.account(mentor).await?.ok_or(Error::NotFound)?;
    if account != before {
        let change = Change::ProfileChanged { timezone: schedule::moved(before.timezone, &account.timezone) };
        Author::from(mentor).wrote(context, &mut tx, change).await?;
    }
    tx.commit().await?;
    Ok(account)
}

async fn change_handle(context: &Context, tx: &mut Tx, mentor: MentorId, old: &str, new: &str) -> Result<(), Error> {
    tx.lock_handles(&[old, new]).await?;
    refuse_reserved_for_another(tx, new, Some(mentor)).await?;
    tx.take_back_handle(mentor, new).await?;
    if tx.count_former_handles(mentor).await? >= MOST_FORMER_HANDLES {
        let message = "You have changed your page's address too often. Take one of your former addresses, or wait.";
        return Err(Error::invalid("handle", "too_many", message));
    }
    Ok(tx.give_up_handle(mentor, old, context.now() + HANDLE_KEPT).await?)
}

/// What deleting the account would do now.
///
/// # Errors
/// Where the database fails.
pub async fn deletion(context: &Context, mentor: MentorId) -> Result<Preview, Error> {
    closing::preview(context, mentor).await
}

/// Closes the account, once `confirmation` is the password, or the handle where there is no password. Sessions to come are
/// cancelled and their mentees notified; the account is invisible at once, and deleted with all its data as soon as that is
/// done.
///
/// # Errors
/// [`Error::WrongCredentials`].
pub async fn delete(context: &Context, mentor: MentorId, confirmation: Secret) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let account = tx.account(mentor).await?.ok_or(Error::NotFound)?;
    let hash = tx.password_hash(mentor).await?;
    drop(tx);
    let confirmed = match hash {
        Some(hash) => verify_password(Some(hash), confirmation).await?,
        None => confirmation.reveal() == account.handle,
    };
    if !confirmed {
        return Err(Error::WrongCredentials);
    }
    closing::close(context, mentor, HANDLE_KEPT).await
}

/// The API keys that work.
///
/// # Errors
/// Where the database fails.
pub async fn api_keys(context: &Context, mentor: MentorId) -> Result<Vec<ApiKey>, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    Ok(tx.api_keys(mentor).await?)
}

/// Makes an API key. Its secret is shown this once.
///
/// # Errors
/// [`Error::Invalid`] (the name, or more than 100 keys).
pub async fn create_api_key(context: &Context, mentor: MentorId, name: &str) -> Result<(ApiKey, Secret), Error> {
    Error::check([rules::check_name("name", name)])?;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    if tx.api_keys(mentor).await?.len() >= 100 {
        return Err(Error::invalid("name", "out_of_range", "Revoke a key first: there can be 100 at most."));
    }
    let (id, key) = add_api_key(context, &mut tx, mentor, name.trim()).await?;
    let row = tx.api_keys(mentor).await?.into_iter().find(|row| row.id == id.0).ok_or(Error::NotFound)?;
    Author::from(mentor).wrote(context, &mut tx, Change::ApiKeyCreated { key: id }).await?;
    tx.commit().await?;
    Ok((row, key))
}

async fn add_api_key(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    name: &str,
) -> Result<(ApiKeyId, Secret), Error> {
    let key = secrets::new_token(context, Kind::ApiKey);
    let id = ApiKeyId(context.new_id());
    let prefix: String = key.reveal().chars().take(9).collect();
    tx.insert_api_key(id, mentor, name, &prefix, &key.hash(), context.now()).await?;
    Ok((id, key))
}

/// Revokes an API key.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn revoke_api_key(context: &Context, mentor: MentorId, id: ApiKeyId) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    if !tx.revoke_api_key(id, context.now()).await? {
        return Err(Error::NotFound);
    }
    Author::from(mentor).wrote(context, &mut tx, Change::ApiKeyRevoked { key: id }).await?;
    Ok(tx.commit().await?)
}

/// Whose API key it is, and which; `None` for an unknown or revoked one.
///
/// # Errors
/// Where the database fails.
pub async fn mentor_of_api_key(context: &Context, key: &Secret) -> Result<Option<Author>, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let found = tx.mentor_of_api_key(&key.hash(), context.now()).await?;
    tx.commit().await?;
    Ok(found.map(|(mentor, id)| Author { mentor, api_key: Some(id) }))
}

/// Everything that Yaksok keeps about a mentor, for them to take away.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct Export {
    pub exported_at: DateTime<Utc>,
    pub handle: String,
    pub name: String,
    pub email: String,
    pub headline: Option<String>,
    pub bio: Option<String>,
    pub photo_url: Option<String>,
    pub timezone: String,
    pub language: String,
    pub clock: &'static str,
    pub week_start: u8,
    pub created_at: DateTime<Utc>,
    pub availability: scheduling::Availability,
    pub session_types: Vec<SessionType>,
    pub bookings: Vec<serde_json::Value>,
    pub activity: Vec<serde_json::Value>,
    pub calendars: Vec<crate::calendar::ConnectionView>,
}

/// Exports the mentor's data.
///
/// # Errors
/// Where the database fails.
pub async fn export(context: &Context, mentor: MentorId) -> Result<Export, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    let account = tx.account(mentor).await?.ok_or(Error::NotFound)?;
    let availability = tx.own_hours(mentor, &account.timezone).await?;
    let session_types = tx.session_types(mentor).await?.into_iter().map(|owned| owned.session_type).collect();
    let filter = store::BookingFilter { limit: i64::MAX, ..Default::default() };
    let bookings = tx.bookings(mentor, &filter).await?;
    let activity = activity::export(&mut tx, mentor).await?;
    drop(tx);
    let format = format_of(&account);
    Ok(Export {
        calendars: crate::calendar::list(context, mentor).await?,
        activity,
        exported_at: context.now(),
        handle: account.handle,
        name: account.name,
        email: account.email,
        headline: account.headline,
        bio: account.bio,
        photo_url: account.photo_url,
        timezone: account.timezone,
        clock: format.clock.tag(),
        week_start: format.week_start,
        language: account.language,
        created_at: account.created_at,
        availability,
        session_types,
        bookings: bookings
            .iter()
            .map(|b| {
                serde_json::json!({
                    "id": b.id, "status": b.status, "start": b.start, "end": b.end, "session_type": b.session_slug,
                    "session_name": b.session_name, "name": b.name, "email": b.email, "timezone": b.timezone,
                    "notes": b.notes, "location": b.location, "sequence": b.sequence, "created_at": b.created_at,
                    "cancelled_at": b.cancelled_at, "cancelled_by": b.cancelled_by, "reason": b.reason,
                    "erased_at": b.erased_at,
                })
            })
            .collect(),
    })
}

/// A hash of no password: checking against it takes as long as against a real one.
static NOBODYS_HASH: LazyLock<String> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password_with_salt(b"nobody's password", b"a salt of 16 byt");
    hash.map(|hash| hash.to_string()).unwrap_or_default()
});

async fn hash_password(context: &Context, password: Secret) -> Result<String, Error> {
    let mut salt = [0; 16];
    context.random.fill(&mut salt);
    blocking(move || {
        let hash = Argon2::default().hash_password_with_salt(password.reveal().as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| Error::Internal(format!("argon2: {error}")))
    })
    .await?
}

async fn verify_password(hash: Option<String>, password: Secret) -> Result<bool, Error> {
    blocking(move || {
        let real = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODYS_HASH.clone());
        let matches = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.reveal().as_bytes(), &hash).is_ok());
        real && matches
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))
}
