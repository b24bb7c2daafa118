//! An exported ledger is read back with the same items, sections, words and dates.

use proptest::{prelude::*, sample::subsequence};

use super::*;

const DUES: &[&str] = &[
    "每年1月31日前",
    "每年2月最后一个工作日",
    "每年7月10日、12月20日前",
    "年度终了后4个月内",
    "每半年末月20日",
    "每季度末月20日",
    "季后10个工作日",
    "每月25日",
    "次月5日前",
    "每月第3个工作日",
    "每周五",
    "每两年3月1日前",
    "2026年9月30日前",
    "9月30日前",
    "每年至少2次",
    "quarterly 20",
    "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU",
];

fn deadlines() -> impl Strategy<Value = Vec<Deadline>> {
    let title = prop_oneof![
        "\\PC{1,40}",
        "(发布|核对)(2025|2026)年[a-z，。=+@{}\"']{0,6}",
        Just("发布{last_year}年度年报".to_owned())
    ];
    let one = (
        title,
        proptest::sample::select(DUES),
        subsequence(vec!["办公室", "法制科", "道运科", "各科室"], 1..4),
        proptest::option::of(0..4usize),
        "(\\PC|\n){0,60}".prop_map(|basis| basis.replace('\u{FFFD}', "")),
        proptest::bool::ANY,
        proptest::bool::ANY,
        proptest::option::of(1..9999u32),
        proptest::option::of(Just("6月30日")),
    );
    let deadline = one.prop_map(|(title, due, sections, lead, basis, each, default, item, goal)| {
        let title = title.replace('\u{FFFD}', "");
        let title = if title.trim().is_empty() { "标题".to_owned() } else { title };
        let mut made = super::deadline("x", 1, &title, due, &sections);
        made.lead = lead.and_then(|at| made.sections.get(at).cloned());
        made.basis = Some(basis).filter(|b| !b.trim().is_empty());
        made.done = if each { Done::Each } else { Done::Any };
        (made.bureau_default, made.item) = (default, item);
        made.target = goal.and_then(target);
        made
    });
    proptest::collection::vec(deadline, 1..5).prop_map(|mut made| {
        made.iter_mut().enumerate().for_each(|(n, deadline)| deadline.id = format!("id-{n}"));
        made
    })
}

fn texts(value: Option<&toml::Value>) -> Vec<String> {
    value.and_then(toml::Value::as_array).into_iter().flatten().filter_map(|v| Some(v.as_str()?.to_owned())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn ledgers_come_back(made in deadlines()) {
        let (cal, roster) = (calendar(), roster());
        let mut rows = Vec::new();
        for deadline in &made {
            let periods = periods(deadline, &cal);
            rows.extend(entries(deadline, &cal, &periods).iter().map(Row::new));
        }
        let ledger = ledger(rows);
        for bytes in [xlsx(&ledger).unwrap(), csv(&ledger).into_bytes()] {
            let bureau = Bureau { roster: &roster, calendar: &cal };
            let imported = import(&read(&bytes).unwrap(), "台账.xlsx", Some(bureau)).unwrap();
            prop_assert_eq!(&imported.findings, &vec![]);
            let file: toml::Table = toml::from_str(&imported.toml).unwrap();
            let back = file.get("deadline").and_then(toml::Value::as_array).cloned().unwrap_or_default();
            let expected: Vec<&Deadline> = made.iter().filter(|d| !periods(d, &cal).is_empty()).collect();
            prop_assert_eq!(back.len(), expected.len());
            for (back, deadline) in back.iter().zip(expected) {
                let text = |key: &str| back.get(key).and_then(toml::Value::as_str).map(str::to_owned);
                prop_assert_eq!(text("id"), Some(deadline.id.clone()));
                prop_assert_eq!(back.get("item").and_then(toml::Value::as_integer), deadline.item.map(i64::from));
                let due = Due::parse(&text("due").unwrap(), None).unwrap();
                prop_assert_eq!(&due.rule, &deadline.due.rule);
                prop_assert_eq!(texts(back.get("sections")), deadline.sections.clone());
                prop_assert_eq!(text("lead"), deadline.lead.clone());
                prop_assert_eq!(text("done").is_some(), deadline.done == Done::Each);
                prop_assert_eq!(text("target"), deadline.target.clone().map(|(words, _)| words));
                prop_assert_eq!(back.get("bureau_default").is_some(), deadline.bureau_default);
            }
        }
    }

    #[test]
    fn no_text_breaks_a_reader(text in "(\\PC|[\u{0}-\u{1f},\"']){0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let table = format!("序号,工作任务,责任科室,时限要求,编号\n{text}\n1,甲,办公室,{text}\n");
        let imported = import(&read(table.as_bytes()).unwrap(), &text, None).unwrap();
        prop_assert!(toml::from_str::<toml::Table>(&imported.toml).is_ok(), "{}", imported.toml);
        let _ = read(&bytes);
        let _ = read(&[b"PK\x03\x04", &bytes[..]].concat());
    }
}
