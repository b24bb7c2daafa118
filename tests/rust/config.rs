//! Configurations that load: the shipped one, the environment over it, passwords, many deadlines.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use duban::{
    config::{Findings, Loaded, Transport, load},
    domain::deadline::{ALL_SECTIONS, Done, Lead, Target},
    net::Tls,
};
use jiff::civil::{date, time};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::support::processor_time;

type Fallible = Result<(), Box<dyn Error>>;

/// The configuration that cases are built on, in a folder of its own.
struct Folder(TempDir);

impl Folder {
    fn new() -> Result<Self, Box<dyn Error>> {
        let folder = Self(tempfile::tempdir()?);
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/broken/_base");
        for file in ["duban.toml", "deadlines.toml", "deadlines.d/roster.toml", "holidays/2026.toml"] {
            folder.write(file, fs::read(base.join(file))?)?;
        }
        Ok(folder)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf, Box<dyn Error>> {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        fs::write(&path, content)?;
        Ok(path)
    }

    fn edit(&self, name: &str, from: &str, to: &str) -> Fallible {
        let text = fs::read_to_string(self.0.path().join(name))?;
        assert!(text.contains(from), "{from}");
        self.write(name, text.replace(from, to)).map(|_| ())
    }

    fn load(&self, env: &[(&str, &str)]) -> Result<Loaded, Findings> {
        let env: BTreeMap<_, _> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        load(&self.0.path().join("duban.toml"), &env)
    }
}

#[test]
fn the_shipped_configuration() -> Fallible {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loaded = load(&root.join("config/duban.toml"), &BTreeMap::new())?;
    assert_eq!(duban::config::render(&loaded.warnings), "没有发现问题。\n");
    let settings = &loaded.settings;
    assert_eq!(settings.timezone.iana_name(), Some("Asia/Shanghai"));
    let hours =
        duban::domain::hours::Hours { send_at: time(8, 30, 0, 0), from: time(8, 30, 0, 0), to: time(18, 0, 0, 0) };
    assert_eq!(settings.hours, hours);
    assert_eq!(settings.mail.from_name, "政务公开提醒");
    assert!(matches!(&settings.mail.transport, Transport::Folder(path) if path.ends_with("var/mail")));
    let items: std::collections::BTreeSet<_> = loaded
        .plan
        .deadlines
        .iter()
        .chain(loaded.off.iter().filter_map(|o| o.whole.as_ref()))
        .filter_map(|d| d.item)
        .collect();
    assert_eq!(items.into_iter().collect::<Vec<_>>(), (1..=32).collect::<Vec<_>>());
    assert!(loaded.plan.roster.sections.iter().all(|s| !s.email.is_empty()));
    assert_eq!(loaded.calendar.years().collect::<Vec<_>>(), (2020..=2026).collect::<Vec<_>>());
    assert_eq!(loaded.sources.len(), 3 + 7);
    assert_eq!(loaded.seen, loaded.seen.again());
    Ok(())
}

#[test]
fn every_key_of_a_deadline() -> Fallible {
    let folder = Folder::new()?;
    folder.write(
        "deadlines.toml",
        r#"
year    = 2026
remind  = ["10天", "当天"]
overdue = [2, 4]

[[deadline]]
id       = "one"
title    = "报送{year}年材料"
due      = "9月30日前"
sections = "各科室"

[[deadline]]
id       = "two"
item     = 7
title    = "两次"
due      = "每年至少2次"
target   = "10月31日"
sections = ["道运科", "各科室"]
lead     = "道运科"
basis    = """
第一行
第二行
"""
steps    = ["甲", "乙"]
remind   = ["5个工作日"]
overdue  = []
escalate_to = "ld@example.test"
done     = "each"
since    = 2026-01-01
bureau_default = true

[[deadline]]
id       = "three"
title    = "依申请"
due      = "收到之日起20个工作日内"
target   = "提前5个工作日"
sections = ["法制科"]
since    = "2026-02-01"
off      = true
"#,
    )?;
    let loaded = folder.load(&[])?;
    let [one, two] = &loaded.plan.deadlines[..] else { return Err("two deadlines".into()) };
    assert_eq!((one.remind.as_slice(), one.overdue.as_slice()), (&[Lead::Days(10), Lead::Days(0)][..], &[2, 4][..]));
    assert_eq!((one.sections.as_slice(), one.times, one.done), (&[ALL_SECTIONS.to_owned()][..], 1, Done::Any));
    assert_eq!((two.item, two.times, two.done, two.since), (Some(7), 2, Done::Each, Some(date(2026, 1, 1))));
    assert_eq!((two.basis.as_deref(), two.steps.len()), (Some("第一行\n第二行"), 2));
    assert!(two.overdue.is_empty() && two.bureau_default && two.escalate_to.as_ref().is_some_and(|to| to.len() == 1));
    assert_eq!(two.target_before(&loaded.calendar, date(2026, 12, 31)), Some(date(2026, 10, 31)));
    let [three] = &loaded.off[..] else { return Err("one is off".into()) };
    let three = three.whole.as_ref().ok_or("it is whole")?;
    assert!(matches!(three.target, Some((_, Target::Before(Lead::Workdays(5))))));
    assert_eq!(three.since, Some(date(2026, 2, 1)));
    Ok(())
}

#[test]
fn the_environment_lies_over_the_file() -> Fallible {
    let folder = Folder::new()?;
    let loaded = folder.load(&[
        ("DUBAN__SEND_AT", "9:05"),
        ("DUBAN__ADMIN", "a@example.test, b@example.test"),
        ("DUBAN__MAIL__TRANSPORT", "smtp"),
        ("DUBAN__MAIL__SMTP__HOST", "mail.example.test"),
        ("DUBAN__MAIL__SMTP__PORT", "587"),
        ("DUBAN__MAIL__SMTP__TLS", "starttls"),
        ("DUBAN__MAIL__SMTP__USERNAME", "0123e4"),
        ("DUBAN__MAIL__SMTP__PASSWORD", "0123e4"),
        ("DUBAN_CONFIG", "/etc/duban/duban.toml"),
        ("PATH", "/bin"),
    ])?;
    assert_eq!((loaded.settings.hours.send_at, loaded.settings.admin.len()), (time(9, 5, 0, 0), 2));
    let Transport::Smtp(smtp) = &loaded.settings.mail.transport else { return Err("SMTP".into()) };
    assert_eq!((&*smtp.server.host, smtp.server.port, smtp.server.tls), ("mail.example.test", 587, Tls::StartTls));
    assert_eq!(smtp.server.username, "0123e4");
    assert_eq!(smtp.server.password.as_ref().map(ExposeSecret::expose_secret), Some("0123e4"));
    assert!(!format!("{:?}", smtp.server.password).contains("0123e4"));
    Ok(())
}

fn password(loaded: &Loaded) -> Option<&str> {
    match &loaded.settings.mail.transport {
        Transport::Smtp(smtp) => smtp.server.password.as_ref().map(|p| p.expose_secret()),
        Transport::Folder(_) => None,
    }
}

#[test]
fn the_password_comes_from_four_places() -> Fallible {
    let folder = Folder::new()?;
    folder.edit("duban.toml", "\"folder\"\n", "\"smtp\"\n")?;
    folder.edit("duban.toml", "username    = \"\"", "username    = \"duban\"\npassword_file = \"secret\"")?;
    let secret = folder.write("secret", "from-file\r\n")?;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
    let loaded = folder.load(&[])?;
    assert_eq!((password(&loaded), loaded.warnings.len()), (Some("from-file"), 0));
    assert!(loaded.sources.contains(&secret), "its change is noticed");

    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644))?;
    let loaded = folder.load(&[])?;
    assert!(loaded.warnings[0].what.contains("谁都可以读"));

    let credentials = folder.write("credentials/smtp-password", "from-credential")?;
    let directory = credentials.parent().and_then(Path::to_str).ok_or("no path")?;
    let loaded = folder.load(&[("CREDENTIALS_DIRECTORY", directory)])?;
    assert_eq!(password(&loaded), Some("from-credential"));
    let env = [("CREDENTIALS_DIRECTORY", directory), ("DUBAN__MAIL__SMTP__PASSWORD", "from-variable")];
    assert_eq!(password(&folder.load(&env)?), Some("from-variable"));
    // As one of a folder that systemd was given.
    fs::rename(&credentials, credentials.with_file_name("duban_smtp-password"))?;
    assert_eq!(password(&folder.load(&[("CREDENTIALS_DIRECTORY", directory)])?), Some("from-credential"));
    // A blank one stands in for none, as where systemd takes no folder.
    let empty = folder.write("empty/smtp-password", "\n")?;
    let directory = empty.parent().and_then(Path::to_str).ok_or("no path")?;
    assert_eq!(password(&folder.load(&[("CREDENTIALS_DIRECTORY", directory)])?), Some("from-file"));

    for bad in ["", "\n", "two\nlines"] {
        fs::write(&secret, bad)?;
        assert!(folder.load(&[]).is_err(), "{bad:?}");
    }
    Ok(())
}

/// Where root finds what the service is given as a credential.
#[test]
fn the_password_beside_the_settings() -> Fallible {
    let folder = Folder::new()?;
    folder.edit("duban.toml", "\"folder\"\n", "\"smtp\"\n")?;
    let beside = folder.write("credentials/smtp-password", "from-beside\n")?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o600))?;
    assert_eq!(password(&folder.load(&[])?), None, "no name, no password");
    folder.edit("duban.toml", "username    = \"\"", "username    = \"duban\"")?;
    let loaded = folder.load(&[])?;
    assert_eq!((password(&loaded), loaded.warnings.len()), (Some("from-beside"), 0));
    assert!(loaded.sources.contains(&beside), "its change is noticed");
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o644))?;
    assert!(folder.load(&[])?.warnings[0].what.contains("谁都可以读"));

    let named = folder.write("secret", "from-file")?;
    fs::set_permissions(&named, fs::Permissions::from_mode(0o600))?;
    folder.edit("duban.toml", "username    =", "password_file = \"secret\"\nusername    =")?;
    assert_eq!(password(&folder.load(&[])?), Some("from-file"));

    folder.edit("duban.toml", "password_file = \"secret\"\n", "")?;
    fs::remove_file(&beside)?;
    let findings = folder.load(&[]).err().ok_or("no password")?.to_string();
    assert!(findings.contains("没有口令") && findings.contains("credentials/smtp-password"), "{findings}");
    Ok(())
}

#[test]
fn the_mailbox_that_replies_come_to() -> Fallible {
    let folder = Folder::new()?;
    assert!(folder.load(&[])?.settings.mailbox.is_none());
    let given = "[mailbox]\nhost = \"imap.example.test\"\nusername = \"duban\"\npassword_file = \"imap\"\n\n[mail]\n";
    folder.edit("duban.toml", "[mail]\n", given)?;
    let secret = folder.write("imap", "from-file\n")?;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
    let loaded = folder.load(&[])?;
    assert!(loaded.sources.contains(&secret), "its change is noticed");
    let inbox = loaded.settings.mailbox.ok_or("it is on")?;
    let (imap, server) = (&inbox.imap, &inbox.imap.server);
    assert_eq!(
        (&*server.host, server.port, server.tls, &*server.username),
        ("imap.example.test", 993, Tls::Implicit, "duban")
    );
    assert_eq!((&*imap.folder, &*imap.done_folder, &*imap.manual_folder), ("INBOX", "已处理", "待人工"));
    assert_eq!((inbox.address.as_str(), inbox.authserv_id, imap.poll.as_secs()), ("duban@example.test", None, 120));
    assert_eq!(server.password.as_ref().map(ExposeSecret::expose_secret), Some("from-file"));
    // SMTP's password is not this one's.
    let credentials = folder.write("credentials/smtp-password", "smtp")?;
    let directory = credentials.parent().and_then(Path::to_str).ok_or("no path")?;
    let password = |env: &[(&str, &str)]| -> Result<String, Box<dyn std::error::Error>> {
        let inbox = folder.load(env)?.settings.mailbox.ok_or("it is on")?;
        assert!(!format!("{inbox:?}").contains("from-"), "{inbox:?}");
        Ok(inbox.imap.server.password.ok_or("it is there")?.expose_secret().to_owned())
    };
    assert_eq!(password(&[("CREDENTIALS_DIRECTORY", directory)])?, "from-file");
    folder.write("credentials/imap-password", "from-credential")?;
    assert_eq!(password(&[("CREDENTIALS_DIRECTORY", directory)])?, "from-credential");
    let variable = ("DUBAN__MAILBOX__PASSWORD", "from-variable");
    assert_eq!(password(&[("CREDENTIALS_DIRECTORY", directory), variable])?, "from-variable");

    let loaded = folder.load(&[
        ("DUBAN__MAILBOX__TLS", "starttls"),
        ("DUBAN__MAILBOX__ADDRESS", "huifu@example.test"),
        ("DUBAN__MAILBOX__AUTHSERV_ID", "mx.example.test"),
        ("DUBAN__MAILBOX__POLL_MINUTES", "5"),
        ("DUBAN__MAILBOX__DONE_FOLDER", "办结"),
    ])?;
    let inbox = loaded.settings.mailbox.ok_or("it is on")?;
    let (imap, server) = (&inbox.imap, &inbox.imap.server);
    assert_eq!((server.port, server.tls), (143, Tls::StartTls));
    assert_eq!((&*imap.done_folder, imap.poll.as_secs()), ("办结", 300));
    assert_eq!(inbox.address.as_str(), "huifu@example.test");
    assert_eq!(inbox.authserv_id.as_deref(), Some("mx.example.test"));
    Ok(())
}

#[test]
fn a_password_is_never_shown() -> Fallible {
    for line in
        ["password = \"geheim\"", "password = geheim", "password: geheim", "口令 = \"geheim\"", "passwort = 'geheim'"]
    {
        let folder = Folder::new()?;
        folder.edit("duban.toml", "username    = \"\"", line)?;
        let Err(findings) = folder.load(&[("DUBAN__MAIL__SMTP__PASSWORD", "geheim\u{7}")]) else {
            return Err(line.into());
        };
        assert!(
            line.starts_with("passwort") || !format!("{findings} {findings:?}").contains("geheim"),
            "{line}: {findings}"
        );
    }
    Ok(())
}

#[test]
fn what_is_plain_text_to_a_loopback_host_is_allowed() -> Fallible {
    for (host, words, allowed) in [
        ("127.0.0.1", "", true),
        ("localhost", "", true),
        ("::1", "", true),
        ("mail.example.test", "", false),
        ("10.0.0.1", "", false),
        ("10.0.0.1", duban::config::PLAINTEXT, true),
    ] {
        let mut env = vec![
            ("DUBAN__MAIL__TRANSPORT", "smtp"),
            ("DUBAN__MAIL__SMTP__HOST", host),
            ("DUBAN__MAIL__SMTP__TLS", "none"),
        ];
        if !words.is_empty() {
            env.push(("DUBAN__MAIL__SMTP__INSECURE_PLAINTEXT", words));
        }
        assert_eq!(Folder::new()?.load(&env).is_ok(), allowed, "{host} {words}");
    }
    Ok(())
}

#[test]
fn includes_nest_and_are_read_once() -> Fallible {
    let folder = Folder::new()?;
    let plan = fs::read_to_string(folder.0.path().join("deadlines.toml"))?;
    folder.write("deadlines.toml", "include = [\"plans/a.toml\", \"plans/b.toml\"]\n")?;
    folder.write("plans/a.toml", "include = \"../more/c.toml\"\n")?;
    folder.write("plans/b.toml", "include = \"../more/c.toml\"\n")?;
    let inner = folder.write("more/c.toml", plan)?;
    folder.write("deadlines.d/old.toml~", "not TOML")?;
    folder.write("deadlines.d/.hidden.toml", "not TOML")?;
    let loaded = folder.load(&[])?;
    assert_eq!((loaded.plan.deadlines.len(), loaded.sources.len()), (1, 7));
    fs::remove_file(&inner)?;
    let Err(findings) = folder.load(&[]) else { return Err("the include is gone".into()) };
    assert_eq!(findings.count().0, 1, "{findings}");
    let broken = findings.seen;
    fs::write(&inner, "")?;
    assert_ne!(broken, broken.again(), "a missing file that comes is a change");
    Ok(())
}

/// 10,000 deadlines of 500 sections.
#[test]
fn many_deadlines() -> Fallible {
    let folder = Folder::new()?;
    let mut text = String::new();
    for n in 0..500 {
        writeln!(text, "[[section]]\nname = \"{n}科\"\nemail = [\"s{n}@example.test\"]")?;
    }
    for n in 0..10_000 {
        let (month, section) = (n % 12 + 1, n % 500);
        writeln!(text, "[[deadline]]\nid = \"d{n}\"\ntitle = \"第{n}项\"\ndue = \"每年{month}月15日前\"")?;
        writeln!(text, "sections = [\"{section}科\", \"各科室\"]\nlead = \"{section}科\"")?;
    }
    folder.write("deadlines.toml", &text)?;
    let mut loaded = None;
    let took = processor_time(|| loaded = Some(folder.load(&[])));
    assert_eq!(loaded.ok_or("not loaded")??.plan.deadlines.len(), 10_000);
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 6 } else { 1 });
    assert!(took < limit, "{took:?}");
    // The same, all of them wrong.
    folder.write("deadlines.toml", text.replace("月15日前", "月35日前").replace("[\"", "[\"某"))?;
    let Err(findings) = folder.load(&[]) else { return Err("all wrong".into()) };
    assert!(findings.count().0 >= 20_000);
    assert!(findings.render().len() < 200_000);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever the bytes, there is an answer, and it can be shown.
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), file in 0usize..4) {
        let folder = Folder::new().map_err(|e| TestCaseError::fail(e.to_string()))?;
        let name = ["duban.toml", "deadlines.toml", "deadlines.d/roster.toml", "holidays/2026.toml"][file];
        folder.write(name, bytes).map_err(|e| TestCaseError::fail(e.to_string()))?;
        if let Err(findings) = folder.load(&[]) {
            prop_assert!(findings.count().0 > 0);
            prop_assert!(findings.render().ends_with("不会启用。\n"));
        }
    }

    /// A good file with pieces cut out, doubled or overwritten by what people type.
    #[test]
    fn no_edit_makes_it_panic(
        file in 0usize..4,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..12, 0usize..24), 1..6),
    ) {
        const TYPED: [&str; 24] = [
            "", "\"", "“", "”", "，", "[", "]", "[[", "=", "＝", "\n", "#", "{", "}", "\\", "\"\"\"", "'", "2026-02-30",
            "办公室", "\u{202E}", "\u{0}", "\r", "99999999999999999999", ".",
        ];
        let folder = Folder::new().map_err(|e| TestCaseError::fail(e.to_string()))?;
        let name = ["duban.toml", "deadlines.toml", "deadlines.d/roster.toml", "holidays/2026.toml"][file];
        let text = fs::read_to_string(folder.0.path().join(name)).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let mut chars: Vec<char> = text.chars().collect();
        for (at, cut, typed) in edits {
            let at = at.index(chars.len().max(1)).min(chars.len());
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, TYPED[typed].chars());
        }
        let text: String = chars.into_iter().collect();
        folder.write(name, text).map_err(|e| TestCaseError::fail(e.to_string()))?;
        if let Err(findings) = folder.load(&[]) {
            prop_assert!(findings.render().ends_with("不会启用。\n"));
        }
    }
}

/// Each is told of, and is noticed when it comes: a reload tells the admin.
#[test]
fn what_is_nearly_named_right_is_told_of() -> Fallible {
    let folder = Folder::new()?;
    let plain = folder.load(&[])?;
    assert_eq!(plain.warnings, []);
    for (name, told) in [
        ("deadlines.d/本局.toml.txt", "本局.toml.txt 没有读：文件名要以 .toml 结尾"),
        ("holidays/2027.toml.txt", "2027.toml.txt 没有读"),
        ("holidays/2027.txt", "2027.txt 没有读"),
        ("deadlines.d/本局．toml", "本局．toml 没有读"),
        ("deadlines.d/本局.tml", "本局.tml 没有读"),
        ("deadline.d/本局.toml", "deadline.d 没有读：读的是 deadlines.d"),
        ("holiday/2027.toml", "holiday 没有读：读的是 holidays"),
        ("deadlines.d/二科/本局.toml", "子目录"),
        ("holidays/2027/2027.toml", "子目录"),
        ("deadlines.toml.txt", "deadlines.toml.txt 没有读"),
        ("duban.toml.txt", "duban.toml.txt 没有读"),
    ] {
        let path = folder.write(name, "")?;
        let loaded = folder.load(&[])?;
        let words: Vec<_> = loaded.warnings.iter().map(|found| found.what.as_str()).collect();
        assert!(matches!(&words[..], [one] if one.contains(told)), "{name}: {words:?}");
        assert!(loaded.warnings[0].instead.is_some());
        assert_ne!(plain.seen.again(), plain.seen, "{name} is noticed");
        assert_eq!(loaded.seen.again(), loaded.seen);
        fs::remove_file(&path)?;
        if !matches!(name.split('/').next(), Some("deadlines.d" | "holidays")) || name.matches('/').count() == 2 {
            let _ = path.parent().map(fs::remove_dir);
        }
        assert_eq!(plain.seen.again(), plain.seen, "{name} is gone");
    }
    for name in [
        "deadlines.d/本局.toml~",
        "deadlines.d/.本局.toml.swp",
        "holidays/2026.toml.bak",
        "duban.toml.dpkg-dist",
        "seeds/a.toml",
    ] {
        folder.write(name, "")?;
    }
    assert_eq!(folder.load(&[])?.warnings, []);
    assert_eq!(plain.seen.again(), plain.seen, "what editors and packages leave is passed by");
    Ok(())
}

/// A new authority of the bureau's own is an edit of the configuration.
#[test]
fn another_authority_in_its_file_is_noticed() -> Fallible {
    let folder = Folder::new()?;
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    folder.write("ca.pem", pem)?;
    let set = [
        ("DUBAN__MAIL__TRANSPORT", "smtp"),
        ("DUBAN__MAIL__SMTP__HOST", "mail.example.test"),
        ("DUBAN__MAIL__SMTP__PORT", "465"),
        ("DUBAN__MAIL__SMTP__TLS", "implicit"),
        ("DUBAN__MAIL__SMTP__CA_FILE", "ca.pem"),
    ];
    let loaded = folder.load(&set)?;
    folder.write("ca.pem", pem.replace("AAAA", "BBBBBBBB"))?;
    assert_ne!(loaded.seen.again(), loaded.seen);
    Ok(())
}
