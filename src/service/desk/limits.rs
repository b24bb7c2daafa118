//! Refuses what people write at greater length than is kept.

pub use crate::domain::limits::{EVIDENCE, NAME, REFERENCE, TEXT, is_our_own};
use crate::{
    domain::limits::{fault, name_fault},
    service::{Error, Result},
};

/// # Errors
/// In Chinese: the text is too long, or has characters that cannot be shown.
pub fn check(what: &str, text: &str, most: usize) -> Result<()> {
    fault(what, text, most).map_or(Ok(()), refuse)
}

/// # Errors
/// In Chinese: the name is missing, or more than a name.
pub fn check_name(by: &str) -> Result<()> {
    name_fault(by).map_or(Ok(()), refuse)
}

fn refuse(fault: String) -> Result<()> {
    Err(Error::Refused(format!("{fault}。")))
}
