//! The letter that the next reminder will be, for whoever tries it out on a day with nothing due: written beside the
//! letters, marked, and never counted as said.

use std::{io, path::Path};

use crate::{
    clock::{Clock, Moment},
    config::Transport,
    disk,
    domain::calendar::shift,
    letter::{self, Rendered},
    service::{
        Office, Result,
        course::plan::plan,
        post::{
            preview::preview,
            write::{Envelope, compose},
        },
    },
    store::{Db, Tx},
};

/// Looked at one after the other, since a year's plan costs more than the service needs to run.
const DAYS_AHEAD: [i64; 3] = [14, 60, 400];
const MARK: &str = "示例：下一封提醒会是这样，到那天才发。这一封不算发过。";

/// Writes it if letters go to a folder. Gives where it lies, in words.
pub fn write(db: &mut Db, office: &Office, now: &Moment) -> Result<Option<String>> {
    let Transport::Folder(folder) = &office.settings.mail.transport else { return Ok(None) };
    let Some((at, to, letter)) = db.read(|tx| Ok(next(tx, office, now)))?? else { return Ok(None) };
    let Rendered { subject, text, html, ics } = letter::render(&letter);
    let html = marked(&html);
    let message_id = format!("duban.example@{}", office.domain());
    let envelope = Envelope { to: &to, message_id: &message_id, reply_to: office.reply_to(), answers: None };
    let rendered =
        Rendered {
            subject: format!("【示例】{subject}"), text: format!("{MARK}\n\n{text}"), html: html.clone(), ics
        };
    let message = compose(office, &envelope, rendered, &at)?.message;
    let folder = folder.join("example");
    let (page, whole) = (folder.join("next-reminder.html"), folder.join("next-reminder.eml"));
    if let Err(e) = put(&folder, &[(&page, html.as_bytes()), (&whole, &message)]) {
        return Ok(Some(format!("示例信写不了：{e}")));
    }
    let when = at.local.strftime("%Y-%m-%d %H:%M");
    Ok(Some(format!(
        "示例：下一封提醒（{when} 发给 {to}）会是这样，没有算发过：\n  用浏览器打开  {}\n  整封邮件      {}",
        page.display(),
        whole.display()
    )))
}

/// When the next reminder goes out, to whom, and the letter.
fn next(tx: &Tx, office: &Office, now: &Moment) -> Result<Option<(Moment, String, letter::Letter)>> {
    let deadlines = tx.deadlines_in_force()?;
    let mut letters = Vec::new();
    for days in DAYS_AHEAD {
        letters = plan(tx, office, &deadlines, (now.today(), shift(now.today(), days)), now)?;
        if !letters.is_empty() {
            break;
        }
    }
    let Some((planned, of)) = letters.first().and_then(|letter| Some((letter, letter.reminders.first()?))) else {
        return Ok(None);
    };
    let Some(deadline) = deadlines.iter().find(|deadline| deadline.id == of.deadline) else { return Ok(None) };
    let at = Clock::Fixed(planned.at).now(&office.settings.timezone);
    let (to, letter) = preview(tx, office, deadline, Some(&of.period), &at)?;
    Ok(Some((at, to, letter)))
}

fn marked(html: &str) -> String {
    let body = html.find("<body").and_then(|at| Some(at + html[at..].find('>')? + 1)).unwrap_or(0);
    let mark = format!("<p style=\"margin:0;padding:10px;background:#fff3cd;color:#664d03\">{MARK}</p>");
    format!("{}{mark}{}", &html[..body], &html[body..])
}

fn put(folder: &Path, files: &[(&Path, &[u8])]) -> io::Result<()> {
    disk::make_private(folder)?;
    files.iter().try_for_each(|(path, bytes)| disk::replace(path, &path.with_extension("tmp"), 0o600, bytes))
}
