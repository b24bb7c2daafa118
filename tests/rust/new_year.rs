//! What is done in the week in which a year's papers come, as it is typed: the notice of the statutory days, a new plan.

use std::{fs, process::Command};

use tempfile::TempDir;

use crate::bureau::{ROSTER, SETTINGS, copy_holidays};

const NOW: &str = "2026-01-05T09:00";
const OLD: &str =
    "[[deadline]]\nid = \"yearly\"\ntitle = \"发布年报\"\ndue = \"每年1月31日前\"\nsections = [\"办公室\"]\n";
const TABLE: &str = "序号,工作任务,责任科室,时限要求\n1,发布年报,办公室,每年2月10日前\n2,回应关切,法制科,每年6月底前\n";

struct Folder(TempDir);

impl Folder {
    /// A bureau whose configuration is in force.
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.put("duban.toml", SETTINGS);
        folder.put("deadlines.toml", &format!("include = [\"plan.toml\"]\n{ROSTER}"));
        folder.put("plan.toml", OLD);
        copy_holidays(folder.0.path());
        assert_eq!(folder.run(&["run", "--once"]).0, Some(0));
        folder
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn get(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    /// The exit code, and all that was said.
    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        let command = command.current_dir(self.0.path()).args(["--config", "duban.toml", "--now", NOW]).args(args);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }
}

#[test]
fn a_notice_becomes_the_file_of_its_year() {
    let folder = Folder::new();
    let notices: serde_json::Value = serde_json::from_str(include_str!("../data/notices.json")).unwrap();
    folder.put("通知.txt", notices["2025"]["text"].as_str().unwrap());
    let shipped = folder.get("holidays/2025.toml");
    // A year that is in force stays so without its file: nothing moves by what is read now.
    for year in ["2025", "2026"] {
        fs::remove_file(folder.0.path().join(format!("holidays/{year}.toml"))).unwrap();
    }
    let (exit, said) = folder.run(&["holidays", "import", "通知.txt", "--dry-run"]);
    assert!(exit == Some(0) && said.contains("只看，没有写"), "{said}");
    assert!(!folder.0.path().join("holidays/2025.toml").exists());

    let (exit, said) = folder.run(&["holidays", "import", "通知.txt"]);
    assert!(exit == Some(0) && said.contains("今后 12 个月的提醒没有变化"), "{said}");
    let days = |text: &str| text.lines().filter(|line| !line.starts_with("notice")).collect::<Vec<_>>().join("\n");
    assert_eq!(days(&folder.get("holidays/2025.toml")), days(&shipped));

    folder.put("通知.txt", &notices["2025"]["text"].as_str().unwrap().replace("共8天", "共9天"));
    let (exit, said) = folder.run(&["holidays", "import", "通知.txt"]);
    assert!(exit == Some(1) && said.contains("什么也没有写") && said.contains("共9天"), "{said}");
}

#[test]
fn a_new_plan_takes_the_place_of_the_old_one() {
    let folder = Folder::new();
    folder.put("新方案.csv", TABLE);
    let (exit, said) = folder.run(&["import", "新方案.csv", "--replaces", "plan.toml"]);
    assert!(exit == Some(0) && said.contains("继续 1 项") && said.contains("生效以后"), "{said}");
    assert_eq!(folder.get("plan.toml.old-1"), OLD);
    let plan = folder.get("plan.toml");
    assert!(plan.contains("\"yearly\"") && plan.contains("每年2月10日前"), "what goes on keeps its id: {plan}");
    assert_eq!(folder.run(&["check"]).0, Some(0));
}

#[test]
fn a_new_plan_that_does_not_fit_the_other_files_is_taken_out_again() {
    let folder = Folder::new();
    folder.put("新方案.csv", TABLE);
    let twice = OLD.replace("yearly", "item-2");
    folder.put("deadlines.toml", &format!("include = [\"plan.toml\"]\n{ROSTER}{twice}"));
    let (exit, said) = folder.run(&["import", "新方案.csv", "--replaces", "plan.toml"]);
    assert!(exit == Some(1) && said.contains("原来的已放回"), "{said}");
    assert_eq!(folder.get("plan.toml"), OLD);
}

const ASKED: &str = "2026年工作要点\n序号\t工作任务\t责任科室\t时限要求\n1\t发布年报\t全局\t3月底前\n2\t回应公众关切，每年1月31日前统计，2月20日前公布\t法制科\t\n3\t更新目录\t办公室\t\n";

#[test]
fn what_was_answered_for_one_plan_holds_for_the_next() {
    let folder = Folder::new();
    folder.put("2026.txt", ASKED);
    let answers = [
        "--year",
        "2026",
        "--once",
        "--office",
        "全局=办公室、法制科",
        "--blank",
        "没有写",
        "--no-date",
        "每季度末月 20 日",
    ];
    let chosen = ["--choose", "2=1月31日"];
    let (exit, said) =
        folder.run(&[&["import", "2026.txt", "--replaces", "plan.toml"], &answers[..], &chosen].concat());
    assert_eq!(exit, Some(0), "{said}");
    let first = folder.get("plan.toml");
    assert!(
        first.contains("--office 全局=办公室、法制科") && first.contains("--no-date '每季度末月 20 日'"),
        "{first}"
    );

    // The same document: nothing is asked, and what was taken is said.
    let (exit, said) = folder.run(&["import", "2026.txt", "--replaces", "plan.toml"]);
    assert!(exit == Some(0) && said.contains("沿用原来的回答：--year 2026 --once"), "{said}");
    assert_eq!(folder.get("plan.toml"), first);

    // Another year's: the year is asked for, the rest is known; what is said now comes first.
    folder.put("2027.txt", &ASKED.replace("2026年", "2027年"));
    let (exit, said) = folder.run(&["import", "2027.txt", "--replaces", "plan.toml"]);
    assert!(exit == Some(1) && said.contains("--year 2027") && !said.contains("- “全局”"), "{said}");
    assert_eq!(folder.get("plan.toml"), first);
    let now = ["--year", "2027", "--office", "全局=各科室", "--choose", "2=停用"];
    let (exit, said) = folder.run(&[&["import", "2027.txt", "--replaces", "plan.toml"], &now[..]].concat());
    assert_eq!(exit, Some(0), "{said}");
    let plan = folder.get("plan.toml");
    assert!(
        plan.contains("--office 全局=各科室") && plan.contains("--choose 2=停用") && plan.contains("year = 2027"),
        "{plan}"
    );

    // A file that is there is not written over, and the way to do it is said before anything is asked.
    let (exit, said) = folder.run(&["import", "2027.txt", "--write", "plan.toml"]);
    assert!(exit == Some(1) && said.contains("--replaces") && !said.contains("--year"), "{said}");
}
