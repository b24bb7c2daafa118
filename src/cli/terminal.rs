//! What a command writes to a terminal: texts of others stand in it, and a terminal obeys control characters.

use std::io::{self, Write};

use super::{Answer, Exit, Failure, Result};
use crate::text::{json_shown, shown};

/// The answer of a command. If the reader of a pipe has gone, that is not our error.
pub fn answer(answer: &Answer) {
    let text = &answer.text;
    let _ = if answer.is_file { io::stdout().write_all(text.as_bytes()) } else { print(text) };
}

/// To standard output.
pub fn print(text: &str) -> io::Result<()> {
    io::stdout().write_all(shown(text).as_bytes())
}

/// To standard error, beside the answer.
pub fn tell(text: &str) -> io::Result<()> {
    let mut out = io::stderr();
    out.write_all(shown(text).as_bytes())?;
    out.flush()
}

impl Answer {
    pub fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// What is to be redirected to a file, or read by a program.
    pub fn file(text: impl Into<String>) -> Self {
        Self { is_file: true, ..Self::done(text) }
    }

    pub fn json<T: serde::Serialize>(value: &T) -> Result<Self> {
        let text = serde_json::to_string_pretty(value).map_err(|e| Failure::new(e.to_string()))?;
        Ok(Self::file(json_shown(&text) + "\n"))
    }

    pub fn with(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}
