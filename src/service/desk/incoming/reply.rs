//! A reply as a report: who wrote it, which letter it answers, which items it is about.

use super::{Act, Outcome, Recorded, Verdict};
use crate::{
    clock::Moment,
    domain::{
        deadline::{Deadline, Done, Part},
        occurrence::{Occurrence, State},
    },
    incoming::{self, Authenticated, Item, Message, Said, Statement, Understood},
    letter::words,
    service::{
        Error, Office, Result,
        desk::{
            limits,
            link::VALID_DAYS,
            note,
            reply_token::letter_of,
            report::{self, Report},
            request::{self, Ask},
        },
    },
    store::{Completion, ItemRow, LetterRow, NewNote, NoteKind, RequestKind, Stored, Tx, state},
    text::without_links,
};

/// A reply, and the items that it may report.
struct Reply<'a> {
    tx: &'a Tx<'a>,
    office: &'a Office,
    now: &'a Moment,
    sender: &'a str,
    letter: &'a LetterRow,
    items: Vec<ItemRow>,
    said: Said<'a>,
}

/// `None` if it is not for us.
pub fn judge(
    tx: &Tx,
    office: &Office,
    message: &Message,
    text: &str,
    attachments: &[String],
    now: &Moment,
) -> Result<Option<Verdict>> {
    let found = letters(tx, office, message)?;
    let sender = message.from.as_deref().unwrap_or_default();
    if found.is_empty() && !office.knows(sender) {
        return Ok(of_stranger(text, now));
    }
    let letter = found.first().cloned();
    // What is damaged or no longer kept only helps to tell a quotation from the reply.
    let ours = letter.as_ref().and_then(|l| tx.handed_over(l.id).ok().flatten());
    let ours = ours.map(|bytes| incoming::all_texts_of(&bytes));
    let from = [office.settings.mail.from.as_str()];
    let own = office.settings.mailbox.iter().map(|m| m.address.as_str());
    let names: Vec<&str> = from.into_iter().chain(own).chain([office.settings.mail.from_name.as_str()]).collect();
    let ours = letter.as_ref().map(|letter| incoming::Ours {
        text: ours.as_deref().unwrap_or_default(),
        subject: letter.subject.as_deref().unwrap_or_default(),
        names: &names,
    });
    let written = incoming::written(text, ours);
    // A footer that comes a second time from the same sender is known as one.
    let earlier = tx.earlier_words(sender, letter.as_ref().map(|l| l.id))?;
    let of_sender = |words: &str| incoming::without_known(words, &earlier);
    let (words, among) = (of_sender(&written.words), of_sender(&format!("\n{}", written.among)));
    let subject = incoming::own_subject(&message.subject, ours.map_or("", |ours| ours.subject));
    let said = Said { words: &words, among: &among, subject: &subject, files: attachments };
    let (items, all) = match &letter {
        Some(letter) => may_report(tx, office, message, letter, now)?,
        None => (Vec::new(), 0),
    };
    let outcome = match (&letter, doubt(office, message)) {
        (_, Some(why)) => Outcome::Refused(why),
        (None, None) => Outcome::Unclear("看不出回复的是哪一封督办邮件".into()),
        (Some(_), None) if found.len() > 1 => Outcome::Unclear("引用了几封督办邮件，分不清回复的是哪一封".into()),
        (Some(_), None) if items.is_empty() && all > 0 => {
            Outcome::Refused(format!("{sender} 不是责任科室登记的邮箱，也没有带（有效的）回复编号"))
        }
        (Some(_), None) if items.is_empty() => Outcome::Unclear("所回复的邮件里没有要您登记的事项".into()),
        (Some(letter), None) => {
            let items = items.clone();
            Reply { tx, office, now, sender, letter, items, said }.outcome()?
        }
    };
    Ok(Some(Verdict { letter, items, text: written.all(), outcome }))
}

/// Who is on no roster and answers no letter of ours, but says that something is done: a person looks at it, and nobody
/// is answered.
fn of_stranger(text: &str, now: &Moment) -> Option<Verdict> {
    let written = incoming::written(text, None).all();
    let any = [Item { number: 1, title: "", helps: false }];
    let reports = matches!(incoming::understand(written.as_str(), &any, now.today()), Understood::Statements(_));
    let why = "发件人不在科室名册里，也看不出回复的是哪一封督办邮件".to_owned();
    reports.then(|| Verdict { letter: None, items: Vec::new(), text: written, outcome: Outcome::Refused(why) })
}

/// The letter's items that the sender may report, and how many it has in all. A valid reply token allows all, else only
/// those of the sender's own sections.
fn may_report(
    tx: &Tx,
    office: &Office,
    message: &Message,
    letter: &LetterRow,
    now: &Moment,
) -> Result<(Vec<ItemRow>, usize)> {
    let mut items = tx.items(letter.id)?;
    let all = items.len();
    let age = now.at.duration_since(letter.numbered_at);
    // A token is valid as long as a link.
    let has_token = age.as_hours() <= 24 * VALID_DAYS && tokens(tx, office, message)?.iter().any(|l| l.id == letter.id);
    let sections = office.sections_of(message.from.as_deref().unwrap_or_default());
    // What revokes a section's links revokes the numbers in the same letters.
    let revoked = tx.get(state::LINKS)?.unwrap_or_default();
    let stands = |item: &ItemRow| {
        let since = revoked.get(&item.section).and_then(|note| note.since);
        since.is_none_or(|since| letter.numbered_at > since)
    };
    items.retain(|item| has_token && stands(item) || sections.contains(&item.section.as_str()));
    Ok((items, all))
}

/// Why the sender's identity is in doubt; `None` if it is not.
fn doubt(office: &Office, message: &Message) -> Option<String> {
    if message.from.is_none() {
        return Some("没有发件人，或不止一个".into());
    }
    let authserv_id = office.settings.mailbox.as_ref()?.authserv_id.as_ref()?;
    match message.authenticated(authserv_id) {
        Authenticated::Passed => None,
        Authenticated::Failed(words) => Some(format!("发件人没有通过验证，可能是冒名：{words}")),
        Authenticated::Absent => Some(format!("没有 {authserv_id} 的验证结果，发件人不能确定")),
    }
}

impl Office {
    /// What it means that no server's findings about senders are believed; `None` if one's are, or no mail is read.
    pub(in crate::service) fn takes_any_sender(&self) -> Option<&'static str> {
        self.settings.mailbox.as_ref().filter(|inbox| inbox.authserv_id.is_none()).map(|_| {
            "没有设 authserv_id，来信的发件人没有人验证：写成科室邮箱发来的回信，不论谁写的，都会登记；登记后写信告诉名册里的这个邮箱，不是本人写的回“撤回”"
        })
    }
}

/// The letters that a message refers to: the one it answers. If it holds tokens and none is that letter's, the letters
/// of those tokens too.
pub fn letters(tx: &Tx, office: &Office, message: &Message) -> Result<Vec<LetterRow>> {
    let by_token = tokens(tx, office, message)?;
    for id in &message.refers_to {
        if let Some(letter) = tx.letter_by_message_id(id)? {
            let agrees = by_token.is_empty() || by_token.iter().any(|l| l.id == letter.id);
            let others = if agrees { Vec::new() } else { by_token };
            return Ok(std::iter::once(letter).chain(others).collect());
        }
    }
    Ok(by_token)
}

/// The letters whose tokens are in the message and valid, each once.
fn tokens(tx: &Tx, office: &Office, message: &Message) -> Result<Vec<LetterRow>> {
    let Some(links) = &office.links else { return Ok(Vec::new()) };
    let mut found: Vec<LetterRow> = Vec::new();
    for token in &message.tokens {
        let Some(letter) = letter_of(token).map(|id| tx.letter(id)).transpose()?.flatten() else { continue };
        let is_right = links.is_reply_token(token, letter.id, &letter.message_id);
        if is_right && found.iter().all(|l| l.id != letter.id) {
            found.push(letter);
        }
    }
    Ok(found)
}

impl Reply<'_> {
    fn outcome(&self) -> Result<Outcome> {
        let mut titles: Vec<(u32, String, Part)> = Vec::new();
        for item in &self.items {
            if titles.iter().all(|(number, ..)| *number != item.number) {
                let (occurrence, deadline) = self.occurrence(item)?;
                let part = deadline.part_of(&item.section);
                titles.push((item.number, deadline.title_for(&occurrence.period), part));
            }
        }
        let items: Vec<Item> = titles
            .iter()
            .map(|(number, title, part)| Item { number: *number, title, helps: *part == Part::Helps })
            .collect();
        let understand = |items: &[Item]| incoming::understand(self.said, items, self.now.today());
        let mut understood = understand(&items);
        // A bare 撤回 in answer to a confirmation takes back everything confirmed there.
        if let (Understood::Unclear(_), Some(_), [first, _, ..]) =
            (&understood, self.letter.answers(), items.as_slice())
            && let Understood::Statements(mut all) = understand(&[*first])
            && let [Statement { act: incoming::Act::TakeBack, numbers, .. }] = all.as_mut_slice()
        {
            *numbers = items.iter().map(|item| item.number).collect();
            understood = Understood::Statements(all);
        }
        match understood {
            Understood::Acknowledged => {
                // 签收: of what may still be told of.
                for item in &self.items {
                    match self.tell(item, NoteKind::Seen, "") {
                        Ok(_) | Err(Error::Refused(_)) => {}
                        Err(e) => return Err(e),
                    }
                }
                Ok(Outcome::Acknowledged)
            }
            Understood::Unclear(why) => Ok(Outcome::Unclear(why.to_owned())),
            // All of it, or nothing.
            Understood::Statements(statements) => match self.tx.attempt(|| self.record(&statements)) {
                Ok(recorded) => Ok(Outcome::Recorded(recorded)),
                Err(Error::Refused(why)) => Ok(Outcome::Unclear(why.trim_end_matches('。').to_owned())),
                Err(e) => Err(e),
            },
        }
    }

    fn record(&self, statements: &[Statement]) -> Result<Vec<Recorded>> {
        let mut recorded = Vec::new();
        for statement in statements {
            for number in &statement.numbers {
                for item in self.meant(*number, statement)? {
                    let act = self.record_one(item, statement)?;
                    let (number, occurrence, section) = (item.number, item.occurrence, item.section.clone());
                    recorded.push(Recorded { number, occurrence, section, act });
                }
            }
        }
        Ok(recorded)
    }

    /// The items with this number; of several sections, the one that the statement names.
    fn meant(&self, number: u32, statement: &Statement) -> Result<Vec<&ItemRow>> {
        let all: Vec<&ItemRow> = self.items.iter().filter(|i| i.number == number).collect();
        if let [_] = all.as_slice() {
            return Ok(all);
        }
        // The name has to stand by itself, as in `已办结，法制科`; it does not in `已送法制科备案`.
        let is_mark = |c: char| c.is_whitespace() || c.is_ascii_punctuation() || "，。；：、（）".contains(c);
        let said: Vec<&str> = statement.words.split(is_mark).collect();
        let named: Vec<&ItemRow> = all.iter().filter(|i| said.contains(&i.section.as_str())).copied().collect();
        match named.as_slice() {
            [_] => Ok(named),
            _ => {
                let names: Vec<&str> = all.iter().map(|i| i.section.as_str()).collect();
                let names = words::list(&names);
                Err(Error::Refused(format!("这一项由各科室分别登记，请在后面单独写明一个科室：{names}")))
            }
        }
    }

    fn record_one(&self, item: &ItemRow, statement: &Statement) -> Result<Act> {
        let (occurrence, deadline) = self.occurrence(item)?;
        match statement.act {
            incoming::Act::Done => self.done(&occurrence, &deadline, item, statement),
            incoming::Act::Postponed { expected } => self
                .ask(item, RequestKind::Postponed, expected, statement)
                .map(|request| Act::Postponed { request, expected }),
            incoming::Act::NotApplicable => {
                self.ask(item, RequestKind::NotApplicable, None, statement).map(Act::NotApplicable)
            }
            incoming::Act::TakeBack => self.take_back(&occurrence, item, statement),
            incoming::Act::HandedIn => self.tell(item, NoteKind::HandedIn, &statement.words),
            incoming::Act::Progress => self.tell(item, NoteKind::Progress, &statement.words),
        }
    }

    fn done(
        &self,
        occurrence: &Stored<Occurrence>,
        deadline: &Deadline,
        item: &ItemRow,
        statement: &Statement,
    ) -> Result<Act> {
        if let (Part::Helps, Some(lead)) = (deadline.part_of(&item.section), &deadline.lead) {
            return Err(Error::Refused(format!(
                "{}是配合科室，这一项由{lead}（牵头）登记办结；材料报了的，请写“材料已报”",
                item.section
            )));
        }
        let has_reported = self.tx.progress(occurrence.id)?.has_reported(deadline, &item.section);
        if occurrence.state == State::Done || (deadline.done == Done::Each && has_reported) {
            return Ok(Act::AlreadyDone);
        }
        let reported = report::record(self.tx, self.office, &self.report(occurrence, item, statement), self.now)?;
        Ok(reported.completion.map_or(Act::AlreadyDone, Act::Done))
    }

    fn tell(&self, item: &ItemRow, kind: NoteKind, words: &str) -> Result<Act> {
        let (occurrence, section) = (item.occurrence, item.section.as_str());
        let text = if kind == NoteKind::Seen { String::new() } else { self.for_letters(words) };
        let new = NewNote { occurrence, section, kind, by: self.sender, text: &text };
        Ok(match (note::record(self.tx, self.office, &new, self.now)?, kind) {
            (false, _) => Act::AlreadyDone,
            (true, NoteKind::HandedIn) => Act::HandedIn,
            (true, _) => Act::Told,
        })
    }

    /// The sender's words, as the desk keeps them. From outside the roster they have nothing to press.
    fn for_the_desk(&self, words: &str) -> String {
        let text = words::plain(words);
        let text = if self.office.knows(self.sender) { text } else { without_links(&text) };
        words::cap(&text, limits::TEXT)
    }

    /// The sender's words, to be repeated in letters to the sections; from outside the roster they are not.
    fn for_letters(&self, words: &str) -> String {
        if self.office.knows(self.sender) {
            self.for_the_desk(words)
        } else {
            "原话见来信记录（名册以外的邮箱）".to_owned()
        }
    }

    fn ask(
        &self,
        item: &ItemRow,
        kind: RequestKind,
        expected: Option<crate::domain::Date>,
        statement: &Statement,
    ) -> Result<i64> {
        let ask = Ask {
            occurrence: item.occurrence,
            section: item.section.clone(),
            kind,
            by: self.sender.to_owned(),
            reason: self.for_the_desk(&statement.words),
            expected,
        };
        request::record(self.tx, self.office, &ask, self.now)
    }

    /// Takes back what was recorded by the message that our letter confirmed; in reply to a reminder, all the section's
    /// reports. A request that waits is withdrawn too.
    fn take_back(&self, occurrence: &Stored<Occurrence>, item: &ItemRow, statement: &Statement) -> Result<Act> {
        let withdrawn = request::withdraw(self.tx, occurrence, &item.section, self.sender, self.now)?;
        let noted = |kind| note::take_back(self.tx, occurrence, (&item.section, kind), self.sender, self.now);
        let before = self.recorded_before(item)?;
        let told = match &before {
            Some(acts) if acts.contains(&Act::Told) => noted(NoteKind::Progress)?,
            _ => false,
        };
        let noted = noted(NoteKind::HandedIn)? || told;
        let of_reply: Option<Vec<i64>> = before
            .map(|acts| acts.iter().filter_map(|a| if let Act::Done(id) = a { Some(*id) } else { None }).collect());
        let completions = self.tx.completions(occurrence.id)?;
        let is_meant = |c: &&Completion| match &of_reply {
            Some(ids) => ids.contains(&c.id),
            None => c.section == item.section,
        };
        let mine: Vec<&Completion> = completions.iter().filter(is_meant).collect();
        if !mine.is_empty() {
            let note = self.for_letters(&statement.words);
            let report = Report { note, ..self.report(occurrence, item, statement) };
            report::revoke(self.tx, self.office, occurrence, &mine, &report, self.now)?;
        }
        Ok(if withdrawn || noted || !mine.is_empty() { Act::TakenBack } else { Act::NothingToTakeBack })
    }

    /// What of this item was recorded by the message that our letter confirms; `None` if the letter confirms none.
    fn recorded_before(&self, item: &ItemRow) -> Result<Option<Vec<Act>>> {
        let Some(id) = self.letter.answers() else { return Ok(None) };
        let Some(incoming) = self.tx.incoming(id)? else { return Ok(None) };
        let Ok(Outcome::Recorded(all)) = serde_json::from_str(&incoming.detail) else { return Ok(None) };
        let of_item = all.into_iter().filter(|r| (r.occurrence, &r.section) == (item.occurrence, &item.section));
        Ok(Some(of_item.map(|r| r.act).collect()))
    }

    fn report(&self, occurrence: &Stored<Occurrence>, item: &ItemRow, statement: &Statement) -> Report {
        let names: Vec<&str> = self.said.files.iter().map(String::as_str).collect();
        let evidence = if names.is_empty() { String::new() } else { format!("附件：{}", words::list(&names)) };
        Report {
            deadline: occurrence.deadline.clone(),
            period: Some(occurrence.period.clone()),
            section: Some(item.section.clone()),
            for_lead: false,
            by: self.sender.to_owned(),
            note: self.for_the_desk(&statement.words),
            evidence: words::cap(&words::plain(&evidence), limits::EVIDENCE),
        }
    }

    fn occurrence(&self, item: &ItemRow) -> Result<(Stored<Occurrence>, Deadline)> {
        let gone = || Error::Refused("这一项已经不在督办之列".into());
        self.tx.with_deadline(item.occurrence)?.ok_or_else(gone)
    }
}
