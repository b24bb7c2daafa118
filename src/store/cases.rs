//! The clock of a case, as a row of `occurrence` holds it.

use jiff::civil::Date;
use rusqlite::{Row, types::Type};
use serde_json::json;

use crate::domain::case::{Case, Extension};

/// The columns `case_on`, `extended_to`, `extended_after` and `pauses`.
pub type Clock = (Option<Date>, Option<Date>, Option<i64>, Option<String>);

pub fn clock_columns(case: Option<&Case>) -> Clock {
    let Some(Case { on, pauses, extension }) = case else { return Clock::default() };
    let after = extension.and_then(|extension| i64::try_from(extension.pauses).ok());
    let pauses = (!pauses.is_empty()).then(|| json!(pauses).to_string());
    (Some(*on), extension.map(|extension| extension.to), after, pauses)
}

/// The clock of a case, from a row of `occurrence`; `None` if it is no case.
pub fn read_case(row: &Row) -> rusqlite::Result<Option<Case>> {
    let Some(on) = row.get(10)? else { return Ok(None) };
    let pauses: Option<String> = row.get(16)?;
    let pauses = pauses.map(|text| serde_json::from_str(&text)).transpose();
    let pauses = pauses.map_err(|e| rusqlite::Error::FromSqlConversionFailure(16, Type::Text, Box::new(e)))?;
    let extension = match row.get(11)? {
        // Granted before there were pauses, where the number is missing.
        Some(to) => {
            let after: i64 = row.get::<_, Option<i64>>(17)?.unwrap_or_default();
            Some(Extension { to, pauses: usize::try_from(after).unwrap_or_default() })
        }
        None => None,
    };
    Ok(Some(Case { on, pauses: pauses.unwrap_or_default(), extension }))
}
