//! A reply is a report: by whom, to which letter, about which of its items.

use super::{Act, Outcome, Recorded, Verdict};
use crate::{
    clock::Moment,
    domain::{
        deadline::{Deadline, Done},
        occurrence::State,
    },
    incoming::{self, Authenticated, Item, Message, Statement, Understood},
    letter::words,
    service::{
        Error, Office, Result,
        report::{self, Report},
        request::{self, Ask},
    },
    store::{Completion, ItemRow, LetterRow, OccurrenceRow, RequestKind, Tx},
};

/// A reply, and what it may be about.
struct Reply<'a> {
    tx: &'a Tx<'a>,
    office: &'a Office,
    now: &'a Moment,
    sender: &'a str,
    letter: &'a LetterRow,
    items: Vec<ItemRow>,
    /// What the sender wrote himself.
    text: &'a str,
    attachments: &'a [String],
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
    let is_section = !office.sections_of(sender).is_empty();
    if found.is_empty() && !is_section {
        return Ok(None);
    }
    let letter = found.first().cloned();
    let ours = letter.as_ref().map(|l| tx.handed_over(l.id)).transpose()?.flatten();
    let ours = ours.map(|bytes| incoming::text_of(&bytes));
    let written = incoming::written(text, ours.as_deref());
    let outcome = match (&letter, doubt(office, message)) {
        (_, Some(why)) => Outcome::Refused(why),
        (None, None) => Outcome::Unclear("看不出回复的是哪一封督办邮件".into()),
        (Some(_), None) if found.len() > 1 => Outcome::Unclear("引用了几封督办邮件，分不清回复的是哪一封".into()),
        (Some(letter), None) => {
            let has_token = tokens(office, message).contains(&letter.id);
            let mut items = tx.items(letter.id)?;
            let all = items.len();
            items.retain(|item| has_token || office.sections_of(sender).contains(&item.section.as_str()));
            if items.is_empty() && all > 0 {
                Outcome::Refused(format!("{sender} 不是责任科室登记的邮箱，也没有带回复编号"))
            } else if items.is_empty() {
                Outcome::Unclear("所回复的邮件里没有要您登记的事项".into())
            } else {
                let reply = Reply { tx, office, now, sender, letter, items, text: &written, attachments };
                reply.outcome()?
            }
        }
    };
    Ok(Some(Verdict { letter, text: written, outcome }))
}

/// Why the sender is not believed to be who he says he is.
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

/// The letters that a message refers to: the one that it answers, else those whose tokens it holds.
pub fn letters(tx: &Tx, office: &Office, message: &Message) -> Result<Vec<LetterRow>> {
    for id in &message.refers_to {
        if let Some(letter) = tx.letter_by_message_id(id)? {
            return Ok(vec![letter]);
        }
    }
    let mut found = Vec::new();
    for id in tokens(office, message) {
        found.extend(tx.letter(id)?);
    }
    Ok(found)
}

/// The letters whose tokens are right, each once.
fn tokens(office: &Office, message: &Message) -> Vec<i64> {
    let Some(links) = &office.links else { return Vec::new() };
    let mut letters: Vec<i64> = message.tokens.iter().filter_map(|token| links.verify_reply_token(token)).collect();
    letters.sort_unstable();
    letters.dedup();
    letters
}

impl Reply<'_> {
    fn outcome(&self) -> Result<Outcome> {
        let mut titles: Vec<(u32, String)> = Vec::new();
        for item in &self.items {
            if titles.iter().all(|(number, _)| *number != item.number) {
                let (occurrence, deadline) = self.occurrence(item)?;
                titles.push((item.number, deadline.title_for(&occurrence.period)));
            }
        }
        let items: Vec<Item> = titles.iter().map(|(number, title)| Item { number: *number, title }).collect();
        match incoming::understand(self.text, &items, self.now.today()) {
            Understood::Acknowledged => Ok(Outcome::Acknowledged),
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

    /// Of a number's sections the one that is named, where there are several.
    fn meant(&self, number: u32, statement: &Statement) -> Result<Vec<&ItemRow>> {
        let all: Vec<&ItemRow> = self.items.iter().filter(|i| i.number == number).collect();
        if let [_] = all.as_slice() {
            return Ok(all);
        }
        let named: Vec<&ItemRow> = all.iter().filter(|i| statement.words.contains(&i.section)).copied().collect();
        if named.is_empty() {
            let names: Vec<&str> = all.iter().map(|i| i.section.as_str()).collect();
            return Err(Error::Refused(format!("这一项由各科室分别登记，请在后面写明科室：{}", words::list(&names))));
        }
        Ok(named)
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
        }
    }

    fn done(
        &self,
        occurrence: &OccurrenceRow,
        deadline: &Deadline,
        item: &ItemRow,
        statement: &Statement,
    ) -> Result<Act> {
        let has_reported = self.tx.progress(occurrence.id)?.has_reported(deadline, &item.section);
        if occurrence.state == State::Done || (deadline.done == Done::Each && has_reported) {
            return Ok(Act::AlreadyDone);
        }
        let reported = report::record(self.tx, self.office, &self.report(occurrence, item, statement), self.now)?;
        Ok(reported.completion.map_or(Act::AlreadyDone, Act::Done))
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
            reason: statement.words.clone(),
            expected,
        };
        request::record(self.tx, self.office, &ask, self.now)
    }

    /// What the answered message recorded; in reply to a reminder, all that the section reported.
    fn take_back(&self, occurrence: &OccurrenceRow, item: &ItemRow, statement: &Statement) -> Result<Act> {
        let withdrawn = request::withdraw(self.tx, occurrence, &item.section, self.sender, self.now)?;
        let of_reply = self.recorded_before(item)?;
        let completions = self.tx.completions(occurrence.id)?;
        let is_meant = |c: &&Completion| match &of_reply {
            Some(ids) => ids.contains(&c.id),
            None => c.section == item.section,
        };
        let mine: Vec<&Completion> = completions.iter().filter(is_meant).collect();
        if !mine.is_empty() {
            let report = self.report(occurrence, item, statement);
            report::revoke(self.tx, self.office, occurrence, &mine, &report, self.now)?;
        }
        Ok(if withdrawn || !mine.is_empty() { Act::TakenBack } else { Act::NothingToTakeBack })
    }

    /// The reports of this item that the message recorded which our letter confirmed.
    fn recorded_before(&self, item: &ItemRow) -> Result<Option<Vec<i64>>> {
        let Some(id) = self.letter.answers else { return Ok(None) };
        let Some(incoming) = self.tx.incoming(id)? else { return Ok(None) };
        let Ok(Outcome::Recorded(all)) = serde_json::from_str(&incoming.detail) else { return Ok(None) };
        let of_item = all.into_iter().filter(|r| (r.occurrence, &r.section) == (item.occurrence, &item.section));
        Ok(Some(of_item.filter_map(|r| if let Act::Done(id) = r.act { Some(id) } else { None }).collect()))
    }

    fn report(&self, occurrence: &OccurrenceRow, item: &ItemRow, statement: &Statement) -> Report {
        let names: Vec<&str> = self.attachments.iter().map(String::as_str).collect();
        let evidence = if names.is_empty() { String::new() } else { format!("附件：{}", words::list(&names)) };
        Report {
            deadline: occurrence.deadline.clone(),
            period: Some(occurrence.period.clone()),
            section: Some(item.section.clone()),
            by: self.sender.to_owned(),
            note: words::cap(&words::plain(&statement.words), KEPT),
            evidence: words::cap(&words::plain(&evidence), KEPT),
        }
    }

    fn occurrence(&self, item: &ItemRow) -> Result<(OccurrenceRow, Deadline)> {
        let gone = || Error::Refused("这一项已经不在督办之列".into());
        let occurrence = self.tx.occurrence_by_id(item.occurrence)?.ok_or_else(gone)?;
        let row = self.tx.deadline(&occurrence.deadline)?.ok_or_else(gone)?;
        Ok((occurrence, row.deadline))
    }
}

/// Characters of a remark that are kept.
const KEPT: usize = 300;
