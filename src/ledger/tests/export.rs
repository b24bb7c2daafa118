use calamine::{Reader, Xlsx};

use super::*;

/// Done, overdue, near and far; with a report that tries to be a formula.
fn whole() -> Ledger {
    let cal = calendar();
    let mut annual = deadline(
        "annual-report",
        31,
        "发布{last_year}年度《政府信息公开工作年度报告》",
        "每年1月31日前",
        &["办公室", "各科室"],
    );
    annual.lead = Some("办公室".into());
    annual.basis = Some("于每年的 1 月 31 日前发布本单位、本系统上年度的《政府信息公开工作年度报告》".into());
    let mut figures = deadline("figures", 3, "报送年报数据", "每年1月10日前", &["各科室"]);
    (figures.done, figures.bureau_default) = (Done::Each, true);
    let mut meeting = deadline("meeting", 26, "召开领导小组会议", "每年至少2次", &["办公室"]);
    meeting.target = target("6月30日");
    let law = deadline("law-report", 32, "发布《法治政府建设情况年度报告》", "2月28日", &["法制科"]);
    let mut check = deadline("check", 1, "第{quarter}季度目录核对", "每季度末月20日", &["办公室"]);
    check.bureau_default = true;

    let mut rows = Vec::new();
    for deadline in [&check, &figures, &meeting, &annual, &law] {
        let periods = periods(deadline, &cal);
        for mut entry in entries(deadline, &cal, &periods) {
            report(&mut entry);
            rows.push(Row::new(&entry));
        }
    }
    ledger(rows)
}

fn report(entry: &mut Entry) {
    let report = |section: &str, by: &str, note: &str, evidence: &str| Completion {
        section: section.into(),
        by: by.into(),
        note: note.into(),
        evidence: evidence.into(),
        on: date(2026, 1, 26),
    };
    match (entry.deadline.id.as_str(), entry.period) {
        ("annual-report", _) => {
            (entry.state, entry.light) = (State::Done, Light::Green);
            entry.reports = vec![report(
                "办公室",
                "张三",
                "=HYPERLINK(\"http://x.example\")",
                "https://zwgk.example.cn/nb/2025.html",
            )];
        }
        ("figures", _) => {
            entry.reports = vec![
                report("法制科", "李四", "", "-1+1"),
                report("基建科", "@王五", "数据\u{7}已核\u{202E}对", "-1+1"),
            ];
            entry.missing = vec!["办公室".into(), "道运科".into()];
        }
        ("check", "2026-Q1") => entry.light = Light::Yellow,
        ("meeting", _) => entry.reports = vec![report("", "赵六", "", "粤江交办〔2026〕1号")],
        _ => {}
    }
}

#[test]
fn whole_ledger_as_csv() {
    let csv = csv(&whole());
    assert!(csv.starts_with('\u{FEFF}') && csv.ends_with("\r\n"));
    insta::assert_snapshot!(csv.trim_start_matches('\u{FEFF}').replace("\r\n", "⏎\n"));
}

#[test]
fn no_cell_is_a_formula() {
    let bytes = xlsx(&whole()).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(&bytes)).unwrap();
    assert!(book.worksheet_formula("2026年台账").unwrap().cells().all(|(_, _, formula)| formula.is_empty()));
    let sheets = read(&bytes).unwrap();
    let csv = read(csv(&whole()).as_bytes()).unwrap();
    let cells = |sheet: &Sheet| -> Vec<(u32, u32, String)> {
        let rows = sheet.rows.iter();
        rows.flat_map(|(row, cells)| cells.iter().map(move |(at, cell)| (*row, *at, format!("{:?}", cell.value))))
            .collect()
    };
    assert_eq!(cells(&sheets[0]), cells(&csv[0]));
    assert!(format!("{:?}", cells(&sheets[0])).contains("=HYPERLINK"));
}

#[test]
fn the_same_ledger_gives_the_same_bytes() {
    assert_eq!(xlsx(&whole()).unwrap(), xlsx(&whole()).unwrap());
}

#[test]
fn a_cell_that_is_too_long_is_cut() {
    let mut deadline = deadline("long", 1, "标题", "每年1月31日前", &["办公室"]);
    deadline.basis = Some("长".repeat(100_000));
    let cal = calendar();
    let periods = periods(&deadline, &cal);
    let rows: Vec<Row> = entries(&deadline, &cal, &periods).iter().map(Row::new).collect();
    assert!(xlsx(&ledger(rows)).is_ok());
}

#[test]
fn left() {
    let cal = calendar();
    let deadline = deadline("a", 1, "甲", "每年1月31日前", &["办公室"]);
    let due = [("2026".to_owned(), date(2026, 1, 31))];
    let check = |today: Date, words: &str| {
        let mut entry = entries(&deadline, &cal, &due).remove(0);
        let dates = entry.dates;
        entry.today = today;
        entry.days_left = dates.days_left(dates.finish_by, today);
        entry.workdays_left = dates.workdays_left(&cal, dates.finish_by, today);
        assert_eq!(Row::new(&entry).cells[8], words, "{today}");
    };
    check(date(2026, 1, 2), "还剩28天");
    check(date(2026, 1, 27), "还剩3个工作日");
    check(date(2026, 1, 30), "今天到期");
    check(date(2026, 1, 31), "最后一个工作日已过，请立即办结");
    check(date(2026, 2, 1), "已逾期1天");
    check(date(2026, 2, 4), "已逾期3个工作日");
}
