//! What is particular to Microsoft.

use crate::{Connected, draft, graph, hour, only, present, timed};
use calendars::fakes::{Fault, NewEvent};
use calendars::remote::{Change, Draft, Meeting, Remote, RemoteError, When};
use serde_json::json;

#[tokio::test]
async fn the_account_and_its_calendars() {
    let c = graph().await;
    c.fake.page_size(2);
    let account = c.client.account().await.unwrap();
    assert_eq!(account.name, "mentor@example.com");
    let told: Vec<_> = account.calendars.iter().map(|c| (c.name.as_str(), c.primary, c.owned, c.writable)).collect();
    assert_eq!(told, [("Calendar", true, true, true), ("Team", false, false, true), ("Holidays", false, false, false)]);
}

#[tokio::test]
async fn what_is_busy() {
    let c = graph().await;
    let busy = [
        c.fake.add_event(NewEvent::timed("Meeting", hour(2, 9))),
        c.fake.add_event(NewEvent::timed("Perhaps", hour(2, 10))),
        c.fake.add_event(NewEvent::timed("Away", hour(2, 11))),
        c.fake.add_event(NewEvent::timed("Elsewhere", hour(2, 12))),
    ];
    for (id, shown) in busy.iter().zip(["busy", "tentative", "oof", "workingElsewhere"]) {
        c.fake.change_event(id, &json!({ "showAs": shown }));
    }
    c.fake.add_event(NewEvent::timed("Maybe", hour(3, 9)).free());
    c.fake.add_event(NewEvent::timed("No", hour(3, 10)).declined());
    let cancelled = c.fake.add_event(NewEvent::timed("Called off", hour(3, 11)));
    c.fake.change_event(&cancelled, &json!({ "isCancelled": true }));
    let changes = c.look(None).await;
    let told: Vec<_> = present(&changes).into_iter().filter(|event| event.busy).map(|event| event.id.clone()).collect();
    assert_eq!(told, busy);
    assert!(changes.changes.contains(&Change::Gone { id: cancelled.clone(), booking: None }));
    assert_eq!(c.client.get(&c.primary, &cancelled).await, Ok(None));
}

#[tokio::test]
async fn whole_days_are_of_the_zone_they_were_made_in() {
    let c = graph().await;
    let (first, after) = ("2026-12-24".parse().unwrap(), "2026-12-27".parse().unwrap());
    let id = c.fake.add_event(NewEvent::all_day("Holiday", first, after));
    let when = |timezone: Option<&str>| When::AllDay { first, after, timezone: timezone.map(str::to_owned) };
    assert_eq!(only(&c.look(None).await).when, when(Some("Asia/Seoul")), "Windows calls it Korea Standard Time");
    c.fake.change_event(&id, &json!({ "originalStartTimeZone": "tzone://Microsoft/Custom" }));
    assert_eq!(only(&c.look(None).await).when, when(None));
}

async fn known(c: &Connected) -> Vec<(String, bool)> {
    let changes = c.look(None).await;
    present(&changes).into_iter().map(|event| (event.id.clone(), event.busy)).collect()
}

#[tokio::test]
async fn occurrences_are_as_their_series_is_shown() {
    let c = graph().await;
    c.fake.page_size(2);
    let series = c.fake.add_event(NewEvent::timed("Lunch", hour(1, 9)).weekly(3).free());
    assert!(known(&c).await.iter().all(|(id, busy)| !busy && *id != series));
    c.fake.tell_masters(false);
    assert_eq!(known(&c).await.len(), 3);
    assert!(known(&c).await.iter().all(|(_, busy)| !busy), "the series is asked where it is not told");
    c.fake.fail(&format!("/{series}?"), 1, Fault::Status(404));
    assert!(known(&c).await.iter().all(|(_, busy)| *busy), "what nobody says is busy");
    c.fake.tell_masters(true);
    c.fake.change_event(&series, &json!({ "showAs": "busy" }));
    assert_eq!(known(&c).await.len(), 3);
    assert!(known(&c).await.iter().all(|(_, busy)| *busy));
}

#[tokio::test]
async fn a_series_that_changed_is_read_afresh() {
    let c = graph().await;
    let series = c.fake.add_event(NewEvent::timed("Standup", hour(1, 9)).weekly(4));
    let instances = c.fake.instances(&series);
    let first = c.look(None).await;
    assert_eq!(present(&first).len(), 4);

    // Nothing says that an occurrence was deleted.
    c.fake.delete_event(&instances[1]);
    let second = c.look(first.cursor.as_deref()).await;
    assert!(second.complete);
    assert_eq!(present(&second).len(), 3);

    c.fake.move_event(&instances[2], hour(20, 12));
    let third = c.look(second.cursor.as_deref()).await;
    assert!(present(&third).iter().any(|event| timed(event) == hour(20, 12)));

    // Of a deleted series only its own id is told.
    c.fake.delete_event(&series);
    let fourth = c.look(third.cursor.as_deref()).await;
    assert!(fourth.complete && present(&fourth).is_empty(), "{fourth:?}");
    let fifth = c.look(fourth.cursor.as_deref()).await;
    assert!(!fifth.complete && fifth.changes.is_empty());
}

#[tokio::test]
async fn single_events_come_one_by_one() {
    let c = graph().await;
    let staying = c.fake.add_event(NewEvent::timed("Stays", hour(2, 9)));
    let leaving = c.fake.add_event(NewEvent::timed("Goes", hour(2, 11)));
    let first = c.look(None).await;
    c.fake.move_event(&staying, hour(3, 9));
    c.fake.delete_event(&leaving);
    let second = c.look(first.cursor.as_deref()).await;
    assert!(!second.complete);
    assert_eq!(second.changes[0], Change::Gone { id: leaving, booking: None });
    assert_eq!((only(&second).id.as_str(), timed(only(&second))), (staying.as_str(), hour(3, 9)));
}

#[tokio::test]
async fn links_are_followed_to_where_the_token_belongs_only() {
    let c = graph().await;
    let elsewhere = graph().await;
    let fault = || Fault::Elsewhere(elsewhere.fake.origin());
    c.fake.page_size(1);
    for day in 2..5 {
        c.fake.add_event(NewEvent::timed("Meeting", hour(day, 9)));
    }
    c.fake.fail("delta", 1, fault());
    let refused = c.client.changes(&c.primary, &crate::window(), None).await;
    assert!(matches!(refused, Err(RemoteError::Refused(_))), "{refused:?}");
    c.fake.page_size(100);
    c.fake.fail("delta", 1, fault());
    let cursor = c.look(None).await.cursor.unwrap();
    let refused = c.client.changes(&c.primary, &crate::window(), Some(&cursor)).await;
    assert!(matches!(refused, Err(RemoteError::Refused(_))), "{refused:?}");
    assert!(elsewhere.fake.requests().is_empty(), "nobody else has seen the token");
}

#[tokio::test]
async fn a_lost_place_is_a_full_look() {
    let c = graph().await;
    let cursor = c.look(None).await.cursor.unwrap();
    for (status, code) in [(410, "syncStateNotFound"), (400, "SyncStateInvalid"), (410, "resyncRequired")] {
        c.fake.fail("delta", 1, Fault::Code(status, code.into()));
        assert_eq!(c.client.changes(&c.primary, &crate::window(), Some(&cursor)).await, Err(RemoteError::CursorGone));
    }
    assert_eq!(c.client.changes(&c.primary, &crate::window(), Some("not ours")).await, Err(RemoteError::CursorGone));
}

#[tokio::test]
async fn a_booking_is_written_once() {
    let c = graph().await;
    let draft = Draft { tentative: true, location: Some("Room 1".into()), ..draft(1) };
    let written = c.client.put(&c.primary, &draft, None).await.unwrap();
    assert_eq!(c.client.put(&c.primary, &draft, None).await.unwrap(), written);
    let sure = Draft { tentative: false, sequence: 1, ..draft.clone() };
    assert_eq!(c.client.put(&c.primary, &sure, Some(&written.id)).await.unwrap(), written);
    let events = c.fake.events();
    assert_eq!(events.len(), 1);
    let body = &events[0].body;
    assert_eq!((&body["showAs"], &body["location"]["displayName"]), (&json!("busy"), &json!("Room 1")));
    assert_eq!((&body["isReminderOn"], &body["transactionId"]), (&json!(true), &json!(draft.booking.to_string())));
    assert_eq!(body["body"], json!({ "contentType": "text", "content": draft.description }));
    assert!(body.get("attendees").is_none());
    let seen = c.look(None).await;
    assert_eq!((only(&seen).booking, timed(only(&seen))), (Some(draft.booking), draft.during));
    assert_eq!(c.client.get(&c.primary, &written.id).await.unwrap().unwrap().booking, Some(draft.booking));
}

#[tokio::test]
async fn the_mark_is_read_from_the_property_too() {
    let c = graph().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    c.fake.change_event(&written.id, &json!({ "transactionId": null }));
    assert_eq!(c.client.get(&c.primary, &written.id).await.unwrap().unwrap().booking, Some(draft(1).booking));
}

#[tokio::test]
async fn what_the_mentor_added_stays() {
    let c = graph().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    let own = json!({ "categories": ["Blue"], "location": { "displayName": "My office" }, "isReminderOn": false });
    c.fake.change_event(&written.id, &own);
    c.client.put(&c.primary, &Draft { during: hour(8, 9), ..draft(1) }, Some(&written.id)).await.unwrap();
    let body = &c.fake.events()[0].body;
    for (name, value) in own.as_object().unwrap() {
        assert_eq!(&body[name], value);
    }
    assert_eq!(timed(only(&c.look(None).await)), hour(8, 9));
}

#[tokio::test]
async fn a_deleted_event_is_made_again_once() {
    let c = graph().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    c.fake.delete_event(&written.id);
    assert_eq!(c.client.get(&c.primary, &written.id).await, Ok(None));
    let draft = Draft { sequence: 3, ..draft(1) };
    assert_eq!(c.client.put(&c.primary, &draft, Some(&written.id)).await, Err(RemoteError::EventGone));
    let again = c.client.put(&c.primary, &draft, None).await.unwrap();
    assert_ne!(again.id, written.id);
    assert_eq!(c.client.put(&c.primary, &draft, Some(&again.id)).await.unwrap(), again);
    assert_eq!(c.client.put(&c.primary, &draft, None).await.unwrap(), again);
    assert_eq!(only(&c.look(None).await).booking, Some(draft.booking), "a second try is marked as well");
    // And if the id was never kept.
    c.fake.delete_event(&again.id);
    c.client.put(&c.primary, &Draft { sequence: 4, ..draft.clone() }, None).await.unwrap();
    assert_eq!(c.fake.events().len(), 1);
}

#[tokio::test]
async fn what_was_deleted_may_still_answer_to_its_id() {
    let c = graph().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    c.fake.let_linger(true);
    assert!(c.client.get(&c.primary, &written.id).await.unwrap().is_some());
    c.fake.delete_event(&written.id);
    assert_eq!(c.client.get(&c.primary, &written.id).await, Ok(None));
    assert_eq!(c.client.delete(&c.primary, &written.id).await, Ok(()));
    let next = Draft { sequence: 1, ..draft(1) };
    assert_eq!(c.client.put(&c.primary, &next, Some(&written.id)).await, Err(RemoteError::EventGone));
    let again = c.client.put(&c.primary, &next, None).await.unwrap();
    assert_ne!(again.id, written.id);
    assert_eq!(only(&c.look(None).await).id, again.id);
    // A list that says nothing is not believed, and nothing is made twice for it.
    for fault in [Fault::Empty, Fault::Status(500)] {
        c.fake.fail("/calendarView?", 2, fault);
        assert!(matches!(c.client.get(&c.primary, &again.id).await, Err(RemoteError::Unavailable(_))));
        let put = c.client.put(&c.primary, &draft(1), Some(&again.id)).await;
        assert!(matches!(put, Err(RemoteError::Unavailable(_))));
    }
    assert_eq!(c.fake.events().len(), 1);
}

#[tokio::test]
async fn a_link_is_made_once_and_lives_through_changes() {
    let c = graph().await;
    let draft = Draft { meeting: Some(Meeting::Teams), ..draft(1) };
    let written = c.client.put(&c.primary, &draft, None).await.unwrap();
    assert!(written.meeting_url.as_deref().unwrap().starts_with("https://teams.microsoft.com/"));
    let moved = Draft { during: hour(8, 9), sequence: 1, ..draft.clone() };
    assert_eq!(c.client.put(&c.primary, &moved, Some(&written.id)).await.unwrap(), written);
    c.fake.change_event(&written.id, &json!({ "isOnlineMeeting": false, "onlineMeeting": null }));
    let told = c.client.put(&c.primary, &moved, Some(&written.id)).await.unwrap();
    assert!(told.meeting_url.is_some_and(|url| Some(url) != written.meeting_url));
}

#[tokio::test]
async fn an_account_without_teams_still_gets_its_event() {
    let c = graph().await;
    c.fake.allow_meetings(false);
    let draft = Draft { meeting: Some(Meeting::Teams), ..draft(1) };
    assert_eq!(c.client.put(&c.primary, &draft, None).await.unwrap().meeting_url, None);
    assert_eq!(c.fake.events().len(), 1);
}

#[tokio::test]
async fn an_event_that_is_repeated_becomes_a_single_one_again() {
    for told in [true, false] {
        let c = graph().await;
        c.fake.tell_masters(told);
        let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
        c.fake.repeat_event(&written.id, 3);
        let series = c.client.get(&c.primary, &written.id).await.unwrap().unwrap();
        assert!(series.recurring && series.original && timed(&series) == draft(1).during);
        let seen = c.look(None).await;
        assert_eq!(present(&seen).len(), 3, "its occurrences, and not the series");
        for occurrence in present(&seen) {
            assert_eq!((occurrence.series.as_ref(), occurrence.booking), (Some(&written.id), Some(draft(1).booking)));
            assert!(occurrence.original);
        }
        let moved = Draft { during: hour(8, 9), sequence: 1, ..draft(1) };
        assert_eq!(c.client.put(&c.primary, &moved, Some(&written.id)).await.unwrap().id, written.id);
        assert_eq!(timed(only(&c.look(None).await)), hour(8, 9));
        c.fake.repeat_event(&written.id, 3);
        c.client.delete(&c.primary, &written.id).await.unwrap();
        assert_eq!(c.client.get(&c.primary, &written.id).await, Ok(None));
        assert!(c.fake.events().is_empty());
    }
}

#[tokio::test]
async fn a_copy_is_no_event_of_ours() {
    let c = graph().await;
    c.client.put(&c.primary, &draft(1), None).await.unwrap();
    let copy = c.fake.add_event(NewEvent::timed("Copy", hour(8, 9)));
    let marks = c.fake.events()[0].body["singleValueExtendedProperties"].clone();
    c.fake.change_event(&copy, &json!({ "singleValueExtendedProperties": marks }));
    let copy = c.client.get(&c.primary, &copy).await.unwrap().unwrap();
    assert!(copy.booking == Some(draft(1).booking) && !copy.original);
    let original = c.client.put(&c.primary, &Draft { sequence: 1, ..draft(1) }, None).await.unwrap();
    assert!(c.client.get(&c.primary, &original.id).await.unwrap().unwrap().original);
}

#[tokio::test]
async fn any_number_of_series_is_told_as_each_is_shown() {
    let c = graph().await;
    c.fake.page_size(7);
    c.fake.tell_masters(false);
    let mut free = Vec::new();
    for n in 0..45 {
        let event = NewEvent::timed("Standup", hour(1 + n % 6, 8 + n / 6)).weekly(2);
        let series = c.fake.add_event(if n % 3 == 0 { event.free() } else { event });
        if n % 3 == 0 {
            free.push(series);
        }
    }
    c.fake.forget_requests();
    let seen = c.look(None).await;
    assert_eq!(present(&seen).len(), 90);
    for event in present(&seen) {
        assert_eq!(event.busy, !free.contains(event.series.as_ref().unwrap()), "{event:?}");
    }
    let singly = c.fake.requests().iter().filter(|seen| seen.path.contains("/events/")).count();
    assert_eq!(singly, 0, "they are read page by page");
}

#[tokio::test]
async fn a_series_that_stays_one_is_replaced() {
    let c = graph().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    c.fake.repeat_event(&written.id, 3);
    c.fake.keep_series(true);
    // The first try makes the other event, and does not come further.
    c.fake.fail("DELETE /", 1, Fault::Status(500));
    let moved = Draft { during: hour(8, 9), sequence: 1, ..draft(1) };
    assert!(c.client.put(&c.primary, &moved, Some(&written.id)).await.is_err());
    let other = c.client.put(&c.primary, &moved, Some(&written.id)).await.unwrap();
    assert_ne!(other.id, written.id);
    assert_eq!(timed(only(&c.look(None).await)), hour(8, 9));
    assert_eq!(c.fake.events().len(), 1);
}
