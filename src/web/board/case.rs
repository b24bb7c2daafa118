//! 登记来件: the form that opens a case.

use askama::Template;

use super::Frame;
use crate::{domain::due::Rule, letter::words, service::Result, store::Tx};

#[derive(Template)]
#[template(path = "board/case.html")]
pub struct Page<'a> {
    pub frame: &'a Frame,
    pub duties: Vec<Duty>,
}

/// A deadline that counts from a case's date.
pub struct Duty {
    pub id: String,
    pub title: String,
    /// As the file words it.
    pub due: String,
}

pub fn gather(tx: &Tx) -> Result<Vec<Duty>> {
    let mut deadlines = tx.deadlines_in_force()?;
    deadlines.retain(|d| matches!(d.due.rule, Rule::Case { .. }));
    let duty = |d: &crate::domain::deadline::Deadline| Duty {
        id: d.id.clone(),
        title: words::plain(&d.title_for("")),
        due: words::plain(&d.due.text),
    };
    Ok(deadlines.iter().map(duty).collect())
}
