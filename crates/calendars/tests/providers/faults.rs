//! What goes wrong with both.

use crate::{both, draft, google, graph, hour, window};
use calendars::fakes::{ACCOUNT, Fault, NewEvent};
use calendars::remote::Draft;
use calendars::remote::{Meeting, Remote, RemoteError};
use chrono::TimeDelta;

#[tokio::test]
async fn each_fault_has_its_name() {
    for c in both().await {
        let id = c.fake.add_event(NewEvent::timed("Meeting", hour(2, 9)));
        let cases = [
            (Fault::Status(401), RemoteError::Unauthorized),
            (Fault::Code(403, "rateLimitExceeded".into()), RemoteError::Throttled(None)),
            (Fault::Status(404), RemoteError::NotFound),
            (Fault::Throttled(30), RemoteError::Throttled(Some(TimeDelta::seconds(30)))),
            (Fault::Code(503, String::new()), RemoteError::Unavailable("503 backendError".into())),
            (Fault::Code(412, "x".into()), RemoteError::Refused("412 x".into())),
            (Fault::Drop, RemoteError::Unavailable("the connection broke".into())),
            (Fault::LostAnswer, RemoteError::Unavailable("the connection broke".into())),
            (Fault::Hang, RemoteError::Unavailable("no answer in time".into())),
            (Fault::Garbage, RemoteError::Unavailable("an answer is broken".into())),
            (Fault::Large, RemoteError::Unavailable("an answer is too large".into())),
            (Fault::Redirect("http://127.0.0.1:1/".into()), RemoteError::Refused("302".into())),
        ];
        for (fault, error) in cases {
            c.fake.fail("", 1, fault.clone());
            let told = c.client.changes(&c.primary, &window(), None).await.unwrap_err();
            assert_eq!(told, error, "{fault:?}");
            assert!(!told.to_string().contains(ACCOUNT));
            // What is not there may be the event, and then it is well.
            if error != RemoteError::NotFound {
                c.fake.fail("", 1, fault.clone());
                assert_eq!(c.client.get(&c.primary, &id).await, Err(error), "{fault:?}");
            }
        }
        assert!(c.client.get(&c.primary, &id).await.unwrap().is_some(), "and then it is well again");
    }
}

#[tokio::test]
async fn nobody_is_there() {
    for c in both().await {
        drop(c.fake);
        tokio::task::yield_now().await;
        assert!(matches!(c.client.account().await, Err(RemoteError::Unavailable(_))));
    }
}

#[tokio::test]
async fn an_old_cursor_is_gone() {
    for c in both().await {
        let cursor = c.look(None).await.cursor.unwrap();
        c.fake.expire_cursors();
        assert_eq!(c.client.changes(&c.primary, &window(), Some(&cursor)).await, Err(RemoteError::CursorGone));
        assert!(c.look(None).await.complete);
    }
}

#[tokio::test]
async fn a_token_that_has_run_out() {
    for c in both().await {
        c.fake.expire_access_tokens();
        assert_eq!(c.client.account().await, Err(RemoteError::Unauthorized));
        assert_eq!(c.client.put(&c.primary, &draft(1), None).await, Err(RemoteError::Unauthorized));
        assert_eq!(c.client.delete(&c.primary, "event").await, Err(RemoteError::Unauthorized));
    }
}

#[tokio::test]
async fn an_event_is_gone_only_where_its_calendar_says_so() {
    for c in both().await {
        let id = c.fake.add_event(NewEvent::timed("Meeting", hour(2, 9)));
        assert_eq!(c.client.get(&c.primary, "nobody").await, Ok(None));
        // The event says 404, and then the calendar cannot be asked.
        c.fake.fail(&id, 1, Fault::Status(404));
        c.fake.fail("GET", 1, Fault::Status(500));
        assert!(matches!(c.client.get(&c.primary, &id).await, Err(RemoteError::Unavailable(_))));
        c.fake.remove_calendar(&c.primary);
        assert_eq!(c.client.get(&c.primary, &id).await, Err(RemoteError::NotFound));
        assert_eq!(c.client.changes(&c.primary, &window(), None).await, Err(RemoteError::NotFound));
        assert_eq!(c.client.put(&c.primary, &draft(1), None).await, Err(RemoteError::NotFound));
    }
}

#[tokio::test]
async fn lists_that_lie_are_passed_on_and_the_event_itself_is_asked() {
    for c in both().await {
        let id = c.fake.add_event(NewEvent::timed("Meeting", hour(2, 9)));
        c.fake.fail("events", 1, Fault::Empty);
        c.fake.fail("delta", 1, Fault::Empty);
        assert!(c.look(None).await.changes.is_empty());
        let cursor = c.look(None).await.cursor;
        for matching in ["syncToken", "deltatoken"] {
            c.fake.fail(matching, 1, Fault::Phantom(id.clone()));
        }
        assert_eq!(c.look(cursor.as_deref()).await.changes.len(), 1);
        assert!(c.client.get(&c.primary, &id).await.unwrap().is_some(), "whoever asks once more learns better");
    }
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_event() {
    for (n, c) in (1..).zip(both().await) {
        for method in ["POST", "PATCH"] {
            c.fake.fail(method, 1, Fault::LostAnswer);
            let lost = c.client.put(&c.primary, &draft(n), None).await;
            assert!(matches!(lost, Err(RemoteError::Unavailable(_))));
            c.client.put(&c.primary, &draft(n), None).await.unwrap();
        }
        assert_eq!(c.fake.events().len(), 1);
        let id = c.client.put(&c.primary, &draft(n), None).await.unwrap().id;
        c.fake.fail("DELETE", 1, Fault::LostAnswer);
        assert!(c.client.delete(&c.primary, &id).await.is_err());
        c.client.delete(&c.primary, &id).await.unwrap();
        assert!(c.fake.events().is_empty());
    }
}

#[tokio::test]
async fn bookings_do_not_get_into_each_others_way() {
    for c in both().await {
        let mut ids = std::collections::BTreeSet::new();
        for n in 1..5 {
            ids.insert(c.client.put(&c.primary, &draft(n), None).await.unwrap().id);
        }
        assert_eq!((ids.len(), c.fake.events().len()), (4, 4));
    }
}

#[tokio::test]
async fn what_may_not_be_written_is_refused() {
    let [g, m] = both().await;
    for (c, calendar) in [(g, "en.holidays#days@group.v.calendar.google.com"), (m, "AAMkHolidays=")] {
        let refused = c.client.put(calendar, &draft(1), None).await;
        assert!(matches!(refused, Err(RemoteError::Refused(_))), "{refused:?}");
        c.client.changes(calendar, &window(), None).await.unwrap();
    }
}

#[tokio::test]
async fn anothers_link_is_not_asked_for() {
    for (c, meeting) in [(google().await, Meeting::Teams), (graph().await, Meeting::Meet)] {
        let draft = Draft { meeting: Some(meeting), ..draft(1) };
        assert_eq!(c.client.put(&c.primary, &draft, None).await.unwrap().meeting_url, None);
    }
}

#[tokio::test]
async fn ids_that_are_paths_go_nowhere() {
    for c in both().await {
        for id in ["..", ".", ""] {
            let refused = RemoteError::Refused("an id is none".into());
            assert_eq!(c.client.delete(&c.primary, id).await, Err(refused.clone()));
            assert_eq!(c.client.changes(id, &window(), None).await, Err(refused));
        }
        assert!(c.fake.requests().is_empty());
        assert_eq!(c.client.get(&c.primary, "../../x?y#z").await, Ok(None));
    }
}

#[tokio::test]
async fn nothing_prints_the_token() {
    for c in both().await {
        let token = c.fake.token();
        assert!(!format!("{:?}", c.client).contains("access-"), "{}", token.len());
    }
}
