//! Years in a world that goes wrong everywhere, from a seed: servers that fail, crashes between any two effects,
//! people who report, edits, notices that come late, clocks that are set. After each run the promises are checked
//! against what the server and the people saw, by a reading of the rules that knows nothing of the planner.
//!
//! `WORLDS=1000000 cargo test --profile tests --test rust world::` runs so many, `WORLDS=2000..12000` these; `WORLD=17` runs
//! one again, exactly.

mod naive;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    ops::Range,
    sync::Mutex,
    thread,
};

use duban::store::{Db, LetterRow, LetterState, NoteKind};
use duban::{
    domain::{Date, refusal::Stage, retry::Outcome},
    service::{
        course::{
            start::{By, Started, start},
            sweep::{sweep, tell_of_stuck_letters},
        },
        desk::report::{self, Report},
    },
};
use jiff::{
    Span,
    civil::{DateTime, date},
};
use naive::{Days, Form, Redo, step};

use crate::bureau::{Bureau, decoded, root};

const START: Date = date(2025, 3, 3);
const END: Date = date(2026, 6, 30);
const ADMIN: &str = "admin@example.test";
/// When the world is looked at, each day.
const HOURS: [&str; 10] = ["08:30", "08:47", "09:40", "11:05", "12:20", "13:35", "14:50", "16:05", "17:20", "17:55"];

/// What a server that refuses everybody says, and where.
const REFUSALS: [(Stage, &str); 6] = [
    (Stage::Rcpt, "554 5.7.1 Client host [10.1.1.1] blocked using zen.spamhaus.org"),
    (Stage::Rcpt, "550 Access denied"),
    (Stage::Rcpt, "550 5.7.23 The message was rejected because of SPF policy"),
    (Stage::Mail, "551 Main account unavailable"),
    (Stage::Letter, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
    (Stage::Letter, "554 5.7.1 Command rejected"),
];

/// Splitmix64: the same seed, the same world.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Duty {
    id: usize,
    /// How often it got another id.
    renamed: u32,
    form: Form,
    sections: Vec<usize>,
    is_off: bool,
    /// Its wording has been so since.
    since: Date,
}

/// A letter that the server took.
#[derive(Clone, Debug)]
struct Taken {
    on: Date,
    mailbox: String,
    message_id: String,
    /// Duty and period.
    items: BTreeSet<(usize, String)>,
    /// 更正 or 代转 stands in it.
    is_special: bool,
    /// We did not come to know that it was taken.
    is_unknown: bool,
}

/// Moods of the mail server, by a chance of their own: the rest of the world is as it was before them.
struct MailServer {
    chance: Chance,
    refuses_all: Option<(Stage, &'static str)>,
    /// When each recipient was first tried; for five minutes nothing is taken for him.
    greylist: Option<BTreeMap<String, DateTime>>,
}

impl MailServer {
    /// Gives what began.
    fn changes(&mut self) -> Option<&'static str> {
        if self.refuses_all.is_some() {
            if self.chance.one_in(8) {
                self.refuses_all = None;
            }
        } else if self.chance.one_in(150) {
            self.refuses_all = Some(*self.chance.of(&REFUSALS));
            return Some("server refuses all");
        }
        if self.greylist.is_some() {
            if self.chance.one_in(40) {
                self.greylist = None;
            }
        } else if self.chance.one_in(200) {
            self.greylist = Some(BTreeMap::new());
            return Some("greylisting begun");
        }
        None
    }

    /// What it answers whoever is written to.
    fn says(&mut self, mailbox: &str, now: &str) -> Option<Outcome> {
        if let Some((stage, reply)) = self.refuses_all {
            return Some(Outcome::refused(stage, reply));
        }
        let now: DateTime = now.parse().unwrap();
        let first = *self.greylist.as_mut()?.entry(mailbox.to_owned()).or_insert(now);
        let is_late = now < first.saturating_add(Span::new().minutes(5));
        is_late.then(|| Outcome::refused(Stage::Rcpt, "450 4.2.0 Recipient address rejected: Greylisted"))
    }
}

struct World {
    seed: u64,
    chance: Chance,
    bureau: Bureau,
    duties: Vec<Duty>,
    mailboxes: Vec<String>,
    /// How often each section got another name.
    names: [u32; 3],
    /// When a section got the mailbox that it has.
    moved_in: Vec<Date>,
    /// Mailboxes that the server refuses for good.
    refused: BTreeSet<String>,
    known: Vec<i16>,
    data_since: Date,
    is_down: bool,
    server: MailServer,
    taken: Vec<Taken>,
    /// Closed occurrences.
    done: BTreeSet<(usize, String)>,
    /// 材料已报: of what, by which section that helps.
    handed_in: BTreeSet<((usize, String), usize)>,
    ever_done: BTreeSet<(usize, String)>,
    /// When which report was taken back.
    reopened: BTreeSet<((usize, String), Date)>,
    /// When what is done was reported, and every time that such a report was taken back on a later day.
    reported_on: BTreeMap<(usize, String), Date>,
    redone: BTreeMap<(usize, String), Vec<Redo>>,
    wrong: Vec<String>,
    tally: BTreeMap<&'static str, u64>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut duties = Vec::new();
        for id in 0..5 {
            let form = any_form(&mut chance);
            duties.push(Duty { id, renamed: 0, form, sections: vec![], is_off: false, since: START });
            // The first section leads every second duty, the others help.
            duties[id].sections = (0..3).filter(|_| chance.one_in(2)).collect();
            if duties[id].sections.is_empty() {
                duties[id].sections.push(id % 3);
            }
        }
        let mailboxes: Vec<String> = (0..3).map(|n| format!("s{n}.0@example.test")).collect();
        let mut bureau = Bureau::with_mailbox(&wording(&duties, &[0; 3], &mailboxes));
        // The notice for 2026 comes out in November at the earliest.
        fs::remove_file(bureau.folder.path().join("holidays/2026.toml")).unwrap();
        // The link keys lie beside the database.
        fs::create_dir_all(bureau.folder.path().join("var")).unwrap();
        let links = bureau.office.links.clone();
        bureau.edit(&wording(&duties, &[0; 3], &mailboxes), &format!("{START}T08:00"));
        bureau.office.links = links;
        Self {
            seed,
            chance,
            bureau,
            duties,
            moved_in: vec![START; 3],
            mailboxes,
            names: [0; 3],
            refused: BTreeSet::new(),
            known: vec![2025],
            data_since: START,
            is_down: false,
            server: MailServer { chance: Chance(!seed), refuses_all: None, greylist: None },
            taken: Vec::new(),
            done: BTreeSet::new(),
            handed_in: BTreeSet::new(),
            ever_done: BTreeSet::new(),
            reopened: BTreeSet::new(),
            reported_on: BTreeMap::new(),
            redone: BTreeMap::new(),
            wrong: Vec::new(),
            tally: BTreeMap::new(),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn run(&mut self) {
        let mut day = START;
        while day <= END {
            self.live(day);
            day = step(day, 1);
        }
        self.nothing_twice();
    }

    /// One day: troubles come and go, people act, duban wakes, and on calm afternoons nothing may be missing.
    fn live(&mut self, day: Date) {
        self.is_down = self.chance.one_in(if self.is_down { 2 } else { 15 });
        // A machine that is off for days, and comes back as after a crash.
        if self.chance.one_in(40) {
            self.count("days of downtime");
            return self.restart(&format!("{day}T23:00"));
        }
        let is_calm = self.chance.one_in(4);
        for hour in HOURS {
            let mut now = format!("{day}T{hour}");
            if self.chance.one_in(30) {
                // The clock is set back, within what the daemon believes.
                let back = i64::try_from(self.chance.below(50)).unwrap();
                now = earlier(&now, back);
                self.count("clock set back");
            }
            if !is_calm || hour < "11:00" {
                self.something_happens(day, &now);
                if let Some(begun) = self.server.changes() {
                    self.count(begun);
                }
            } else {
                self.is_down = false;
                (self.server.refuses_all, self.server.greylist) = (None, None);
            }
            self.tick(&now, is_calm && hour >= "11:00");
        }
        // Pauses between attempts are an hour and some at most: less than a calm afternoon.
        if is_calm && Days::of(&self.known).works(day) {
            self.nothing_missing(day);
        }
    }

    fn something_happens(&mut self, day: Date, now: &str) {
        match self.chance.below(300) {
            0 => self.edit(day, now),
            1 => self.broken_edit(now),
            26 => self.half_a_file(now),
            27 => self.reword(now),
            28 => self.rename(now),
            2..=5 => self.restart(now),
            6..=15 => self.report(day, now, false),
            16..=18 => self.report(day, now, true),
            19..=24 => self.reply(now),
            25 => {
                let mailbox = self.chance.of(&self.mailboxes).clone();
                if !self.refused.remove(&mailbox) {
                    self.refused.insert(mailbox);
                }
            }
            29 => self.holidays_come_and_go(now),
            // It takes as long as all else that happens in half a month.
            30 if self.chance.one_in(12) => self.swapped_file(now),
            31..=36 => self.hand_in(day, now),
            _ => {}
        }
        if !self.known.contains(&2026) && day > date(2025, 11, 4) && self.chance.one_in(300) {
            let target = self.bureau.folder.path().join("holidays/2026.toml");
            fs::copy(root().join("config/holidays/2026.toml"), target).unwrap();
            self.known.push(2026);
            self.data_since = day;
            self.put_in_force(now);
            self.count("notices that came late");
        }
    }

    fn put_in_force(&mut self, now: &str) {
        let links = self.bureau.office.links.clone();
        self.bureau.edit(&self.wording(), now);
        self.bureau.office.links = links;
    }

    fn wording(&self) -> String {
        wording(&self.duties, &self.names, &self.mailboxes)
    }

    /// What stands in the file now, as the service takes it.
    fn reload(&mut self, now: &str) -> Started {
        let (moment, before) = (self.bureau.at_time(now), self.bureau.office.clone());
        let path = self.bureau.folder.path().join("duban.toml");
        let read = duban::config::load(&path, &BTreeMap::new()).map_err(|findings| findings.to_string());
        let by = By::Reload { before: &before, is_asked: false };
        let started = start(&mut self.bureau.db, read, &before.settings, &BTreeMap::new(), by, &moment).unwrap();
        self.bureau.office = started.office.clone();
        self.bureau.office.links = before.links;
        started
    }

    /// An upload stalls, is perhaps taken as it is, and goes on: nothing comes of it.
    fn half_a_file(&mut self, now: &str) {
        let path = self.bureau.folder.path().join("deadlines.toml");
        let left = usize::try_from(self.chance.below(5)).unwrap();
        if left == 0 {
            return;
        }
        fs::write(&path, wording(&self.duties[..left], &self.names, &self.mailboxes)).unwrap();
        let waits = self.reload(now).waits_until.is_some();
        self.count(if waits { "half files that waited" } else { "half files" });
        let all = std::mem::take(&mut self.duties);
        self.duties = all[..left].to_vec();
        self.tick(now, false);
        self.duties = all;
        fs::write(&path, self.wording()).unwrap();
        assert_eq!(self.reload(now).refused, None);
        self.bureau.deadlines = self.bureau.db.read(|tx| tx.deadlines_in_force()).unwrap();
    }

    /// The same dates in other words: what was said and done stands, under other labels.
    fn reword(&mut self, now: &str) {
        let n = usize::try_from(self.chance.below(5)).unwrap();
        let (old, new) = (self.duties[n].form, self.duties[n].form.reworded());
        if old == new {
            return;
        }
        self.count("reworded rules");
        self.relabel(n, old, new);
        self.duties[n].form = new;
        self.put_in_force(now);
    }

    /// What was said of a date, and done by it, stands, whatever it is called now.
    fn relabel(&mut self, n: usize, old: Form, new: Form) {
        let label = relabelled(old, new);
        let of = |item: &(usize, String)| match label.get(&item.1) {
            Some(label) if item.0 == n => (n, label.clone()),
            _ => item.clone(),
        };
        for items in [&mut self.done, &mut self.ever_done] {
            *items = items.iter().map(of).collect();
        }
        self.handed_in = self.handed_in.iter().map(|(item, section)| (of(item), *section)).collect();
        self.reported_on = self.reported_on.iter().map(|(item, on)| (of(item), *on)).collect();
        self.redone = self.redone.iter().map(|(item, redo)| (of(item), redo.clone())).collect();
        self.reopened = self.reopened.iter().map(|(item, on)| (of(item), *on)).collect();
        for taken in &mut self.taken {
            taken.items = taken.items.iter().map(of).collect();
        }
    }

    /// A deadline gets another id, or a section another name.
    fn rename(&mut self, now: &str) {
        self.count("renames");
        match usize::try_from(self.chance.below(8)).unwrap() {
            n @ 0..5 => self.duties[n].renamed += 1,
            n => self.names[n - 5] += 1,
        }
        self.put_in_force(now);
    }

    fn edit(&mut self, day: Date, now: &str) {
        self.count("edits");
        let n = usize::try_from(self.chance.below(5)).unwrap();
        match self.chance.below(4) {
            0 => {
                let old = std::mem::replace(&mut self.duties[n].form, any_form(&mut self.chance));
                self.relabel(n, old, self.duties[n].form);
            }
            1 => self.duties[n].is_off = !self.duties[n].is_off,
            2 => {
                let section = n % 3;
                self.mailboxes[section] = format!("s{section}.{}@example.test", self.chance.below(9));
                self.moved_in[section] = day;
            }
            _ => {
                let section = n % 3;
                if !self.duties[n].sections.contains(&section) {
                    self.duties[n].sections.push(section);
                }
            }
        }
        self.duties[n].since = day;
        self.put_in_force(now);
    }

    /// The file of a known year vanishes, or comes back: nothing changes.
    fn holidays_come_and_go(&mut self, now: &str) {
        self.count("notices that vanished or came back");
        let year = *self.chance.of(&self.known);
        let name = format!("holidays/{year}.toml");
        let (file, shipped) = (self.bureau.folder.path().join(&name), root().join("config").join(&name));
        if file.exists() {
            fs::remove_file(file).unwrap();
        } else {
            fs::copy(shipped, file).unwrap();
        }
        self.put_in_force(now);
    }

    /// What does not check changes nothing.
    fn broken_edit(&mut self, now: &str) {
        self.count("broken edits");
        let path = self.bureau.folder.path().join("deadlines.toml");
        fs::write(&path, self.wording().replace("due = \"", "due = \"适时")).unwrap();
        let before = self.bureau.db.read(|tx| tx.deadlines_in_force()).unwrap();
        assert!(self.reload(now).refused.is_some());
        assert_eq!(self.bureau.db.read(|tx| tx.deadlines_in_force()).unwrap(), before);
        fs::write(&path, self.wording()).unwrap();
    }

    /// A copy is renamed over the database that the service holds open: from then on it sends nothing and notes
    /// nothing, in whatever state it is. What starts afterwards goes on with the copy, which is what was held.
    fn swapped_file(&mut self, now: &str) {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("duban.db"), folder.path().join("copy.db"));
        let moment = self.bureau.at_time(now);
        let is_owed = self.bureau.db.read(|tx| tx.is_owed()).unwrap();
        self.bureau.db.copy_into(&path, moment.at).unwrap();
        let mut held = Db::open(&path).unwrap();
        held.copy_into(&copy, moment.at).unwrap();
        fs::rename(&copy, &path).unwrap();
        let in_memory = std::mem::replace(&mut self.bureau.db, held);

        assert!(sweep(&mut self.bureau.db, &self.bureau.office, &moment).is_err());
        let mut handed_over = 0;
        let ended = self.bureau.try_round(now, |_, _| {
            handed_over += 1;
            Some(Outcome::Accepted { reply: "250 ok".into() })
        });
        if handed_over > 0 || is_owed && ended.is_ok() {
            self.wrong.push(format!("{now} {handed_over} letters go from a database that nobody will find"));
        }
        self.bureau.db = in_memory;
        let outbox = |db: &mut Db| {
            let letters = db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
            letters.into_iter().map(|l| (l.id, l.state, l.mailbox)).collect::<Vec<_>>()
        };
        assert_eq!(outbox(&mut Db::open(&path).unwrap()), outbox(&mut self.bureau.db));
        self.count("swapped files");
        self.restart(now);
    }

    /// As after SIGKILL: what was begun is left as it stands.
    fn restart(&mut self, now: &str) {
        self.count("restarts");
        self.bureau.load(now);
    }

    fn report(&mut self, day: Date, now: &str, takes_back: bool) {
        let Some((duty, period)) = self.any_occurrence(day) else { return };
        let report = Report {
            deadline: self.duties[duty].name(),
            period: Some(period.clone()),
            by: "张三".into(),
            ..Report::default()
        };
        let moment = self.bureau.at_time(now);
        let act = if takes_back { report::reopen } else { report::done };
        match act(&mut self.bureau.db, &self.bureau.office, &report, &moment) {
            Ok(reported) if reported.is_closed => self.close((duty, period), day),
            Ok(_) => {
                self.reopened.insert(((duty, period.clone()), day));
                let item = (duty, period);
                self.done.remove(&item);
                if self.reported_on.remove(&item).is_some_and(|reported| reported < day) {
                    let redo = Days::of(&self.known).redo(day);
                    self.redone.entry(item).or_default().push(redo);
                }
                self.count("taken back");
            }
            // Done before, or not begun: a person may say anything.
            Err(_) => {}
        }
    }

    /// Half a file may lack the duty.
    fn helps(&self, (duty, _): &(usize, String), section: usize) -> bool {
        self.duties.get(*duty).is_some_and(|duty| duty.helps(section))
    }

    /// Who helps has handed in, or only tells how far it is.
    fn hand_in(&mut self, day: Date, now: &str) {
        let Some((duty, period)) = self.any_occurrence(day) else { return };
        let section = usize::try_from(self.chance.below(3)).unwrap();
        let report = Report {
            deadline: self.duties[duty].name(),
            period: Some(period.clone()),
            section: Some(name("科室", section, self.names[section])),
            by: "李四".into(),
            note: "材料收齐".into(),
            ..Report::default()
        };
        let moment = self.bureau.at_time(now);
        let kind = *self.chance.of(&[NoteKind::HandedIn, NoteKind::Progress, NoteKind::Seen]);
        let helps = self.duties[duty].helps(section);
        match report::tell(&mut self.bureau.db, &self.bureau.office, &report, kind, &moment) {
            Ok(_) if kind == NoteKind::HandedIn && !helps => {
                self.wrong.push(format!("{now} section {section} leads {duty} and has handed in"));
            }
            Ok(_) if kind == NoteKind::HandedIn => {
                self.count("handed in");
                self.handed_in.insert(((duty, period), section));
            }
            Ok(_) => self.count("words in between"),
            // Done before, not begun, or none of theirs.
            Err(_) => {}
        }
    }

    fn close(&mut self, item: (usize, String), day: Date) {
        self.count("reported");
        self.reported_on.entry(item.clone()).or_insert(day);
        self.ever_done.insert(item.clone());
        self.done.insert(item);
    }

    fn any_occurrence(&mut self, day: Date) -> Option<(usize, String)> {
        let duty = self.chance.of(&self.duties).clone();
        let dues = duty.form.dues(step(day, -20), step(day, 40));
        if dues.is_empty() || duty.is_off {
            return None;
        }
        Some((duty.id, self.chance.of(&dues).1.clone()))
    }

    /// A clerk answers the latest letter to his mailbox: all of it is done.
    fn reply(&mut self, now: &str) {
        let mailbox = self.chance.of(&self.mailboxes).clone();
        let Some(taken) = self.taken.iter().rev().find(|t| t.mailbox == mailbox).cloned() else { return };
        let section = section_of(&mailbox);
        let helps = |item: &(usize, String)| section.is_some_and(|section| self.helps(item, section));
        let only_helps = taken.items.iter().all(helps);
        let words = match (taken.items.len() > 1, only_helps) {
            (true, false) => "全部已办结",
            (false, false) => "已办结",
            (true, true) => "全部材料已报",
            (false, true) => "材料已报",
        };
        let message = format!(
            "From: {mailbox}\r\nMessage-ID: <{}@c>\r\nIn-Reply-To: <{}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n",
            self.chance.next(),
            taken.message_id
        );
        self.bureau.comes_in(&message, now);
        let last = self.bureau.db.read(|tx| tx.incoming_list(false, 1)).unwrap().pop().unwrap();
        if last.outcome == "recorded" {
            for item in taken.items {
                match section.filter(|section| self.helps(&item, *section)) {
                    // 全部已办结 is said of what the section answers for.
                    Some(_) if !only_helps => {}
                    Some(section) => {
                        self.count("handed in");
                        self.handed_in.insert((item, section));
                    }
                    None => self.close(item, now[..10].parse().unwrap()),
                }
            }
        }
    }

    /// One wake-up. Without faults where the afternoon is calm.
    fn tick(&mut self, now: &str, is_calm: bool) {
        self.bureau.sweep(now);
        let refuses_all = self.server.refuses_all.is_some();
        let given_up_before = if refuses_all { given_up(&mut self.bureau) } else { 0 };
        self.bureau.admin_passes = Some(!refuses_all);
        let Self { bureau, chance, refused, is_down, server, .. } = self;
        let (mut seen, mut put_off) = (Vec::new(), BTreeMap::new());
        let lives = bureau.round(now, |letter, message| {
            let fault = if is_calm { 99 } else { chance.below(40) };
            let ok = || Outcome::Accepted { reply: "250 ok".into() };
            let later = || Outcome::Temporary { reply: "451 later".into() };
            let lost = || Outcome::Unknown { reply: "no answer".into() };
            let (takes, outcome) = match fault {
                _ if *is_down => (false, Some(later())),
                _ if let Some(says) = server.says(&letter.mailbox, now) => {
                    let what = if says.name() == "deferred" { "greylisted" } else { "refused with all" };
                    *put_off.entry(what).or_insert(0) += 1;
                    (false, Some(says))
                }
                _ if refused.contains(&letter.mailbox) => {
                    (false, Some(Outcome::refused(Stage::Rcpt, "550 5.1.1 no such user")))
                }
                0 => (false, None),
                1 => (true, None),
                2 => (true, Some(lost())),
                3 => (false, Some(lost())),
                4 => (false, Some(later())),
                _ => (true, Some(ok())),
            };
            let is_unknown = !matches!(outcome, Some(Outcome::Accepted { .. }));
            seen.push((letter.clone(), decoded(message), takes, is_unknown));
            outcome
        });
        for (what, n) in put_off {
            *self.tally.entry(what).or_default() += n;
        }
        if refuses_all && !self.is_down && given_up(&mut self.bureau) > given_up_before {
            self.wrong.push(format!("{now} a letter is given up, and the server refuses everybody"));
        }
        for (letter, text, takes, is_unknown) in seen {
            self.hand_over(letter, &text, now, takes, is_unknown);
        }
        if !lives {
            self.count("crashes while sending");
            return self.restart(now);
        }
        let moment = self.bureau.at_time(now);
        tell_of_stuck_letters(&mut self.bureau.db, &self.bureau.office, &moment).unwrap();
    }

    /// The server sees the letter; it may take it.
    fn hand_over(&mut self, letter: LetterRow, text: &str, now: &str, takes: bool, is_unknown: bool) {
        self.count("handed over");
        if letter.notice.is_some() {
            return;
        }
        let items = items_in(text);
        for item in items.iter().filter(|item| self.done.contains(item)) {
            self.wrong.push(format!("{now} {} is told of {item:?}, which is done", letter.mailbox));
        }
        for item in &items {
            let has_handed_in =
                |section: &usize| self.helps(item, *section) && self.handed_in.contains(&(item.clone(), *section));
            if section_of(&letter.mailbox).filter(has_handed_in).is_some() {
                self.wrong.push(format!("{now} {} is told of {item:?}, for which it has handed in", letter.mailbox));
            }
        }
        if takes {
            self.count("taken");
            let on = now[..10].parse().unwrap();
            let is_special = text.contains("更正：") || text.contains("代转：");
            let LetterRow { mailbox, message_id, .. } = letter;
            self.taken.push(Taken { on, mailbox, message_id, items, is_special, is_unknown });
        }
    }

    /// Promise 1: on a calm afternoon whoever answers for what is open has heard its latest word, or the admin has.
    fn nothing_missing(&mut self, day: Date) {
        let known = Days::of(&self.known);
        for duty in self.duties.clone().iter().filter(|d| !d.is_off) {
            let dues = duty.form.dues(step(day, -80), step(day, 60));
            for (n, (due, period)) in dues.iter().enumerate() {
                let next = dues.get(n + 1).map(|(next, _)| *next);
                let item = (duty.id, period.clone());
                let redo = self.redone.get(&item).and_then(|all| all.last().copied());
                let next = next.map(|next| redo.map_or(next, |redo| next.max(redo.by)));
                let days = duty.form.days(&known, *due, next, redo);
                let first = *days.first().unwrap();
                let is_silent = next.is_some_and(|next| day > next);
                // What was edited, or worked out anew, while it was being said has its own rules (更正).
                let is_steady = duty.since < step(first, -2) && self.data_since < step(first, -40);
                if is_silent || !is_steady || *due < duty.since || self.done.contains(&item) {
                    continue;
                }
                for section in &duty.sections {
                    let helps = duty.helps(*section);
                    // What is overdue is said to the lead alone.
                    let until = if helps { day.min(known.back_to_work(*due)) } else { day };
                    let Some(latest) = days.range(..=until).next_back().copied() else { continue };
                    if helps && self.handed_in.contains(&(item.clone(), *section)) {
                        continue;
                    }
                    let mailbox = &self.mailboxes[*section];
                    let is_told = |t: &Taken| t.on >= latest && t.on <= day && t.items.contains(&item);
                    let heard =
                        self.taken.iter().rev().any(|t| is_told(t) && (t.mailbox == *mailbox || t.mailbox == ADMIN));
                    if !heard && self.moved_in[*section] < latest {
                        let what =
                            format!("{day} {mailbox} was not told of {item:?}, due {due}, to be said on {latest}");
                        self.wrong.push(what);
                    }
                    *self.tally.entry("words looked for").or_default() += 1;
                }
            }
        }
    }

    /// Promise 2: the same Message-ID comes twice only where we did not know; another one only for another word.
    fn nothing_twice(&mut self) {
        let known = Days::of(&self.known);
        let mut last: BTreeMap<(String, (usize, String)), Taken> = BTreeMap::new();
        for taken in self.taken.clone() {
            for item in &taken.items {
                let key = (taken.mailbox.clone(), item.clone());
                let Some(before) = last.insert(key, taken.clone()) else { continue };
                let duty = &self.duties[item.0];
                if before.message_id == taken.message_id {
                    if !before.is_unknown {
                        self.wrong.push(format!("{} came twice to {}", taken.message_id, taken.mailbox));
                    }
                    self.count("second copies");
                    continue;
                }
                // The wording or the days have changed between, or it is a correction, or several sections' word.
                let is_edited = duty.since >= step(before.on, -45) || self.data_since >= step(before.on, -45);
                // Nobody knows whether it was heard, it was reported, and taken back: it is said again, and has to be. Its
                // letter says that it was taken back; under the old Message-ID a mail system might hide that.
                let between = (item.clone(), before.on)..=(item.clone(), taken.on);
                let is_taken_back = before.is_unknown && self.reopened.range(between).next().is_some();
                if is_edited || is_taken_back || taken.is_special || before.is_special || taken.mailbox == ADMIN {
                    continue;
                }
                let dues = duty.form.dues(step(taken.on, -120), step(taken.on, 60));
                let Some((due, _)) = dues.iter().find(|(_, period)| *period == item.1) else { continue };
                let redone = self.redone.get(item).into_iter().flatten().copied().map(Some);
                let mut days: BTreeSet<Date> =
                    redone.chain([None]).flat_map(|redo| duty.form.days(&known, *due, None, redo)).collect();
                if section_of(&taken.mailbox).is_some_and(|section| duty.helps(section)) {
                    days.retain(|day| *day <= known.back_to_work(*due));
                }
                if days.range(step(before.on, 1)..=taken.on).next().is_none() {
                    let what = format!(
                        "{} heard of {item:?} on {} and on {}, with no new word",
                        taken.mailbox, before.on, taken.on
                    );
                    self.wrong.push(what);
                }
            }
        }
    }
}

/// How many letters were given up without being refused between others that were taken.
fn given_up(bureau: &mut Bureau) -> usize {
    let count = bureau.db.read(|tx| {
        let mut count = 0;
        for letter in tx.outbox(jiff::Timestamp::MAX)?.iter().filter(|l| l.state == LetterState::Failed) {
            count += usize::from(tx.refusals(letter.id)?.len() < 3);
        }
        Ok(count)
    });
    count.unwrap()
}

/// `s2.7@example.test` is the third section's.
fn section_of(mailbox: &str) -> Option<usize> {
    mailbox.strip_prefix('s')?.split('.').next()?.parse().ok()
}

impl Duty {
    fn lead(&self) -> Option<usize> {
        self.sections.first().copied().filter(|_| self.id.is_multiple_of(2) && self.sections.len() > 1)
    }

    /// Whether the section only helps with it.
    fn helps(&self, section: usize) -> bool {
        self.sections.contains(&section) && self.lead().is_some_and(|lead| lead != section)
    }

    fn name(&self) -> String {
        name("k", self.id, self.renamed)
    }
}

fn name(head: &str, n: usize, renamed: u32) -> String {
    if renamed == 0 { format!("{head}{n}") } else { format!("{head}{n}-{renamed}") }
}

/// What one form calls a date, and what the other does.
fn relabelled(old: Form, new: Form) -> BTreeMap<String, String> {
    let dues = |form: Form| form.dues(step(START, -400), step(END, 400));
    let labels: BTreeMap<Date, String> = dues(new).into_iter().collect();
    dues(old).into_iter().filter_map(|(due, label)| Some((label, labels.get(&due)?.clone()))).collect()
}

fn any_form(chance: &mut Chance) -> Form {
    let day = i8::try_from(chance.below(28) + 1).unwrap();
    match chance.below(3) {
        0 => Form::Yearly { month: i8::try_from(chance.below(12) + 1).unwrap(), day, is_rule: false },
        1 => Form::Quarterly { day },
        _ => Form::Monthly { day, is_rule: false },
    }
}

fn wording(duties: &[Duty], names: &[u32; 3], mailboxes: &[String]) -> String {
    let mut text = String::new();
    let was = |head: &str, n: usize, renamed: u32| match renamed {
        0 => String::new(),
        _ => format!("was = \"{}\"\n", name(head, n, renamed - 1)),
    };
    for (n, mailbox) in mailboxes.iter().enumerate() {
        let (name, was) = (name("科室", n, names[n]), was("科室", n, names[n]));
        let _ = write!(text, "[[section]]\nname = \"{name}\"\n{was}email = [\"{mailbox}\"]\n");
    }
    for duty in duties {
        let sections: Vec<String> =
            duty.sections.iter().map(|n| format!("\"{}\"", name("科室", *n, names[*n]))).collect();
        let lead = duty.lead().map(|n| format!("lead = \"{}\"\n", name("科室", n, names[n]))).unwrap_or_default();
        let _ = write!(
            text,
            "[[deadline]]\nid = \"{}\"\n{}title = \"K{}/{{period}}#\"\ndue = \"{}\"\nsections = [{}]\n{lead}off = {}\n",
            duty.name(),
            was("k", duty.id, duty.renamed),
            duty.id,
            duty.form.words(),
            sections.join(", "),
            duty.is_off
        );
    }
    text
}

/// `K3/2026-Q1#`, wherever it stands in a letter.
fn items_in(text: &str) -> BTreeSet<(usize, String)> {
    let mut items = BTreeSet::new();
    for (at, _) in text.match_indices('K') {
        let Some((head, _)) = text[at + 1..].split_once('#') else { continue };
        let Some((id, period)) = head.split_once('/') else { continue };
        items.extend(id.parse().ok().map(|id: usize| (id, period.to_owned())));
    }
    items
}

fn earlier(now: &str, minutes: i64) -> String {
    now.parse::<DateTime>().unwrap().saturating_sub(Span::new().minutes(minutes)).to_string()
}

/// `WORLD=17`, `WORLDS=500` (from 1 on) or `WORLDS=2000..12000`.
fn seeds() -> Range<u64> {
    let asked = |name| std::env::var(name).ok();
    let number = |text: &str| text.parse::<u64>().unwrap_or_else(|e| panic!("{text} is no number of a world: {e}"));
    match (asked("WORLD"), asked("WORLDS")) {
        (Some(seed), _) => number(&seed)..number(&seed) + 1,
        (None, Some(worlds)) => match worlds.split_once("..") {
            Some((from, to)) => number(from)..number(to),
            None => 1..number(&worlds) + 1,
        },
        (None, None) => 1..5,
    }
}

/// What the worlds came to, by kind of event, and what was wrong in which.
#[derive(Default)]
struct Found {
    tally: BTreeMap<&'static str, u64>,
    wrong: Vec<String>,
}

impl Found {
    fn note(&mut self, world: &World) {
        world.tally.iter().for_each(|(what, n)| *self.tally.entry(what).or_default() += n);
        *self.tally.entry("worlds").or_default() += 1;
        if !world.wrong.is_empty() {
            let some = world.wrong[..world.wrong.len().min(4)].join("\n  ");
            self.wrong.push(format!("WORLD={} ({} wrong): {some}", world.seed, world.wrong.len()));
        }
    }
}

#[test]
fn the_promises_hold_in_every_world() {
    let (seeds, found) = (Mutex::new(seeds()), Mutex::new(Found::default()));
    let live = || {
        while let Some(seed) = { seeds.lock().unwrap().next() } {
            let mut world = World::new(seed);
            world.run();
            found.lock().unwrap().note(&world);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(live);
        }
    });
    let Found { tally, wrong } = found.into_inner().unwrap();
    println!("{tally:?}");
    assert!(wrong.is_empty(), "\n{}", wrong[..wrong.len().min(6)].join("\n"));
}

#[test]
#[ignore = "long: tests/run runs it, optimised"]
fn a_seed_is_one_world() {
    let run = |seed| {
        let mut world = World::new(seed);
        world.run();
        // The database's own id is chance of another kind.
        world.taken.iter().map(|t| format!("{} {} {:?}", t.on, t.mailbox, t.items)).collect::<Vec<_>>()
    };
    assert_eq!(run(3), run(3));
}

#[test]
fn a_lie_is_found() {
    // Everything that was heard is forgotten for a moment, day by day: the check has to notice what is missing then.
    let mut world = World::new(1);
    let mut found = 0;
    for day in (0..150).map(|n| step(START, n)) {
        world.live(day);
        let (taken, wrong) = (std::mem::take(&mut world.taken), world.wrong.len());
        world.nothing_missing(day);
        found += world.wrong.len() - wrong;
        world.taken = taken;
    }
    assert!(found > 0, "nobody was told of anything, and nobody noticed");
}
