//! The part of schema 5 that SQL cannot do: rules were stored as English text, which a parser wrote and read.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use super::{Result, deadlines::wording};
use crate::domain::{deadline::Deadline, due::Due};

/// Rewrites every wording with its rules as data. One that cannot be read stays as it is.
pub(super) fn rewrite(conn: &Connection) -> Result<()> {
    let mut next = conn.prepare("SELECT id, definition FROM deadline_version WHERE id > ?1 ORDER BY id LIMIT 1")?;
    let mut put = conn.prepare("UPDATE deadline_version SET definition = ?2 WHERE id = ?1")?;
    let mut last = i64::MIN;
    let read = |row: &rusqlite::Row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
    while let Some((id, old)) = next.query_row([last], read).optional()? {
        last = id;
        if let Some(deadline) = with_data(&old) {
            put.execute(params![id, wording(&deadline)?])?;
        }
    }
    Ok(())
}

fn with_data(json: &str) -> Option<Deadline> {
    let mut old: Value = serde_json::from_str(json).ok()?;
    for rule in ["/due/rule", "/target/1/Rule"] {
        if let Some(rule) = old.pointer_mut(rule) {
            *rule = serde_json::to_value(Due::parse(rule.as_str()?, None).ok()?.rule).ok()?;
        }
    }
    serde_json::from_value(old).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the fourth version stored it.
    fn old(due: &Due, target: Option<&str>) -> String {
        let target = match target.map(|text| (text, Due::parse(text, None))) {
            None => "null".to_owned(),
            Some((text, Ok(due))) => format!(r#"["{text}",{{"Rule":"{}"}}]"#, due.rule),
            Some((text, Err(_))) => format!(r#"["{text}",{{"Before":"{text}"}}]"#),
        };
        let times = due.times.map_or(String::new(), |n| format!(r#","times":{n}"#));
        format!(
            r#"{{"id":"a","item":7,"title":"标题","due":{{"text":"{}","rule":"{}"{times}}},"target":{target},"sections":["各科室"],"lead":null,"basis":null,"steps":[],"remind":["7个工作日","当天"],"overdue":[1,3],"escalate_to":null,"done":"any","times":1,"since":null,"bureau_default":false,"off":false}}"#,
            due.text, due.rule
        )
    }

    /// The stored form of every shape of a rule, and that a load of the same words gives the same rule.
    #[test]
    fn a_rule_of_every_shape_is_the_same_after_it() {
        let shapes = [
            (
                "每年1月31日前",
                r#"{"cyclic":{"cycle":{"years":{"every":1,"from":null}},"at":[{"month":1,"day":{"day":31}}]}}"#,
            ),
            (
                "每年3月底前",
                r#"{"cyclic":{"cycle":{"years":{"every":1,"from":null}},"at":[{"month":3,"day":"last"}]}}"#,
            ),
            (
                "每年2月最后一个工作日",
                r#"{"cyclic":{"cycle":{"years":{"every":1,"from":null}},"at":[{"month":2,"day":{"workday":-1}}]}}"#,
            ),
            (
                "yearly 3rd fri of 09",
                r#"{"cyclic":{"cycle":{"years":{"every":1,"from":null}},"at":[{"month":9,"day":{"weekday":[3,4]}}]}}"#,
            ),
            (
                "every 2 years 03-01 from 2026",
                r#"{"cyclic":{"cycle":{"years":{"every":2,"from":2026}},"at":[{"month":3,"day":{"day":1}}]}}"#,
            ),
            (
                "每年7月10日、12月20日前",
                r#"{"cyclic":{"cycle":{"years":{"every":1,"from":null}},"at":[{"month":7,"day":{"day":10}},{"month":12,"day":{"day":20}}]}}"#,
            ),
            ("每半年末月20日", r#"{"cyclic":{"cycle":"half_years","at":[{"month":6,"day":{"day":20}}]}}"#),
            ("每季度末", r#"{"cyclic":{"cycle":"quarters","at":[{"month":3,"day":"last"}]}}"#),
            ("每季度首月10日前", r#"{"cyclic":{"cycle":"quarters","at":[{"month":1,"day":{"day":10}}]}}"#),
            (
                "每月最后一个工作日",
                r#"{"cyclic":{"cycle":{"months":"every"},"at":[{"month":1,"day":{"workday":-1}}]}}"#,
            ),
            (
                "每月4日、14日、24日",
                r#"{"cyclic":{"cycle":{"months":"every"},"at":[{"month":1,"day":{"day":4}},{"month":1,"day":{"day":14}},{"month":1,"day":{"day":24}}]}}"#,
            ),
            ("每单月10日", r#"{"cyclic":{"cycle":{"months":"odd"},"at":[{"month":1,"day":{"day":10}}]}}"#),
            ("每双月10日", r#"{"cyclic":{"cycle":{"months":"even"},"at":[{"month":1,"day":{"day":10}}]}}"#),
            ("每周五", r#"{"cyclic":{"cycle":"weeks","at":[{"month":1,"day":{"weekday":[1,4]}}]}}"#),
            ("年度终了后4个月内", r#"{"after":{"unit":"year","span":{"n":4,"unit":"months"}}}"#),
            ("每季度结束后15日内", r#"{"after":{"unit":"quarter","span":{"n":15,"unit":"days"}}}"#),
            ("月后7个工作日内", r#"{"after":{"unit":"month","span":{"n":7,"unit":"workdays"}}}"#),
            ("2026年9月30日前", r#"{"once":"2026-09-30"}"#),
            ("收到之日起20个工作日内", r#"{"case":{"from":"after_receipt","span":{"n":20,"unit":"workdays"}}}"#),
            ("20 days after the event", r#"{"case":{"from":"after_event","span":{"n":20,"unit":"days"}}}"#),
            ("举行前20个工作日", r#"{"case":{"from":"before_event","span":{"n":20,"unit":"workdays"}}}"#),
            ("每季度不少于2次", r#"{"cyclic":{"cycle":"quarters","at":[{"month":3,"day":"last"}]}}"#),
            ("RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU", r#"{"recurrence":"RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=5"}"#),
            (
                "DTSTART:20260301 RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=25;COUNT=5",
                r#"{"recurrence":"DTSTART:20260301 RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=25;UNTIL=20261125"}"#,
            ),
        ];
        for (text, data) in shapes {
            let due = Due::parse(text, None).unwrap_or_else(|e| panic!("{text}: {}", e.what));
            for target in [None, Some("10天"), Some("每年1月20日")] {
                let upgraded = with_data(&old(&due, target)).unwrap_or_else(|| panic!("{text}"));
                assert_eq!((&upgraded.due.rule, upgraded.due.times), (&due.rule, due.times), "{text}");
                let loaded = Deadline { due: due.clone(), ..upgraded.clone() };
                let stored = wording(&upgraded).unwrap();
                assert_eq!(stored, wording(&loaded).unwrap(), "{text}");
                assert_eq!(serde_json::from_str::<Deadline>(&stored).unwrap(), upgraded, "{text}");
                assert!(stored.contains(&format!(r#""rule":{data}"#)), "{text}: {stored}");
            }
        }
    }
}
