//! How a day off moves a date, in the paper's own words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a day off moves a date, where the paper says so (节假日 there means any day off).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// 顺延: to the next working day.
    Later,
    /// 提前: to the working day before.
    Earlier,
    /// 不顺延: not at all.
    Stays,
}

impl Roll {
    pub fn zh(self) -> &'static str {
        match self {
            Self::Later => "顺延到下一个工作日",
            Self::Earlier => "提前到前一个工作日",
            Self::Stays => "不顺延",
        }
    }
}

/// The end of the canonical form of a `due` that says how a day off moves it.
impl fmt::Display for Roll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Later => " or next workday",
            Self::Earlier => " or previous workday",
            Self::Stays => " or same day",
        })
    }
}
