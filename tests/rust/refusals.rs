//! A mail server that refuses everybody, somebody, or everybody for five minutes: the service's rounds with their pauses,
//! over real connections to a scripted server, in a time that the test turns.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use duban::{
    clock::Clock,
    config::Transport,
    mailer::{Limits, Mailer},
    net::{self, SmtpSettings, Tls},
    service::{
        self, Office,
        course::sweep::{sweep, tell_of_stuck_letters},
        house::troubles::{Trouble, troubles},
        post::{
            deliver::{Delivered, deliver},
            hold::Hold,
        },
    },
    store::{LetterRow, LetterState, Store},
};
use jiff::{
    SignedDuration, Span,
    civil::{DateTime, date},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    bureau::Bureau,
    support::smtp_server::{Act, At, Server, say},
};

const ADMIN: &str = "admin@example.test";
const ZEN: &str = "554 5.7.1 Service unavailable; Client host [10.1.1.1] blocked using zen.spamhaus.org";
const DENIED: &str = "550 Access denied";

/// What the server says: minutes since 08:30, where, and the command.
type Policy = fn(i64, At, &str) -> Option<&'static str>;

struct Town {
    store: Store,
    office: Arc<Office>,
    mailer: Arc<Mailer>,
    server: Server,
    /// Minutes since 08:30, as the server knows them.
    minute: Arc<Mutex<i64>>,
    /// How many letters the server took.
    taken: Arc<AtomicUsize>,
    hold: Hold,
    runtime: Runtime,
    _bureau: tempfile::TempDir,
}

impl Town {
    /// So many sections, with a letter each to get on 27 January.
    fn new(sections: usize, policy: Policy) -> Self {
        Self::with(sections, 2, move |minute, at, line| policy(minute, at, line).map(str::to_owned))
    }

    fn with(
        sections: usize,
        connections: usize,
        policy: impl Fn(i64, At, &str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let mut plan = String::new();
        for n in 0..sections {
            let _ = write!(plan, "[[section]]\nname = \"科室{n}\"\nemail = [\"s{n}@example.test\"]\n");
        }
        plan += "[[deadline]]\nid = \"k\"\ntitle = \"事项\"\ndue = \"每年1月30日\"\nsections = [\"各科室\"]\n";
        let mut bureau = Bureau::new(&plan);
        bureau.load("2026-01-05T09:00");
        let (minute, taken) = (Arc::new(Mutex::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, accepted) = (Arc::clone(&minute), Arc::clone(&taken));
        let server = Server::start(move |at, _, line| {
            let act = policy(*now.lock().unwrap(), at, line).map_or(Act::Fine, |reply| say(&reply));
            if at == At::Dot && matches!(act, Act::Fine) {
                accepted.fetch_add(1, Ordering::Relaxed);
            }
            act
        });
        let smtp = SmtpSettings {
            server: net::Server {
                kind: &net::SMTP,
                host: "127.0.0.1".into(),
                port: server.port,
                tls: Tls::None,
                username: String::new(),
                password: None,
                ca_pem: None,
            },
            helo: Some("duban.test".into()),
            per_minute: 0,
            connections,
            letters_per_connection: 20,
        };
        let mailer = Mailer::smtp(smtp.clone(), Limits::default()).unwrap();
        bureau.office.settings.mail.transport = Transport::Smtp(Box::new(smtp));
        Self {
            store: Store::new(bureau.db).unwrap(),
            office: Arc::new(bureau.office),
            mailer: Arc::new(mailer),
            server,
            minute,
            taken,
            hold: Hold::default(),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            _bureau: bureau.folder,
        }
    }

    fn clock(minute: i64) -> Clock {
        let morning: DateTime = date(2026, 1, 27).at(8, 30, 0, 0);
        Clock::Fixed(morning.saturating_add(Span::new().minutes(minute)))
    }

    /// A tick of the service, which comes every minute.
    fn tick(&mut self, minute: i64) -> Delivered {
        *self.minute.lock().unwrap() = minute;
        let (office, now) = (self.office.clone(), Self::clock(minute).now(&self.office.settings.timezone));
        let swept = self.store.call(move |db| sweep(db, &office, &now));
        self.runtime.block_on(swept).unwrap();
        let mut delivered = self.round(minute);
        let (office, now) = (self.office.clone(), Self::clock(minute).now(&self.office.settings.timezone));
        let told = self.store.call(move |db| tell_of_stuck_letters(db, &office, &now));
        if self.runtime.block_on(told).unwrap() > 0 {
            self.hold.release();
            delivered.add(&self.round(minute));
        }
        delivered
    }

    fn run(&mut self, minutes: impl Iterator<Item = i64>) {
        for minute in minutes {
            self.tick(minute);
        }
    }

    fn round(&mut self, minute: i64) -> Delivered {
        let boot = SignedDuration::from_mins(minute);
        if self.hold.is_on(boot) {
            return Delivered::default();
        }
        let (clock, stop) = (Self::clock(minute), Arc::default());
        let round = deliver(&self.store, &self.office, &self.mailer, clock, &stop);
        let delivered = self.runtime.block_on(round).unwrap();
        self.hold.note(&delivered, boot);
        delivered
    }

    fn letters(&self) -> Vec<LetterRow> {
        self.runtime.block_on(self.store.call(|db| db.read(|tx| tx.outbox(jiff::Timestamp::MIN)))).unwrap()
    }

    fn in_state(&self, state: LetterState) -> Vec<String> {
        self.letters().into_iter().filter(|l| l.state == state).map(|l| l.mailbox).collect()
    }

    /// Whose reminders were accepted.
    fn reached(&self) -> BTreeSet<String> {
        let sent = self.letters().into_iter().filter(|l| l.state == LetterState::Sent && l.notice.is_none());
        sent.map(|l| l.mailbox).filter(|mailbox| mailbox != ADMIN).collect()
    }

    fn troubles(&self, minute: i64) -> Vec<Trouble> {
        let (office, now) = (self.office.clone(), Self::clock(minute).now(&self.office.settings.timezone));
        let look = self.store.call(move |db| db.read(|tx| Ok(troubles(tx, &office, &now))));
        self.runtime.block_on(async { look.await.map_err(service::Error::from) }).unwrap().unwrap()
    }

    fn is_refused(&self, minute: i64) -> Option<String> {
        self.troubles(minute).into_iter().find(|t| t.name == "server").map(|t| t.words)
    }

    /// Each letter that was accepted came once.
    fn nothing_came_twice(&self) {
        assert_eq!(self.taken.load(Ordering::Relaxed), self.in_state(LetterState::Sent).len());
    }

    fn told_admin(&self, what: &str) -> usize {
        let told = |l: &LetterRow| l.mailbox == ADMIN && l.notice.as_ref().is_some_and(|n| n.contains(what));
        self.letters().iter().filter(|l| told(l)).count()
    }
}

/// Over for good at 10:30: whatever the words, nobody is lost, it is said, and everybody is written to once.
#[test]
fn a_server_that_refuses_everybody_for_two_hours() {
    const OVER: i64 = 120;
    const CASES: [(At, &str); 14] = [
        (At::Dot, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        (At::Dot, "554 5.7.1 Command rejected"),
        (At::Dot, "550 5.1.1 User unknown"),
        (At::Data, DENIED),
        (At::Rcpt, ZEN),
        (At::Rcpt, DENIED),
        (At::Rcpt, "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"),
        (
            At::Rcpt,
            "550-Verification failed for <duban@example.test>\r\n550-No Such User Here\r\n550 Sender verify failed",
        ),
        (At::Rcpt, "550 5.7.23 The message was rejected because of SPF policy"),
        (At::Rcpt, "551 Main account unavailable"),
        (At::Rcpt, "550 5.1.1 User unknown in virtual mailbox table"),
        (At::Rcpt, "550 Requested action not taken: mailbox unavailable"),
        (At::Mail, "551 Main account unavailable"),
        (At::Connect, ZEN),
    ];
    for (stage, reply) in CASES {
        let mut town = Town::with(12, 4, move |minute, at, _| (minute < OVER && at == stage).then(|| reply.to_owned()));
        let mut rounds = 0;
        for minute in 0..OVER {
            rounds += u32::from(town.tick(minute) != Delivered::default());
            let words = town.is_refused(minute).unwrap_or_else(|| panic!("{minute} {stage:?} {reply}: it is not said"));
            assert!(words.contains("2026-01-27 08:30") && words.contains(&reply[4..9]), "{words}");
        }
        let lost = town.in_state(LetterState::Failed);
        assert!(lost.is_empty(), "{stage:?} {reply}: {lost:?}");
        // Pauses double up to half an hour, and begin anew when letters are found stuck.
        assert!(rounds <= 14, "{stage:?} {reply}: {rounds} rounds");
        let attempts: u32 = town.letters().iter().map(|l| l.attempts).sum();
        assert!(attempts <= 20, "{stage:?} {reply}: {attempts} attempts");
        let reached = (OVER..).take(31).find(|minute| {
            town.tick(*minute);
            town.reached().len() == 12
        });
        assert!(reached.is_some(), "{stage:?} {reply}: {:?}", town.reached());
        let end = reached.unwrap() + 1;
        town.tick(end);
        assert_eq!(town.is_refused(end), None);
        assert_eq!(town.troubles(end), [], "{stage:?} {reply}");
        assert_eq!(town.told_admin("refused"), 1, "{stage:?} {reply}");
        town.nothing_came_twice();
    }
}

/// Somebody is refused, and everybody else is taken.
#[test]
fn people_who_left_are_written_to_through_the_admin() {
    let gone = |_: i64, at: At, line: &str| {
        let who = ["<s0@", "<s1@", "<s5@"].into_iter().find(|who| at == At::Rcpt && line.contains(who))?;
        Some(format!("550 5.1.1 {who}example.test>: User unknown"))
    };
    let mut town = Town::with(6, 1, gone);
    town.tick(0);
    assert_eq!(town.in_state(LetterState::Failed), ["s0@example.test", "s1@example.test", "s5@example.test"]);
    assert_eq!(town.reached().len(), 3);
    assert_eq!(town.troubles(0), []);
    let sent = town.in_state(LetterState::Sent);
    assert!(sent.iter().any(|mailbox| mailbox == ADMIN), "代转");
    // Nobody had been taken before the first: the admin's mailbox was asked about, and no letter went with that.
    let commands = town.server.commands();
    let asked = commands.iter().position(|c| c.contains(ADMIN)).unwrap();
    assert_eq!(commands[asked + 1], "RSET");
    town.nothing_came_twice();
}

#[test]
fn words_that_name_nobody_need_three_tries_with_others_taken_between() {
    let policy = |_, at, line: &str| (at == At::Rcpt && line.contains("<s1@")).then_some(DENIED);
    let mut town = Town::new(6, policy);
    town.tick(0);
    assert_eq!(town.reached().len(), 5);
    for minute in 1..=90 {
        town.tick(minute);
        assert_eq!(town.is_refused(minute), None, "others are taken");
    }
    // The admin's letter of the stuck one, after an hour, was taken.
    assert_eq!(town.told_admin("stuck"), 1);
    town.run(91..=130);
    assert_eq!(town.in_state(LetterState::Failed), ["s1@example.test"]);
    assert_eq!(town.troubles(130), []);
}

#[test]
fn a_bureau_with_one_mailbox_loses_nothing() {
    for reply in [DENIED, "550 5.1.1 User unknown", ZEN] {
        let mut town = Town::with(1, 1, move |minute, at, _| (minute < 60 && at == At::Rcpt).then(|| reply.to_owned()));
        for minute in 0..60 {
            town.tick(minute);
            assert!(town.is_refused(minute).is_some(), "{reply} {minute}");
        }
        assert!(town.in_state(LetterState::Failed).is_empty(), "{reply}");
        town.run(60..=92);
        assert_eq!((town.reached().len(), town.troubles(92)), (1, vec![]), "{reply}");
        town.nothing_came_twice();
    }
}

/// The admin's is the only mailbox that is taken: a relay for its own domain.
#[test]
fn a_server_that_takes_the_admins_letters_only() {
    const OVER: i64 = 8 * 60;
    let policy = |minute, at, line: &str| {
        (minute < OVER && at == At::Rcpt && !line.contains(ADMIN)).then_some("554 5.7.1 <x@y>: Relay access denied")
    };
    let mut town = Town::new(6, policy);
    town.run(0..OVER);
    assert!(town.in_state(LetterState::Failed).is_empty());
    assert_eq!((town.reached().len(), town.told_admin("stuck")), (0, 1), "nobody is reached, and the admin is told");
    assert!(!town.troubles(OVER - 1).is_empty(), "and it is said");
    town.run(OVER..OVER + 75);
    assert_eq!((town.reached().len(), town.troubles(OVER + 75)), (6, vec![]));
    town.nothing_came_twice();
}

/// From nine o'clock on nobody is taken any more, and somebody was before: a blocklist, or a list of users that is lost.
#[test]
fn a_server_that_turns_against_us_in_the_middle_of_the_day() {
    for reply in [ZEN, "550 5.1.1 User unknown in virtual mailbox table"] {
        let policy = move |minute, at, line: &str| match at {
            At::Rcpt if (30..90).contains(&minute) => Some(reply.to_owned()),
            At::Rcpt if minute < 30 && !line.contains("<s0@") && !line.contains(ADMIN) => {
                Some("450 4.2.0 Greylisted".to_owned())
            }
            _ => None,
        };
        let mut town = Town::with(10, 2, policy);
        town.run(0..30);
        assert_eq!(town.reached().len(), 1);
        town.run(30..90);
        assert!(town.is_refused(89).is_some_and(|words| words.contains(&reply[..9])), "{reply}");
        town.run(90..=121);
        assert!(town.in_state(LetterState::Failed).is_empty(), "{reply}");
        assert_eq!((town.reached().len(), town.troubles(121)), (10, vec![]), "{reply}");
        town.nothing_came_twice();
    }
}

/// An admin who left, and three of the sections; the others are taken.
#[test]
fn people_who_left_where_the_admin_left_too() {
    let gone = |_, at, line: &str| {
        let is_gone = ["<s0@", "<s1@", "<s2@", ADMIN].iter().any(|who| line.contains(who));
        (at == At::Rcpt && is_gone).then_some("550 5.1.1 User unknown")
    };
    let mut town = Town::new(6, gone);
    town.run(0..30);
    assert_eq!((town.reached().len(), town.in_state(LetterState::Failed).len()), (3, 3));
    let waiting = town.in_state(LetterState::Queued);
    assert!(!waiting.is_empty() && waiting.iter().all(|mailbox| mailbox == ADMIN), "代转 waits: {waiting:?}");
}

#[test]
fn an_admins_letter_is_never_given_up() {
    let policy = |minute, at, line: &str| {
        (minute < 26 * 60 && at == At::Rcpt && line.contains(ADMIN)).then_some("550 5.1.1 no such user")
    };
    let mut town = Town::new(3, policy);
    let office = Arc::get_mut(&mut town.office).unwrap();
    office.settings.admin.push("second@example.test".parse().unwrap());
    let missing = service::tell::Notice::HolidayMissing { year: 2027 };
    let (office, now) = (town.office.clone(), Town::clock(0).now(&town.office.settings.timezone));
    let tell = town.store.write(move |tx| office.tell_admin(tx, &missing, &now));
    town.runtime.block_on(tell).unwrap();
    town.run(0..=70);
    town.run((1..20).map(|hour| 70 + hour * 60));
    assert_eq!(town.reached().len(), 3, "the others are written to");
    assert!(town.in_state(LetterState::Failed).is_empty());
    assert!(town.in_state(LetterState::Queued).contains(&ADMIN.to_owned()), "it is kept");
    assert!(town.troubles(70).iter().any(|t| t.name == "letters"), "and said");
    let undeliverable = |l: &LetterRow| l.notice.as_ref().is_some_and(|n| n.contains("undeliverable"));
    let second = town.letters().into_iter().filter(|l| l.mailbox == "second@example.test" && undeliverable(l)).count();
    assert_eq!(second, 1, "the other admin hears of it, once");
}

/// Five minutes of greylisting for each recipient: all forty are reached within twelve.
#[test]
fn greylisting_stalls_nobody() {
    for (stage, reply, connections) in [
        (At::Rcpt, "450 4.2.0 <{}>: Recipient address rejected: Greylisted, see http://postgrey", 1),
        (At::Rcpt, "451 4.7.1 Please try again later", 4),
        (At::Rcpt, "450 4.7.1 try later", 2),
        (At::Dot, "451 4.7.1 Greylisting in action, please come back later", 1),
    ] {
        let first: Mutex<Vec<(String, i64)>> = Mutex::default();
        let last = Mutex::new(String::new());
        let greylist = move |minute: i64, at: At, line: &str| {
            if at == At::Rcpt {
                line.clone_into(&mut last.lock().unwrap());
            }
            if at != stage {
                return None;
            }
            let (who, mut first) = (last.lock().unwrap().clone(), first.lock().unwrap());
            let began = first.iter().find(|(known, _)| *known == who).map_or(minute, |(_, at)| *at);
            if began == minute {
                first.push((who, minute));
            }
            (minute < began + 5).then(|| reply.to_owned())
        };
        let mut town = Town::with(40, connections, greylist);
        let reached = (0..=12).find(|minute| {
            town.tick(*minute);
            town.reached().len() == 40
        });
        assert!(reached.is_some(), "{reply}: {} of 40 are reached", town.reached().len());
        assert!(town.in_state(LetterState::Failed).is_empty());
        town.nothing_came_twice();
    }
}

/// What comes at the greeting or after the dot is no recipient's, and the server is left alone for a while.
#[test]
fn a_server_that_can_not_now_is_left_alone() {
    for (stage, tried) in [(At::Connect, 3), (At::Mail, 3), (At::Dot, 3), (At::Rcpt, 20)] {
        let busy = move |_, at, _: &str| (at == stage).then(|| "451 4.3.2 busy".to_owned());
        let mut town = Town::with(20, 1, busy);
        let delivered = town.tick(0);
        assert_eq!((delivered.put_off, delivered.is_held), (tried, tried == 3), "{stage:?}");
        assert_eq!(town.is_refused(0), None);
    }
}

/// Reminders, also those that are tried again, go before any number of notices.
#[test]
fn due_retries_go_before_notices() {
    let mut town = Town::with(12, 1, |minute, at, line| {
        let is_late = at == At::Rcpt && minute == 0 && ["<s8@", "<s9@"].iter().any(|who| line.contains(who));
        is_late.then(|| "450 4.2.0 later".to_owned())
    });
    town.tick(0);
    assert_eq!(town.reached().len(), 10);
    let office = town.office.clone();
    let now = Town::clock(0).now(&office.settings.timezone);
    let new = town.store.write(move |tx| {
        for year in 2030..2040 {
            office.tell_admin(tx, &service::tell::Notice::HolidayMissing { year }, &now)?;
        }
        Ok::<_, duban::store::Error>(())
    });
    town.runtime.block_on(new).unwrap();
    let before = town.server.received().len();
    town.tick(3);
    let order: Vec<bool> = town.server.received()[before..].iter().map(|r| r.to.contains(ADMIN)).collect();
    assert_eq!(order[..3], [false, false, true], "{order:?}");
}
