//! The message catalogue: every word of ours that a person reads in mail and invitations.
//!
//! One [`Messages`] per language. A missing translation does not compile, and a sentence cannot forget what it speaks
//! of, because it is a function of [`Facts`]. Dates and times are in `when.rs`.

use scheduling::Language;

/// What the sentences of a booking speak of. All of it is cleaned, one line each, and not yet escaped.
pub(crate) struct Facts<'a> {
    /// The other party's name.
    pub(crate) other: &'a str,
    /// The session type's name.
    pub(crate) session: &'a str,
    /// The short local date of the start.
    pub(crate) date: &'a str,
}

type Sentence = fn(&Facts<'_>) -> String;
type Named = fn(&str) -> String;

/// One notice to one recipient.
pub(crate) struct Notice {
    pub(crate) subject: Sentence,
    pub(crate) heading: &'static str,
    pub(crate) lead: Sentence,
}

/// One event, as each side hears of it.
pub(crate) struct Pair {
    pub(crate) mentee: Notice,
    pub(crate) mentor: Notice,
}

/// A sentence that each side reads in its own words.
pub(crate) struct PairOfSentences {
    pub(crate) mentee: Sentence,
    pub(crate) mentor: Sentence,
}

/// One mail about an account.
pub(crate) struct Account {
    pub(crate) subject: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) button: &'static str,
    pub(crate) after: &'static str,
}

/// Everything, in one language.
pub(crate) struct Messages {
    pub(crate) greeting: Named,
    pub(crate) tagline: &'static str,

    pub(crate) booked: Pair,
    pub(crate) requested: Pair,
    pub(crate) confirmed: Pair,
    pub(crate) declined: Pair,
    pub(crate) moved: Pair,
    pub(crate) cancelled_by_mentee: Pair,
    pub(crate) cancelled_by_mentor: Pair,
    pub(crate) cancelled_by_closing: Pair,
    pub(crate) cancelled_by_calendar: Pair,
    pub(crate) expired: Pair,
    /// For the mentor, who moved the event in a connected calendar.
    pub(crate) move_refused: Notice,
    /// For the mentor, where a request was answered, cancelled or has lapsed before the message about it was sent.
    pub(crate) request_closed: Notice,
    /// For the mentor, who made the event longer or shorter there.
    pub(crate) length_undone: Notice,
    /// For the mentor, who repeated the event there.
    pub(crate) repetition_undone: Notice,
    /// For the mentor, who deleted the event there, of a booking that had changed.
    pub(crate) event_made_again: Notice,
    /// A booking was moved that nobody has confirmed yet: what comes after the lead.
    pub(crate) moved_still_pending: PairOfSentences,

    pub(crate) session: &'static str,
    pub(crate) with: &'static str,
    pub(crate) when: &'static str,
    pub(crate) when_for: Named,
    pub(crate) previously: &'static str,
    pub(crate) wanted: &'static str,
    pub(crate) location: &'static str,
    pub(crate) phone: Named,
    pub(crate) meet: &'static str,
    pub(crate) teams: &'static str,
    pub(crate) price: &'static str,
    pub(crate) free: &'static str,
    /// Behind a kind of link that is not there yet, for the mentor.
    pub(crate) no_link_yet: &'static str,
    pub(crate) your_notes: &'static str,
    pub(crate) notes_from: Named,
    pub(crate) reason: &'static str,

    pub(crate) manage: &'static str,
    pub(crate) view: &'static str,
    pub(crate) dashboard: &'static str,
    pub(crate) review: &'static str,
    pub(crate) invite_attached: &'static str,
    pub(crate) cancellation_attached: &'static str,
    /// Calendar programs offer to decline an invitation; that does not reach us.
    pub(crate) declining: &'static str,
    /// The same, where the link of the message can cancel.
    pub(crate) declining_use_link: &'static str,
    /// The cancel notice has begun: what the mentee can still do.
    pub(crate) too_late: Named,
    pub(crate) reply_reaches: Named,
    /// In place of a name.
    pub(crate) erased_mentee: &'static str,

    pub(crate) verify_email: Account,
    pub(crate) reset_password: Account,
    pub(crate) email_in_use: Account,
    pub(crate) email_in_use_reset: &'static str,
    pub(crate) calendar_expired_subject: Named,
    pub(crate) calendar_expired_lead: Named,
    pub(crate) calendar_expired_button: &'static str,
    pub(crate) calendar_expired_after: &'static str,
}

/// The catalogue of a language.
pub(crate) fn of(language: Language) -> &'static Messages {
    match language {
        Language::En => &ENGLISH,
        Language::Ko => &KOREAN,
    }
}

static ENGLISH: Messages = Messages {
    greeting: |name| format!("Hi {name},"),
    tagline: "Yaksok: a Korean word for an appointment, and for a promise.",

    booked: Pair {
        mentee: Notice {
            subject: |f| format!("Booked: {} with {} on {}", f.session, f.other, f.date),
            heading: "You’re booked",
            lead: |f| format!("Your time with {} is set. Here is everything at a glance.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("New booking: {} with {} on {}", f.session, f.other, f.date),
            heading: "You have a new booking",
            lead: |f| format!("{} has booked a session with you.", f.other),
        },
    },
    requested: Pair {
        mentee: Notice {
            subject: |f| format!("Requested: {} with {} on {}", f.session, f.other, f.date),
            heading: "Your request is on its way",
            lead: |f| {
                format!(
                    "{} looks at each booking personally. We are holding this time for you, and will write as soon as \
                     there is an answer.",
                    f.other
                )
            },
        },
        mentor: Notice {
            subject: |f| format!("Please answer: {} with {} on {}", f.session, f.other, f.date),
            heading: "A request awaits your answer",
            lead: |f| {
                format!(
                    "{} would like to meet you at this time. Please confirm or decline on your dashboard; until then \
                     we are holding the time.",
                    f.other
                )
            },
        },
    },
    confirmed: Pair {
        mentee: Notice {
            subject: |f| format!("Confirmed: {} with {} on {}", f.session, f.other, f.date),
            heading: "It’s confirmed",
            lead: |f| format!("Good news: {} has confirmed your session.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("You confirmed: {} with {} on {}", f.session, f.other, f.date),
            heading: "You confirmed a booking",
            lead: |f| format!("We have let {} know that the session is on.", f.other),
        },
    },
    declined: Pair {
        mentee: Notice {
            subject: |f| format!("Not this time: {} with {} on {}", f.session, f.other, f.date),
            heading: "This time didn’t work out",
            lead: |f| {
                format!(
                    "Unfortunately {} can’t make this session. Another time may suit you both: you are welcome to \
                     pick one.",
                    f.other
                )
            },
        },
        mentor: Notice {
            subject: |f| format!("You declined: {} with {} on {}", f.session, f.other, f.date),
            heading: "You declined a request",
            lead: |f| format!("We have let {} know that you can’t make it. The time is free again.", f.other),
        },
    },
    moved: Pair {
        mentee: Notice {
            subject: |f| format!("New time: {} with {} on {}", f.session, f.other, f.date),
            heading: "Your session has a new time",
            lead: |f| format!("Your session with {} has moved. Please note the new time.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("New time: {} with {} on {}", f.session, f.other, f.date),
            heading: "A session has a new time",
            lead: |f| format!("Your session with {} has moved. Please note the new time.", f.other),
        },
    },
    cancelled_by_mentee: Pair {
        mentee: Notice {
            subject: |f| format!("Cancelled: {} with {} on {}", f.session, f.other, f.date),
            heading: "Your session is cancelled",
            lead: |f| {
                format!(
                    "As you asked, your session is cancelled, and {} knows. We hope to see you again soon.",
                    f.other
                )
            },
        },
        mentor: Notice {
            subject: |f| format!("Cancelled: {} with {} on {}", f.session, f.other, f.date),
            heading: "A session was cancelled",
            lead: |f| format!("{} has cancelled this session. The time is free again.", f.other),
        },
    },
    cancelled_by_mentor: Pair {
        mentee: Notice {
            subject: |f| format!("Cancelled: {} with {} on {}", f.session, f.other, f.date),
            heading: "Your session is cancelled",
            lead: |f| format!("We are sorry: {} had to cancel your session.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("You cancelled: {} with {} on {}", f.session, f.other, f.date),
            heading: "You cancelled a session",
            lead: |f| format!("We have let {} know that the session is off.", f.other),
        },
    },
    cancelled_by_closing: Pair {
        mentee: Notice {
            subject: |f| format!("Cancelled: {} with {} on {}", f.session, f.other, f.date),
            heading: "Your session is cancelled",
            lead: |f| {
                format!("We are sorry: {} has closed their account here, so this session will not take place.", f.other)
            },
        },
        mentor: Notice {
            subject: |f| format!("Cancelled: {} with {} on {}", f.session, f.other, f.date),
            heading: "A session was cancelled",
            lead: |f| format!("You closed your account, so we cancelled this session and notified {}.", f.other),
        },
    },
    cancelled_by_calendar: Pair {
        mentee: Notice {
            subject: |f| format!("Cancelled: {} with {} on {}", f.session, f.other, f.date),
            heading: "Your session is cancelled",
            lead: |f| format!("We are sorry: {} had to take your session off their calendar.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("Cancelled: {} with {} on {}", f.session, f.other, f.date),
            heading: "A session was cancelled",
            lead: |f| {
                format!(
                    "The event was removed from your connected calendar, so we cancelled the booking and let {} know.",
                    f.other
                )
            },
        },
    },
    expired: Pair {
        mentee: Notice {
            subject: |f| format!("Lapsed: {} with {} on {}", f.session, f.other, f.date),
            heading: "Your request has lapsed",
            lead: |f| {
                format!(
                    "We are sorry: no answer came from {} before the session was to start. You are welcome to ask for \
                     another time.",
                    f.other
                )
            },
        },
        mentor: Notice {
            subject: |f| format!("Lapsed: {} with {} on {}", f.session, f.other, f.date),
            heading: "A request has lapsed",
            lead: |f| {
                format!(
                    "The session was to start before you had answered, so the request is closed. We have let {} know.",
                    f.other
                )
            },
        },
    },
    move_refused: Notice {
        subject: |f| format!("Not moved: {} with {} on {}", f.session, f.other, f.date),
        heading: "That move was not possible",
        lead: |f| {
            format!(
                "You moved the event of your session with {} in your calendar to a time where another session is, or that is \
                 already past. The session stays at its time, and the event goes back there.",
                f.other
            )
        },
    },
    request_closed: Notice {
        subject: |f| format!("Request closed: {} with {} on {}", f.session, f.other, f.date),
        heading: "A request that is closed",
        lead: |f| {
            format!(
                "{} asked to meet you at this time. Since then the request was answered or cancelled, or its time has \
                 passed: there is nothing to decide any more.",
                f.other
            )
        },
    },
    length_undone: Notice {
        subject: |f| format!("Length unchanged: {} with {} on {}", f.session, f.other, f.date),
        heading: "The session keeps its length",
        lead: |f| {
            format!(
                "You changed how long the event of your session with {} takes in your calendar. A session moves when its \
                 event starts at another time, but it always keeps the length that was booked, so the event has that length \
                 again.",
                f.other
            )
        },
    },
    repetition_undone: Notice {
        subject: |f| format!("Not repeated: {} with {} on {}", f.session, f.other, f.date),
        heading: "The session takes place once",
        lead: |f| {
            format!(
                "You made a recurring event out of your session with {} in your calendar. A booking is one event, so the \
                 repetition was removed. To block more times, add an event of your own.",
                f.other
            )
        },
    },
    event_made_again: Notice {
        subject: |f| format!("Still booked: {} with {} on {}", f.session, f.other, f.date),
        heading: "The event is in your calendar again",
        lead: |f| {
            format!(
                "You deleted the event of your session with {} from your calendar, but the booking had changed shortly \
                 before. The session still takes place at the time below. To cancel it, delete the event once more or cancel \
                 the booking.",
                f.other
            )
        },
    },
    moved_still_pending: PairOfSentences {
        mentee: |f| format!("{} has yet to confirm it; we will write as soon as there is an answer.", f.other),
        mentor: |_| "It still awaits your answer.".into(),
    },

    session: "Session",
    with: "With",
    when: "When",
    when_for: |name| format!("For {name}"),
    previously: "Previously",
    wanted: "In your calendar",
    location: "Where",
    phone: |number| format!("Phone {number}"),
    meet: "Google Meet (the mentor will send the link)",
    teams: "Microsoft Teams (the mentor will send the link)",
    no_link_yet: "no link yet",
    price: "Price",
    free: "Free",
    your_notes: "Your notes",
    notes_from: |name| format!("Notes from {name}"),
    reason: "Reason",

    manage: "Change or cancel",
    view: "View booking",
    dashboard: "Open dashboard",
    review: "Confirm or decline",
    invite_attached: "The calendar invitation is attached.",
    cancellation_attached: "The attached file takes it off your calendar.",
    declining: "Declining the invitation in a calendar app does not cancel the booking.",
    declining_use_link: "Declining the invitation in a calendar app does not cancel the booking: please use the link.",
    too_late: |name| {
        format!("This booking can no longer be changed or cancelled online. If you cannot come, please tell {name}.")
    },
    reply_reaches: |name| format!("Reply to this message to write to {name}."),
    erased_mentee: "Someone (details erased)",

    verify_email: Account {
        subject: "Confirm your email address",
        lead: "Welcome to Yaksok! Please confirm that this address is yours, so that we know where to reach you.",
        button: "Confirm address",
        after: "You never signed up for Yaksok? Then you can safely ignore this message.",
    },
    reset_password: Account {
        subject: "Choose a new password",
        lead: "You asked for a new Yaksok password. Use this link to choose one; it works once.",
        button: "Choose password",
        after: "It wasn’t you? Then ignore this message: your password stays as it is.",
    },
    email_in_use: Account {
        subject: "You already have a Yaksok account",
        lead: "Somebody, probably you, tried to sign up with this address. It already has an account, so you can \
               simply log in.",
        button: "Log in",
        after: "It wasn’t you? Then there is nothing to do: your account is untouched.",
    },
    email_in_use_reset: "Forgotten your password? Choose a new one here:",
    calendar_expired_subject: |provider| format!("Please reconnect {provider}"),
    calendar_expired_lead: |provider| {
        format!(
            "Yaksok has lost its access to {provider}. Busy times that we already know stay blocked, but we no longer \
             see new ones there."
        )
    },
    calendar_expired_button: "Reconnect",
    calendar_expired_after: "This happens when a password changes or access is withdrawn. Reconnecting takes a moment.",
};

static KOREAN: Messages = Messages {
    greeting: |name| format!("{name} 님, 안녕하세요."),
    tagline: "약속을 소중히 여기는 예약 서비스, Yaksok",

    booked: Pair {
        mentee: Notice {
            subject: |f| format!("[예약 완료] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 완료되었어요",
            lead: |f| format!("{} 님과 만날 시간이 정해졌어요. 아래 내용을 확인해 주세요.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("[새 예약] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "새 예약이 들어왔어요",
            lead: |f| format!("{} 님이 세션을 예약하셨어요.", f.other),
        },
    },
    requested: Pair {
        mentee: Notice {
            subject: |f| format!("[예약 신청] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약 신청을 전달했어요",
            lead: |f| {
                format!(
                    "{} 님이 직접 확인한 뒤 확정하는 예약이에요. 그동안 이 시간은 다른 분이 예약할 수 없게 잡아 둘게요. \
                     답이 오면 바로 알려 드릴게요.",
                    f.other
                )
            },
        },
        mentor: Notice {
            subject: |f| format!("[확인 필요] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "답을 기다리는 예약 신청이 있어요",
            lead: |f| {
                format!(
                    "{} 님이 이 시간에 만나고 싶다고 신청하셨어요. 대시보드에서 수락하거나 거절해 주세요. 그때까지 이 \
                     시간은 잡아 둘게요.",
                    f.other
                )
            },
        },
    },
    confirmed: Pair {
        mentee: Notice {
            subject: |f| format!("[예약 확정] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 확정되었어요",
            lead: |f| format!("반가운 소식이에요. {} 님이 예약을 수락하셨어요.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("[예약 확정] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약을 수락하셨어요",
            lead: |f| format!("{} 님께 예약이 확정되었다고 알려 드렸어요.", f.other),
        },
    },
    declined: Pair {
        mentee: Notice {
            subject: |f| format!("[예약 불가] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "이번에는 시간이 맞지 않았어요",
            lead: |f| {
                format!(
                    "아쉽지만 {} 님이 이 시간에는 함께하기 어렵다고 하셨어요. 괜찮으시다면 다른 시간을 골라 주세요.",
                    f.other
                )
            },
        },
        mentor: Notice {
            subject: |f| format!("[예약 거절] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약 신청을 거절하셨어요",
            lead: |f| {
                format!("{} 님께 이번에는 어렵다고 전해 드렸어요. 이 시간은 다시 예약을 받을 수 있어요.", f.other)
            },
        },
    },
    moved: Pair {
        mentee: Notice {
            subject: |f| format!("[시간 변경] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약 시간이 바뀌었어요",
            lead: |f| format!("{} 님과 만나는 시간이 바뀌었어요. 새 시간을 확인해 주세요.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("[시간 변경] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약 시간이 바뀌었어요",
            lead: |f| format!("{} 님과 만나는 시간이 바뀌었어요. 새 시간을 확인해 주세요.", f.other),
        },
    },
    cancelled_by_mentee: Pair {
        mentee: Notice {
            subject: |f| format!("[예약 취소] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 취소되었어요",
            lead: |f| format!("요청하신 대로 예약을 취소하고 {} 님께도 알려 드렸어요. 다음에 또 만나요.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("[예약 취소] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 취소되었어요",
            lead: |f| format!("{} 님이 예약을 취소하셨어요. 이 시간은 다시 예약을 받을 수 있어요.", f.other),
        },
    },
    cancelled_by_mentor: Pair {
        mentee: Notice {
            subject: |f| format!("[예약 취소] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 취소되었어요",
            lead: |f| format!("죄송해요. {} 님이 사정이 생겨 예약을 취소하셨어요.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("[예약 취소] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약을 취소하셨어요",
            lead: |f| format!("{} 님께 예약이 취소되었다고 알려 드렸어요.", f.other),
        },
    },
    cancelled_by_closing: Pair {
        mentee: Notice {
            subject: |f| format!("[예약 취소] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 취소되었어요",
            lead: |f| format!("죄송해요. {} 님이 계정을 닫아 이 예약은 진행되지 않아요.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("[예약 취소] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 취소되었어요",
            lead: |f| format!("계정을 닫으셔서 이 예약을 취소하고 {} 님께 알려 드렸어요.", f.other),
        },
    },
    cancelled_by_calendar: Pair {
        mentee: Notice {
            subject: |f| format!("[예약 취소] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 취소되었어요",
            lead: |f| format!("죄송해요. {} 님의 일정이 바뀌어 예약이 취소되었어요.", f.other),
        },
        mentor: Notice {
            subject: |f| format!("[예약 취소] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약이 취소되었어요",
            lead: |f| format!("연결된 캘린더에서 일정이 삭제되어 예약을 취소하고 {} 님께 알려 드렸어요.", f.other),
        },
    },
    expired: Pair {
        mentee: Notice {
            subject: |f| format!("[신청 만료] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약 신청이 만료되었어요",
            lead: |f| {
                format!(
                    "죄송해요. 시작 시간까지 {} 님의 답을 받지 못했어요. 괜찮으시다면 다른 시간으로 다시 신청해 주세요.",
                    f.other
                )
            },
        },
        mentor: Notice {
            subject: |f| format!("[신청 만료] {} {} 님과의 {}", f.date, f.other, f.session),
            heading: "예약 신청이 만료되었어요",
            lead: |f| {
                format!(
                    "답하시기 전에 시작 시간이 되어 신청이 자동으로 취소되었어요. {} 님께도 알려 드렸어요.",
                    f.other
                )
            },
        },
    },
    move_refused: Notice {
        subject: |f| format!("[옮기지 못함] {} {} 님과의 {}", f.date, f.other, f.session),
        heading: "그 시간으로는 옮길 수 없어요",
        lead: |f| {
            format!(
                "캘린더에서 {} 님과의 세션을 옮기셨지만, 이미 다른 세션이 있거나 지난 시간이에요. \
                 세션은 원래 시간 그대로이고, 캘린더의 일정도 원래 자리로 돌려놓아요.",
                f.other
            )
        },
    },
    request_closed: Notice {
        subject: |f| format!("[종료된 신청] {} {} 님과의 {}", f.date, f.other, f.session),
        heading: "종료된 예약 신청이에요",
        lead: |f| {
            format!(
                "{} 님이 이 시간에 예약을 신청하셨어요. 그 사이 이미 처리되었거나 취소되었거나 시간이 지나, 지금은 답하실 \
                 필요가 없어요.",
                f.other
            )
        },
    },
    length_undone: Notice {
        subject: |f| format!("[길이 유지] {} {} 님과의 {}", f.date, f.other, f.session),
        heading: "세션 길이는 그대로예요",
        lead: |f| {
            format!(
                "캘린더에서 {} 님과의 세션 일정 길이를 바꾸셨어요. 시작 시간을 옮기면 세션도 함께 옮겨지지만, 길이는 예약할 때 \
                 정한 대로 유지돼요. 그래서 캘린더 일정의 길이를 원래대로 되돌렸어요.",
                f.other
            )
        },
    },
    repetition_undone: Notice {
        subject: |f| format!("[반복 안 됨] {} {} 님과의 {}", f.date, f.other, f.session),
        heading: "세션은 한 번만 진행돼요",
        lead: |f| {
            format!(
                "캘린더에서 {} 님과의 세션을 반복 일정으로 바꾸셨어요. 예약 하나는 일정 하나이므로 반복을 해제했어요. 다른 시간도 \
                 비워 두려면 캘린더에 새 일정을 추가해 주세요.",
                f.other
            )
        },
    },
    event_made_again: Notice {
        subject: |f| format!("[예약 유지] {} {} 님과의 {}", f.date, f.other, f.session),
        heading: "캘린더에 일정을 다시 만들었어요",
        lead: |f| {
            format!(
                "캘린더에서 {} 님과의 세션 일정을 삭제하셨지만, 그 직전에 예약이 변경되었어요. 세션은 아래 시간에 그대로 진행돼요. \
                 취소하려면 일정을 한 번 더 삭제하거나 예약을 취소해 주세요.",
                f.other
            )
        },
    },
    moved_still_pending: PairOfSentences {
        mentee: |f| format!("아직 {} 님의 확인을 기다리고 있어요. 답이 오면 바로 알려 드릴게요.", f.other),
        mentor: |_| "아직 수락 여부를 기다리고 있는 예약이에요.".into(),
    },

    session: "세션",
    with: "함께하는 분",
    when: "일시",
    when_for: |name| format!("{name} 님 현지 시간"),
    previously: "이전 일시",
    wanted: "캘린더에서 옮긴 시간",
    location: "장소",
    phone: |number| format!("전화 {number}"),
    meet: "Google Meet (링크는 멘토가 보내 드려요)",
    teams: "Microsoft Teams (링크는 멘토가 보내 드려요)",
    no_link_yet: "아직 링크 없음",
    price: "가격",
    free: "무료",
    your_notes: "남기신 메모",
    notes_from: |name| format!("{name} 님의 메모"),
    reason: "사유",

    manage: "예약 변경·취소하기",
    view: "예약 보기",
    dashboard: "대시보드 열기",
    review: "수락 또는 거절하기",
    invite_attached: "캘린더 초대장을 함께 보내 드려요.",
    cancellation_attached: "첨부 파일을 열면 캘린더에서 일정이 지워져요.",
    declining: "캘린더 앱에서 초대를 거절해도 예약은 취소되지 않아요.",
    declining_use_link: "캘린더 앱에서 초대를 거절해도 예약은 취소되지 않아요. 취소하시려면 링크를 이용해 주세요.",
    too_late: |name| {
        format!(
            "변경·취소 기한이 지나 온라인에서는 예약을 바꾸거나 취소할 수 없어요. 참석이 어려우시면 {name} 님께 직접 알려 주세요."
        )
    },
    reply_reaches: |name| format!("이 메일에 답장하시면 {name} 님께 전달돼요."),
    erased_mentee: "정보가 삭제된 멘티",

    verify_email: Account {
        subject: "이메일 주소를 확인해 주세요",
        lead: "Yaksok에 오신 것을 환영해요! 소식을 제대로 전해 드릴 수 있도록 이 주소가 본인의 것인지 확인해 주세요.",
        button: "이메일 주소 확인하기",
        after: "Yaksok에 가입하신 적이 없다면 이 메일은 무시하셔도 괜찮아요.",
    },
    reset_password: Account {
        subject: "새 비밀번호를 정해 주세요",
        lead: "Yaksok 비밀번호 재설정을 요청하셨어요. 아래 링크에서 새 비밀번호를 정해 주세요. 링크는 한 번만 쓸 수 있어요.",
        button: "새 비밀번호 정하기",
        after: "요청하신 적이 없다면 이 메일은 무시해 주세요. 비밀번호는 그대로예요.",
    },
    email_in_use: Account {
        subject: "이미 Yaksok 계정이 있어요",
        lead: "누군가 이 주소로 가입하려고 했어요. 본인이시라면 이미 계정이 있으니 바로 로그인하시면 돼요.",
        button: "로그인하기",
        after: "본인이 아니라면 아무것도 하지 않으셔도 돼요. 계정은 안전해요.",
    },
    email_in_use_reset: "비밀번호를 잊으셨다면 여기에서 새로 정해 주세요:",
    calendar_expired_subject: |provider| format!("{provider} 연결이 끊어졌어요"),
    calendar_expired_lead: |provider| {
        format!(
            "Yaksok이 {provider} 일정을 더 이상 읽을 수 없어요. 이미 알고 있는 일정은 계속 막아 두지만, 새로 생긴 일정은 \
             확인하지 못해요."
        )
    },
    calendar_expired_button: "다시 연결하기",
    calendar_expired_after: "비밀번호를 바꾸거나 접근 권한을 해제하면 이런 일이 생겨요. 금방 다시 연결하실 수 있어요.",
};
