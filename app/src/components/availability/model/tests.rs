use super::*;

fn span(start: &str, end: &str) -> Span {
    let minutes = |text: &str| text.parse::<ClockTime>().unwrap().minutes();
    Span::new(minutes(start), minutes(end)).unwrap()
}

fn hours(spans: &[(&str, &str)]) -> Hours {
    Hours::new(spans.iter().map(|(start, end)| span(start, end)))
}

/// A board whose Monday is open at these times.
fn board(monday: &[(&str, &str)]) -> Board {
    let mut draft = Draft::default();
    draft.week.0[0] = hours(monday);
    Board::new(draft)
}

fn cell(day: usize, time: &str) -> Cell {
    Cell::at(day, f64::from(time.parse::<ClockTime>().unwrap().minutes()))
}

fn minute(time: &str) -> f64 {
    f64::from(time.parse::<ClockTime>().unwrap().minutes())
}

const REACH: Reach = Reach { inside: 6.0, outside: 5.0, grip: 20.0, on_grip: true };

#[test]
fn hours_are_merged_and_sorted() {
    let merged = hours(&[("13:00", "14:00"), ("09:00", "10:00"), ("10:00", "11:00"), ("13:30", "15:07")]);
    assert_eq!(merged, hours(&[("09:00", "11:00"), ("13:00", "15:07")]));
    assert_eq!(merged.spans().len(), 2);
}

#[test]
fn closing_splits() {
    let open = hours(&[("09:00", "17:00")]);
    assert_eq!(open.without(span("12:00", "13:00")), hours(&[("09:00", "12:00"), ("13:00", "17:00")]));
    assert!(open.without(span("00:00", "24:00")).is_empty());
    assert_eq!(open.without(span("17:00", "18:00")), open);
}

#[test]
fn weekly_windows_go_there_and_back() {
    let mut week = Week::default();
    week.0[0] = hours(&[("09:00", "12:07")]);
    week.0[6] = hours(&[("20:00", "24:00")]);
    let windows = week.windows();
    assert_eq!(windows.iter().map(|w| w.day_of_week).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(Week::from_windows(&windows), week);
    assert_eq!(week.minutes(), 187 + 240);
}

#[test]
fn a_drag_opens_a_rectangle_in_any_direction() {
    let mut board = board(&[]);
    board.press(2, minute("11:50"), Part::Free);
    assert!(board.drag(0, minute("09:05")));
    assert!(!board.drag(0, minute("09:10")), "the same square");
    for day in 0..3 {
        assert_eq!(board.week().0[day], hours(&[("09:00", "12:00")]));
    }
    assert!(board.week().0[3].is_empty());
    assert!(!board.is_dirty(), "not before the release");
    board.release();
    assert!(board.is_dirty());
    assert_eq!(board.week().0[1], hours(&[("09:00", "12:00")]));
}

#[test]
fn a_drag_that_begins_inside_a_block_closes() {
    let mut board = board(&[("09:00", "17:00")]);
    board.press(0, minute("12:00"), Part::Open);
    board.drag(0, minute("12:59"));
    board.release();
    assert_eq!(board.week().0[0], hours(&[("09:00", "12:00"), ("13:00", "17:00")]));
}

#[test]
fn edges_resize_and_snap_and_an_emptied_block_is_gone() {
    let mut board = board(&[("09:07", "12:00")]);
    let block = span("09:07", "12:00");
    board.press(0, minute("12:00"), Part::Edge(block, Edge::End));
    assert!(!board.drag(0, minute("12:06")), "nearer to where it was");
    assert!(board.drag(0, minute("12:08")));
    assert_eq!(board.gesture().unwrap().block(), Some((0, span("09:07", "12:15"))));
    board.drag(3, minute("13:28"));
    assert_eq!(board.week().0[0], hours(&[("09:07", "13:30")]), "a resize stays in its day");
    board.drag(0, minute("08:00"));
    assert!(board.week().0[0].is_empty());
    board.drag(0, -200.0);
    board.drag(0, minute("11:00"));
    board.release();
    assert_eq!(board.week().0[0], hours(&[("09:07", "11:00")]));

    board.press(0, minute("09:07"), Part::Edge(span("09:07", "11:00"), Edge::Start));
    board.drag(0, -50.0);
    board.release();
    assert_eq!(board.week().0[0], hours(&[("00:00", "11:00")]));
}

#[test]
fn a_press_beside_an_edge_moves_it_by_as_much_as_the_pointer_moves() {
    let mut board = board(&[("09:07", "12:00")]);
    let block = span("09:07", "12:00");
    // A finger reaches an edge from some way off.
    board.press(0, minute("11:48"), Part::Edge(block, Edge::End));
    assert!(!board.drag(0, minute("11:48")));
    board.release();
    assert!(!board.is_dirty(), "a tap changes nothing");
    board.press(0, minute("09:20"), Part::Edge(block, Edge::Start));
    board.drag(0, minute("08:20"));
    board.release();
    assert_eq!(board.week().0[0], hours(&[("08:00", "12:00")]));
}

#[test]
fn a_resize_over_a_neighbour_joins_it() {
    let mut board = board(&[("09:00", "12:00"), ("13:00", "14:00")]);
    board.press(0, minute("12:00"), Part::Edge(span("09:00", "12:00"), Edge::End));
    board.drag(0, minute("13:15"));
    assert_eq!(board.week().0[0], hours(&[("09:00", "14:00")]));
    board.drag(0, minute("12:30"));
    assert_eq!(board.week().0[0], hours(&[("09:00", "12:30"), ("13:00", "14:00")]), "and lets it go again");
}

#[test]
fn the_grip_moves_within_the_day_and_to_another() {
    let mut board = board(&[("09:05", "10:05"), ("14:00", "15:00")]);
    board.press(0, minute("09:35"), Part::Grip(span("09:05", "10:05")));
    board.drag(0, minute("10:40"));
    assert_eq!(board.week().0[0], hours(&[("10:05", "11:05"), ("14:00", "15:00")]), "by whole steps");
    board.drag(4, minute("23:59"));
    assert_eq!(board.week().0[0], hours(&[("14:00", "15:00")]));
    assert_eq!(board.week().0[4], hours(&[("23:00", "24:00")]), "not beyond the day");
    board.drag(4, -100.0);
    board.release();
    assert_eq!(board.week().0[4], hours(&[("00:00", "01:00")]));
    board.undo();
    assert_eq!(board.week().0[0], hours(&[("09:05", "10:05"), ("14:00", "15:00")]));
    assert!(board.week().0[4].is_empty());
}

#[test]
fn escape_abandons() {
    let mut board = board(&[("09:00", "10:00")]);
    board.press(0, minute("20:00"), Part::Free);
    board.drag(6, minute("22:00"));
    assert!(board.abandon());
    assert!(!board.abandon());
    assert!(board.release().is_none());
    assert_eq!(board.week().0[0], hours(&[("09:00", "10:00")]));
    assert!(!board.can_undo() && !board.is_dirty());
}

#[test]
fn one_entry_of_history_for_each_gesture_that_changes_something() {
    let mut board = board(&[("09:00", "10:00")]);
    board.press(0, minute("09:30"), Part::Grip(span("09:00", "10:00")));
    board.drag(0, minute("12:00"));
    board.drag(0, minute("09:30"));
    board.release();
    assert!(!board.can_undo(), "back where it was");
    board.press(1, minute("09:00"), Part::Free);
    for at in ["09:30", "10:30", "11:30"] {
        board.drag(1, minute(at));
    }
    board.release();
    assert!(board.copy(1, &[2, 3]));
    assert!(!board.copy(1, &[2, 3]), "nothing new");
    assert!(board.undo() && board.undo());
    assert!(!board.undo());
    assert!(!board.is_dirty());
    assert!(board.redo() && board.redo() && !board.redo());
    assert_eq!(board.week().0[3], hours(&[("09:00", "11:45")]));
    board.undo();
    board.clear();
    assert!(!board.can_redo(), "a new change ends what could be redone");
}

#[test]
fn presets() {
    let mut board = board(&[("08:00", "09:00")]);
    board.paint(&Area::between(cell(5, "10:00"), cell(5, "10:45")), true);
    board.nine_to_five();
    assert!(board.week().0[..5].iter().all(|day| *day == hours(&[("09:00", "17:00")])));
    assert_eq!(board.week().0[5], hours(&[("10:00", "11:00")]), "the weekend stays");
    board.clear();
    assert_eq!(board.week(), Week::default());
}

#[test]
fn saving_keeps_what_was_changed_meanwhile() {
    let mut board = board(&[]);
    board.nine_to_five();
    let sent = board.draft().clone();
    board.clear();
    board.saved(&sent, sent.clone());
    assert!(board.is_dirty());
    board.undo();
    assert!(!board.is_dirty());
}

#[test]
fn parts_of_a_block() {
    let day = hours(&[("09:00", "17:00"), ("20:00", "20:15")]);
    let block = span("09:00", "17:00");
    assert_eq!(day.part(minute("08:50"), REACH), Part::Free);
    assert_eq!(day.part(minute("08:56"), REACH), Part::Edge(block, Edge::Start));
    assert_eq!(day.part(minute("09:05"), REACH), Part::Edge(block, Edge::Start));
    assert_eq!(day.part(minute("09:07"), REACH), Part::Open);
    assert_eq!(day.part(minute("12:00"), REACH), Part::Open);
    assert_eq!(day.part(minute("13:00"), REACH), Part::Grip(block));
    assert_eq!(day.part(minute("13:00"), Reach { on_grip: false, ..REACH }), Part::Open);
    assert_eq!(day.part(minute("16:58"), REACH), Part::Edge(block, Edge::End));
    assert_eq!(day.part(minute("17:03"), REACH), Part::Edge(block, Edge::End));
    let small = span("20:00", "20:15");
    assert_eq!(day.part(minute("20:02"), REACH), Part::Edge(small, Edge::Start));
    assert_eq!(day.part(minute("20:07"), REACH), Part::Grip(small));
    assert_eq!(day.part(minute("20:04"), REACH), Part::Open);
}

#[test]
fn the_keyboard_moves_extends_and_stays_inside() {
    let start = Cursor::on(cell(0, "09:00"));
    assert_eq!(start.after(Go::Down, false), Cursor::on(cell(0, "09:15")));
    assert_eq!(start.after(Go::Left, false), start);
    assert_eq!(start.after(Go::HourUp, false), Cursor::on(cell(0, "08:00")));
    assert_eq!(start.after(Go::DayEnd, false).after(Go::Down, false), Cursor::on(cell(0, "23:45")));
    assert_eq!(start.after(Go::DayStart, false).after(Go::Up, false), Cursor::on(cell(0, "00:00")));
    assert_eq!(start.after(Go::WeekEnd, false), Cursor::on(cell(6, "23:45")));
    let extended = start.after(Go::HourDown, true).after(Go::Right, true);
    assert_eq!(extended.area(), Area { days: 0..=1, span: span("09:00", "10:15") });
    assert_eq!(extended.after(Go::Up, false), Cursor::on(cell(1, "09:45")));
}

#[test]
fn suggestions_stay_apart() {
    assert_eq!(Hours::default().suggestion(), Some(span("09:00", "17:00")));
    assert_eq!(hours(&[("09:00", "12:00")]).suggestion(), Some(span("13:00", "14:00")));
    assert_eq!(hours(&[("00:00", "24:00")]).suggestion(), None);
    let late = hours(&[("01:00", "24:00")]);
    assert_eq!(late.suggestion(), Some(span("00:00", "00:15")));
    for start in 0..STEPS {
        for end in start + 1..=STEPS {
            let day = Hours::new([Span { start: start * STEP, end: end * STEP }]);
            let Some(new) = day.suggestion() else { continue };
            assert_eq!(day.with(new).spans().len(), 2, "{day:?} {new:?}");
        }
    }
}

#[test]
fn times_as_people_type_them() {
    for (text, minutes) in [
        ("9", 540),
        ("09", 540),
        ("930", 570),
        ("0930", 570),
        ("9:30", 570),
        (" 09:30 ", 570),
        ("9.30", 570),
        ("24:00", 1440),
        ("24", 1440),
        ("2400", 1440),
        ("0", 0),
        ("00:00", 0),
        ("9pm", 1260),
        ("9:30 PM", 1290),
        ("12 am", 0),
        ("12:15pm", 735),
        ("오후 9시", 1260),
        ("오전 9:05", 545),
        ("9시 30분", 570),
        ("18시30분", 1110),
        ("9h", 540),
    ] {
        assert_eq!(parse_time(text, false), Some(minutes), "{text}");
    }
    assert_eq!(parse_time("0:00", true), Some(1440));
    assert_eq!(parse_time("12am", true), Some(1440));
    for text in ["", ":", "25", "24:01", "9:60", "960", "9:3", "abc", "-1", "13pm", "0am", "12345", "9:30:00", "٩"] {
        assert_eq!(parse_time(text, false), None, "{text}");
    }
}

/// Two versions that have grown apart: what differs, and what comes of each choice.
#[test]
fn versions_are_compared_and_merged_by_part() {
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let blocked = |from: &str, to: &str, note: &str| BlockedRange {
        starts_on: date(from),
        ends_on: date(to),
        note: Some(note.into()),
    };
    let mut base = Draft::default();
    base.week.0[0] = hours(&[("09:00", "17:00")]);
    base.blocked = vec![blocked("2026-12-24", "2026-12-26", "Family")];
    // Here Monday was shortened; elsewhere Tuesday was opened, a date closed and a holiday added.
    let mut board = Board::new(base.clone());
    board.edit(|draft| draft.week.0[0] = hours(&[("09:00", "12:00")]));
    let mut saved = base.clone();
    saved.week.0[1] = hours(&[("10:00", "11:00")]);
    saved.overrides = vec![DateOverride { date: date("2026-12-01"), windows: vec![] }];
    saved.blocked.push(blocked("2027-01-01", "2027-01-01", "New Year"));
    let mine = board.draft().clone();
    let differences = Draft::differences(&mine, &saved);
    assert_eq!(differences.len(), 4);
    assert_eq!(Draft::differences(&mine, &mine), []);

    // What only the other side has changed is taken from there.
    let mut merged = mine.clone();
    for part in differences.iter().filter(|part| mine.agrees(part, &base)) {
        merged.take(part, &saved);
    }
    assert_eq!(merged.week.0[0], hours(&[("09:00", "12:00")]));
    assert_eq!(
        (&merged.week.0[1], &merged.overrides, &merged.blocked),
        (&saved.week.0[1], &saved.overrides, &saved.blocked)
    );

    // Whatever is chosen, undo brings the other version back.
    let mut with_mine = board.clone();
    with_mine.keep_mine(saved.clone());
    assert_eq!((with_mine.draft(), with_mine.is_dirty()), (&mine, true));
    assert!(with_mine.undo() && with_mine.draft() == &saved && !with_mine.is_dirty());
    let mut with_saved = board.clone();
    with_saved.take_saved(saved.clone(), saved.clone());
    assert!(!with_saved.is_dirty());
    assert!(with_saved.undo() && with_saved.draft() == &mine);
    board.take_saved(saved, merged.clone());
    assert_eq!((board.draft(), board.is_dirty()), (&merged, true));
    assert!(board.undo() && board.draft() == &mine);
}
