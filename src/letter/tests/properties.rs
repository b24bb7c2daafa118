use proptest::prelude::*;

use super::{
    super::{render, subject::LIMIT},
    *,
};

const OUR_TAGS: [&str; 14] =
    ["html", "head", "meta", "title", "style", "body", "table", "tr", "td", "div", "span", "a", "b", "br"];

/// What nobody should be able to bring into a letter, between what everybody writes.
fn outside() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("发布年报".to_owned()),
        Just("<script>x</script>".to_owned()),
        Just("\"><img src=q>".to_owned()),
        Just("&amp;'".to_owned()),
        Just("a\r\nBcc: b@example.test\u{0}\u{7}\u{85}".to_owned()),
        Just("END:VEVENT;,\\n\n".to_owned()),
        "\\PC{0,40}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn day() -> impl Strategy<Value = Date> {
    (-400i64..400).prop_map(|n| crate::domain::calendar::shift(date(2026, 1, 31), n))
}

fn reason() -> impl Strategy<Value = Reason> {
    use Reason::{Ahead, CaughtUp, Corrected, DueToday, Escalated, Overdue};
    prop::sample::select(vec![Ahead, DueToday, Overdue, Escalated, CaughtUp, Corrected])
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let to = |name: String| {
        prop::sample::select(vec![
            section(&name, true),
            section(&name, false),
            Addressee::Leader { of: vec![name.clone()] },
            Addressee::PassOn { to: name.clone(), why: name.clone() },
        ])
    };
    let to = outside().prop_flat_map(to);
    (outside(), outside(), to, reason(), day(), day(), -50i64..50).prop_map(|(a, b, to, reason, due, aim, left)| {
        let dates = Dates {
            due,
            ends: due,
            finish_by: aim.min(due),
            target: None,
            provisional: true,
            redo: None,
            paused: None,
        };
        let texts = Entry { title: a.clone(), period: b.clone(), basis: Some(a.clone()), uid: b.clone(), ..report() };
        let lists = Entry { steps: vec![a.clone(), b.clone()], missing: vec![b.clone()], sections: vec![b], ..texts };
        let told = Some(report().dates);
        Entry { to: vec![to], lead: Some(a), reason, dates, told, aim, days_left: left, workdays_left: left, ..lists }
    })
}

fn any_letter() -> impl Strategy<Value = Letter> {
    (outside(), outside(), prop::collection::vec(any_entry(), 1..4), day())
        .prop_map(|(tag, contact, entries, now)| Letter { tag, contact, ..letter(now, entries) })
}

proptest! {
    #[test]
    fn a_subject_is_one_bounded_line(letter in any_letter()) {
        let subject = render(&letter).subject;
        prop_assert!(subject.chars().count() <= LIMIT, "{subject}");
        prop_assert!(!subject.chars().any(char::is_control), "{subject:?}");
    }

    #[test]
    fn markup_from_outside_stays_text(letter in any_letter()) {
        let html = render(&letter).html;
        prop_assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        // Nothing but our own tags.
        let html = html.replace("<!--[if mso]>", "").replace("<![endif]-->", "").replace("<!DOCTYPE html>", "");
        for tag in html.split('<').skip(1) {
            let name: String = tag.chars().skip_while(|c| *c == '/').take_while(char::is_ascii_alphanumeric).collect();
            prop_assert!(OUR_TAGS.contains(&name.as_str()), "<{tag}");
        }
    }

    #[test]
    fn text_has_no_trailing_space(letter in any_letter()) {
        let text = render(&letter).text;
        prop_assert!(text.lines().all(|line| line == line.trim_end()));
        prop_assert!(!text.contains("\n\n\n") && text.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn calendar_lines_are_short_and_whole(letter in any_letter()) {
        for ics in render(&letter).ics {
            prop_assert!(ics.ends_with("END:VCALENDAR\r\n"));
            for line in ics.trim_end_matches("\r\n").split("\r\n") {
                prop_assert!(line.len() <= 75 && !line.chars().any(char::is_control), "{line:?}");
            }
            let unfolded = ics.replace("\r\n ", "");
            let events = unfolded.lines().filter(|l| *l == "BEGIN:VEVENT").count();
            prop_assert_eq!(unfolded.lines().filter(|l| l.starts_with("DTEND;VALUE=DATE:")).count(), events);
            prop_assert_eq!(unfolded.lines().filter(|l| *l == "END:VEVENT").count(), events);
        }
    }
}
