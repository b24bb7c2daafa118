//! Previews the letter about one occurrence as it would be written now.

use crate::service::{
    Error, Office, Result,
    course::ahead::{Ahead, ahead, step_of},
};
use crate::{
    clock::Moment,
    domain::{
        agenda::{Step, Utterance},
        calendar::shift,
        deadline::Deadline,
        occurrence::State,
    },
    letter::Letter,
    store::Tx,
};

/// The first reader's mailbox, and the letter to it.
///
/// # Errors
/// In Chinese: no such deadline, no such period, nobody to write to.
pub fn preview(
    tx: &Tx,
    office: &Office,
    deadline: &Deadline,
    period: Option<&str>,
    now: &Moment,
) -> Result<(String, Letter)> {
    let today = now.today();
    let of_it = std::slice::from_ref(deadline);
    let found = ahead(tx, office, of_it, (shift(today, -800), shift(today, 1600)), now)?;
    let is_meant = |o: &&Ahead| match period {
        Some(period) => o.occurrence.period == period,
        None => o.occurrence.state == State::Open && (o.id.is_some() || o.occurrence.dates.due >= today),
    };
    let Some(meant) = found.iter().find(is_meant) else {
        let to_come = found.iter().map(|o| &o.occurrence).filter(|o| o.dates.due >= today);
        let near: Vec<&str> = to_come.take(3).map(|o| o.period.as_str()).collect();
        let near = if near.is_empty() {
            "它没有固定日期，登记来件后才有".to_owned()
        } else {
            format!("近期的是：{}", near.join("、"))
        };
        return Err(Error::Refused(format!("{} 没有要写的这一期。{near}。", deadline.id)));
    };
    let agenda = meant.agenda(office.house());
    // Moved to today if it is past, so that the preview is not marked 补发.
    let step = step_of(&agenda, today);
    let Some(reader) = agenda.readers(&step).into_iter().next() else {
        return Err(Error::Refused(format!("{} 没有收信人：科室没有邮箱，也没有管理员。", deadline.id)));
    };
    let to = reader.mailbox.to_string();
    let step = Step { on: step.on.max(today), ..step };
    let said = Utterance { step, reader, dates: meant.occurrence.dates };
    let entry = office.entry_for(tx, &agenda, meant.id, &said, now)?;
    Ok((to, office.letter(tx, vec![entry], office.reply_token(0, ""), now)?))
}
