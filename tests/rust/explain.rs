//! 期限计算书: one of each kind of rule, as it is printed; who may see it; that it changes nothing.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use duban::service::desk::link::Scope;
use insta::assert_snapshot;
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

use crate::{
    bureau::{ROSTER, SETTINGS, copy_holidays},
    site::plan::{occurrence, report_path, site},
};

/// The name of the kind, its `due`, the period that is explained.
const KINDS: &[(&str, &str, &str)] = &[
    ("fixed", "每年1月31日前", "2026"),
    ("last-workday", "每月最后一个工作日", "2026-02"),
    ("nth-workday", "每月第3个工作日", "2026-10"),
    ("quarter", "每季度末月20日", "2026-Q2"),
    ("quarter-end", "每季度末", "2026-Q3"),
    ("half-year", "每年1月、7月5日前", "2026-H2"),
    ("after-days", "季度终了后5日内", "2026-Q1"),
    ("after-a-long-holiday", "每季度结束后15日内", "2026-Q3"),
    ("after-workdays", "季后10个工作日", "2026-Q3"),
    ("after-months", "年度终了后4个月内", "2026"),
    ("before-end", "季度结束的10日前", "2026-Q3"),
    ("next-month", "次月5日前", "2026-03"),
    ("case", "收到之日起20个工作日内", "粤江交依申请〔2026〕3号"),
    ("case-before", "举行前20个工作日", "听证〔2026〕1号"),
    ("rolls", "每月5日前（遇节假日顺延）", "2026-04"),
    ("once", "2026年9月30日前", "2026-09-30"),
    ("rrule", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU", "2026-05-10"),
    ("provisional", "每年1月31日前", "2027"),
];

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let deadline = |(id, due, _): &(&str, &str, &str)| {
            let target = if *id == "after-workdays" { "target = \"提前3个工作日\"\n" } else { "" };
            format!(
                "[[deadline]]\nid = \"{id}\"\ntitle = \"办理 {id}\"\ndue = \"{due}\"\n{target}sections = [\"办公室\"]\n\
                 basis = \"《某某办法》第五条\"\n"
            )
        };
        let plan: String = KINDS.iter().map(deadline).collect();
        fs::write(folder.path().join("duban.toml"), SETTINGS).unwrap();
        fs::write(folder.path().join("deadlines.toml"), format!("{ROSTER}{plan}")).unwrap();
        copy_holidays(folder.path());
        Self(folder)
    }

    fn run(&self, now: &str, args: &[&str]) -> Output {
        let path: &Path = self.0.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        command.current_dir(path).args(["--config", "duban.toml", "--now", now]).args(args).output().unwrap()
    }

    fn said(&self, now: &str, args: &[&str]) -> String {
        let output = self.run(now, args);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

#[test]
fn one_of_every_kind() {
    let folder = Folder::new();
    folder.said("2026-01-05T09:00", &["run", "--once"]);
    let open = ["open", "case", "--on", "2026-02-13", "--ref", "粤江交依申请〔2026〕3号", "--by", "张三"];
    folder.said("2026-02-13T10:00", &open);
    let open = ["open", "case-before", "--on", "2026-04-30", "--ref", "听证〔2026〕1号", "--by", "张三"];
    folder.said("2026-02-13T10:00", &open);
    for (id, _, period) in KINDS {
        let args = ["explain", id, "--period", period];
        let text = folder.said("2026-02-24T09:00", &args);
        if let Some(wide) = text.lines().find(|line| line.width() > 80) {
            panic!("{id}: wider than 80 columns: {wide}");
        }
        assert_snapshot!(format!("explain-{id}"), text);
        let json = folder.said("2026-02-24T09:00", &[&args[..], &["--json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let last = json["account"]["due"].as_array().unwrap().last().unwrap();
        assert_eq!(last["to"], json["stored"]["due"], "{id}: the last step is the date");
        assert_eq!(json["account"]["dates"], json["stored"], "{id}");
    }
    assert_eq!(folder.run("2026-02-24T09:00", &["verify"]).status.code(), Some(0));
}

#[test]
fn without_a_period_the_nearest_and_what_is_not_there_is_said() {
    let folder = Folder::new();
    let text = folder.said("2026-02-24T09:00", &["explain", "next-month"]);
    assert!(text.contains("2026年3月5日"), "before the first start, from the files: {text}");
    for (args, why) in [
        (&["explain", "nothing"][..], "没有编号为 nothing 的事项"),
        (&["explain", "fixed", "--period", "1999"], "没有期次 1999"),
        (&["explain", "case"], "先用 duban open 登记"),
    ] {
        let output = folder.run("2026-02-24T09:00", args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && said.contains(why), "{args:?}: {said}");
    }
}

#[test]
fn every_date_of_the_pages_leads_to_it_and_nobody_else_sees_it() {
    let site = site();
    let before = site.recorded();
    let report = report_path(&site, "annual-report", "办公室");
    let page = site.get(&report);
    let link = format!("{report}/explain");
    assert!(page.body.matches(&format!("href=\"{link}\"")).count() >= 3, "{}", page.body);
    let account = site.get(&link);
    assert_eq!(account.status, 200);
    for part in ["期限计算书", "每年1月31日", "yearly 01-31", "民法典第二百零三条", "已发", "核对人"]
    {
        assert!(account.body.contains(part), "{part}: {}", account.body);
    }
    let door = |scope: &Scope, letter: char| format!("/{letter}/{}", site.token(scope));
    let (admin, own) = (door(&Scope::Admin, 'a'), door(&Scope::Section("办公室".into()), 's'));
    let other = door(&Scope::Section("法制科".into()), 's');
    for door in [&admin, &own] {
        let path = format!("{door}/o/annual-report/2026");
        assert!(site.get(&path).body.contains(&format!("href=\"{path}/explain\"")));
        assert_eq!(site.get(&format!("{path}/explain")).status, 200);
    }
    // Another section's, no such period, a link of another section, a link of another kind.
    let id = occurrence(&site, "annual-report");
    let foreign = site.token(&Scope::Report { occurrence: id, section: "法制科".into() });
    let missing = site.token(&Scope::Report { occurrence: 999, section: "办公室".into() });
    for path in [
        format!("{other}/o/annual-report/2026/explain"),
        format!("{admin}/o/annual-report/1999/explain"),
        format!("{admin}/o/nothing/2026/explain"),
        format!("/r/{foreign}/explain"),
        format!("/r/{missing}/explain"),
        format!("/r/{}/explain", site.token(&Scope::Admin)),
        "/r/x/explain".to_owned(),
    ] {
        assert_eq!(site.get(&path).status, 404, "{path}");
    }
    assert_eq!(site.recorded(), before, "a GET changes nothing");
}
