//! The mailbox against a server that misbehaves at every point.

use std::time::{Duration, Instant};

use duban::{
    imap::{Filed, ImapError, Inbox, LARGEST_BYTES, Limits, Listed, probe},
    net::{self, ImapSettings, Tls},
};
use secrecy::SecretString;

use crate::support::imap_server::{Act, At, Server, say};

const PASSWORD: &str = "s3cret \"pass\\";
pub const DONE: &str = "&XfJZBHQG-";
pub const MANUAL: &str = "&X4VOul3l-";

const SHORT: Duration = Duration::from_millis(600);
pub const LIMITS: Limits = Limits { connect: SHORT, command: SHORT, fetch: SHORT, courtesy: SHORT, idle: SHORT };

pub fn settings(port: u16) -> ImapSettings {
    let server = net::Server {
        kind: &net::IMAP,
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        username: "duban".to_owned(),
        password: Some(SecretString::from(PASSWORD)),
        ca_pem: None,
    };
    let [folder, done_folder, manual_folder] = ["INBOX", "已处理", "待人工"].map(str::to_owned);
    ImapSettings { server, folder, done_folder, manual_folder, poll: SHORT }
}

async fn open(server: &Server) -> Result<Inbox, ImapError> {
    Inbox::open(&settings(server.port), LIMITS).await
}

/// All that the service does in a round.
async fn round(server: &Server) -> Result<Vec<Listed>, ImapError> {
    round_of(settings(server.port), LIMITS).await
}

async fn round_of(settings: ImapSettings, limits: Limits) -> Result<Vec<Listed>, ImapError> {
    let mut inbox = Inbox::open(&settings, limits).await?;
    let listed = inbox.list(1).await?;
    for letter in &listed {
        assert_eq!(inbox.fetch(letter.uid).await?.map(|body| body.len()), Some(letter.size as usize));
        inbox.file(letter.uid, Filed::Done).await?;
    }
    inbox.close().await;
    Ok(listed)
}

#[tokio::test]
async fn a_healthy_server() {
    let server = Server::start(|_, _, _| Act::Fine);
    let first = server.put(0, "Message-ID: <a@x>\r\n\r\neins");
    let second = server.put(0, "Message-ID: <b@x>\r\n\r\nzwei");
    let mut inbox = open(&server).await.unwrap();
    assert_eq!(inbox.uid_validity(), 7);
    let listed = inbox.list(1).await.unwrap();
    assert_eq!(listed, [Listed { uid: first, size: 25 }, Listed { uid: second, size: 25 }]);
    assert_eq!(inbox.fetch(second).await.unwrap().unwrap(), b"Message-ID: <b@x>\r\n\r\nzwei");
    assert_eq!(inbox.fetch(99).await.unwrap(), None);
    inbox.file(first, Filed::Done).await.unwrap();
    inbox.file(first, Filed::Done).await.unwrap();
    inbox.file(second, Filed::Manual).await.unwrap();
    assert_eq!(inbox.list(1).await.unwrap(), []);
    assert_eq!(server.names(), ["INBOX", DONE, MANUAL]);
    assert!(server.letters(DONE)[0].flags.contains("\\Seen"));
    let manual = &server.letters(MANUAL)[0].flags;
    assert!(manual.contains("\\Flagged") && !manual.contains("\\Seen"), "{manual}");
    inbox.close().await;
    let commands = server.commands();
    assert!(commands.iter().any(|c| c.ends_with(r#"LOGIN "duban" "s3cret \"pass\\""#)), "{commands:?}");
    assert!(!commands.iter().any(|c| c.contains("EXPUNGE") || c.contains("\\Deleted")), "{commands:?}");
}

/// Bytes come as they come, and the service runs where it is put.
#[tokio::test]
async fn a_byte_at_a_time() {
    let server = Server::start(|_, _, _| Act::Fine);
    server.dribble();
    server.put(0, "Subject: x\r\n\r\n* 1 FETCH (UID 9)\r\n{3}\r\n");
    let long = Duration::from_secs(20);
    let limits = Limits { command: long, fetch: long, ..LIMITS };
    let listed = tokio::spawn(round_of(settings(server.port), limits)).await.unwrap().unwrap();
    assert_eq!(listed.len(), 1);
}

/// Oldest first, so many at a time.
#[tokio::test]
async fn a_mailbox_that_is_full_to_the_brim() {
    let server = Server::start(|_, _, _| Act::Fine);
    for _ in 0..12_000 {
        server.put(0, "x");
    }
    let mut settings = settings(server.port);
    let limits = Limits { command: Duration::from_secs(20), ..LIMITS };
    let mut inbox = Inbox::open(&settings, limits).await.unwrap();
    let listed = inbox.list(1).await.unwrap();
    assert_eq!((listed.len(), listed[0].uid, listed[4999].uid), (5000, 1, 5000));
    let searched = server.commands().iter().filter(|c| c.contains("SEARCH")).count();
    assert_eq!(searched, 3);
    // What is not for us stays in front: it is passed over by its number.
    let listed = inbox.list(11_999).await.unwrap();
    assert_eq!(listed.iter().map(|letter| letter.uid).collect::<Vec<_>>(), [11_999, 12_000]);
    assert_eq!(inbox.list(12_001).await.unwrap(), []);
    // Without MOVE what was dealt with stays in front.
    let server = Server::offering("", true, |_, _, _| Act::Fine);
    for _ in 0..12_000 {
        server.put(0, "x");
    }
    server.flag(11_000, "$DubanFiled");
    settings.server.port = server.port;
    let mut inbox = Inbox::open(&settings, limits).await.unwrap();
    let listed = inbox.list(1).await.unwrap();
    assert_eq!((listed.len(), listed[0].uid), (1000, 11_001));
}

/// At each point each fault once: words, in time, and the next round is sound.
#[tokio::test]
async fn every_point_every_fault() {
    use At::{Capability, Fetch, Greeting, Id, List, Login, Move, Search, Select, Store};
    for at in [Greeting, Capability, Login, Id, List, Select, Search, Fetch, Store, Move] {
        let faults: [(&str, Act); 11] = [
            ("drop", Act::Drop),
            ("stall", Act::Stall),
            ("garbage", Act::Say(b"\x00\xff\xfe hello?\r\n".to_vec())),
            ("endless", Act::Endless),
            ("two megabytes in a line", say(&format!("* SEARCH{}", " 123456789".repeat(200_000)))),
            ("bye", say("* BYE going down")),
            ("half a line", Act::SayAndDrop(b"* OK [CAPA".to_vec())),
            ("a huge literal", say("* 1 FETCH (UID 1 BODY[] {99999999999999999999}")),
            ("nesting", Act::Say(["* 1 FETCH (BODYSTRUCTURE ", &"(".repeat(100_000), "\r\n"].concat().into_bytes())),
            ("a date that is none", say("* 1 FETCH (INTERNALDATE NIL)")),
            ("a continuation", say("+ go on")),
        ];
        for (name, act) in faults {
            let server = Server::start(move |here, nth, _| match here == at && nth == 0 {
                true => act.clone(),
                false => Act::Fine,
            });
            server.put(0, "Subject: x\r\n\r\n");
            let begun = Instant::now();
            let error = round(&server).await.expect_err(&format!("{at:?} {name}"));
            assert!(!error.is_settings(), "{at:?} {name}: {error}");
            assert!(begun.elapsed() < Duration::from_secs(5), "{at:?} {name}: {:?}", begun.elapsed());
            assert!(error.to_string().starts_with(&format!("127.0.0.1:{}：", server.port)), "{error}");
            assert!(error.to_string().chars().count() <= 500, "{error}");
            // What was half done is done.
            let listed = round(&server).await.unwrap_or_else(|error| panic!("{at:?} {name}, then: {error}"));
            assert_eq!(listed.len(), 1, "{at:?} {name}");
            assert_eq!(server.letters("INBOX").len(), 0, "{at:?} {name}");
            assert_eq!(server.letters(DONE).len(), 1, "{at:?} {name}");
        }
    }
}

#[tokio::test]
async fn refusals() {
    for (at, reply, is_settings, words) in [
        (At::Login, "{tag} NO [AUTHENTICATIONFAILED] wrong password", true, "授权码"),
        (At::Login, "{tag} NO LOGIN \"duban\" \"s3cret \\\"pass\\\\\" is wrong", true, "***"),
        (At::Login, "{tag} NO [UNAVAILABLE] later", false, "登录时"),
        (At::Login, "{tag} NO 登录过于频繁", false, "频繁"),
        (At::Select, "{tag} NO SELECT Unsafe Login. Please contact kefu@188.com for help", true, "Unsafe Login"),
        (At::Select, "{tag} OK [READ-ONLY] done", true, "UIDVALIDITY"),
        (At::Search, "{tag} NO not now, try again", false, "不列出"),
        (At::Store, "{tag} NO denied", true, "标记"),
        (At::Move, "{tag} NO over quota", true, "移不到"),
        (At::Create, "{tag} NO denied", true, "手工建立"),
        (At::Greeting, "* PREAUTH welcome", true, "不经登录"),
    ] {
        let server = Server::start(move |here, _, _| if here == at { say(reply) } else { Act::Fine });
        server.put(0, "Subject: x\r\n\r\n");
        let error = round(&server).await.expect_err(reply);
        assert_eq!(error.is_settings(), is_settings, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert_eq!(server.letters("INBOX").len(), 1, "{reply}");
    }
}

/// Servers speak GBK, and Chinese right behind a code.
#[tokio::test]
async fn chinese_in_any_bytes() {
    let gbk = encoding_rs::GB18030.encode("* OK [ALERT]系统{5}升级]\r\n").0.into_owned();
    let server =
        Server::start(move |_, _, _| Act::Before([gbk.as_slice(), "* OK [ALERT]您好\r\n".as_bytes()].concat()));
    server.put(0, "Subject: x\r\n\r\n");
    assert_eq!(round(&server).await.unwrap().len(), 1);
    let gbk = encoding_rs::GB18030.encode("{tag} NO [ALERT]密码错误\r\n").0.into_owned();
    let server = Server::start(move |at, _, _| if at == At::Login { Act::Say(gbk.clone()) } else { Act::Fine });
    let error = round(&server).await.unwrap_err();
    assert!(error.to_string().contains("密码错误"), "{error}");
}

#[tokio::test]
async fn what_nobody_asked_for_is_passed_over() {
    let noise = b"* OK still here\r\n* THREAD (1)(2)\r\n* XAPPLE {3}\r\nabc foo\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n* 0 RECENT\r\n".to_vec();
    let server = Server::start(move |at, _, _| match at {
        At::Greeting | At::Idle => Act::Fine,
        _ => Act::Before(noise.clone()),
    });
    server.put(0, "Subject: x\r\n\r\n");
    assert_eq!(round(&server).await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_move_the_letter_stays_and_is_not_listed_again() {
    for (keywords, mark) in [(true, "$DubanFiled"), (false, "\\Answered")] {
        let server = Server::offering("IDLE", keywords, |_, _, _| Act::Fine);
        let first = server.put(0, "Subject: x\r\n\r\n");
        let second = server.put(0, "Subject: y\r\n\r\n");
        let mut inbox = open(&server).await.unwrap();
        for _ in 0..2 {
            inbox.file(first, Filed::Done).await.unwrap();
            inbox.file(second, Filed::Manual).await.unwrap();
        }
        // Without keywords only its number tells it from what a person has read and answered.
        assert_eq!(inbox.list(if keywords { 1 } else { second + 1 }).await.unwrap(), []);
        assert_eq!((server.letters(DONE).len(), server.letters(MANUAL).len()), (1, 1));
        for letter in server.letters("INBOX") {
            assert!(letter.flags.contains(mark) && letter.flags.contains("\\Seen"), "{letter:?}");
        }
        assert!(server.letters(MANUAL)[0].flags.contains("\\Flagged"));
        assert!(!server.letters(MANUAL)[0].flags.contains("\\Seen"));
    }
}

#[tokio::test]
async fn folders_below_the_inbox() {
    let server = Server::start(|at, _, line| match (at, line.contains("INBOX.")) {
        (At::Create, false) => say("{tag} NO Invalid mailbox name: only below INBOX."),
        _ => Act::Fine,
    });
    server.put(0, "Subject: x\r\n\r\n");
    round(&server).await.unwrap();
    assert_eq!(server.names(), ["INBOX".to_owned(), format!("INBOX.{DONE}"), format!("INBOX.{MANUAL}")]);
    // Found there the next time.
    round(&server).await.unwrap();
    assert_eq!(server.names().len(), 3);
}

#[tokio::test]
async fn starttls_stripped_or_injected() {
    let mut settings_ = settings(0);
    settings_.server.tls = Tls::StartTls;
    for (offers, act, words) in [
        ("ID", Act::Fine, "不提供 STARTTLS"),
        ("STARTTLS", Act::Say(b"{tag} OK go\r\n* CAPABILITY IMAP4rev1\r\nD2 OK done\r\n".to_vec()), "多说了话"),
        ("STARTTLS", say("{tag} NO not today"), "没有转为加密"),
        ("STARTTLS", Act::SayAndDrop(b"{tag} OK go\r\n".to_vec()), "断开"),
    ] {
        let server = Server::offering(offers, true, move |at, _, _| match at {
            At::StartTls => act.clone(),
            _ => Act::Fine,
        });
        settings_.server.port = server.port;
        let error = Inbox::open(&settings_, LIMITS).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(!server.commands().iter().any(|c| c.contains("LOGIN")), "{:?}", server.commands());
    }
    // An authority that is none.
    settings_.server.ca_pem = Some(b"not a certificate".to_vec());
    settings_.server.tls = Tls::Implicit;
    let error = Inbox::open(&settings_, LIMITS).await.unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("ca_file"), "{error}");
    settings_.server.ca_pem = None;
    // A server that greets in the clear, and a client that wants TLS at once.
    let server = Server::start(|_, _, _| Act::Fine);
    settings_.server.port = server.port;
    settings_.server.tls = Tls::Implicit;
    let error = Inbox::open(&settings_, LIMITS).await.unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("mailbox.tls"), "{error}");
}

#[tokio::test]
async fn logins() {
    let server = Server::offering("LOGINDISABLED", true, |_, _, _| Act::Fine);
    let error = open(&server).await.unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("未加密"), "{error}");
    assert!(!server.commands().iter().any(|c| c.contains("LOGIN")));
    let server = Server::offering("AUTH=PLAIN", true, |_, _, _| Act::Fine);
    let mut settings = settings(server.port);
    settings.server.password = Some(SecretString::from("口令"));
    Inbox::open(&settings, LIMITS).await.unwrap().close().await;
    // base64 of NUL duban NUL 口令
    assert!(server.commands().contains(&"AGR1YmFuAOWPo+S7pA==".to_owned()), "{:?}", server.commands());
    assert!(!format!("{settings:?}").contains("口令"));
}

#[tokio::test]
async fn waits() {
    // Something comes while it waits, and at once if it came before.
    let server = Server::start(|at, nth, _| match (at, nth) {
        (At::Idle, 0) => Act::Say(b"+ idling\r\n".to_vec()),
        (At::Idle, 1) => Act::Say(b"+ idling\r\n* OK still here\r\n* 5 EXISTS\r\n".to_vec()),
        _ => Act::Fine,
    });
    let mut inbox = open(&server).await.unwrap();
    inbox.list(1).await.unwrap();
    let begun = Instant::now();
    let mut inbox = inbox.wait(Duration::from_secs(20)).await.unwrap();
    let waited = begun.elapsed();
    assert!(waited > Duration::from_millis(250) && waited < Duration::from_secs(3), "{waited:?}");
    assert_eq!(server.commands().iter().filter(|c| c.ends_with(" IDLE")).count(), 2);
    inbox.list(1).await.unwrap();
    let begun = Instant::now();
    inbox.wait(Duration::from_millis(500)).await.unwrap().close().await;
    assert!(begun.elapsed() >= Duration::from_millis(500));
    // It cannot, or will not.
    for (offers, reply) in [("ID", "{tag} OK"), ("IDLE", "{tag} BAD no idling"), ("IDLE", "{tag} NO no idling")] {
        let server =
            Server::offering(offers, true, move |at, _, _| if at == At::Idle { say(reply) } else { Act::Fine });
        let mut inbox = open(&server).await.unwrap();
        inbox.list(1).await.unwrap();
        let begun = Instant::now();
        let inbox = inbox.wait(Duration::from_secs(20)).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(3), "{reply}");
        inbox.close().await;
    }
}

/// A call that was dropped halfway leaves nothing to be misunderstood.
#[tokio::test]
async fn dropped_halfway() {
    let server = Server::start(|at, nth, _| if (at, nth) == (At::Fetch, 0) { Act::Stall } else { Act::Fine });
    let uid = server.put(0, "Subject: x\r\n\r\n");
    let mut inbox = open(&server).await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(50), inbox.fetch(uid)).await;
    assert!(dropped.is_err());
    assert!(inbox.list(1).await.unwrap_err().to_string().contains("没有结束"));
}

#[tokio::test]
async fn a_big_letter_and_one_that_is_bigger_than_asked() {
    let server = Server::start(|_, _, _| Act::Fine);
    let uid = server.put(0, &"x".repeat(5_000_000));
    let mut inbox = open(&server).await.unwrap();
    assert_eq!(inbox.list(1).await.unwrap(), [Listed { uid, size: 5_000_000 }]);
    assert_eq!(inbox.fetch(uid).await.unwrap().unwrap().len(), LARGEST_BYTES as usize);
    assert!(server.sent() < 1_100_000, "{}", server.sent());
    let text = format!("{}end", "x\r\n".repeat(1_000_000));
    let uid = server.put(0, &text);
    let mut inbox = open(&server).await.unwrap();
    let both = inbox.fetch_both_ends(uid, text.len() as u32).await.unwrap().unwrap();
    assert!(
        both.ends_with(b"x\r\nend") && both.len() > LARGEST_BYTES as usize && both.len() < 1_400_000,
        "{}",
        both.len()
    );
    let whole = format!("* 1 FETCH (UID 1 BODY[]<0> {{5000000}}\r\n{})\r\n{{tag}} OK done", "x".repeat(5_000_000));
    let server = Server::start(move |at, _, _| if at == At::Fetch { say(&whole) } else { Act::Fine });
    let mut inbox = open(&server).await.unwrap();
    assert!(inbox.fetch(1).await.unwrap_err().to_string().contains("超过了所要的"));
}

#[tokio::test]
async fn a_look_changes_nothing() {
    let server = Server::offering("ID", true, |_, _, _| Act::Fine);
    server.put(0, "Subject: x\r\n\r\n");
    let words = probe(&settings(server.port), LIMITS).await.unwrap();
    for part in ["未加密，登录成功", "1 封信", "“已处理”“待人工”还没有", "poll_minutes", "不能移动信件"]
    {
        assert!(words.contains(part), "{words}");
    }
    for command in server.commands() {
        let changes = ["CREATE", "SELECT", "STORE", "MOVE", "COPY", "SUBSCRIBE"];
        assert!(!changes.iter().any(|verb| command.contains(verb)), "{command}");
    }
    let settings = settings(imap_server_closed());
    let error = probe(&settings, LIMITS).await.unwrap_err();
    assert!(!error.is_settings() && error.to_string().contains("连接被拒绝"), "{error}");
}

fn imap_server_closed() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
