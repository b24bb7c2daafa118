//! `duban doctor` as it is typed, on configurations that are sound, unfinished and wrong.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use serde_json::Value;

use crate::support::{
    smtp_server::{Act, At, Encryption, Server, closed_port, say},
    smtp_tls::Certificates,
};

const NOBODY: u32 = 65534;

/// The shipped configuration in a folder of its own.
struct Bureau {
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

impl Bureau {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        lay(&root.join("config"), &folder.path().join("config"));
        lay(&root.join("seeds"), &folder.path().join("seeds"));
        Self { folder, env: BTreeMap::new() }
    }

    /// One that sends through this port.
    fn sending(port: u16) -> Self {
        let mut bureau = Self::new();
        bureau.set("MAIL__TRANSPORT", "smtp").set("MAIL__SMTP__TLS", "none");
        bureau.set("MAIL__SMTP__PORT", &port.to_string()).set("MAIL__SMTP__USERNAME", "duban");
        bureau.set("MAIL__SMTP__PASSWORD", "s3cret-pass");
        bureau
    }

    fn set(&mut self, key: &str, value: &str) -> &mut Self {
        self.env.insert(format!("DUBAN__{key}"), value.to_owned());
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        command.current_dir(self.folder.path()).args(args).args(["--config", "config/duban.toml"]).envs(&self.env);
        command
    }

    fn duban(&self, args: &[&str]) -> (Option<i32>, String) {
        said(self.command(args))
    }

    /// The exit code, and each check as `name verdict found advice`.
    fn doctor(&self) -> (Option<i32>, Vec<String>) {
        let (exit, json) = self.duban(&["doctor", "--json"]);
        let checks: Vec<Value> = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"));
        let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
        let line = |check| ["name", "verdict", "found", "advice"].map(|key| text(check, key)).join(" ");
        for check in checks.iter().filter(|check| check["verdict"] != "good") {
            assert_ne!(check["advice"], "", "{check} says what to do");
        }
        (exit, checks.iter().map(line).collect())
    }

    fn finds(&self, name: &str, verdict: &str, words: &[&str]) {
        let (exit, checks) = self.doctor();
        let is_meant = |line: &&String| {
            line.starts_with(&format!("{name} {verdict} ")) && words.iter().all(|word| line.contains(word))
        };
        assert!(checks.iter().any(|line| is_meant(&line)), "{name} {verdict} {words:?}: {checks:#?}");
        assert_eq!(exit, Some(i32::from(checks.iter().any(|line| line.split(' ').nth(1) == Some("bad")))));
    }
}

fn said(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

fn lay(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { lay(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}

/// Every file below, with its size and mode.
fn everything(folder: &Path) -> Vec<(PathBuf, u64, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let (path, metadata) = entry.map(|e| (e.path(), e.metadata().unwrap())).unwrap();
        found.push((path.clone(), metadata.len(), metadata.permissions().mode()));
        if metadata.is_dir() {
            found.extend(everything(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_nearly_named_right_is_said() {
    let bureau = Bureau::new();
    for name in ["deadline.d/本局.toml", "holidays/2027.toml.txt"] {
        let path = bureau.path("config").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    bureau.finds("配置", "warning", &["2 处提醒", "deadline.d 没有读", "2027.toml.txt 没有读"]);
    let (exit, check) = bureau.duban(&["check"]);
    assert_eq!(exit, Some(0));
    assert!(check.contains("改名为 deadlines.d") && check.contains("改名为 2027.toml"), "{check}");
}

#[test]
fn the_shipped_configuration_and_nothing_is_changed() {
    let bureau = Bureau::new();
    let before = everything(bureau.folder.path());
    let (exit, text) = bureau.duban(&["doctor", "--now", "2026-06-01T09:00"]);
    for line in [
        "✓ 配置    config/duban.toml：",
        "10 个科室\n",
        "✗ 服务    没有运行",
        "! 数据库  var/duban.db 还没有",
        "! 邮件    只写到目录 var/mail，不发给任何人",
        "现在是 2026-06-01 09:00",
        "✓ 节假日  2026 年",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.contains("\n          办法：执行 duban run\n"), "{text}");
    assert_eq!((exit, everything(bureau.folder.path())), (Some(1), before), "{text}");

    bureau.duban(&["run", "--once", "--now", "2026-01-27T08:30"]);
    let before = everything(bureau.folder.path());
    let (_, text) = bureau.duban(&["doctor", "--now", "2026-01-27T09:00"]);
    assert!(text.contains("✓ 数据库  var/duban.db，完好") && text.contains("✓ 权限"), "{text}");
    assert_eq!(everything(bureau.folder.path()), before);
}

#[test]
fn what_the_files_have_wrong() {
    let bureau = Bureau::new();
    let deadlines = bureau.path("config/deadlines.toml");
    let good = fs::read_to_string(&deadlines).unwrap();
    fs::write(&deadlines, format!("{good}\n[[deadline]]\nid = 1\n")).unwrap();
    bureau.finds("配置", "bad", &["处错误", "deadlines.toml 第", "duban check"]);
    // The rest is looked at all the same.
    bureau.finds("邮件", "warning", &["不发给任何人"]);
    fs::write(bureau.path("config/duban.toml"), "send_at = \n").unwrap();
    bureau.finds("配置", "bad", &["处错误"]);
    bureau.finds("其余", "warning", &["没有看"]);
    fs::remove_file(bureau.path("config/duban.toml")).unwrap();
    bureau.finds("配置", "bad", &["没有这个文件"]);
}

#[test]
fn years_that_are_missing() {
    let bureau = Bureau::new();
    for (now, line) in [
        ("2026-10-31T09:00", "✓ 节假日  2026 年的放假安排已有"),
        ("2026-11-01T09:00", "! 节假日  还没有 2027 年的放假安排"),
        ("2027-01-01T09:00", "✗ 节假日  还没有 2027 年的放假安排"),
    ] {
        let (_, text) = bureau.duban(&["doctor", "--now", now]);
        assert!(text.contains(line), "{now}\n{text}");
    }
}

#[test]
fn the_mail_server() {
    let server = Server::start(|_, _, _| Act::Fine);
    let bureau = Bureau::sending(server.port);
    bureau.finds("邮件", "good", &["登录成功，接受发件人 duban@example.test"]);
    bureau.finds("配置", "warning", &["示例地址", "bgs@example.test"]);
    assert!(server.received().is_empty() && server.commands().iter().all(|line| !line.starts_with("RCPT")));

    for (refused, words) in [(At::Auth, "登录时被拒绝：535 5.7.8 no"), (At::Mail, "报发件人时被拒绝：535 5.7.8 no")]
    {
        let server = Server::start(move |at, _, _| if at == refused { say("535 5.7.8 no") } else { Act::Fine });
        Bureau::sending(server.port).finds("邮件", "bad", &[words, "授权码"]);
    }
    Bureau::sending(closed_port()).finds("邮件", "bad", &["127.0.0.1:", "连接被拒绝", "放行"]);
}

#[test]
fn the_mailbox_and_the_pages_where_there_are_any() {
    let mut bureau = Bureau::new();
    let port = closed_port().to_string();
    bureau.set("MAILBOX__HOST", "127.0.0.1").set("MAILBOX__PORT", &port).set("MAILBOX__TLS", "none");
    bureau.set("MAILBOX__USERNAME", "duban").set("MAILBOX__PASSWORD", "s3cret-pass");
    bureau.finds("收信", "bad", &["连接被拒绝"]);
    let listen = format!("127.0.0.1:{}", closed_port());
    bureau.set("WEB__LISTEN", &listen).set("WEB__BASE_URL", &format!("http://{listen}"));
    bureau.finds("网页", "bad", &[&format!("本机 {listen} 打不开"), "先启动服务"]);
    bureau.finds("网页", "warning", &["本机地址"]);
}

#[test]
fn a_certificate_that_nobody_knows() {
    let certificates = Encryption::Implicit(Arc::new(Certificates::new()));
    let proxy = Server::encrypting(&[], certificates, |_, _, _| Act::Fine);
    let mut bureau = Bureau::new();
    bureau.set("WEB__LISTEN", &format!("127.0.0.1:{}", closed_port()));
    bureau.set("WEB__BASE_URL", &format!("https://127.0.0.1:{}", proxy.port));
    bureau.finds("网页", "bad", &["的证书不是由本机信任的机构签发", "自签", "CA"]);
}

#[test]
fn who_may_read_what() {
    let bureau = Bureau::new();
    bureau.duban(&["run", "--once", "--now", "2026-01-27T08:30"]);
    let credentials = bureau.path("config/credentials");
    fs::create_dir(&credentials).unwrap();
    fs::write(credentials.join("smtp-password"), "x").unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&credentials, 0o755);
    mode(&credentials.join("smtp-password"), 0o644);
    bureau.finds("权限", "bad", &["config/credentials 别人也能看", "chmod 700"]);
    bureau.finds("权限", "bad", &["credentials/smtp-password 别人也能读", "chmod 600"]);
    mode(&bureau.path("var"), 0o755);
    bureau.finds("权限", "warning", &["数据库的目录 var 别的用户也能看"]);
}

/// What only root can try: the service's files in another user's hands, and what that user is told.
#[test]
fn as_root_beside_another_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let bureau = Bureau::new();
    bureau.duban(&["run", "--once", "--now", "2026-01-27T08:30"]);
    fs::set_permissions(bureau.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    give(&bureau.path("var"));
    bureau.finds("数据库", "bad", &["不属于它所在目录的用户", "chown --reference=var var/duban.db"]);
    everything(&bureau.path("var")).iter().for_each(|(path, ..)| give(path));
    let deadlines = bureau.path("config/deadlines.toml");
    fs::set_permissions(&deadlines, fs::Permissions::from_mode(0o600)).unwrap();
    bureau.finds("权限", "bad", &["读不了 config/deadlines.toml", "chmod a+r"]);
    for (path, ..) in everything(&bureau.path("var")) {
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&fs::metadata(&path).unwrap()), NOBODY, "{path:?}");
    }

    // The password lies where only root reads: the service's user is told so, not that there is none.
    fs::set_permissions(&deadlines, fs::Permissions::from_mode(0o644)).unwrap();
    let mut bureau = bureau;
    bureau.set("MAIL__TRANSPORT", "smtp").set("MAIL__SMTP__USERNAME", "duban");
    let credentials = bureau.path("config/credentials");
    fs::create_dir(&credentials).unwrap();
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(credentials.join("smtp-password"), "x").unwrap();
    assert_eq!(bureau.duban(&["check"]).0, Some(0));
    // A checkout may lie where only root may go.
    let program = bureau.path("duban");
    fs::copy(env!("CARGO_BIN_EXE_duban"), &program).unwrap();
    let as_another = |args: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(bureau.command(args).get_args())
            .envs(bureau.command(args).get_envs().filter_map(|(k, v)| Some((k, v?))));
        command.current_dir(bureau.folder.path());
        command
    };
    let mut check = as_another(&["check"]);
    check.uid(NOBODY).gid(NOBODY);
    let (exit, text) = said(check);
    assert_eq!(exit, Some(1), "{text}");
    assert!(text.contains("只有 root 能读") && text.contains("sudo") && !text.contains("没有口令"), "{text}");
    // Whoever may not look is told what was not looked at, and is shown the rest.
    for (user, lines) in [
        (NOBODY, ["! 邮件    没有看：口令只有 root 能读", "✓ 数据库", "config/credentials 只有 root 能看"]),
        (NOBODY - 1, ["! 服务    看不出有没有运行", "! 数据库  没有看", "有些没有看到"]),
    ] {
        let mut doctor = as_another(&["doctor"]);
        doctor.uid(user).gid(user);
        let (_, text) = said(doctor);
        assert!(lines.iter().all(|line| text.contains(line)) && text.contains("✓ 配置"), "{user} {text}");
    }
}
