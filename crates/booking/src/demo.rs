//! The demo mentor.

use crate::accounts::{self, NewAccount};
use crate::{Context, Error, schedule};
use scheduling::{Availability, ClockTime, Language, WeeklyWindow};
use store::Actor;

/// The demo mentor's handle.
pub const HANDLE: &str = "kim-mentor";

/// Adds the mentor `kim-mentor` where the database has no mentor yet. Whether there is such a mentor now.
///
/// # Errors
/// Where the database fails.
pub async fn seed(context: &Context) -> Result<bool, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    if tx.count_mentors().await? > 0 {
        return Ok(tx.account_by_handle(HANDLE).await?.is_some());
    }
    drop(tx);
    let new = NewAccount {
        handle: HANDLE.into(),
        name: "김멘토".into(),
        email: "kim-mentor@example.com".into(),
        timezone: "Asia/Seoul".into(),
        headline: Some("Product design · 커리어 이야기".into()),
        bio: Some(
            "Twelve years of designing products in Seoul and Berlin. Bring a portfolio, a decision or a doubt.".into(),
        ),
        photo_url: None,
        language: Language::Ko,
        format: None,
    };
    let (account, _) = accounts::create(context, &new).await?;
    let clock = |hours: u16| ClockTime::from_minutes(hours * 60).unwrap_or(ClockTime::MIDNIGHT);
    let window = |day_of_week, start, end| WeeklyWindow { day_of_week, start_time: clock(start), end_time: clock(end) };
    let mut weekly: Vec<_> = (1..=5).flat_map(|day| [window(day, 9, 12), window(day, 14, 18)]).collect();
    weekly.push(window(3, 20, 22));
    let availability =
        Availability { timezone: "Asia/Seoul".into(), weekly, overrides: Vec::new(), blocked: Vec::new() };
    schedule::save_availability(context, account.id(), availability, None).await?;
    Ok(true)
}
