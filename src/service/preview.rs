//! The letter about one occurrence as it would be written now.

use super::{
    Error, Office, Result,
    look_ahead::{Occasion, occasions},
};
use crate::{
    clock::Moment,
    domain::{
        calendar::shift,
        deadline::Deadline,
        occurrence::State,
        reminder::{Reader, Step},
    },
    letter::Letter,
    store::{SaidRow, Tx},
};

/// The letter to the first who would hear of it, and that mailbox.
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
    let found = occasions(tx, office, of_it, shift(today, -800), shift(today, 1600), now)?;
    let is_meant = |o: &&Occasion| match period {
        Some(period) => o.period == period,
        None => o.state == State::Open && (o.row.is_some() || o.dates.due >= today),
    };
    let Some(occasion) = found.iter().find(is_meant) else {
        let near: Vec<&str> =
            found.iter().filter(|o| o.dates.due >= today).take(3).map(|o| o.period.as_str()).collect();
        let near = if near.is_empty() {
            "它没有固定日期，登记来件后才有".to_owned()
        } else {
            format!("近期的是：{}", near.join("、"))
        };
        return Err(Error::Refused(format!("{} 没有要写的这一期。{near}。", deadline.id)));
    };
    let step = occasion.step_of(today);
    let readers = office.readers(deadline, &occasion.progress, false);
    let Some(reader) = readers.into_iter().next() else {
        return Err(Error::Refused(format!("{} 没有收信人：科室没有邮箱，也没有管理员。", deadline.id)));
    };
    let to = reader.mailbox.to_string();
    let letter = office.one_entry(tx, occasion, &step, reader, now)?;
    Ok((to, letter))
}

impl Office {
    fn one_entry(&self, tx: &Tx, occasion: &Occasion, step: &Step, reader: Reader, now: &Moment) -> Result<Letter> {
        let row = occasion.as_row();
        let said = SaidRow {
            id: 0,
            occurrence: row.id,
            counted_from: step.counted_from,
            saying: step.saying,
            // As of its own day: a preview is no letter that comes late.
            on_day: step.on.max(now.today()),
            reader,
            dates: row.dates,
        };
        let entry = self.entry_for(tx, &row, occasion.deadline, &occasion.progress, &said, now)?;
        Ok(self.letter(vec![entry], self.reply_token(0, ""), now))
    }
}
