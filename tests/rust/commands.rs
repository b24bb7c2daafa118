//! The command line as its users expect it: help, mistakes, empty lists, tables that fit, the first minute.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use unicode_width::UnicodeWidthStr;

/// A checkout's configuration, in a folder of its own.
struct Desk(tempfile::TempDir);

struct Said {
    exit: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["config", "config/holidays", "seeds"] {
            fs::create_dir_all(folder.path().join(part)).unwrap();
            for file in fs::read_dir(root.join(part)).unwrap().flatten().filter(|file| file.path().is_file()) {
                fs::copy(file.path(), folder.path().join(part).join(file.file_name())).unwrap();
            }
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn duban(&self, args: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        let command = command.current_dir(self.0.path()).args(args).stdin(Stdio::null());
        let output = command.args(["--config", "config/duban.toml"]).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { exit: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// As of the last Wednesday of January, three working days before the annual report.
    fn now(&self, args: &[&str]) -> Said {
        self.duban(&[args, &["--now", "2026-01-27T08:30"]].concat())
    }
}

#[test]
fn help_and_mistakes_are_about_the_subcommand() {
    let desk = Desk::new();
    let help = desk.duban(&["help", "list"]);
    assert!(help.exit == Some(0) && help.out == desk.duban(&["list", "--help"]).out, "{}", help.out);
    assert!(desk.duban(&["help", "outbox", "retry"]).out.contains("duban outbox retry"));
    for (args, words) in [
        (&["list", "--foo"][..], "用 duban list --help 查看用法"),
        (&["outbox", "retry", "x"], "用 duban outbox retry --help 查看用法"),
        (&["help", "lits"], "是不是 list"),
    ] {
        let said = desk.duban(args);
        assert!(said.exit == Some(2) && said.err.contains(words), "{args:?}: {}", said.err);
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(desk.duban(&["completions", shell]).out.contains("outbox"), "{shell}");
    }
}

#[test]
fn an_id_can_be_found() {
    let desk = Desk::new();
    desk.now(&["run", "--once"]);
    for args in [
        &["preview", "annual-reprot"][..],
        &["explain", "annual-reprot"],
        &["history", "annual-reprot"],
        &["done", "annual-reprot", "--by", "张三"],
        &["open", "annual-reprot"],
    ] {
        let said = desk.now(args);
        assert!(said.exit == Some(1) && said.err.contains("是不是 annual-report？"), "{args:?}: {}", said.err);
    }
    let list = desk.now(&["list"]).out;
    let check = desk.now(&["check"]).out;
    for id in ["annual-report", "staff-and-funds", "dependent-request", "task-ledger-rectify"] {
        assert!(list.contains(id) && check.contains(id), "{id}");
    }
}

#[test]
fn an_empty_list_is_no_mistake() {
    let desk = Desk::new();
    desk.now(&["run", "--once"]);
    for (args, words) in [
        (&["list", "--within", "0d", "--section", "港航科"][..], "没有到期的事项"),
        (&["plan", "--from", "2026-01-03", "--to", "2026-01-03"], "没有要发的信"),
        (&["incoming"], "没有等着处理的来信"),
        (&["requests"], "没有等着答复的申请"),
        (&["history", "map-review"], "还没有任何记录"),
        (&["diff"], "没有变化"),
    ] {
        let said = desk.now(args);
        assert_eq!((said.exit, said.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(said.out.contains(words), "{args:?}: {}", said.out);
    }
    fs::write(desk.path("config/deadlines.toml"), "broken").unwrap();
    let said = desk.now(&["diff"]);
    assert!(said.exit == Some(1) && said.out.is_empty() && said.err.contains("错误："), "{} {}", said.out, said.err);
    assert!(!said.err.contains("注意"), "{}", said.err);
}

#[test]
fn tables_fit_a_screen() {
    let desk = Desk::new();
    desk.now(&["run", "--once"]);
    desk.now(&["done", "annual-report", "--by", "张三", "--note", "已在门户网站年报专栏发布，核对过链接与数据"]);
    for args in [
        &["list"][..],
        &["list", "--within", "400d"],
        &["plan", "--from", "2026-01-28", "--to", "2026-04-30"],
        &["outbox"],
        &["history"],
    ] {
        let said = desk.now(args);
        assert_eq!(said.exit, Some(0), "{}", said.err);
        for line in said.out.lines() {
            assert!(line.width() <= 80, "{args:?}: {line}");
        }
    }
    let check = desk.now(&["check"]).out;
    assert!(check.lines().all(|line| line.width() <= 80), "{check}");
    assert!(check.contains("《政府信息公开工"), "titles: {check}");
}

#[test]
fn a_ledger_that_somebody_annotated_is_kept() {
    let desk = Desk::new();
    desk.now(&["run", "--once"]);
    assert_eq!(desk.now(&["export", "台账.csv"]).exit, Some(0));
    fs::write(desk.path("台账.csv"), "remarks").unwrap();
    let said = desk.now(&["export", "台账.csv"]);
    assert!(said.exit == Some(1) && said.err.contains("--force"), "{}", said.err);
    assert_eq!(fs::read_to_string(desk.path("台账.csv")).unwrap(), "remarks");
    assert_eq!(desk.now(&["export", "台账.csv", "--force"]).exit, Some(0));
    assert_ne!(fs::read_to_string(desk.path("台账.csv")).unwrap(), "remarks");
    let said = desk.now(&["restore", "none.db"]);
    assert!(said.exit == Some(1) && said.err.contains("none.db 读不了，没有这个文件"), "{}", said.err);
}

#[test]
fn the_first_minute_shows_a_letter_whatever_the_day() {
    let desk = Desk::new();
    let day = ["--now", "2026-08-01T12:00"];
    let said = desk.duban(&[&["run", "--once"], &day[..]].concat());
    assert_eq!(said.exit, Some(0), "{}", said.err);
    let page = "var/mail/example/next-reminder.html";
    assert!(said.err.contains(page) && !said.err.contains("config/../"), "{}", said.err);
    let html = fs::read_to_string(desk.path(page)).unwrap();
    assert!(html.contains("示例：") && html.contains("办结"), "{html}");
    let letter = fs::read_to_string(desk.path("var/mail/example/next-reminder.eml")).unwrap();
    assert!(letter.contains("To: ") && letter.contains("Subject: "), "{letter}");
    let outbox = desk.duban(&[&["outbox", "--json"], &day[..]].concat()).out;
    assert!(!outbox.contains("示例") && !outbox.contains("example\""), "{outbox}");

    // Only once.
    fs::remove_file(desk.path(page)).unwrap();
    desk.duban(&[&["run", "--once"], &day[..]].concat());
    assert!(!desk.path(page).exists());
}

#[test]
fn the_plan_leaves_out_what_is_only_said_if_nothing_is_done() {
    let desk = Desk::new();
    desk.now(&["run", "--once"]);
    let days = ["plan", "--from", "2026-01-28", "--to", "2026-02-13"];
    let said = desk.now(&days).out;
    assert!(!said.contains("逾期1个工作日") && said.contains("--if-nothing-is-done"), "{said}");
    assert!(desk.now(&[&days[..], &["--if-nothing-is-done"]].concat()).out.contains("逾期1个工作日"));
}
