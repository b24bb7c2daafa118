//! Stage × fault → outcome, over a line in the clear, over STARTTLS and over implicit TLS. What comes out is a page of
//! the handbook, docs/mail-faults.zh-CN.md; `DUBAN_WRITE_PAGES=1 cargo test --test rust mailer` writes it anew.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use duban::{
    domain::retry::Outcome,
    mailer::{Limits, Mailer},
    net::{SmtpSettings, Tls},
};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{FROM, MESSAGE, PASSWORD, TO, page};
use crate::support::{
    smtp_server::{Act, At, Encryption, Server, closed_port, say},
    smtp_tls::Certificates,
};

/// Long enough that a healthy step on a busy machine is never late, for a hundred of them wait at once.
const LIMIT: Duration = Duration::from_millis(1500);
const COURTESY: Duration = Duration::from_millis(500);
/// Slack for the healthy steps of a busy machine.
const SLACK: Duration = Duration::from_secs(4);
const AT_ONCE: usize = 100;
const NEXT: &str = "next@ju.example.cn";
/// More than the buffers of both ends hold.
const HUGE: usize = 16 << 20;

pub const STAGES: [(At, &str); 10] = [
    (At::Connect, "问候"),
    (At::Ehlo, "EHLO"),
    (At::StartTls, "STARTTLS"),
    (At::Handshake, "握手"),
    (At::Auth, "登录"),
    (At::Mail, "MAIL"),
    (At::Rcpt, "RCPT"),
    (At::Data, "DATA"),
    (At::Dot, "信末"),
    (At::Quit, "QUIT"),
];

/// What is done at a stage, if it makes sense there.
type Fault = fn(At) -> Option<Act>;

/// In the order of the page.
const FAULTS: [(&str, Fault); 33] = [
    ("4xx 暂不受理", |at| command(at, say(if at == At::Auth { "454 4.7.0 later" } else { "451 4.3.0 later" }))),
    ("421 后断开", |at| command(at, Act::SayAndDrop(b"421 4.3.2 going down\r\n".to_vec()))),
    ("5xx 拒绝", |at| command(at, say(refusal(at)))),
    ("5xx，但只是太频繁", |at| command(at, say("550 5.7.1 Connection frequency limited"))),
    ("5xx，并复述口令", |at| {
        command(at, say(&format!("{} {PASSWORD} AGR1YmFuAHMzY3JldC1wYXNz czNjcmV0LXBhc3M=", refusal(at))))
    }),
    ("550 5.1.1 没有这个邮箱", |at| letter(at, "550 5.1.1 <zjk@ju.example.cn>: User unknown")),
    ("550 用户不存在", |at| letter(at, "550 用户不存在")),
    ("550，没说为什么", |at| letter(at, "550 Access denied")),
    ("黑名单：554 5.7.1 … blocked", |at| {
        said(at, "554 5.7.1 Service unavailable; Client host [10.1.1.1] blocked using zen.spamhaus.org")
    }),
    ("Exim：550 … Invalid HELO name", |at| said(at, "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)")),
    ("Exim：550 Sender verify failed", |at| {
        said(
            at,
            "550-Verification failed for <duban@ju.example.cn>\r\n550-No Such User Here\r\n550 Sender verify failed",
        )
    }),
    ("SPF：550 5.7.23", |at| letter(at, "550 5.7.23 Message rejected due to SPF policy")),
    ("551 Main account unavailable", |at| said(at, "551 Main account unavailable")),
    ("Exchange：550 5.7.60 无权以此发件人发信", |at| {
        letter(at, "550 5.7.60 SMTP; Client does not have permissions to send as this sender")
    }),
    ("过滤器：554 5.7.1", |at| letter(at, "554 5.7.1 Command rejected")),
    ("灰名单：450 4.2.0 Greylisted", |at| {
        letter(at, "450 4.2.0 <zjk@ju.example.cn>: Recipient address rejected: Greylisted")
    }),
    ("灰名单：451 4.7.1，没说是灰名单", |at| letter(at, "451 4.7.1 Please try again later")),
    ("断开", |_| Some(Act::Drop)),
    ("半句话后断开", |at| Some(Act::SayAndDrop(fine(at)[..2].to_vec()))),
    ("不作声", |_| Some(Act::Stall)),
    ("一次一个字节，没完没了", |at| Some(Act::Drip(more(at), LIMIT / 12))),
    ("一次一个字节，说得完", |at| command(at, Act::Slowly(LIMIT / 150))),
    ("乱码", |_| Some(Act::Say(b"\x16\xff\xfe\x80 hello?\r\n".to_vec()))),
    ("一行 NUL", |_| Some(Act::Say(b"\0\0\0\0\0\0\0\0\r\n".to_vec()))),
    ("答复里夹着 NUL", |at| command(at, Act::Say([&more(at)[..4], b"a\0b\r\n", fine(at)].concat()))),
    ("没有尽头的一行", |_| Some(Act::Flood(vec![b'a'; 4096]))),
    ("没有尽头的多行", |at| Some(Act::Flood(more(at).repeat(600)))),
    ("多行答复，只开了头", |at| Some(Act::Drip(more(at), LIMIT * 2))),
    ("多行答复，代码不一", |at| command(at, Act::Say([&more(at)[..], b"550 no\r\n"].concat()))),
    ("没有这样的代码", |at| command(at, say("999 what"))),
    ("答非所问的 2xx", |at| command(at, say("299 as you like"))),
    ("答复之后又抢先答复", |at| {
        command(at, Act::Say([fine(at), b"250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n"].concat()))
    }),
    ("只有代码和换行符", |at| command(at, Act::Say([&fine(at)[..3], b"\n"].concat()))),
];

fn command(at: At, act: Act) -> Option<Act> {
    (at != At::Handshake).then_some(act)
}

/// From the greeting on, where a server says what it thinks of us.
fn said(at: At, reply: &str) -> Option<Act> {
    matches!(at, At::Connect | At::Mail | At::Rcpt | At::Data | At::Dot).then(|| say(reply))
}

/// About the recipient or the letter.
fn letter(at: At, reply: &str) -> Option<Act> {
    matches!(at, At::Rcpt | At::Data | At::Dot).then(|| say(reply))
}

/// A good answer, as far as the fault lets it.
fn fine(at: At) -> &'static [u8] {
    match at {
        At::Connect | At::StartTls => b"220 ready\r\n",
        At::Auth => b"235 ok\r\n",
        At::Data => b"354 go\r\n",
        At::Quit => b"221 bye\r\n",
        At::Ehlo => b"250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n",
        // A record that says it is long.
        At::Handshake => b"\x16\x03\x03\x40\x00\x02\x00\x00\x00",
        _ => b"250 ok\r\n",
    }
}

/// A line of a good answer that says there is more.
fn more(at: At) -> Vec<u8> {
    if at == At::Handshake {
        return fine(at).to_vec();
    }
    let code = String::from_utf8_lossy(&fine(at)[..3]).into_owned();
    format!("{code}-a\r\n").into_bytes()
}

fn refusal(at: At) -> &'static str {
    match at {
        At::Connect => "554 5.3.2 no service",
        At::StartTls => "502 5.5.1 not implemented",
        At::Auth => "535 5.7.8 wrong password",
        At::Mail => "553 5.7.1 sender not authorised",
        At::Quit => "500 5.5.1 what?",
        _ => "550 5.1.1 no",
    }
}

/// Faults of one place, or of the whole conversation.
type Script = fn(At, usize, &str) -> Act;
pub const LIES: [(&str, Tls, &[&str], Script); 21] = {
    const LOGIN: &[&str] = &["AUTH PLAIN LOGIN"];
    fn at_first(wanted: At, at: At, nth: usize, act: Act) -> Act {
        if at == wanted && nth == 0 { act } else { Act::Fine }
    }
    [
        ("不提供 STARTTLS", Tls::StartTls, &["AUTH PLAIN LOGIN", "X-NO"], |at, nth, _| {
            at_first(At::Ehlo, at, nth, say("250-test\r\n250 AUTH PLAIN"))
        }),
        ("STARTTLS：220 之后夹带明文", Tls::StartTls, LOGIN, |at, nth, _| {
            at_first(At::StartTls, at, nth, say("220 go\r\n250-injected\r\n250 AUTH PLAIN"))
        }),
        ("STARTTLS：答应之后照说明文", Tls::StartTls, LOGIN, |at, nth, _| {
            at_first(At::Handshake, at, nth, say("250-test\r\n250 AUTH PLAIN"))
        }),
        ("从头加密的端口说明文", Tls::Implicit, LOGIN, |at, nth, _| {
            at_first(At::Handshake, at, nth, say("220 test ESMTP"))
        }),
        ("证书已过期", Tls::StartTls, LOGIN, |at, n, _| {
            at_first(At::Handshake, at, n, Act::Certificate("expired"))
        }),
        ("证书尚未生效", Tls::StartTls, LOGIN, |at, n, _| {
            at_first(At::Handshake, at, n, Act::Certificate("not-yet"))
        }),
        ("证书是别的主机的", Tls::StartTls, LOGIN, |at, n, _| {
            at_first(At::Handshake, at, n, Act::Certificate("wrong-name"))
        }),
        ("证书是自己签的", Tls::Implicit, LOGIN, |at, n, _| {
            at_first(At::Handshake, at, n, Act::Certificate("self-signed"))
        }),
        ("证书是不认得的机构签的", Tls::Implicit, LOGIN, |at, n, _| {
            at_first(At::Handshake, at, n, Act::Certificate("foreign"))
        }),
        ("不提供登录", Tls::StartTls, &["8BITMIME"], |_, _, _| Act::Fine),
        ("登录时一再追问", Tls::Implicit, LOGIN, |at, nth, _| {
            at_first(At::Auth, at, nth, say("334 UGFzc3dvcmQ6"))
        }),
        ("什么都答 250", Tls::None, LOGIN, |at, _, _| if at == At::Ehlo { Act::Fine } else { say("250 ok") }),
        ("什么都答 250，EHLO 也是", Tls::Implicit, LOGIN, |at, _, _| match at {
            At::Handshake => Act::Fine,
            _ => say("250 ok"),
        }),
        ("什么都答 250，EHLO 答的是乱码", Tls::StartTls, LOGIN, |at, _, _| match at {
            At::Ehlo => Act::Say(b"250-\xff\x00\xfe STARTTLSX\r\n250 STARTTLS \x01\x02\r\n".to_vec()),
            _ => say("250 ok"),
        }),
        ("宣称 PIPELINING，抢先答完全部", Tls::Implicit, &["PIPELINING", "AUTH PLAIN"], |at, nth, _| {
            at_first(At::Mail, at, nth, say("250 ok\r\n250 ok\r\n354 go\r\n250 queued"))
        }),
        ("宣称 8BITMIME，却拒收八位字节", Tls::Implicit, &["8BITMIME", "AUTH PLAIN"], |at, nth, line| {
            let asked = at == At::Mail && line.contains("BODY=");
            if asked { at_first(At::Mail, at, nth, say("555 5.5.4 no")) } else { Act::Fine }
        }),
        ("宣称 DSN，却不认它的参数", Tls::StartTls, &["DSN", "AUTH PLAIN"], |_, _, line| {
            if line.contains("RET=") || line.contains("NOTIFY=") { say("555 5.5.4 no") } else { Act::Fine }
        }),
        ("宣称 SIZE 1，信末说太大", Tls::Implicit, &["SIZE 1", "AUTH PLAIN"], |at, nth, _| {
            at_first(At::Dot, at, nth, say("552 5.3.4 message size exceeds fixed limit"))
        }),
        ("大信发到一半，对方断开", Tls::None, LOGIN, |at, nth, _| {
            at_first(At::Data, at, nth, Act::SayAndDrop(b"354 go\r\n".to_vec()))
        }),
        ("大信发到一半，对方抢先答 250", Tls::None, LOGIN, |at, nth, _| {
            at_first(At::Data, at, nth, Act::Late(b"354 go\r\n".to_vec(), b"250 ok\r\n".to_vec()))
        }),
        ("大信发到一半，对方不再收", Tls::StartTls, LOGIN, |at, nth, _| {
            at_first(At::Data, at, nth, Act::Deaf(b"354 go\r\n".to_vec()))
        }),
    ]
};

struct Cell {
    name: String,
    tls: Tls,
    at: Option<At>,
    server: Server,
    message: Vec<u8>,
}

const LIMITS: Limits =
    Limits { connect: LIMIT, greeting: LIMIT, command: LIMIT, data: LIMIT, data_end: LIMIT, courtesy: COURTESY };

impl Cell {
    fn settings(&self, certificates: &Certificates) -> SmtpSettings {
        let mut settings = super::settings(self.server.port, self.tls);
        settings.server.ca_pem = Some(certificates.ca_pem.clone());
        settings.letters_per_connection = if self.at == Some(At::Quit) { 1 } else { 20 };
        settings
    }

    /// Sends a letter through the fault and one behind it; checks what must hold in every cell.
    async fn run(self, certificates: Arc<Certificates>) -> Outcome {
        let name = &self.name;
        let mut session = Mailer::smtp(self.settings(&certificates), LIMITS).unwrap().session();
        let began = Instant::now();
        let outcome = session.send(FROM, TO, &self.message, "duban.k7.412").await;
        let took = began.elapsed();
        let words = outcome.reply();
        // One step is slow at most, and the courtesies behind it.
        assert!(took < LIMIT + COURTESY * 2 + SLACK, "{name} took {took:?}: {words}");
        assert!(!words.is_empty() && !words.contains(char::is_control), "{name}: {words:?}");
        for secret in [PASSWORD, "AGR1YmFuAHMzY3JldC1wYXNz", "czNjcmV0LXBhc3M="] {
            assert!(!words.contains(secret), "{name}: {words}");
        }
        let has = |to: &str| self.server.received().iter().any(|letter| letter.to.contains(to));
        assert!(outcome.name() != "accepted" || has(TO), "{name}: accepted, and never arrived");

        let began = Instant::now();
        let next = session.send(FROM, NEXT, MESSAGE, "duban.k7.413").await;
        let expected = if self.is_persistent() { outcome.name() } else { "accepted" };
        assert_eq!(next.name(), expected, "{name}, next: {}", next.reply());
        assert!(self.is_persistent() || has(NEXT), "{name}");
        session.finish().await;
        let took = began.elapsed();
        assert!(took < COURTESY * 2 + SLACK, "{name}: the next took {took:?}");

        let clear = self.server.in_the_clear();
        let tells = |line: &&String| ["AUTH", "MAIL", "RCPT", "DATA"].iter().any(|verb| line.starts_with(verb));
        let told = clear.iter().find(tells);
        assert!(self.tls == Tls::None || told.is_none(), "{name}: {told:?} in the clear");
        assert_eq!(self.server.unasked(), Vec::<String>::new(), "{name}");
        assert!(self.server.received().iter().all(|letter| !letter.message.is_empty()), "{name}: an empty letter");
        outcome
    }

    /// What the server offers is the same the next time.
    fn is_persistent(&self) -> bool {
        self.name == "不提供登录" || self.name.contains("什么都")
    }
}

fn server(
    tls: Tls,
    certificates: &Arc<Certificates>,
    extensions: &'static [&'static str],
    script: impl Fn(At, usize, &str) -> Act + Send + Sync + 'static,
) -> Server {
    let encryption = match tls {
        Tls::None => Encryption::None,
        Tls::Implicit => Encryption::Implicit(Arc::clone(certificates)),
        Tls::StartTls => Encryption::StartTls(Arc::clone(certificates)),
    };
    Server::encrypting(extensions, encryption, script)
}

fn extensions(tls: Tls, pipelining: bool) -> &'static [&'static str] {
    let usual = ["8BITMIME", "AUTH PLAIN LOGIN"];
    let starttls = ["STARTTLS"].into_iter().filter(|_| tls == Tls::StartTls);
    let pipelining = ["PIPELINING"].into_iter().filter(|_| pipelining);
    starttls.chain(pipelining).chain(usual).collect::<Vec<_>>().leak()
}

/// With the commands of a letter one by one, and with all of them at once (RFC 2920); before them it is all one.
fn pipelining(at: At) -> &'static [bool] {
    if matches!(at, At::Mail | At::Rcpt | At::Data | At::Dot) { &[true, false] } else { &[true] }
}

fn exists(at: At, tls: Tls) -> bool {
    match at {
        At::StartTls => tls == Tls::StartTls,
        At::Handshake => tls != Tls::None,
        _ => true,
    }
}

#[tokio::test]
async fn every_stage_every_fault() {
    let certificates = Arc::new(Certificates::new());
    let mut cells: Vec<((usize, usize), Cell)> = Vec::new();
    for (row, (fault, act)) in FAULTS.iter().enumerate() {
        for (column, (at, stage)) in STAGES.iter().enumerate() {
            for tls in [Tls::None, Tls::StartTls, Tls::Implicit].into_iter().filter(|tls| exists(*at, *tls)) {
                let (Some(act), at) = (act(*at), *at) else { continue };
                for pipelining in pipelining(at) {
                    let act = act.clone();
                    let script = move |now, nth, _: &str| if now == at && nth == 0 { act.clone() } else { Act::Fine };
                    let server = server(tls, &certificates, extensions(tls, *pipelining), script);
                    let name = format!("{stage} {fault} {tls:?} {pipelining}");
                    let message = MESSAGE.to_vec();
                    cells.push(((row, column), Cell { name, tls, at: Some(at), server, message }));
                }
            }
        }
    }
    for (row, (lie, tls, offered, script)) in LIES.iter().enumerate() {
        let offered: &'static [&'static str] = match tls {
            // Before TLS there is no login on offer at most servers; here there is, to tempt.
            Tls::StartTls => [&["STARTTLS"], *offered].concat().leak(),
            Tls::None | Tls::Implicit => offered,
        };
        let server = server(*tls, &certificates, offered, script);
        let message = if lie.contains("大信") { b"0123456789abcdef\r\n".repeat(HUGE / 18) } else { MESSAGE.to_vec() };
        cells.push(((row, page::LIE), Cell { name: (*lie).to_owned(), tls: *tls, at: None, server, message }));
    }
    let count = cells.len();
    let (gate, mut running) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for (place, cell) in cells {
        let (gate, certificates) = (Arc::clone(&gate), Arc::clone(&certificates));
        running.spawn(async move {
            let _turn = gate.acquire().await.unwrap();
            let name = cell.name.clone();
            (place, name, cell.run(certificates).await)
        });
    }
    let mut table: BTreeMap<(usize, usize), &'static str> = BTreeMap::new();
    while let Some(done) = running.join_next().await {
        let (place, name, outcome) = done.unwrap();
        let before = table.insert(place, outcome.name());
        assert!(before.is_none_or(|before| before == outcome.name()), "{name}: {before:?}, now {outcome:?}");
    }
    println!("{count} conversations, {} cells", table.len());
    let faults: Vec<&str> = FAULTS.iter().map(|(fault, _)| *fault).collect();
    page::check(&faults, &connecting().await, &table);
}

/// Before there is a line at all.
async fn connecting() -> Vec<(&'static str, &'static str)> {
    // A queue that is full: the kernel answers no more.
    let deaf = tokio::net::TcpSocket::new_v4().unwrap();
    deaf.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let deaf = deaf.listen(1).unwrap();
    let address = deaf.local_addr().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(LIMIT / 5, tokio::net::TcpStream::connect(address)).await {
        held.push(stream);
    }
    let mut rows = Vec::new();
    for (name, host, port) in [
        ("连接被拒绝", "127.0.0.1", closed_port()),
        ("连接没有答复", "127.0.0.1", address.port()),
        ("查不到主机名", "no-such-host.invalid", 25),
    ] {
        let mut settings = super::settings(port, Tls::None);
        settings.server.host = host.to_owned();
        let began = Instant::now();
        let outcome = Mailer::smtp(settings, LIMITS).unwrap().session().send(FROM, TO, MESSAGE, "duban.k7.412").await;
        assert!(began.elapsed() < LIMIT * 2 + SLACK, "{name} took {:?}", began.elapsed());
        rows.push((name, outcome.name()));
    }
    rows
}
