//! The mailbox as it changes under the service: every message is acted on, and each once.

use std::{sync::Arc, time::Duration};

use duban::{
    clock::Clock,
    imap::Inbox,
    net::ImapSettings,
    service::desk::incoming::mailbox::{Looked, MailboxError, look_back, read_again, read_mailbox},
    store::{Db, OccurrenceFilter, Store, state},
};
use tokio::runtime::Builder;

use crate::{
    bureau::{Bureau, ROSTER},
    imap::{DONE, LIMITS, MANUAL, settings},
    support::imap_server::{Act, At, Server, say},
};

const OFFICE: &str = "bgs@example.test";
const LAW: &str = "fzk@example.test";

/// A bureau whose two sections have a letter each, and its mailbox.
struct Post {
    bureau: Bureau,
    server: Server,
    settings: ImapSettings,
    hour: u32,
    /// As at the start of the service.
    looks_back: bool,
}

impl Post {
    fn new(server: Server) -> Self {
        let deadline = |id: &str, title: &str, section: &str| {
            format!(
                "[[deadline]]\nid = \"{id}\"\ntitle = \"{title}\"\ndue = \"每年1月30日\"\nsections = [\"{section}\"]\n"
            )
        };
        let plan =
            [ROSTER, &deadline("report", "发布年度报告", "办公室"), &deadline("law", "清理规范性文件", "法制科")];
        let mut bureau = Bureau::with_mailbox(&plan.concat());
        bureau.load("2026-01-01T09:00");
        bureau.tick("2026-01-27T08:30");
        let settings = settings(server.port);
        bureau.office.settings.mailbox.as_mut().unwrap().imap = settings.clone();
        Self { bureau, server, settings, hour: 9, looks_back: false }
    }

    /// A reply to the latest letter of this mailbox, without a Message-ID, all within one second.
    fn nameless(&mut self, from: &str, words: &str) -> String {
        let letter = self.bureau.last_letter_to(from);
        format!(
            "From: {from}\r\nTo: duban@example.test\r\nDate: Tue, 27 Jan 2026 09:00:00 +0800\r\nSubject: Re: x\r\n\
             Content-Type: text/plain; charset=utf-8\r\nIn-Reply-To: <{}>\r\n\r\n{words}\r\n",
            letter.message_id
        )
    }

    fn reply(&mut self, from: &str, words: &str) -> String {
        let rest = self.nameless(from, words);
        format!("Message-ID: <{}.{}@client.test>\r\n{rest}", words.len(), self.hour)
    }

    /// Connects and reads, as the service does, an hour later.
    fn read(&mut self) -> Result<Looked, MailboxError> {
        self.hour += 1;
        let now = format!("2026-01-27T{:02}:00", self.hour);
        let clock = Clock::Fixed(now.parse().unwrap());
        let office = Arc::new(self.bureau.office.clone());
        let store = Store::new(std::mem::replace(&mut self.bureau.db, Db::in_memory().unwrap())).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (settings, looks_back) = (self.settings.clone(), self.looks_back);
        let (looked, db) = runtime.block_on(async {
            let looked = async {
                if looks_back {
                    look_back(&store, &office, &settings, LIMITS, clock).await?;
                }
                read_again(&store, &office, &settings, LIMITS, clock).await?;
                let mut inbox = Inbox::open(&settings, LIMITS).await?;
                let looked = read_mailbox(&store, &office, &mut inbox, clock).await;
                inbox.close().await;
                looked
            };
            (looked.await, store.close(Ok::<_, duban::service::Error>).await.unwrap())
        });
        self.bureau.db = db;
        self.bureau.send(&now);
        looked
    }

    fn looked(&mut self) -> (u32, u32, u32) {
        let looked = self.read().unwrap();
        (looked.done, looked.waits, looked.left_alone)
    }

    /// How many reports were recorded, messages are known, and answers went out.
    fn counts(&mut self) -> (usize, usize, usize) {
        let read = |tx: &duban::store::Tx| {
            let mut reports = 0;
            for occurrence in tx.occurrences(OccurrenceFilter { deadline: None, state: None })? {
                reports += tx.completions(occurrence.id)?.len();
            }
            let answers = tx.outbox(jiff::Timestamp::MIN)?.iter().filter(|l| l.answers().is_some()).count();
            Ok((reports, tx.incoming_list(false, 1000)?.len(), answers))
        };
        self.bureau.db.read(read).unwrap()
    }
}

const STRANGER: &str = "From: who@elsewhere.test\r\nMessage-ID: <s@elsewhere.test>\r\nSubject: x\r\n\r\nhello\r\n";

/// What was filed since the copy that was restored is acted on again: in that database once, and filed as it is now.
#[test]
fn a_restore_reads_again_what_was_filed_since_the_copy() {
    let mut post = Post::new(Server::offering("IDLE MOVE", true, |_, _, _| Act::Fine));
    let copy = post.bureau.folder.path().join("copy.db");
    post.bureau.db.copy_into(&copy, "2026-01-27T01:00:00Z".parse().unwrap()).unwrap();
    for words in ["已办结", "不知道怎么弄"] {
        let reply = post.reply(OFFICE, words);
        post.server.put(0, &reply);
    }
    assert_eq!((post.looked(), post.counts()), ((1, 1, 0), (1, 2, 2)));
    post.bureau.db = Db::open_copy(&copy).unwrap();
    assert_eq!(post.counts(), (0, 0, 0), "the copy knows nothing of it");
    let since = Some("2026-01-27T01:00:00Z".parse().unwrap());
    post.bureau.db.write(|tx| tx.put(state::READ_AGAIN, &since)).unwrap();
    for _ in 0..2 {
        assert_eq!((post.looked(), post.counts()), ((0, 0, 0), (1, 2, 2)));
    }
    assert_eq!((post.server.letters(DONE).len(), post.server.letters(MANUAL).len()), (1, 1));
}

/// A snapshot of the machine is put back: what was filed since then is not known, which the admin is told, once.
#[test]
fn a_database_that_went_back_is_told_by_what_was_filed() {
    let mut post = Post::new(Server::offering("IDLE MOVE", true, |_, _, _| Act::Fine));
    post.looks_back = true;
    assert_eq!(post.looked(), (0, 0, 0));
    let snapshot = post.bureau.folder.path().join("snapshot.db");
    post.bureau.db.copy_into(&snapshot, "2026-01-27T01:00:00Z".parse().unwrap()).unwrap();
    let reply = post.reply(OFFICE, "已办结");
    post.server.put(0, &reply);
    assert_eq!((post.looked(), post.counts()), ((1, 0, 0), (1, 1, 1)));
    let told = |post: &mut Post| {
        let letters = post.bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
        letters.iter().filter(|l| l.subject.as_ref().is_some_and(|s| s.contains("退回去过"))).count()
    };
    assert_eq!((post.looked(), told(&mut post)), ((0, 0, 0), 0), "what is known is no sign");
    post.bureau.db = Db::open_copy(&snapshot).unwrap();
    for _ in 0..2 {
        assert_eq!((post.looked(), post.counts()), ((0, 0, 0), (1, 1, 1)));
        assert_eq!(told(&mut post), 1);
    }
}

/// UIDVALIDITY is renewed, UIDs begin again, and the marks are gone: what lies there is known all the same.
#[test]
fn a_mailbox_that_was_rebuilt() {
    // Where letters are moved, only what is not for us is left; else all of them are.
    for (offers, keywords) in [("IDLE MOVE", true), ("IDLE", true), ("IDLE", false)] {
        let mut post = Post::new(Server::offering(offers, keywords, |_, _, _| Act::Fine));
        post.server.put(0, STRANGER);
        for words in ["已办结", "不知道怎么弄"] {
            let reply = post.reply(OFFICE, words);
            post.server.put(0, &reply);
        }
        assert_eq!(post.looked(), (1, 1, 1), "{offers}");
        assert_eq!(post.counts(), (1, 2, 2), "{offers}");
        post.server.rebuild(8);
        let reply = post.reply(LAW, "已办结");
        post.server.put(0, &reply);
        post.read().unwrap();
        assert_eq!(post.counts(), (2, 3, 3), "{offers}");
        assert_eq!(post.looked(), (0, 0, 0), "{offers}");
        // The same numbers again, under the first UIDVALIDITY.
        post.server.rebuild(7);
        post.read().unwrap();
        assert_eq!(post.counts(), (2, 3, 3), "{offers}");
    }
}

/// UIDs begin again under the same UIDVALIDITY: a new letter has an old letter's number.
#[test]
fn a_mailbox_that_was_rebuilt_in_silence() {
    for offers in ["IDLE MOVE", "IDLE"] {
        let mut post = Post::new(Server::offering(offers, true, |_, _, _| Act::Fine));
        for n in 0..20 {
            post.server.put(0, &STRANGER.replace("<s@", &format!("<{n}@")));
        }
        let reply = post.reply(OFFICE, "已办结");
        post.server.put(0, &reply);
        post.read().unwrap();
        post.server.empty("INBOX");
        post.server.rebuild(7);
        let reply = post.reply(LAW, "已办结");
        post.server.put(0, &reply);
        assert_eq!(post.looked(), (1, 0, 0), "{offers}");
        assert_eq!(post.counts(), (2, 2, 2), "{offers}");
        assert_eq!(post.looked(), (0, 0, 0), "{offers}");
    }
}

/// A server whose UIDNEXT means nothing is not taken for one that numbers anew.
#[test]
fn a_uidnext_that_means_nothing() {
    let select = "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 1] ok\r\n* OK [PERMANENTFLAGS (\\*)] ok\r\n{tag} OK done";
    let mut post = Post::new(Server::start(move |at, _, _| if at == At::Select { say(select) } else { Act::Fine }));
    post.server.put(0, STRANGER);
    post.server.put(0, &STRANGER.replace("<s@", "<t@"));
    assert_eq!(post.looked(), (0, 0, 2));
    assert_eq!(post.looked(), (0, 0, 0));
}

/// Without a Message-ID, all of it together tells two replies of one second apart.
#[test]
fn two_replies_of_one_second_without_a_name() {
    let mut post = Post::new(Server::start(|_, _, _| Act::Fine));
    let (done, back) = (post.nameless(OFFICE, "已办结"), post.nameless(OFFICE, "撤回"));
    let other = post.nameless(LAW, "已办结");
    // And one of them comes twice, as when a server was not sure that it had delivered it.
    for message in [&done, &other, &back, &done] {
        post.server.put(0, message);
    }
    assert_eq!(post.looked(), (4, 0, 0));
    let (_, known, answers) = post.counts();
    assert_eq!((known, answers), (3, 3));
    let state = |post: &mut Post, id| {
        let filter = OccurrenceFilter { deadline: Some(id), state: None };
        let occurrences = post.bureau.db.read(|tx| tx.occurrences(filter)).unwrap();
        occurrences[0].state
    };
    use duban::domain::occurrence::State;
    assert_eq!(state(&mut post, "report"), State::Open, "what was taken back stays taken back");
    assert_eq!(state(&mut post, "law"), State::Done);
}

/// A person tidies up: empties 已处理, renames it, deletes it, moves what lay there to the inbox.
#[test]
fn folders_that_a_person_tidies_up() {
    for offers in ["IDLE MOVE", "IDLE"] {
        let mut post = Post::new(Server::offering(offers, true, |_, _, _| Act::Fine));
        let reply = post.reply(OFFICE, "已办结");
        post.server.put(0, &reply);
        assert_eq!(post.looked(), (1, 0, 0));
        post.server.put_back(DONE);
        assert_eq!(post.looked(), (1, 0, 0), "it is filed again");
        assert_eq!(post.counts(), (1, 1, 1));
        post.server.empty(DONE);
        post.server.rename(DONE, "2025");
        post.server.rename(MANUAL, "2025x");
        for words in ["不知道怎么弄", "已办结"] {
            let reply = post.reply(LAW, words);
            post.server.put(0, &reply);
        }
        assert_eq!(post.looked(), (1, 1, 0));
        assert_eq!(post.counts(), (2, 3, 3));
        assert_eq!((post.server.letters(DONE).len(), post.server.letters(MANUAL).len()), (1, 1));
        assert!(post.server.letters("2025").is_empty());
    }
}

/// They are renamed while the mailbox is open.
#[tokio::test]
async fn folders_that_are_renamed_meanwhile() {
    let server = Server::start(|_, _, _| Act::Fine);
    let mut settings = settings(server.port);
    settings.folder = "replies".to_owned();
    let folder = server.make("replies");
    let uid = server.put(folder, STRANGER);
    let mut inbox = Inbox::open(&settings, LIMITS).await.unwrap();
    server.rename(DONE, "2025");
    inbox.file(uid, duban::imap::Filed::Done).await.unwrap();
    assert_eq!(server.letters(DONE).len(), 1);
    assert_eq!(inbox.list(1).await.unwrap(), []);
    // Mail comes to another folder of the same name now. The old one is still open, and quiet.
    server.rename("replies", "replies of 2025");
    let folder = server.make("replies");
    server.put(folder, STRANGER);
    let mut inbox = inbox.wait(Duration::from_millis(700)).await.unwrap();
    assert_eq!(inbox.list(1).await.unwrap().len(), 1);
    // Nobody has made another: that is said.
    server.rename("replies", "replies of 2026");
    let error = inbox.wait(Duration::from_millis(700)).await.unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("打不开文件夹“replies”"), "{error}");
    // Another has other numbers: the UIDs that are known name other letters.
    server.make("replies");
    let mut inbox = Inbox::open(&settings, LIMITS).await.unwrap();
    assert_eq!(inbox.list(1).await.unwrap(), []);
    server.rebuild(8);
    let error = inbox.wait(Duration::from_millis(700)).await.unwrap_err();
    assert!(!error.is_settings() && error.to_string().contains("重新编了号"), "{error}");
}

/// IDLE that the server ends, forgets, or tells nothing by: the folder is looked at all the same.
#[tokio::test]
async fn an_idle_that_is_lost() {
    for (name, act) in [
        ("ended at once", say("+ idling\r\n{tag} OK idle is over")),
        ("ended as refused", say("+ idling\r\n{tag} NO too many idle")),
        ("silent", Act::Fine),
    ] {
        let server = Server::start(move |at, _, _| if at == At::Idle { act.clone() } else { Act::Fine });
        let mut inbox = Inbox::open(&settings(server.port), LIMITS).await.unwrap();
        inbox.list(1).await.unwrap();
        server.put(0, STRANGER);
        let mut inbox = inbox.wait(Duration::from_secs(2)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(inbox.list(1).await.unwrap().len(), 1, "{name}");
        let idles = server.commands().iter().filter(|c| c.ends_with(" IDLE")).count();
        assert!(idles <= if name == "silent" { 4 } else { 1 }, "{name}: {idles}");
        // And a letter that comes later is not slept over either.
        server.put(0, STRANGER);
        let mut inbox = inbox.wait(Duration::from_secs(2)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(inbox.list(1).await.unwrap().len(), 2, "{name}");
    }
}

/// An error, and the next connection reads what came.
#[test]
fn a_line_that_is_cut_within_idle() {
    for act in [Act::SayAndDrop(b"+ idling\r\n* BYE idled too long\r\n".to_vec()), Act::Drop, Act::Stall] {
        let mut post = Post::new(Server::start(move |at, _, _| if at == At::Idle { act.clone() } else { Act::Fine }));
        let settings = post.settings.clone();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(async {
            let mut inbox = Inbox::open(&settings, LIMITS).await.unwrap();
            inbox.list(1).await.unwrap();
            inbox.wait(Duration::from_secs(20)).await.unwrap_err()
        });
        assert!(!error.is_settings(), "{error}");
        let reply = post.reply(OFFICE, "已办结");
        post.server.put(0, &reply);
        assert_eq!((post.looked(), post.looked()), ((1, 0, 0), (0, 0, 0)));
        assert_eq!(post.counts(), (1, 1, 1));
    }
}
