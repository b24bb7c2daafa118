//! Against a real Postfix, a real aiosmtpd and a real Exim, which `tests/servers/real-mail/run.sh` starts.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use duban::{
    domain::retry::Outcome,
    mailer::{Limits, Mailer, Outgoing, Session, compose},
    net::{self, Server, SmtpSettings, Tls},
    store::LetterState,
};
use secrecy::SecretString;

use crate::bureau::{Bureau, ROSTER};

const FROM: &str = "duban@ju.example.cn";
const TO: &str = "zjk@ju.example.cn";
const AIOSMTPD_PASSWORD: &str = "口令 s3cret";
const POSTFIX_USER: &str = "duban@ju.example.cn";
const POSTFIX_PASSWORD: &str = "postfix-pass";

fn variable(name: &str) -> String {
    let name = format!("DUBAN_REAL_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run tests/servers/real-mail/run.sh"))
}

fn dir() -> PathBuf {
    variable("DIR").into()
}

fn settings(server: &str, tls: Tls, username: &str, password: &str) -> SmtpSettings {
    let server = Server {
        kind: &net::SMTP,
        host: "localhost".to_owned(),
        port: variable(server).parse().unwrap(),
        tls,
        username: username.to_owned(),
        password: Some(SecretString::from(password)),
        ca_pem: Some(std::fs::read(dir().join("ca.pem")).unwrap()),
    };
    let helo = Some("duban.ju.example.cn".to_owned());
    SmtpSettings { server, helo, per_minute: 6000, connections: 1, letters_per_connection: 20 }
}

fn limits() -> Limits {
    Limits { connect: Duration::from_secs(5), command: Duration::from_secs(20), ..Limits::default() }
}

fn mailer(server: &str, tls: Tls, username: &str, password: &str) -> Mailer {
    Mailer::smtp(settings(server, tls, username, password), limits()).unwrap()
}

fn letter(id: &str, to: &str) -> Vec<u8> {
    compose(&Outgoing {
        from_name: "政务公开督办".to_owned(),
        from: FROM.to_owned(),
        to: to.to_owned(),
        reply_to: vec!["bgs@ju.example.cn".to_owned()],
        subject: "[督办] 还剩3个工作日：2026年度政府信息公开工作年度报告".to_owned(),
        text: format!("{id}\n.\n..\n.x\n还剩 3 个工作日。\n"),
        html: Some("<p>还剩 <b>3</b> 个工作日。</p>\n".to_owned()),
        ics: vec!["BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n".to_owned()],
        message_id: format!("{id}@duban.ju.example.cn"),
        date: "2027-01-27T08:30:00+08:00[Asia/Shanghai]".parse().unwrap(),
        answers: None,
    })
    .unwrap()
}

async fn send(session: &mut Session, id: &str, to: &str) -> Outcome {
    session.send(FROM, to, &letter(id, to), "duban.real.1").await
}

fn check(outcome: &Outcome, name: &str, words: &str) {
    assert_eq!(outcome.name(), name, "{outcome:?}");
    assert!(outcome.reply().contains(words), "{outcome:?}");
}

/// The letters below `folder` with this Message-ID, waited for.
async fn delivered(folder: &str, id: &str) -> Vec<String> {
    for _ in 0..100 {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(dir().join(folder)).into_iter().flatten().flatten() {
            let text = String::from_utf8(std::fs::read(entry.path()).unwrap()).unwrap().replace("\r\n", "\n");
            if text.contains(&format!("Message-ID: <{id}@duban.ju.example.cn>")) {
                found.push(text);
            }
        }
        if !found.is_empty() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{id} was not delivered to {folder}");
}

/// A refused recipient between two good ones, on one session; what arrives is what was sent.
async fn round(mailer: &Mailer, name: &str, folder: &str) {
    check(&mailer.probe(FROM).await, "accepted", "登录成功，接受发件人");
    let mut session = mailer.session();
    let first = format!("{name}-first");
    let last = format!("{name}-last");
    check(&send(&mut session, &first, TO).await, "accepted", "250");
    let refused = "refused@ju.example.cn";
    check(&send(&mut session, &format!("{name}-refused"), refused).await, "permanent", "550");
    check(&send(&mut session, &last, TO).await, "accepted", "250");
    session.finish().await;
    for id in [&first, &last] {
        let texts = delivered(folder, id).await;
        assert_eq!(texts.len(), 1, "{id}");
        let sent = String::from_utf8(letter(id, TO)).unwrap().replace("\r\n", "\n");
        let body = sent.split_once("\n\n").unwrap().1;
        assert!(texts[0].trim_end().ends_with(body.trim_end()), "{id} was changed on its way:\n{}", texts[0]);
    }
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn aiosmtpd_implicit() {
    round(&mailer("IMPLICIT", Tls::Implicit, "duban", AIOSMTPD_PASSWORD), "aio-implicit", "received").await;
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn aiosmtpd_starttls() {
    round(&mailer("STARTTLS", Tls::StartTls, "duban", AIOSMTPD_PASSWORD), "aio-starttls", "received").await;
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn aiosmtpd_that_knows_only_login() {
    round(&mailer("LOGIN_ONLY", Tls::Implicit, "duban", AIOSMTPD_PASSWORD), "aio-login", "received").await;
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn postfix_starttls() {
    round(&mailer("POSTFIX_STARTTLS", Tls::StartTls, POSTFIX_USER, POSTFIX_PASSWORD), "pf-starttls", "mail/zjk/new")
        .await;
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn postfix_implicit() {
    round(&mailer("POSTFIX_IMPLICIT", Tls::Implicit, POSTFIX_USER, POSTFIX_PASSWORD), "pf-implicit", "mail/zjk/new")
        .await;
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn a_wrong_password() {
    for (server, tls) in [
        ("IMPLICIT", Tls::Implicit),
        ("STARTTLS", Tls::StartTls),
        ("LOGIN_ONLY", Tls::Implicit),
        ("POSTFIX_IMPLICIT", Tls::Implicit),
        ("POSTFIX_STARTTLS", Tls::StartTls),
    ] {
        let mailer = mailer(server, tls, POSTFIX_USER, "wr0ng-pass");
        let outcome = send(&mut mailer.session(), "wrong-password", TO).await;
        check(&outcome, "misconfigured", "535");
        assert!(!outcome.reply().contains("wr0ng-pass"), "{outcome:?}");
    }
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn postfix_relays_for_nobody_without_a_login() {
    let mailer = mailer("POSTFIX_STARTTLS", Tls::StartTls, "", "");
    let mut session = mailer.session();
    check(&send(&mut session, "relay", "someone@elsewhere.example").await, "misconfigured", "Relay access denied");
    check(&send(&mut session, "no-login", TO).await, "accepted", "250");
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn postfix_wants_encryption() {
    let mailer = mailer("POSTFIX_STARTTLS", Tls::None, "", "");
    check(&send(&mut mailer.session(), "plain", TO).await, "misconfigured", "530");
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn certificates_that_are_no_good() {
    for (server, tls, words) in [
        ("EXPIRED", Tls::Implicit, "已过期"),
        ("WRONG_NAME", Tls::Implicit, "smtp.host"),
        // The right port, the wrong manner.
        ("POSTFIX_STARTTLS", Tls::Implicit, "smtp.tls"),
    ] {
        let mailer = mailer(server, tls, "duban", AIOSMTPD_PASSWORD);
        check(&send(&mut mailer.session(), "certificate", TO).await, "misconfigured", words);
    }
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn an_authority_that_nobody_knows() {
    for (server, tls) in [("IMPLICIT", Tls::Implicit), ("POSTFIX_STARTTLS", Tls::StartTls)] {
        let mut settings = settings(server, tls, "duban", AIOSMTPD_PASSWORD);
        settings.server.ca_pem = Some(include_bytes!("support/certificates/unknown.pem").to_vec());
        let mailer = Mailer::smtp(settings, limits()).unwrap();
        check(&send(&mut mailer.session(), "unknown-issuer", TO).await, "misconfigured", "smtp.ca_file");
    }
}

/// By the address the name on the certificate does not hold.
#[tokio::test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
async fn the_name_is_always_checked() {
    let mut settings = settings("POSTFIX_STARTTLS", Tls::StartTls, "duban", POSTFIX_PASSWORD);
    settings.server.host = "127.0.0.1".to_owned();
    let mailer = Mailer::smtp(settings, limits()).unwrap();
    check(&send(&mut mailer.session(), "by-address", TO).await, "misconfigured", "smtp.host");
}

/// What a real Exim reports of our letter, and what becomes of it.
#[test]
#[ignore = "needs the servers of tests/servers/real-mail/run.sh"]
fn exim_reports() {
    for (how, outcome, words, state) in [
        ("unknown", "bounced", "no such user here", LetterState::Bounced),
        ("refused", "bounced", "550 5.1.1", LetterState::Bounced),
        ("late", "delayed", "451 4.7.1 Greylisted", LetterState::Sent),
    ] {
        let mut bureau = Bureau::with_mailbox(&format!(
            "{ROSTER}\n[[deadline]]\nid = \"report\"\ntitle = \"发布年度报告\"\ndue = \"每年1月30日\"\nsections = [\"办公室\"]\n"
        ));
        bureau.load("2026-01-01T09:00");
        bureau.tick("2026-01-27T08:30");
        let letter = bureau.last_letter_to("bgs@example.test");
        let bytes = bureau.db.read(|tx| tx.handed_over(letter.id)).unwrap().unwrap();
        let mut exim = Command::new(variable("EXIM"));
        let mut exim = exim.arg(how).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        exim.stdin.take().unwrap().write_all(&bytes).unwrap();
        let report = exim.wait_with_output().unwrap().stdout;
        let became = bureau.reported("bgs@example.test", &report);
        assert_eq!((became.0.as_str(), became.2), (outcome, state), "{how}: {}", became.1);
        assert!(became.1.contains(words), "{how}: {}", became.1);
    }
}
