#![allow(missing_docs)]
//! Messages: who changed what.

/// Messages of this part.
pub struct Activity {
    pub title: &'static str,
    pub text: &'static str,
    /// On the page of settings.
    pub link: &'static str,
    pub back: &'static str,
    pub none_title: &'static str,
    pub none_text: &'static str,
    pub older: &'static str,
    pub newest: &'static str,
    pub yesterday: &'static str,
    /// In place of the name of a mentee whose details were erased.
    pub erased_name: &'static str,

    // At whose hand
    pub by_mentee: &'static str,
    pub by_mentor: &'static str,
    /// `{key}`
    pub by_key: &'static str,
    pub by_calendar: &'static str,
    pub by_itself: &'static str,
    pub by_platform: &'static str,
    pub by_retention: &'static str,

    // Bookings: `{name}`, `{session}`, `{when}`, `{from}`
    pub booked: &'static str,
    pub requested: &'static str,
    pub confirmed: &'static str,
    pub declined: &'static str,
    pub moved: &'static str,
    pub cancelled: &'static str,
    pub move_refused: &'static str,
    pub erased: &'static str,

    // The account
    pub account_created: &'static str,
    pub email_confirmed: &'static str,
    pub signed_in_password: &'static str,
    pub signed_in_link: &'static str,
    pub login_link_made: &'static str,
    pub password_changed: &'static str,
    pub profile_changed: &'static str,
    /// `{from}`, `{to}`: after another sentence.
    pub timezone_changed: &'static str,
    /// `{key}`
    pub key_created: &'static str,
    /// `{key}`
    pub key_revoked: &'static str,

    // Hours and session types
    /// `{windows}`, `{overrides}`, `{blocked}`
    pub hours_changed: &'static str,
    /// `{slug}`
    pub type_added: &'static str,
    /// `{slug}`
    pub type_changed: &'static str,
    /// `{slug}`
    pub type_deleted: &'static str,

    // Calendars: `{provider}`, `{account}`
    pub calendar_connected: &'static str,
    pub calendar_disconnected: &'static str,
    pub calendar_expired: &'static str,
    /// `{count}`
    pub calendars_receiving: &'static str,
    /// `{count}`
    pub calendars_not_receiving: &'static str,
}

pub static EN: Activity = Activity {
    title: "Activity",
    text: "Who changed what: your bookings, hours, session types, calendars, keys and account. Other mentors and mentees do not see it, and it cannot be changed here.",
    link: "See who changed what",
    back: "Settings",
    none_title: "Nothing has happened yet",
    none_text: "As soon as somebody books, or you change something, it stands here.",
    older: "Older",
    newest: "Back to the newest",
    yesterday: "Yesterday",
    erased_name: "Someone (details erased)",

    by_mentee: "By the mentee",
    by_mentor: "By you",
    by_key: "By you, with the API key “{key}”",
    by_calendar: "In your calendar",
    by_itself: "By itself",
    by_platform: "By whoever runs this server",
    by_retention: "By itself: they were kept long enough",

    booked: "{name} booked “{session}” for {when}",
    requested: "{name} asked for “{session}” on {when}",
    confirmed: "Booking of {name} confirmed: “{session}” on {when}",
    declined: "Request of {name} declined: “{session}” on {when}",
    moved: "Booking of {name} moved from {from} to {when}",
    cancelled: "Booking of {name} cancelled: “{session}” on {when}",
    move_refused: "A change of {name}’s event in your calendar ({from}) was undone; the booking stays on {when}",
    erased: "Details of the mentee erased: “{session}” on {when}",

    account_created: "Account created",
    email_confirmed: "E-mail address confirmed, and logged in",
    signed_in_password: "Logged in with the password",
    signed_in_link: "Logged in with a login link",
    login_link_made: "A login link was made",
    password_changed: "New password set, and logged out everywhere",
    profile_changed: "Profile changed",
    timezone_changed: "time zone from {from} to {to}",
    key_created: "API key “{key}” created",
    key_revoked: "API key “{key}” revoked",

    hours_changed: "Hours changed (weekly windows: {windows}, single dates: {overrides}, blocked ranges: {blocked})",
    type_added: "Session type “{slug}” added",
    type_changed: "Session type “{slug}” changed",
    type_deleted: "Session type “{slug}” deleted",

    calendar_connected: "{provider} connected: {account}",
    calendar_disconnected: "{provider} disconnected: {account}",
    calendar_expired: "Access to {provider} lost: {account}",
    calendars_receiving: "Calendars chosen (blocking: {count}); bookings are written into one",
    calendars_not_receiving: "Calendars chosen (blocking: {count}); bookings are written into none",
};

pub static KO: Activity = Activity {
    title: "활동 기록",
    text: "예약, 예약 가능 시간, 세션 종류, 캘린더, 키, 계정을 누가 바꿨는지 보여 줘요. 다른 멘토나 멘티는 볼 수 없고, 여기에서 고칠 수도 없어요.",
    link: "누가 무엇을 바꿨는지 보기",
    back: "설정",
    none_title: "아직 기록이 없어요",
    none_text: "누군가 예약하거나 내가 무언가를 바꾸면 여기에 남아요.",
    older: "이전 기록",
    newest: "최신 기록으로",
    yesterday: "어제",
    erased_name: "정보가 삭제된 멘티",

    by_mentee: "멘티가",
    by_mentor: "내가",
    by_key: "내가, API 키 “{key}”로",
    by_calendar: "내 캘린더에서",
    by_itself: "자동으로",
    by_platform: "서버 운영자가",
    by_retention: "보관 기간이 지나 자동으로",

    booked: "{name} 님이 {when} “{session}” 예약",
    requested: "{name} 님이 {when} “{session}” 예약 요청",
    confirmed: "{name} 님의 {when} “{session}” 예약 수락",
    declined: "{name} 님의 {when} “{session}” 요청 거절",
    moved: "{name} 님의 예약 변경: {from} → {when}",
    cancelled: "{name} 님의 {when} “{session}” 예약 취소",
    move_refused: "캘린더에서 바꾼 {name} 님의 일정({from})을 되돌리고 예약은 {when} 그대로 유지",
    erased: "{when} “{session}” 예약의 멘티 정보 삭제",

    account_created: "계정 생성",
    email_confirmed: "이메일 주소 확인 후 로그인",
    signed_in_password: "비밀번호로 로그인",
    signed_in_link: "로그인 링크로 로그인",
    login_link_made: "로그인 링크 생성",
    password_changed: "새 비밀번호 설정, 모든 기기에서 로그아웃",
    profile_changed: "프로필 변경",
    timezone_changed: "시간대 {from} → {to}",
    key_created: "API 키 “{key}” 생성",
    key_revoked: "API 키 “{key}” 폐기",

    hours_changed: "예약 가능 시간 변경 (주간 {windows}개, 특정 날짜 {overrides}개, 차단 기간 {blocked}개)",
    type_added: "세션 종류 “{slug}” 추가",
    type_changed: "세션 종류 “{slug}” 변경",
    type_deleted: "세션 종류 “{slug}” 삭제",

    calendar_connected: "{provider} 연결: {account}",
    calendar_disconnected: "{provider} 연결 해제: {account}",
    calendar_expired: "{provider} 접근 권한 만료: {account}",
    calendars_receiving: "캘린더 선택 (차단 {count}개), 한 캘린더에 예약 기록",
    calendars_not_receiving: "캘린더 선택 (차단 {count}개), 예약은 기록하지 않음",
};
