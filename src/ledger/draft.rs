//! One `[[deadline]]` as it is proposed.

use std::fmt::Write;

use super::excel::line;
use crate::text::quoted;

#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub id: String,
    pub item: Option<u32>,
    pub title: String,
    /// As understood, or as written if it was not understood; several are for the reader to choose from.
    pub due: Vec<String>,
    pub bureau_default: bool,
    pub target: Option<String>,
    pub sections: Vec<String>,
    pub lead: Option<String>,
    pub each: bool,
    pub times: Option<u32>,
    pub basis: String,
    /// Switched off: it has no date yet.
    pub off: bool,
    /// Comments above it.
    pub notes: Vec<String>,
}

impl Draft {
    /// With `off`, every line is a comment: nothing is lost, nothing is in force.
    pub fn toml(&self, off: bool) -> String {
        let mut toml = String::new();
        for note in &self.notes {
            let _ = writeln!(toml, "# {}", line(note));
        }
        let mark = if off { "# " } else { "" };
        for text in self.lines() {
            let _ = writeln!(toml, "{mark}{text}");
        }
        toml
    }

    fn lines(&self) -> Vec<String> {
        let names: Vec<String> = self.sections.iter().map(|name| quoted(name)).collect();
        let mut lines = vec!["[[deadline]]".to_owned(), format!("id       = {}", quoted(&self.id))];
        lines.extend(self.item.map(|n| format!("item     = {n}")));
        lines.push(format!("title    = {}", quoted(&self.title)));
        let choose = if self.due.len() > 1 { "  # 只留一行" } else { "" };
        lines.extend(self.due.iter().map(|due| format!("due      = {}{choose}", quoted(due))));
        lines.extend(self.bureau_default.then(|| "bureau_default = true".to_owned()));
        lines.extend(self.target.iter().map(|target| format!("target   = {}", quoted(target))));
        lines.extend(self.times.map(|n| format!("times    = {n}")));
        lines.push(format!("sections = [{}]", names.join(", ")));
        lines.extend(self.lead.iter().map(|lead| format!("lead     = {}", quoted(lead))));
        lines.extend(self.each.then(|| "done     = \"each\"".to_owned()));
        lines.extend(self.off.then(|| "off      = true".to_owned()));
        lines.extend((!self.basis.is_empty()).then(|| format!("basis    = {}", quoted(&self.basis))));
        lines
    }
}
