//! What a reminder says, and its stored form.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::deadline::Lead;

/// What a reminder says, as it is stored. A reader gets the same saying, counted from the same date, only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Saying {
    Before(Lead),
    /// A report was taken back.
    Reopened,
    /// Working days after `ends`.
    Overdue(u16),
    /// The number of the dates' revision that it announces.
    Correction(u32),
}

impl fmt::Display for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(lead) => lead.fmt(f),
            Self::Reopened => f.write_str("撤回"),
            Self::Overdue(n) => write!(f, "逾期{n}"),
            Self::Correction(n) => write!(f, "更正{n}"),
        }
    }
}

impl FromStr for Saying {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |n: &str| n.parse().map_err(|e| format!("{text}: {e}"));
        if let Some(n) = text.strip_prefix("逾期") {
            number(n).and_then(|n: u32| u16::try_from(n).map(Self::Overdue).map_err(|e| format!("{text}: {e}")))
        } else if let Some(n) = text.strip_prefix("更正") {
            number(n).map(Self::Correction)
        } else if text == "撤回" {
            Ok(Self::Reopened)
        } else {
            text.parse().map(Self::Before)
        }
    }
}

impl TryFrom<String> for Saying {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Saying> for String {
    fn from(saying: Saying) -> Self {
        saying.to_string()
    }
}
