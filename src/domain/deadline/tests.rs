use super::*;

#[test]
fn leads_read_back() {
    for text in ["30天", "7个工作日", "当天"] {
        assert_eq!(text.parse::<Lead>().map(|l| l.to_string()), Ok(text.to_owned()));
    }
    for text in ["", "7", "七天", "-1天", "400天", "天"] {
        assert!(text.parse::<Lead>().is_err(), "{text}");
    }
}

#[test]
fn mailboxes() {
    for good in ["a@example.test", "a.b+c@x-y.example.test"] {
        assert!(good.parse::<Mailbox>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "a",
        "a@",
        "@b",
        "a b@example.test",
        "甲@example.test",
        "a@例子.test",
        "a@x.test\r\nBcc: b@x.test",
        "N <a@b.test>",
        "a@b.test,c@d.test",
        "\"a b\"@x.test",
    ] {
        assert!(bad.parse::<Mailbox>().is_err(), "{bad}");
    }
}

#[test]
fn titles() {
    let values = |p| title_values(p).into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
    assert_eq!(values("2027"), "last_year=2026 next_year=2028 period=2027 year=2027");
    assert_eq!(values("2026-H2"), "half=下 last_year=2025 next_year=2027 period=2026-H2 year=2026");
    assert_eq!(values("2026-Q3"), "last_year=2025 next_year=2027 period=2026-Q3 quarter=3 year=2026");
    assert_eq!(values("2026-08"), "last_year=2025 month=8 next_year=2027 period=2026-08 year=2026");
    assert_eq!(values("2026-W34"), "last_year=2025 next_year=2027 period=2026-W34 year=2026");
    assert_eq!(values("粤江交依申请〔2026〕3号"), "period=粤江交依申请〔2026〕3号");
}

#[test]
fn overdue_by_default() {
    assert_eq!(default_overdue(), [1, 3, 8, 13, 18, 23, 28, 33, 38, 43]);
}
