//! The conversation against a server that misbehaves at every point.

mod faults;
mod page;
mod pipelining;

use std::time::Duration;

use duban::{
    domain::{refusal::Stage, retry::Outcome},
    mailer::{Limits, Mailer},
    net::{self, SmtpSettings, Tls},
};
use secrecy::SecretString;

use crate::support::smtp_server::{Act, At, Server, closed_port, say};

const FROM: &str = "duban@ju.example.cn";
const TO: &str = "zjk@ju.example.cn";
const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.hidden\r\n.\r\nend\r\n";
const PASSWORD: &str = "s3cret-pass";

fn limits() -> Limits {
    let short = Duration::from_millis(150);
    Limits { connect: short, greeting: short, command: short, data: short, data_end: short, courtesy: short }
}

fn settings(port: u16, tls: Tls) -> SmtpSettings {
    let server = net::Server {
        kind: &net::SMTP,
        host: "127.0.0.1".to_owned(),
        port,
        tls,
        username: "duban".to_owned(),
        password: Some(SecretString::from(PASSWORD)),
        ca_pem: None,
    };
    let helo = Some("duban.test".to_owned());
    SmtpSettings { server, helo, per_minute: 60_000, connections: 1, letters_per_connection: 3 }
}

fn mailer(server: &Server) -> Mailer {
    Mailer::smtp(settings(server.port, Tls::None), limits()).unwrap()
}

async fn send(server: &Server) -> Outcome {
    mailer(server).session().send(FROM, TO, MESSAGE, "duban.k7.412").await
}

#[tokio::test]
async fn a_letter_arrives_as_it_was() {
    let server = Server::start(|_, _, _| Act::Fine);
    let mut session = mailer(&server).session();
    let outcome = session.send(FROM, TO, MESSAGE, "duban.k7.412").await;
    session.finish().await;
    assert_eq!(outcome, Outcome::Accepted { reply: "250 2.0.0 queued as 4711".to_owned() });
    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!(String::from_utf8_lossy(&received[0].message), String::from_utf8_lossy(MESSAGE));
    assert_eq!(received[0].from, format!("MAIL FROM:<{FROM}>"));
    assert_eq!(server.commands().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn nobody_listens() {
    let mailer = Mailer::smtp(settings(closed_port(), Tls::None), limits()).unwrap();
    let outcome = mailer.session().send(FROM, TO, MESSAGE, "duban.k7.412").await;
    assert_eq!(outcome.name(), "temporary");
    assert!(outcome.reply().contains("127.0.0.1:") && outcome.reply().contains("连接被拒绝"), "{}", outcome.reply());

    let mut settings = settings(25, Tls::None);
    settings.server.host = "no-such-host.invalid".to_owned();
    let limits = Limits { connect: Duration::from_secs(5), ..limits() };
    let outcome = Mailer::smtp(settings, limits).unwrap().session().send(FROM, TO, MESSAGE, "duban.k7.412").await;
    assert_eq!(outcome.name(), "temporary");
    assert!(outcome.reply().contains("no-such-host.invalid:25"), "{}", outcome.reply());
}

/// The refused one does no harm to those before and behind it, on one connection.
#[tokio::test]
async fn a_refused_recipient_among_good_ones() {
    let server = Server::start(|at, nth, line| match at {
        At::Rcpt if line.contains("bad@") => say("550 5.1.1 no such user"),
        At::Dot if nth == 1 => say("554 5.7.1 not this one"),
        _ => Act::Fine,
    });
    let mut settings = settings(server.port, Tls::None);
    settings.letters_per_connection = 20;
    let mut session = Mailer::smtp(settings, limits()).unwrap().session();
    let mut outcomes = Vec::new();
    for to in ["a@x.cn", "bad@x.cn", "b@x.cn", "c@x.cn"] {
        outcomes.push(session.send(FROM, to, MESSAGE, "duban.k7.412").await.name());
    }
    assert_eq!(outcomes, ["accepted", "permanent", "undecided", "accepted"]);
    assert_eq!(server.connections(), 1);
    assert_eq!(server.commands().iter().filter(|line| *line == "RSET").count(), 1);
}

/// Whether another mailbox passes RCPT is asked in the same connection, and does no harm to the letters around it.
#[tokio::test]
async fn another_mailbox_is_asked_about() {
    for (answer, expected) in [
        (Act::Fine, Some(true)),
        (say("251 will forward"), Some(true)),
        (say("550 5.1.1 no such user"), Some(false)),
        (say("450 4.2.0 greylisted"), None),
        (say("421 4.3.2 bye"), None),
        (say("354 what"), None),
        (Act::Drop, None),
        (Act::Stall, None),
    ] {
        let name = format!("{answer:?}");
        let server = Server::start(move |at, _, line| match at {
            At::Rcpt if line.contains("bad@") => say("550 5.1.1 no such user"),
            At::Rcpt if line.contains("admin@") => answer.clone(),
            _ => Act::Fine,
        });
        let mut session = mailer(&server).session();
        assert_eq!(session.takes(FROM, "admin@x.cn").await, None, "no connection is opened for it");
        assert_eq!(session.send(FROM, "bad@x.cn", MESSAGE, "duban.k7.412").await.name(), "permanent");
        assert_eq!(session.takes(FROM, "admin@x.cn").await, expected, "{name}");
        assert_eq!(session.send(FROM, "good@x.cn", MESSAGE, "duban.k7.413").await.name(), "accepted", "{name}");
        let received = server.received();
        assert!(received.len() == 1 && received[0].to.contains("good@"), "{name}: {received:?}");
    }
}

#[tokio::test]
async fn a_connection_carries_so_many_letters() {
    let server = Server::start(|_, _, _| Act::Fine);
    let mut session = mailer(&server).session();
    for _ in 0..7 {
        assert_eq!(session.send(FROM, TO, MESSAGE, "duban.k7.412").await.name(), "accepted");
    }
    assert_eq!(server.connections(), 3);
    assert_eq!(server.commands().iter().filter(|line| *line == "QUIT").count(), 2);
}

/// What the server says between two letters, or that it left, is noticed before the next is entrusted to it.
#[tokio::test]
async fn a_server_that_left_or_spoke_up_meanwhile() {
    let farewell = b"250 ok\r\n421 4.4.2 idle too long\r\n".to_vec();
    for act in [Act::SayAndDrop(b"250 ok\r\n".to_vec()), Act::SayAndDrop(farewell), say("250 ok\r\n250 ok")] {
        let server = Server::start(move |at, nth, _| if at == At::Dot && nth == 0 { act.clone() } else { Act::Fine });
        let mut session = mailer(&server).session();
        assert_eq!(session.send(FROM, TO, MESSAGE, "duban.k7.412").await.name(), "accepted");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(session.send(FROM, TO, MESSAGE, "duban.k7.412").await.name(), "accepted");
        assert_eq!(server.connections(), 2);
    }
}

/// One reply too many must not make the refusal that follows look like consent.
#[tokio::test]
async fn surplus_replies_are_not_taken_for_answers() {
    for at in [At::Connect, At::Ehlo, At::Auth, At::Mail, At::Rcpt, At::Data] {
        let server = Server::start(move |now, _, _| match now {
            At::Dot => say("554 5.7.1 no"),
            At::Connect if now == at => say("220 hello\r\n250 ok\r\n250 ok"),
            At::Ehlo if now == at => say("250-test\r\n250 AUTH PLAIN\r\n235 ok"),
            At::Auth if now == at => say("235 ok\r\n250 ok"),
            At::Mail | At::Rcpt if now == at => say("250 ok\r\n250 ok\r\n354 go"),
            At::Data if now == at => say("354 go\r\n250 ok"),
            _ => Act::Fine,
        });
        let outcome = send(&server).await;
        assert_eq!(outcome.name(), "temporary", "{at:?}: {}", outcome.reply());
        assert!(outcome.reply().contains("未经询问"), "{at:?}: {}", outcome.reply());
    }
}

#[tokio::test]
async fn replies_in_gbk_are_read() {
    let (bytes, _, _) = encoding_rs::GB18030.encode("550 用户不存在\r\n");
    let bytes = bytes.into_owned();
    let server = Server::start(move |at, _, _| if at == At::Rcpt { Act::Say(bytes.clone()) } else { Act::Fine });
    assert_eq!(send(&server).await, Outcome::refused(Stage::Rcpt, "550 用户不存在"));

    let (bytes, _, _) = encoding_rs::GB18030.encode("250 邮件已收下\r\n");
    let bytes = bytes.into_owned();
    let server = Server::start(move |at, _, _| if at == At::Dot { Act::Say(bytes.clone()) } else { Act::Fine });
    assert_eq!(send(&server).await, Outcome::Accepted { reply: "250 邮件已收下".to_owned() });
}

#[tokio::test]
async fn no_reply_contains_the_password() {
    let server = Server::start(
        |at, _, line| {
            if at == At::Auth { say(&format!("535 no: {line} ({PASSWORD})")) } else { Act::Fine }
        },
    );
    let outcome = send(&server).await;
    assert_eq!(outcome, Outcome::refused(Stage::Auth, "535 no: AUTH PLAIN *** (***)"));
    assert!(!format!("{:?}", settings(25, Tls::None)).contains(PASSWORD));
}

#[tokio::test]
async fn login_is_asked_for_but_not_offered() {
    let server = Server::offering(&["8BITMIME"], |_, _, _| Act::Fine);
    let outcome = send(&server).await;
    assert_eq!(outcome.name(), "misconfigured");
    assert!(outcome.reply().contains("登录"), "{}", outcome.reply());
    assert!(server.received().is_empty());
}

/// Neither the password nor the letter leaves in the clear, whatever the server does about STARTTLS.
#[tokio::test]
async fn starttls_never_falls_back() {
    const OFFERED: &[&str] = &["STARTTLS", "AUTH PLAIN LOGIN"];
    let cases: Vec<(&'static [&'static str], Act, &str)> = vec![
        (&["AUTH PLAIN LOGIN"], Act::Fine, "misconfigured"),
        (OFFERED, say("454 4.7.0 not now"), "temporary"),
        (OFFERED, say("502 5.5.1 no"), "misconfigured"),
        (OFFERED, say("250 as you like"), "temporary"),
        (OFFERED, Act::Drop, "temporary"),
        (OFFERED, Act::Stall, "temporary"),
        // Goes on in the clear: not TLS at all.
        (OFFERED, Act::Fine, "temporary"),
        (OFFERED, say("220 go ahead\r\n250-injected\r\n250 AUTH PLAIN"), "temporary"),
    ];
    for (extensions, act, expected) in cases {
        let name = format!("{extensions:?} {act:?}");
        let server =
            Server::offering(extensions, move |at, _, _| if at == At::StartTls { act.clone() } else { Act::Fine });
        let mut settings = settings(server.port, Tls::StartTls);
        settings.server.ca_pem = Some(include_bytes!("support/certificates/unknown.pem").to_vec());
        let outcome = Mailer::smtp(settings, limits()).unwrap().session().send(FROM, TO, MESSAGE, "duban.k7.412").await;
        assert_eq!(outcome.name(), expected, "{name}: {}", outcome.reply());
        assert!(server.received().is_empty(), "{name}");
        let commands = server.commands();
        assert!(!commands.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{name}");
    }
}

#[tokio::test]
async fn implicit_tls_with_a_server_that_speaks_in_the_clear() {
    let server = Server::start(|_, _, _| Act::Fine);
    let mut settings = settings(server.port, Tls::Implicit);
    settings.server.ca_pem = Some(include_bytes!("support/certificates/unknown.pem").to_vec());
    let outcome = Mailer::smtp(settings, limits()).unwrap().session().send(FROM, TO, MESSAGE, "duban.k7.412").await;
    assert_eq!(outcome.name(), "misconfigured");
    assert!(outcome.reply().contains("smtp.port"), "{}", outcome.reply());
    assert!(!server.commands().iter().any(|line| line.contains("AUTH")));
}

/// A send that is given up halfway leaves no half-open transaction to the next letter.
#[tokio::test]
async fn a_cancelled_send_takes_its_connection_with_it() {
    let server = Server::start(|at, nth, _| if at == At::Rcpt && nth == 1 { Act::Stall } else { Act::Fine });
    let limits = Limits { command: Duration::from_secs(60), ..limits() };
    let mut session = Mailer::smtp(settings(server.port, Tls::None), limits).unwrap().session();
    assert_eq!(session.send(FROM, TO, MESSAGE, "duban.k7.412").await.name(), "accepted");
    let given_up =
        tokio::time::timeout(Duration::from_millis(100), session.send(FROM, TO, MESSAGE, "duban.k7.412")).await;
    assert!(given_up.is_err());
    assert_eq!(session.send(FROM, "next@x.cn", MESSAGE, "duban.k7.412").await.name(), "accepted");
    assert_eq!(server.connections(), 2);
    assert!(server.received()[1].to.contains("next@"));
}

#[tokio::test]
async fn probing() {
    let server = Server::start(|_, _, _| Act::Fine);
    let outcome = mailer(&server).probe(FROM).await;
    assert_eq!(outcome.name(), "accepted");
    assert!(outcome.reply().contains(&format!("登录成功，接受发件人 {FROM}")), "{}", outcome.reply());
    let commands = server.commands();
    assert_eq!(commands[commands.len() - 3..], [&*format!("MAIL FROM:<{FROM}>"), "RSET", "QUIT"]);
    assert!(server.received().is_empty());

    let probed = async |refused: At, reply: &'static str| {
        let server = Server::start(move |at, _, _| if at == refused { say(reply) } else { Act::Fine });
        let outcome = mailer(&server).probe(FROM).await;
        (outcome.name(), outcome.reply().split_once('：').map(|(_, rest)| rest.to_owned()).unwrap_or_default())
    };
    let refused = |words: &str| ("misconfigured", words.to_owned());
    assert_eq!(probed(At::Auth, "535 5.7.8 no").await, refused("登录时被拒绝：535 5.7.8 no"));
    let sender = "553 Mail from must equal authorized user";
    assert_eq!(probed(At::Mail, sender).await, refused(&format!("报发件人时被拒绝：{sender}")));
    assert_eq!(probed(At::Mail, "451 4.7.1 later").await.0, "temporary");
    // What comes after it changes nothing.
    assert_eq!(probed(At::Rset, "500 what").await.0, "accepted");
    assert_eq!(mailer(&server).probe("not an address").await.name(), "misconfigured");
}

#[test]
fn settings_that_cannot_work() {
    let refuse = |change: fn(&mut SmtpSettings)| {
        let mut settings = settings(25, Tls::StartTls);
        change(&mut settings);
        Mailer::smtp(settings, limits()).err().expect("an error").to_string()
    };
    assert!(refuse(|s| s.server.password = None).contains("密码"));
    assert!(refuse(|s| s.server.ca_pem = Some(b"not a certificate".to_vec())).contains("smtp.ca_file"));
    assert!(refuse(|s| s.helo = Some("a b\r\nQUIT".to_owned())).contains("smtp.helo"));
    assert!(refuse(|s| s.server.host = String::new()).contains("smtp.host"));
}

#[tokio::test]
async fn a_report_is_asked_for_where_it_is_offered() {
    let envelope = |server: &Server| {
        let is_envelope = |c: &String| c.starts_with("MAIL") || c.starts_with("RCPT");
        server.commands().into_iter().filter(is_envelope).collect::<Vec<_>>()
    };
    let plain = ["MAIL FROM:<duban@ju.example.cn>", "RCPT TO:<zjk@ju.example.cn>"];
    let asked = [
        "MAIL FROM:<duban@ju.example.cn> RET=HDRS ENVID=duban.k7.412",
        "RCPT TO:<zjk@ju.example.cn> NOTIFY=FAILURE,DELAY ORCPT=rfc822;zjk@ju.example.cn",
    ];
    let server = Server::offering(&["AUTH PLAIN LOGIN", "DSN"], |_, _, _| Act::Fine);
    assert_eq!(send(&server).await.name(), "accepted");
    assert_eq!(envelope(&server), asked);
    let server = Server::offering(&["AUTH PLAIN LOGIN", "X-DSN"], |_, _, _| Act::Fine);
    assert_eq!(send(&server).await.name(), "accepted");
    assert_eq!(envelope(&server), plain);
    // One that offers it and refuses it, at either command.
    for (at, seen) in [(At::Mail, 1), (At::Rcpt, 2)] {
        let lies = move |here, _, line: &str| {
            if here == at && line.contains('=') { say("555 5.5.4 unknown parameter") } else { Act::Fine }
        };
        let server = Server::offering(&["AUTH PLAIN LOGIN", "DSN"], lies);
        assert_eq!(send(&server).await.name(), "accepted");
        assert_eq!(envelope(&server), [&asked[..seen], &plain[..]].concat());
    }
}
