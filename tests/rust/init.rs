//! `duban init` by its flags: what is written, what is refused, what is kept.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::smtp_server::{Act, At, Server, closed_port, say};

const BUREAU: &[&str] = &[
    "--bureau",
    "某某市交通运输局",
    "--admin",
    "admin@ju.gov.cn",
    "--contact",
    "办公室 \"政务公开\" 0750-1",
    "--section",
    "办公室=bgs@ju.gov.cn,bgs2@ju.gov.cn;leader=fgld@ju.gov.cn",
    "--section",
    "法制科=fzk@ju.gov.cn",
    "--from",
    "duban@ju.gov.cn",
];

/// A working directory with nothing in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    fn duban(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        let output = command.current_dir(self.0.path()).args(args).stdin(Stdio::null()).output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    }

    fn init(&self, more: &[&str]) -> (Option<i32>, String) {
        self.duban(&[&["init", "--dir", "config", "--now", "2026-06-01T09:00"], BUREAU, more].concat())
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path("config"))
            .map(|entries| entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }
}

#[test]
fn a_configuration_that_checks() {
    let desk = Desk::new();
    let (exit, text) = desk.init(&["--folder-only"]);
    assert_eq!(exit, Some(0), "{text}");
    for words in [
        "2 个科室，1 个事项",
        "第一封信：2026-12-30 08:30 发给 bgs2@ju.gov.cn，提醒 annual-report（2027-01-29 前办结）",
        "duban doctor --config config/duban.toml",
        "duban run --config",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert_eq!(desk.files(), ["deadlines.toml", "duban.toml", "holidays"]);
    assert_eq!((desk.mode("config/duban.toml"), desk.mode("config/holidays/2026.toml")), (0o644, 0o644));
    let (exit, text) = desk.duban(&["check", "--config", "config/duban.toml"]);
    assert_eq!(exit, Some(0), "{text}");
    let settings = desk.read("config/duban.toml");
    for line in [
        "from      = \"某某市交通运输局督办 <duban@ju.gov.cn>\"",
        "transport = \"folder\"                     # “",
        "database  = \"../var/duban.db\"",
        "contact   = \"办公室 \\\"政务公开\\\" 0750-1\"",
    ] {
        let line = line.replace('“', "\"");
        assert!(settings.contains(&line), "{line}\n{settings}");
    }
    let shipped = include_str!("../../config/duban.toml");
    let comments = |text: &str| text.lines().filter(|l| l.contains('#')).count();
    assert_eq!(comments(&settings), comments(shipped), "every comment is there");
    let deadlines = desk.read("config/deadlines.toml");
    assert!(!deadlines.contains("bgs@example.test") && deadlines.contains("第四十九条"), "{deadlines}");
    assert!(
        deadlines.contains("leader = [\"fgld@ju.gov.cn\"]") && deadlines.contains("# id       = \"archive-handover\"")
    );
}

#[test]
fn with_a_server_a_password_and_a_plan() {
    let server = Server::start(|_, _, _| Act::Fine);
    let desk = Desk::new();
    fs::write(desk.path("secret"), "s3cret-pass\r\n").unwrap();
    let plan = "[[deadline]]\nid = \"mine\"\ntitle = \"报送\"\ndue = \"每年6月30日前\"\nsections = [\"法制科\"]\n";
    fs::write(desk.path("分工.toml"), plan).unwrap();
    let smtp = format!("127.0.0.1:{}", server.port);
    let login = ["--smtp", &smtp, "--tls", "none", "--username", "duban", "--password-file", "secret"];
    let (exit, text) = desk.init(&[&login[..], &["--plan", "分工.toml"]].concat());
    assert_eq!(exit, Some(0), "{text}");
    assert!(text.contains("登录成功，接受发件人 duban@ju.gov.cn") && !text.contains("s3cret"), "{text}");
    assert!(server.received().is_empty());
    assert_eq!(desk.read("config/credentials/smtp-password"), "s3cret-pass\n");
    assert_eq!((desk.mode("config/credentials"), desk.mode("config/credentials/smtp-password")), (0o700, 0o600));
    assert_eq!(desk.read("config/分工.toml"), plan);
    assert!(desk.read("config/deadlines.toml").contains("include = [\"分工.toml\"]"));
    assert!(!desk.read("config/deadlines.toml").contains("annual-report"));
    assert_eq!(desk.duban(&["check", "--config", "config/duban.toml"]).0, Some(0));
}

#[test]
fn nothing_is_written_that_does_not_check_or_does_not_reach_its_server() {
    let desk = Desk::new();
    let smtp = format!("127.0.0.1:{}", closed_port());
    let (exit, text) = desk.init(&["--smtp", &smtp, "--tls", "none"]);
    assert_eq!(exit, Some(1), "{text}");
    assert!(text.contains("连接被拒绝") && text.contains("--no-try"), "{text}");
    assert!(!desk.path("config").exists());
    let refusing = Server::start(|at, _, _| if at == At::Mail { say("553 not you") } else { Act::Fine });
    let (exit, text) = desk.init(&["--smtp", &format!("127.0.0.1:{}", refusing.port), "--tls", "none"]);
    assert!(exit == Some(1) && text.contains("报发件人时被拒绝：553 not you"), "{text}");

    // Not in the clear to elsewhere: the finding names the file as it would be.
    let (exit, text) = desk.init(&["--smtp", "mail.ju.gov.cn", "--tls", "none"]);
    assert_eq!(exit, Some(1), "{text}");
    assert!(text.contains("不加密（none）只可用于本机地址") && text.contains("/config/duban.toml:"), "{text}");
    assert!(!text.contains(".duban-init") && !desk.path("config").exists(), "{text}");
    // A plan with a section that is not on the roster.
    fs::write(desk.path("plan.toml"), "[[deadline]]\nid=\"a\"\ntitle=\"b\"\ndue=\"每月5日\"\nsections=[\"道运科\"]\n")
        .unwrap();
    let (exit, text) = desk.init(&["--folder-only", "--plan", "plan.toml"]);
    assert!(exit == Some(1) && text.contains("道运科") && !desk.path("config").exists(), "{text}");

    let (exit, text) = desk.init(&["--smtp", &smtp, "--tls", "none", "--no-try"]);
    assert!(exit == Some(0) && desk.path("config/duban.toml").exists(), "{text}");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let desk = Desk::new();
    let (exit, text) = desk.duban(&["init", "--bureau", "某局", "--username", "duban"]);
    assert_eq!(exit, Some(2), "{text}");
    for flag in ["--admin", "--contact", "--section", "--from", "--smtp", "--folder-only", "--password-file"] {
        assert!(text.contains(flag), "{flag}\n{text}");
    }
    assert!(!text.contains("--bureau"), "{text}");
    let (exit, text) = desk.init(&["--folder-only", "--choose", "31=停用"]);
    assert!(exit == Some(2) && text.contains("--plan") && text.contains("--choose"), "{text}");
    let (exit, text) = desk.init(&["--folder-only", "--plan", "plan.toml", "--once"]);
    assert!(exit == Some(2) && text.contains("--plan"), "{text}");
    for (flags, why) in [
        (["--admin", "admin"], "不是邮箱地址"),
        (["--admin", "admin@localhost"], "没有点"),
        (["--section", "办公室"], "科室名=邮箱"),
        (["--section", "各科室=a@ju.gov.cn"], "统称"),
        (["--smtp", "smtp.ju.gov.cn:x"], "端口"),
        (["--tls", "ssl"], "starttls"),
    ] {
        let (exit, text) = desk.init(&flags);
        assert!(exit == Some(2) && text.contains(why), "{flags:?} {text}");
    }
    let (exit, text) = desk.init(&["--smtp", "127.0.0.1", "--username", "x", "--password-file", "none"]);
    assert!(exit == Some(1) && text.contains("没有口令文件 none"), "{text}");
    let twice = desk.init(&["--folder-only", "--section", "法制科=x@ju.gov.cn"]);
    assert!(twice.0 == Some(1) && twice.1.contains("写了两次"), "{}", twice.1);
    assert!(!desk.path("config").exists());
}

#[test]
fn what_somebody_wrote_is_kept() {
    let desk = Desk::new();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    fs::create_dir(desk.path("config")).unwrap();
    for name in ["duban.toml", "deadlines.toml"] {
        fs::copy(shipped.join(name), desk.path("config").join(name)).unwrap();
    }
    let (exit, text) = desk.init(&["--folder-only"]);
    assert!(exit == Some(1) && text.contains("（随附的分工方案） 已有内容"), "a shipped plan is a plan: {text}");
    let (exit, text) = desk.init(&["--folder-only", "--force"]);
    assert!(exit == Some(0) && text.contains("deadlines.toml.old-1") && !text.contains("duban.toml.old"), "{text}");
    fs::remove_file(desk.path("config/deadlines.toml.old-1")).unwrap();
    assert_eq!(desk.init(&["--folder-only"]).0, Some(0), "the same again");
    assert_eq!(desk.files(), ["deadlines.toml", "duban.toml", "holidays"]);

    let edited = desk.read("config/deadlines.toml") + "# 我写的\n";
    fs::write(desk.path("config/deadlines.toml"), &edited).unwrap();
    let (exit, text) = desk.init(&["--folder-only"]);
    assert!(exit == Some(1) && text.contains("deadlines.toml") && text.contains("--force"), "{text}");
    assert_eq!(desk.read("config/deadlines.toml"), edited);
    let (exit, text) = desk.init(&["--folder-only", "--force"]);
    assert!(exit == Some(0) && text.contains("原来的另存为") && text.contains("deadlines.toml.old-1"), "{text}");
    assert_eq!(desk.read("config/deadlines.toml.old-1"), edited);
    fs::write(desk.path("config/deadlines.toml"), "# 又一次\n").unwrap();
    assert_eq!(desk.init(&["--folder-only", "--force"]).0, Some(0));
    assert_eq!(
        (desk.read("config/deadlines.toml.old-2"), desk.read("config/deadlines.toml.old-1")),
        ("# 又一次\n".to_owned(), edited)
    );
    // An old file is no configuration: what is in force is not disturbed by it.
    assert_eq!(desk.duban(&["check", "--config", "config/duban.toml"]).0, Some(0));
}

#[test]
fn a_plan_as_it_was_published() {
    let desk = Desk::new();
    let paper = "2026年政务公开工作要点\n序号\t工作任务\t完成时限\t责任科室\n1\t编制政府信息公开工作年度报告\t1月31日前\t办公室\n\
                 2\t更新政府信息公开指南\t长期坚持\t法制科\n3\t清理规范性文件\t6月30日前\t港航科\n";
    fs::write(desk.path("要点.txt"), paper).unwrap();
    let (exit, text) = desk.init(&["--folder-only", "--plan", "要点.txt"]);
    assert_eq!(exit, Some(1), "{text}");
    assert!(text.contains("港航科") && text.contains("--office '港航科="), "{text}");
    assert!(desk.files().is_empty(), "nothing is written while something is open: {:?}", desk.files());

    let answers = ["--folder-only", "--plan", "要点.txt", "--year", "2026", "--once", "--office", "港航科=法制科"];
    let (exit, text) = desk.init(&answers);
    assert_eq!(exit, Some(0), "{text}");
    for words in ["2 项有日期", "1 项没有日期", "2 个科室，2 个事项", "第一封信：2026-06-"] {
        assert!(text.contains(words), "{words} is not in:\n{text}");
    }
    assert!(desk.read("config/deadlines.toml").contains("include = [\"plan.toml\"]"));
    assert!(desk.read("config/plan.toml").contains("due      = \"6月30日前\""), "{}", desk.read("config/plan.toml"));
}
