//! Keeps the database from growing without end: what was handed over is kept packed and for as long as the settings say.

use jiff::{
    Timestamp,
    civil::{Date, Time},
};

use crate::{
    clock::Moment,
    domain::calendar::days_between,
    service::{Office, Result},
    store::{Db, Tx, state},
};

/// Texts at one tick: a day's share is done in a few minutes, and no tick takes long.
const AT_ONCE: u32 = 200;
/// Months whose sizes are remembered.
const MONTHS: usize = 25;
/// In days: a growth that is worked out from fewer says nothing.
const LEAST: i64 = 28;

/// One tick's share of the day's work; nothing once it is done. Free pages are used again for new letters, so the file
/// is not rewritten.
pub fn tidy(db: &mut Db, office: &Office, now: &Moment) -> Result<()> {
    let today = now.today();
    if db.read(|tx| tx.get(state::TIDIED))? == Some(today) {
        return Ok(());
    }
    let since = today.saturating_sub(office.settings.keep_letters.span()).to_datetime(Time::midnight());
    let before = office.settings.timezone.to_timestamp(since).unwrap_or(Timestamp::MIN);
    Ok(db.write(|tx| {
        if tx.thin_letters(before, AT_ONCE, now.at)? + tx.pack_texts(AT_ONCE)? == 0 {
            note_size(tx, today)?;
            tx.put(state::TIDIED, &today)?;
        }
        Ok(())
    })?)
}

fn note_size(tx: &Tx, today: Date) -> crate::store::Result<()> {
    let mut sizes = tx.get(state::SIZES)?.unwrap_or_default();
    let month = |day: &Date| (day.year(), day.month());
    if sizes.last().is_some_and(|(last, _)| month(last) >= month(&today)) {
        return Ok(());
    }
    sizes.push((today, tx.bytes()?));
    sizes.drain(..sizes.len().saturating_sub(MONTHS));
    tx.put(state::SIZES, &sizes).map(drop)
}

/// The database's size in bytes, and how many bytes it grew in a year, by the last twelve months or what there is of
/// them; `None` while that is too short to tell.
pub fn size(tx: &Tx, today: Date) -> crate::store::Result<(u64, Option<i64>)> {
    let (bytes, sizes) = (tx.bytes()?, tx.get(state::SIZES)?.unwrap_or_default());
    let known = sizes.iter().find(|(day, _)| days_between(*day, today) <= 366);
    Ok((bytes, known.and_then(|(day, then)| a_year(*then, bytes, days_between(*day, today)))))
}

fn a_year(then: u64, now: u64, days: i64) -> Option<i64> {
    let grown = i64::try_from(now).ok()? - i64::try_from(then).ok()?;
    (days >= LEAST).then(|| grown.saturating_mul(365) / days)
}
