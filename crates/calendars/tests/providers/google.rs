//! What is particular to Google.

use crate::{draft, google, hour, only, present, timed};
use calendars::fakes::{Fault, NewEvent};
use calendars::remote::{Change, Draft, Meeting, Remote, RemoteError, When};
use serde_json::json;

#[tokio::test]
async fn the_account_and_its_calendars() {
    let c = google().await;
    c.fake.page_size(2);
    let account = c.client.account().await.unwrap();
    assert_eq!(account.name, "mentor@example.com");
    let told: Vec<_> = account.calendars.iter().map(|c| (c.name.as_str(), c.primary, c.owned, c.writable)).collect();
    let expected =
        [("mentor@example.com", true, true, true), ("Team", false, false, true), ("Holidays", false, false, false)];
    assert_eq!(told, expected);
    assert_eq!(account.calendars[0].timezone.as_deref(), Some("Asia/Seoul"));
}

#[tokio::test]
async fn an_account_that_may_not_list_still_has_its_primary_calendar() {
    let c = google().await;
    for status in [403, 404] {
        c.fake.fail("calendarList", 1, calendars::fakes::Fault::Code(status, "forbidden".into()));
        let account = c.client.account().await.unwrap();
        assert_eq!((account.name.as_str(), account.calendars.len()), ("mentor@example.com", 1));
        let calendar = &account.calendars[0];
        assert!(calendar.primary && calendar.owned && calendar.writable);
        c.client.put(&calendar.id, &draft(u128::from(status)), None).await.unwrap();
    }
    c.fake.fail("calendarList", 1, calendars::fakes::Fault::Status(403));
    assert_eq!(c.client.account().await, Err(RemoteError::Throttled(None)), "a limit is not a refusal");
}

#[tokio::test]
async fn what_is_busy() {
    let c = google().await;
    let busy = [
        c.fake.add_event(NewEvent::timed("Meeting", hour(2, 9))),
        c.fake.add_event(NewEvent::timed("Away", hour(2, 10)).event_type("outOfOffice")),
        c.fake.add_event(NewEvent::timed("Focus", hour(2, 11)).event_type("focusTime")),
    ];
    c.fake.add_event(NewEvent::timed("Maybe", hour(3, 9)).free());
    c.fake.add_event(NewEvent::timed("No", hour(3, 10)).declined());
    c.fake.add_event(NewEvent::timed("Office", hour(3, 11)).event_type("workingLocation"));
    let changes = c.look(None).await;
    assert_eq!(present(&changes).len(), 6);
    let told: Vec<_> = present(&changes).into_iter().filter(|event| event.busy).map(|event| event.id.clone()).collect();
    assert_eq!(told, busy);
}

#[tokio::test]
async fn somebody_elses_refusal_is_not_ones_own() {
    let c = google().await;
    let id = c.fake.add_event(NewEvent::timed("Meeting", hour(2, 9)));
    let guests = json!([
        { "email": "a@example.com", "responseStatus": "declined" },
        { "email": "mentor@example.com", "self": true, "responseStatus": "accepted" },
    ]);
    c.fake.change_event(&id, &json!({ "attendees": guests }));
    assert!(only(&c.look(None).await).busy);
}

#[tokio::test]
async fn whole_days_are_of_the_calendars_zone() {
    let c = google().await;
    let (first, after) = ("2026-12-24".parse().unwrap(), "2026-12-27".parse().unwrap());
    let id = c.fake.add_event(NewEvent::all_day("Holiday", first, after));
    let when = When::AllDay { first, after, timezone: Some("Asia/Seoul".into()) };
    assert_eq!(only(&c.look(None).await).when, when);
    assert_eq!(c.client.get(&c.primary, &id).await.unwrap().unwrap().when, when);
}

#[tokio::test]
async fn a_series_comes_as_its_instances() {
    let c = google().await;
    let series = c.fake.add_event(NewEvent::timed("Standup", hour(1, 9)).weekly(4));
    let first = c.look(None).await;
    assert_eq!(present(&first).len(), 4);
    let instances = c.fake.instances(&series);
    c.fake.delete_event(&instances[1]);
    c.fake.move_event(&instances[2], hour(20, 12));
    let next = c.look(first.cursor.as_deref()).await;
    assert!(!next.complete);
    assert_eq!(next.changes[0], Change::Gone { id: instances[1].clone(), booking: None });
    assert_eq!((only(&next).id.as_str(), timed(only(&next))), (instances[2].as_str(), hour(20, 12)));
}

#[tokio::test]
async fn the_look_after_asks_for_the_same_without_the_window() {
    let c = google().await;
    c.fake.page_size(2);
    for day in 2..9 {
        c.fake.add_event(NewEvent::timed("Meeting", hour(day, 9)));
    }
    let first = c.look(None).await;
    assert!(first.complete);
    assert_eq!(present(&first).len(), 7);
    c.look(first.cursor.as_deref()).await;
    let lists: Vec<_> = c.fake.requests().into_iter().filter(|seen| seen.path.ends_with("/events")).collect();
    assert_eq!(lists.len(), 5, "four pages, then one");
    for seen in &lists {
        assert_eq!((seen.query["singleEvents"].as_str(), seen.query["showDeleted"].as_str()), ("true", "true"));
        assert_eq!(seen.query["maxResults"], "2500");
        assert_ne!(seen.query.contains_key("timeMin"), seen.query.contains_key("syncToken"));
        assert!(!seen.query["fields"].contains("summary"), "titles of other events are nobody's business");
    }
}

#[tokio::test]
async fn an_event_that_leaves_the_window_is_gone() {
    let c = google().await;
    let id = c.fake.add_event(NewEvent::timed("Meeting", hour(2, 9)));
    let first = c.look(None).await;
    let later = hour(2, 9).start + chrono::TimeDelta::days(90);
    c.fake.move_event(&id, later..later + chrono::TimeDelta::hours(1));
    assert_eq!(c.look(first.cursor.as_deref()).await.changes, [Change::Gone { id, booking: None }]);
}

#[tokio::test]
async fn a_booking_is_written_once_and_quietly() {
    let c = google().await;
    let draft = Draft { tentative: true, location: Some("Room 1".into()), ..draft(1) };
    let written = c.client.put(&c.primary, &draft, None).await.unwrap();
    assert_eq!(c.client.put(&c.primary, &draft, None).await.unwrap(), written);
    assert_eq!(c.client.put(&c.primary, &draft, Some(&written.id)).await.unwrap(), written);
    let events = c.fake.events();
    assert_eq!(events.len(), 1);
    let body = &events[0].body;
    assert_eq!(
        (&body["status"], &body["location"], &body["transparency"]),
        (&json!("tentative"), &json!("Room 1"), &json!("opaque"))
    );
    assert_eq!(body["reminders"], json!({ "useDefault": true }));
    assert_eq!(body["extendedProperties"]["private"]["yaksokBooking"], draft.booking.to_string());
    assert!(body.get("attendees").is_none());
    let writes: Vec<_> = c.fake.requests().into_iter().filter(|seen| seen.method != "GET").collect();
    assert!(writes.iter().all(|seen| seen.query["sendUpdates"] == "none"), "{writes:?}");
    assert!(writes.iter().all(|seen| !seen.query.contains_key("conferenceDataVersion")));
    let seen = c.look(None).await;
    assert_eq!(only(&seen).booking, Some(draft.booking));
    assert_eq!(timed(only(&seen)), draft.during);
}

#[tokio::test]
async fn the_mark_is_read_from_the_id_where_the_property_is_gone() {
    let c = google().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    let first = c.look(None).await;
    c.fake.change_event(&written.id, &json!({ "extendedProperties": null }));
    assert_eq!(only(&c.look(None).await).booking, Some(draft(1).booking));
    c.fake.delete_event(&written.id);
    let gone = c.look(first.cursor.as_deref()).await;
    assert_eq!(gone.changes, [Change::Gone { id: written.id, booking: Some(draft(1).booking) }]);
}

#[tokio::test]
async fn what_the_mentor_added_stays() {
    let c = google().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    let own = json!({ "colorId": "5", "location": "My office", "reminders": { "useDefault": false }, "transparency": "transparent" });
    c.fake.change_event(&written.id, &own);
    let moved = Draft { during: hour(8, 9), sequence: 1, ..draft(1) };
    c.client.put(&c.primary, &moved, Some(&written.id)).await.unwrap();
    let body = &c.fake.events()[0].body;
    for (name, value) in own.as_object().unwrap() {
        assert_eq!(&body[name], value);
    }
    assert_eq!(timed(only(&c.look(None).await)), hour(8, 9));
}

#[tokio::test]
async fn whole_days_become_an_hour_again() {
    let c = google().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    let days = json!({ "start": { "date": "2026-12-07", "dateTime": null }, "end": { "date": "2026-12-08", "dateTime": null } });
    c.fake.change_event(&written.id, &days);
    c.client.put(&c.primary, &draft(1), Some(&written.id)).await.unwrap();
    assert_eq!(timed(only(&c.look(None).await)), draft(1).during);
}

#[tokio::test]
async fn a_deleted_event_comes_back_and_a_forgotten_one_is_made_again() {
    let c = google().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    c.fake.delete_event(&written.id);
    assert_eq!(c.client.get(&c.primary, &written.id).await, Ok(None));
    assert_eq!(c.client.put(&c.primary, &draft(1), Some(&written.id)).await, Err(RemoteError::EventGone));
    assert_eq!(c.client.get(&c.primary, &written.id).await, Ok(None), "a change brings nothing back");
    assert_eq!(c.client.put(&c.primary, &draft(1), None).await.unwrap().id, written.id);
    assert!(c.client.get(&c.primary, &written.id).await.unwrap().unwrap().busy);
    c.fake.delete_event(&written.id);
    c.fake.purge_event(&written.id);
    let draft = Draft { sequence: 1, ..draft(1) };
    assert_eq!(c.client.put(&c.primary, &draft, Some(&written.id)).await, Err(RemoteError::EventGone));
    let again = c.client.put(&c.primary, &draft, None).await.unwrap();
    assert_ne!(again.id, written.id);
    assert_eq!(c.client.put(&c.primary, &draft, None).await.unwrap().id, again.id, "and again, it is the same");
    assert_eq!(c.fake.events().len(), 1);
}

#[tokio::test]
async fn a_link_is_made_once() {
    let c = google().await;
    let draft = Draft { meeting: Some(Meeting::Meet), ..draft(1) };
    let written = c.client.put(&c.primary, &draft, None).await.unwrap();
    let url = written.meeting_url.clone().unwrap();
    assert!(url.starts_with("https://meet.google.com/"));
    assert_eq!(c.client.put(&c.primary, &draft, Some(&written.id)).await.unwrap(), written);
    let own = json!({ "hangoutLink": null, "conferenceData": { "entryPoints": [{ "entryPointType": "video", "uri": "https://zoom.example/1" }] } });
    c.fake.change_event(&written.id, &own);
    let told = c.client.put(&c.primary, &draft, Some(&written.id)).await.unwrap();
    assert_eq!(told.meeting_url.as_deref(), Some("https://zoom.example/1"), "the mentor's own stays");
    c.fake.change_event(&written.id, &json!({ "conferenceData": null }));
    assert!(c.client.put(&c.primary, &draft, Some(&written.id)).await.unwrap().meeting_url.is_some());
}

#[tokio::test]
async fn an_account_without_meet_still_gets_its_event() {
    let c = google().await;
    c.fake.allow_meetings(false);
    let draft = Draft { meeting: Some(Meeting::Meet), ..draft(1) };
    assert_eq!(c.client.put(&c.primary, &draft, None).await.unwrap().meeting_url, None);
    assert_eq!(c.fake.events().len(), 1);
}

#[tokio::test]
async fn a_link_that_is_being_made_is_waited_for() {
    let c = google().await;
    let draft = Draft { meeting: Some(Meeting::Meet), ..draft(1) };
    let id = c.client.put(&c.primary, &draft, None).await.unwrap().id;
    let making = json!({ "hangoutLink": null, "conferenceData": { "entryPoints": null } });
    c.fake.change_event(&id, &making);
    assert_eq!(c.client.put(&c.primary, &draft, Some(&id)).await.unwrap().meeting_url, None);
    c.fake.change_event(&id, &json!({ "hangoutLink": "https://meet.google.com/abc" }));
    let told = c.client.put(&c.primary, &draft, Some(&id)).await.unwrap();
    assert_eq!(told.meeting_url.as_deref(), Some("https://meet.google.com/abc"));
}

#[tokio::test]
async fn an_event_that_is_repeated_becomes_a_single_one_again() {
    let c = google().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    c.fake.repeat_event(&written.id, 3);
    let series = c.client.get(&c.primary, &written.id).await.unwrap().unwrap();
    assert!(series.recurring && series.original && timed(&series) == draft(1).during);
    let seen = c.look(None).await;
    let told = crate::present(&seen);
    assert_eq!(told.len(), 3, "its instances, and not the series");
    for instance in told {
        assert_eq!((instance.series.as_ref(), instance.booking), (Some(&written.id), Some(draft(1).booking)));
        assert!(instance.original && !instance.recurring);
    }
    let moved = Draft { during: hour(8, 9), sequence: 1, ..draft(1) };
    assert_eq!(c.client.put(&c.primary, &moved, Some(&written.id)).await.unwrap().id, written.id);
    let seen = c.look(None).await;
    let left: Vec<_> = crate::present(&seen).into_iter().filter(|event| event.busy).collect();
    assert!(left.len() == 1 && timed(left[0]) == hour(8, 9) && !left[0].recurring, "{seen:?}");
    c.fake.repeat_event(&written.id, 3);
    c.client.delete(&c.primary, &written.id).await.unwrap();
    assert!(c.fake.events().is_empty());
}

#[tokio::test]
async fn the_owners_change_between_a_look_and_a_write_is_not_written_over_blindly() {
    let c = google().await;
    let written = c.client.put(&c.primary, &draft(1), None).await.unwrap();
    c.fake.fail("PATCH /", 2, Fault::Status(412));
    let moved = Draft { during: hour(8, 9), sequence: 1, ..draft(1) };
    assert_eq!(c.client.put(&c.primary, &moved, Some(&written.id)).await.unwrap().id, written.id);
    let mut conditions = c.fake.requests().into_iter().filter(|seen| seen.method == "PATCH");
    assert!(conditions.all(|seen| seen.headers.contains_key("if-match")));
    c.fake.fail("PATCH /", 3, Fault::Status(412));
    let put = c.client.put(&c.primary, &moved, Some(&written.id)).await;
    assert!(matches!(put, Err(RemoteError::Unavailable(_))), "{put:?}");
}
