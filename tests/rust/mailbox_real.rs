//! Against a real Dovecot and a real Postfix, which `tests/servers/mailbox/run.sh` starts.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use duban::{
    imap::{Filed, ImapError, Inbox, LARGEST_BYTES, Limits, probe},
    mailer::{self, Mailer},
    net::{self, ImapSettings, Kind, Server, SmtpSettings, Tls},
    store::LetterState,
};
use secrecy::SecretString;

use crate::bureau::{Bureau, ROSTER};

fn variable(name: &str) -> String {
    let name = format!("DUBAN_REAL_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run tests/servers/mailbox/run.sh"))
}

fn dir() -> PathBuf {
    variable("DIR").into()
}

/// Each test has a mailbox of its own.
fn settings(user: &str, tls: Tls) -> ImapSettings {
    let server = if tls == Tls::Implicit { "IMAPS" } else { "IMAP" };
    let login = (format!("{user}@ju.example.cn"), Some(SecretString::from("imap-pass")));
    let [folder, done_folder, manual_folder] = ["INBOX", "已处理", "待人工"].map(str::to_owned);
    let server = described(&net::IMAP, server, tls, login);
    ImapSettings { server, folder, done_folder, manual_folder, poll: Duration::from_secs(120) }
}

fn described(
    kind: &'static Kind,
    port: &str,
    tls: Tls,
    (username, password): (String, Option<SecretString>),
) -> Server {
    let ca_pem = Some(std::fs::read(dir().join("ca.pem")).unwrap());
    let port = variable(port).parse().unwrap();
    Server { kind, host: "localhost".to_owned(), port, tls, username, password, ca_pem }
}

async fn open(settings: &ImapSettings) -> Result<Inbox, ImapError> {
    Inbox::open(settings, Limits::default()).await
}

/// Through Postfix.
async fn send(to: &str, id: &str, body: &str) {
    let letter = format!("From: zjk@ju.example.cn\r\nMessage-ID: <{id}@x>\r\nSubject: 回复\r\n\r\n{body}\r\n");
    hand_over(&format!("{to}@ju.example.cn"), letter.as_bytes(), "duban.test.1").await;
}

async fn hand_over(to: &str, letter: &[u8], envelope_id: &str) {
    let server = described(&net::SMTP, "SMTP", Tls::StartTls, (String::new(), None));
    let helo = Some("zjk.ju.example.cn".to_owned());
    let settings = SmtpSettings { server, helo, per_minute: 6000, connections: 1, letters_per_connection: 20 };
    let mailer = Mailer::smtp(settings, mailer::Limits::default()).unwrap();
    let mut session = mailer.session();
    let outcome = session.send("duban@ju.example.cn", to, letter, envelope_id).await;
    assert_eq!(outcome.name(), "accepted", "{outcome:?}");
    session.finish().await;
}

/// Waits until `count` letters are listed.
async fn listed(mut inbox: Inbox, count: usize) -> (Inbox, Vec<u32>) {
    for _ in 0..50 {
        let uids: Vec<u32> = inbox.list(1).await.unwrap().iter().map(|letter| letter.uid).collect();
        if uids.len() >= count {
            return (inbox, uids);
        }
        inbox = inbox.wait(Duration::from_secs(5)).await.unwrap();
    }
    panic!("{count} letters did not come");
}

fn doveadm(user: &str, verb: &str, folder: &[&str]) -> String {
    let said = Command::new("doveadm")
        .arg("-c")
        .arg(dir().join("etc/dovecot.conf"))
        .args(["mailbox", verb, "-u", &format!("{user}@ju.example.cn")])
        .args(folder)
        .output()
        .unwrap();
    String::from_utf8(said.stdout).unwrap()
}

fn folders(user: &str) -> Vec<String> {
    let mut names: Vec<String> = doveadm(user, "list", &[]).lines().map(str::to_owned).collect();
    names.sort();
    names
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/mailbox/run.sh"]
async fn a_round_over_each_kind_of_line() {
    for (user, tls) in [("bgs", Tls::Implicit), ("fzk", Tls::StartTls)] {
        let settings = settings(user, tls);
        let words = probe(&settings, Limits::default()).await.unwrap();
        assert!(words.contains("证书无误，登录成功") && words.contains("“已处理”“待人工”还没有"), "{words}");
        assert_eq!(folders(user), ["INBOX"]);
        for id in ["eins", "zwei"] {
            send(user, id, "已办结").await;
        }
        let inbox = open(&settings).await.unwrap();
        let validity = inbox.uid_validity();
        let (mut inbox, uids) = listed(inbox, 2).await;
        let body = String::from_utf8(inbox.fetch(uids[0]).await.unwrap().unwrap()).unwrap();
        assert!(body.contains("已办结"), "{body}");
        inbox.file(uids[0], Filed::Manual).await.unwrap();
        inbox.file(uids[1], Filed::Done).await.unwrap();
        for uid in [uids[0], uids[1], 4711] {
            inbox.file(uid, Filed::Done).await.unwrap();
            assert_eq!(inbox.fetch(uid).await.unwrap(), None);
        }
        assert_eq!(inbox.list(1).await.unwrap(), []);
        assert_eq!(folders(user), ["INBOX", "已处理", "待人工"]);
        inbox.close().await;
        let again = open(&settings).await.unwrap();
        assert_eq!(again.uid_validity(), validity);
        again.close().await;
        let flagged = |folder: &str| -> String {
            let path = dir().join("mail").join(user).join(folder).join("cur");
            std::fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
        };
        assert!(flagged(".&XfJZBHQG-").ends_with(":2,S"), "{}", flagged(".&XfJZBHQG-"));
        assert!(flagged(".&X4VOul3l-").ends_with(":2,F"), "{}", flagged(".&X4VOul3l-"));
    }
}

/// A person tidies up while the service runs.
#[tokio::test]
#[ignore = "needs the servers of tests/servers/mailbox/run.sh"]
async fn folders_that_go_away() {
    let settings = settings("leader", Tls::Implicit);
    for id in ["eins", "zwei"] {
        send("leader", id, "已办结").await;
    }
    let (mut inbox, uids) = listed(open(&settings).await.unwrap(), 2).await;
    doveadm("leader", "delete", &["已处理", "待人工"]);
    assert_eq!(folders("leader"), ["INBOX"]);
    inbox.file(uids[0], Filed::Done).await.unwrap();
    inbox.file(uids[1], Filed::Manual).await.unwrap();
    assert_eq!(folders("leader"), ["INBOX", "已处理", "待人工"]);
    assert_eq!(inbox.list(1).await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/mailbox/run.sh"]
async fn a_letter_ends_the_wait() {
    let mut inbox = open(&settings("zjk", Tls::Implicit)).await.unwrap();
    assert_eq!(inbox.list(1).await.unwrap(), []);
    let begun = Instant::now();
    inbox = inbox.wait(Duration::from_secs(2)).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(2));
    // Straight into the Maildir, so that only the waking is measured.
    let maildir = dir().join("mail/zjk");
    let write = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        std::fs::write(maildir.join("tmp/1.x"), "Message-ID: <wach@x>\r\n\r\n").unwrap();
        let chown = Command::new("chown").arg("nobody").arg(maildir.join("tmp/1.x")).status().unwrap();
        assert!(chown.success());
        std::fs::rename(maildir.join("tmp/1.x"), maildir.join("new/1.x")).unwrap();
        Instant::now()
    });
    let mut inbox = inbox.wait(Duration::from_secs(60)).await.unwrap();
    let woke = Instant::now();
    let written = write.await.unwrap();
    assert!(woke > written && woke - written < Duration::from_secs(1), "{:?}", woke - written);
    assert_eq!(inbox.list(1).await.unwrap().len(), 1);
    // What came between two commands is not slept over.
    send("zjk", "dazwischen", "x").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(inbox.fetch(4711).await.unwrap(), None);
    let begun = Instant::now();
    let mut inbox = inbox.wait(Duration::from_secs(60)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(inbox.list(1).await.unwrap().len(), 2);
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/mailbox/run.sh"]
async fn of_a_huge_letter_only_the_beginning() {
    send("dyk", "gross", &format!("{}\r\n", "x".repeat(70)).repeat(50 * 1024 * 1024 / 72)).await;
    let settings = settings("dyk", Tls::StartTls);
    let (mut inbox, uids) = listed(open(&settings).await.unwrap(), 1).await;
    let size = inbox.list(1).await.unwrap()[0].size;
    assert!(size > 52_000_000, "{size}");
    let begun = inbox.fetch(uids[0]).await.unwrap().unwrap();
    assert_eq!(begun.len(), LARGEST_BYTES as usize);
    inbox.close().await;
    // Dovecot counts what it sent, and says so a little later.
    let mut sent = 0;
    for _ in 0..50 {
        let log = std::fs::read_to_string(dir().join("log/dovecot.log")).unwrap();
        let lines = log.lines().filter(|line| line.contains("imap(dyk@"));
        let counts = lines.filter_map(|line| line.split("out=").nth(1)?.split(' ').next()?.parse::<u32>().ok());
        sent = counts.max().unwrap_or_default();
        if sent > LARGEST_BYTES {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!((LARGEST_BYTES..1_100_000).contains(&sent), "{sent}");
}

#[tokio::test]
#[ignore = "needs the servers of tests/servers/mailbox/run.sh"]
async fn settings_that_are_wrong() {
    let mut wrong = settings("jcs", Tls::Implicit);
    wrong.server.password = Some(SecretString::from("wr0ng-pass"));
    let error = open(&wrong).await.unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("登录失败"), "{error}");
    assert!(!error.to_string().contains("wr0ng-pass"), "{error}");
    for tls in [Tls::Implicit, Tls::StartTls] {
        let mut unknown = settings("jcs", tls);
        unknown.server.ca_pem = Some(include_bytes!("support/certificates/unknown.pem").to_vec());
        let error = open(&unknown).await.unwrap_err();
        assert!(error.is_settings() && error.to_string().contains("mailbox.ca_file"), "{error}");
        let mut by_address = settings("jcs", tls);
        by_address.server.host = "127.0.0.1".to_owned();
        let error = open(&by_address).await.unwrap_err();
        assert!(error.is_settings() && error.to_string().contains("mailbox.host"), "{error}");
    }
    let mut other_manner = settings("jcs", Tls::StartTls);
    other_manner.server.tls = Tls::Implicit;
    let error = open(&other_manner).await.unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("mailbox.tls"), "{error}");
    let mut no_folder = settings("jcs", Tls::Implicit);
    no_folder.folder = "收件".to_owned();
    let error = open(&no_folder).await.unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("打不开文件夹“收件”"), "{error}");
}

/// What Postfix reports of our letter: nobody there, no room, the next server's refusal, late.
#[test]
#[ignore = "needs the servers of tests/servers/mailbox/run.sh"]
fn bounces_come_in() {
    // A bureau has a runtime of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    refuse_everybody(variable("NEXT").parse().unwrap());
    let mut inbox = runtime.block_on(open(&settings("duban", Tls::Implicit))).unwrap();
    for (n, (to, outcome, words, state)) in [
        ("gone", "bounced", "5.1.1", LetterState::Bounced),
        ("full", "bounced", "5.2.2 mailbox is full", LetterState::Bounced),
        ("refused", "bounced", "550 5.7.1 we do not want it", LetterState::Bounced),
        ("delayed", "delayed", "4.2.1 mailbox is busy", LetterState::Sent),
    ]
    .into_iter()
    .enumerate()
    {
        let mailbox = format!("{to}@ju.example.cn");
        let mut bureau = Bureau::with_mailbox(&format!(
            "{}\n[[deadline]]\nid = \"report\"\ntitle = \"发布年度报告\"\ndue = \"每年1月30日\"\nsections = [\"办公室\"]\n",
            ROSTER.replace("bgs@example.test", &mailbox)
        ));
        bureau.load("2026-01-01T09:00");
        bureau.tick("2026-01-27T08:30");
        let letter = bureau.last_letter_to(&mailbox);
        let bytes = bureau.db.read(|tx| tx.handed_over(letter.id)).unwrap().unwrap();
        runtime.block_on(hand_over(&mailbox, &bytes, letter.envelope_id()));
        let uids;
        (inbox, uids) = runtime.block_on(listed(inbox, n + 1));
        let report = runtime.block_on(inbox.fetch(uids[n])).unwrap().unwrap();
        let became = bureau.reported(&mailbox, &report);
        assert_eq!((became.0.as_str(), became.2), (outcome, state), "{to}: {}", became.1);
        assert!(became.1.contains(words), "{to}: {}", became.1);
    }
}

/// A server on this port that refuses every recipient.
fn refuse_everybody(port: u16) {
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for line in listener.incoming().flatten() {
            let mut say = line.try_clone().unwrap();
            let _ = say.write_all(b"220 next.example.test ESMTP\r\n");
            for command in BufReader::new(line).lines().map_while(Result::ok) {
                let reply =
                    if command.to_uppercase().starts_with("RCPT") { "550 5.7.1 we do not want it" } else { "250 ok" };
                let _ = say.write_all(format!("{reply}\r\n").as_bytes());
            }
        }
    });
}
