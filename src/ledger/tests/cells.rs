use jiff::civil::date;

use super::*;
use crate::domain::deadline::Section;

fn roster() -> Roster {
    let section =
        |name: &&str| Section { name: (*name).into(), email: vec![], leader: vec![], in_all: true, was: None };
    Roster { sections: ["办公室", "法制科", "道运科", "机关党委"].iter().map(section).collect() }
}

fn text(words: &str) -> Option<Value> {
    Some(Value::Text(words.to_owned()))
}

#[test]
fn dates_as_tables_write_them() {
    let check = |words: &str, due: &str| {
        let when = when(text(words).as_ref()).unwrap_or_else(|e| panic!("{words}: {e:?}"));
        assert_eq!(when.due, due, "{words}");
    };
    check("每年年底前", "每年年底前");
    check(" 每年1月31日\n前 ", "每年1月31日 前");
    check("2026年1月31日（周六）\n请于1月30日（周五）前办结", "2026年1月31日（周六）");
    check("2026年4月5日（周日）\n请于4月3日（周五）前办结\n4月7日（周二）届满", "2026年4月5日（周日）");
    check("2026年2月28日（周六，调休上班）", "2026年2月28日（周六）");
    check("收到之日起20个工作日内", "收到之日起20个工作日内");
    let year_end = when(text("每年年底前").as_ref()).unwrap().rule;
    assert_eq!(year_end.to_string(), "yearly 12-31");

    let ours = when(text("每年至少1次\n局内默认\n局内目标：10月31日\n次数：3").as_ref()).unwrap();
    assert_eq!(
        (ours.due.as_str(), ours.bureau_default, ours.target.as_deref()),
        ("每年至少1次", true, Some("10月31日"))
    );
}

#[test]
fn what_has_no_date_gets_none() {
    for words in ["持续推进", "长期坚持", "长期", "常态化推进", "全年", "持续推进。", "/", "—", "无", "", " \n"]
    {
        assert!(when(text(words).as_ref()).is_err(), "{words}");
    }
    assert_eq!(when(None).unwrap_err().what, "没有写时限");
}

#[test]
fn never_a_wrong_date() {
    for words in
        ["适时", "按要求", "1月31日前", "46053", "2小时内", "持续推进，每月报送", "2月30日", "按来件载明时限", "年底前"]
    {
        let trouble = when(text(words).as_ref()).unwrap_err();
        assert!(!trouble.what.is_empty(), "{words}: {trouble:?}");
    }
    let typed = when(Some(&Value::Date(date(2026, 1, 31)))).unwrap_err();
    assert_eq!(typed.instead, ["每年1月31日前", "2026年1月31日前"]);
}

#[test]
fn sections_as_the_ledger_writes_them() {
    let check = |cell: &str, names: &[&str], lead: Option<&str>| {
        let found = who(cell, Some(&roster())).unwrap_or_else(|e| panic!("{cell}: {e:?}"));
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        assert_eq!((found.sections, found.lead.as_deref()), (names, lead), "{cell}");
    };
    check("办公室、各科室", &["办公室", "各科室"], None);
    check("办公室，法制科;道运科、机关党委", &["办公室", "法制科", "道运科", "机关党委"], None);
    check("办公室（牵头）、各科室", &["办公室", "各科室"], Some("办公室"));
    check("办公室(牵头)\n法制科", &["办公室", "法制科"], Some("办公室"));
    check("办公室、办公室", &["办公室"], None);
    assert!(who("各科室\n（分别办结）", Some(&roster())).unwrap().each);
}

#[test]
fn sections_that_are_not_there() {
    let check = |cell: &str, near: &[&str]| {
        let trouble = who(cell, Some(&roster())).unwrap_err();
        assert_eq!(trouble.instead.first().map(String::as_str), near.first().copied(), "{cell}: {trouble:?}");
    };
    check("道路运输科", &["道运科"]);
    check("各有关科室", &["各科室"]);
    check("办公室（综合科）", &["办公室"]);
    check("财务处", &[]);
    check("", &["办公室"]);
    assert!(who("办公室（牵头）、法制科（牵头）", Some(&roster())).is_err());
    assert!(who("财务处", None).is_ok());
}

#[test]
fn numbers() {
    for (cell, expected) in [("31", Some(31)), (" 3 ", Some(3)), ("", None), ("甲", None), ("0", None), ("10000", None)]
    {
        assert_eq!(number(cell), expected, "{cell}");
    }
}
