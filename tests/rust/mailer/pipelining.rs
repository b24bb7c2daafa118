//! MAIL and RCPT in one piece (RFC 2920): each answer is counted, and no refusal becomes a letter.

use std::time::Duration;

use duban::{mailer::Mailer, net::Tls};

use super::{FROM, MESSAGE, TO, limits, settings};
use crate::support::smtp_server::{Act, At, Server, say};

const OFFERED: &[&str] = &["PIPELINING", "DSN", "AUTH PLAIN LOGIN"];

/// What the server does with the first letter's MAIL, RCPT, DATA and its end.
type Acts = [Option<Act>; 4];

struct Case {
    name: &'static str,
    acts: Acts,
    outcome: &'static str,
    /// That the second letter comes over, with the first.
    connections: usize,
}

fn case(name: &'static str, acts: Acts, (outcome, connections): (&'static str, usize)) -> Case {
    Case { name, acts, outcome, connections }
}

fn cases() -> Vec<Case> {
    let no = |reply: &str| Some(say(reply));
    let raw = |bytes: &[u8]| Some(Act::Say(bytes.to_vec()));
    let ends = |bytes: &[u8]| Some(Act::SayAndDrop(bytes.to_vec()));
    let slow = || Some(Act::Slowly(Duration::from_millis(2)));
    let stall = || Some(Act::Stall);
    vec![
        case("all is well", [None, None, None, None], ("accepted", 1)),
        case("RCPT refused", [None, no("550 5.1.1 no"), None, None], ("permanent", 1)),
        case("RCPT put off", [None, no("450 4.2.0 later"), None, None], ("deferred", 1)),
        case("MAIL refused, RCPT too", [no("451 4.3.0 no"), no("503 5.5.1 no"), None, None], ("temporary", 2)),
        case("MAIL refused, RCPT taken", [no("553 5.7.1 no"), None, None, None], ("misconfigured", 2)),
        case("MAIL refused, RCPT silent", [no("553 5.7.1 no"), stall(), None, None], ("misconfigured", 2)),
        case("MAIL refused and gone", [ends(b"553 5.7.1 no\r\n"), None, None, None], ("misconfigured", 2)),
        case("DATA put off", [None, None, no("451 4.3.0 no"), None], ("temporary", 2)),
        case("DATA refused", [None, None, no("554 5.7.1 no"), None], ("undecided", 2)),
        case("421 to MAIL", [ends(b"421 4.3.2 bye\r\n"), None, None, None], ("temporary", 2)),
        case("gone after MAIL", [ends(b"250 ok\r\n"), None, None, None], ("temporary", 2)),
        case("gone in the middle of an answer", [None, ends(b"25"), None, None], ("temporary", 2)),
        case("gone after both", [None, ends(b"250 ok\r\n"), None, None], ("temporary", 2)),
        case("gone at DATA", [None, None, Some(Act::Drop), None], ("temporary", 2)),
        case("refused and gone", [None, ends(b"550 5.1.1 no\r\n"), None, None], ("permanent", 2)),
        case("one answer too many", [raw(b"250 ok\r\n250 ok\r\n"), None, None, None], ("temporary", 2)),
        case("all of them at MAIL", [raw(b"250 ok\r\n250 ok\r\n354 go\r\n"), None, None, None], ("temporary", 2)),
        case("one too many at RCPT", [None, raw(b"250 ok\r\n354 go\r\n"), None, None], ("temporary", 2)),
        case("an answer before the letter", [None, None, raw(b"354 go\r\n250 ok\r\n"), None], ("temporary", 2)),
        case("one answer too few", [raw(b""), None, None, None], ("temporary", 2)),
        case("an answer in two lines", [raw(b"250-a\r\n250 b\r\n"), None, None, None], ("accepted", 1)),
        case("250 to DATA", [None, None, no("250 ok"), None], ("temporary", 2)),
        case("354 to RCPT", [None, no("354 go"), None, None], ("temporary", 2)),
        case("every byte apart", [slow(), slow(), slow(), slow()], ("accepted", 1)),
        case("silent at MAIL", [stall(), None, None, None], ("temporary", 2)),
        case("silent at RCPT", [None, stall(), None, None], ("temporary", 2)),
        case("silent at DATA", [None, None, stall(), None], ("temporary", 2)),
        case("refused at the end", [None, None, None, no("554 5.7.1 no")], ("undecided", 1)),
        case("gone before the answer", [None, None, None, Some(Act::Drop)], ("unknown", 2)),
    ]
}

#[tokio::test]
async fn every_answer_is_counted() {
    for Case { name, acts, outcome, connections } in cases() {
        let server = Server::offering(OFFERED, move |at, nth, _| {
            let place = [At::Mail, At::Rcpt, At::Data, At::Dot].iter().position(|here| *here == at);
            place.filter(|_| nth == 0).and_then(|place| acts[place].clone()).unwrap_or(Act::Fine)
        });
        let mut session = Mailer::smtp(settings(server.port, Tls::None), limits()).unwrap().session();
        let first = session.send(FROM, TO, MESSAGE, "duban.k7.412").await;
        assert_eq!(first.name(), outcome, "{name}: {}", first.reply());
        let next = session.send(FROM, "next@x.cn", MESSAGE, "duban.k7.413").await;
        assert_eq!(next.name(), "accepted", "{name}, next: {}", next.reply());
        session.finish().await;

        assert_eq!(server.connections(), connections, "{name}");
        assert_eq!(server.unasked(), Vec::<String>::new(), "{name}");
        for letter in server.received() {
            assert_eq!(String::from_utf8_lossy(&letter.message), String::from_utf8_lossy(MESSAGE), "{name}");
        }
        let taken = |to: &str| server.received().iter().filter(|letter| letter.to.contains(to)).count();
        assert_eq!(taken("next@"), 1, "{name}");
        let may_be_there = matches!(outcome, "accepted" | "unknown") || name.contains("at the end");
        assert_eq!(taken(TO), usize::from(may_be_there), "{name}");
    }
}

/// It offers reports and refuses to be asked for one: asked without, over the same connection.
#[tokio::test]
async fn without_reports_at_once() {
    for refused in [At::Mail, At::Rcpt] {
        let lies = move |at, nth, line: &str| match at {
            At::Mail | At::Rcpt if at == refused && line.contains('=') => say("555 5.5.4 unknown parameter"),
            At::Rcpt if nth == 0 => say("503 5.5.1 no"),
            _ => Act::Fine,
        };
        let server = Server::offering(OFFERED, lies);
        let mut session = Mailer::smtp(settings(server.port, Tls::None), limits()).unwrap().session();
        for _ in 0..2 {
            assert_eq!(session.send(FROM, TO, MESSAGE, "duban.k7.412").await.name(), "accepted", "{refused:?}");
        }
        assert_eq!(server.connections(), 1, "{refused:?}");
        assert_eq!(server.received().len(), 2);
        assert_eq!(server.commands().iter().filter(|line| line.contains('=')).count(), 2, "{refused:?}");
    }
}

/// The commands come in one piece where it is offered, and only there.
#[tokio::test]
async fn only_where_it_is_offered() {
    for (offered, at_once) in [(OFFERED, true), (&["X-PIPELINING", "AUTH PLAIN LOGIN"][..], false)] {
        // Nothing is said to MAIL: what follows it in the same piece is heard all the same.
        let server =
            Server::offering(offered, |at, _, _| if at == At::Mail { Act::Say(Vec::new()) } else { Act::Fine });
        let mut session = Mailer::smtp(settings(server.port, Tls::None), limits()).unwrap().session();
        assert_eq!(session.send(FROM, TO, MESSAGE, "duban.k7.412").await.name(), "temporary");
        assert_eq!(server.commands().iter().any(|line| line.starts_with("RCPT")), at_once, "{offered:?}");
    }
}
