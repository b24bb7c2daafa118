//! The places of values in a file.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// `[[x]]` is an array too, but its span is only its first header.
pub fn is_tables(value: &Spanned<DeValue<'_>>) -> bool {
    let tables = value.get_ref().as_array().is_some_and(|a| a.iter().any(|v| v.get_ref().is_table()));
    tables && value.get_ref().as_array().is_some_and(|a| a.iter().next().is_some_and(|v| v.span() == value.span()))
}

/// The innermost value that contains a byte or ends there.
pub fn value_at(table: &DeTable<'_>, at: usize) -> Option<Range<usize>> {
    let mut found: Option<Range<usize>> = None;
    visit(table, &mut |value| {
        let span = value.span();
        let leaf = !value.get_ref().is_table() && !value.get_ref().as_array().is_some_and(|_| is_tables(value));
        if leaf && (span.start..=span.end).contains(&at) && found.as_ref().is_none_or(|f| f.len() >= span.len()) {
            found = Some(span);
        }
    });
    found
}

/// Visits every value, outer before inner. The parser limits how deep they nest.
pub fn visit<'t, 'a>(table: &'t DeTable<'a>, see: &mut impl FnMut(&'t Spanned<DeValue<'a>>)) {
    let mut left: Vec<_> = table.iter().map(|(_, value)| value).collect();
    while let Some(value) = left.pop() {
        see(value);
        match value.get_ref() {
            DeValue::Array(values) => left.extend(values.iter()),
            DeValue::Table(table) => left.extend(table.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}
