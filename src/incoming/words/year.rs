//! Which year a reply speaks of: 已办结 of another year's report is not this one's.

use super::{Item, folded::Text};

/// What follows a year that names a report, not a day or a number: `2024年度`, `2024年的`.
const OF: [&str; 6] = ["度", "的", "报", "工作", "政府信息", "法治"];

fn years(plain: &str) -> impl Iterator<Item = &str> {
    plain.match_indices('年').filter_map(|(at, year)| {
        let rest = &plain[at + year.len()..];
        let before = plain.get(at.checked_sub(4)?..at)?;
        let is_year = before.starts_with("20") && before.bytes().all(|b| b.is_ascii_digit());
        (is_year && OF.iter().any(|word| rest.starts_with(word))).then_some(before)
    })
}

/// Whether these words name a year, and none of those that the items' titles name.
pub(super) fn is_another(spoken: &[char], items: &[Item], numbers: &[u32]) -> bool {
    let spoken: String = spoken.iter().filter(|c| **c != ' ').collect();
    let named: Vec<&str> = years(&spoken).collect();
    if named.is_empty() {
        return false;
    }
    let titles: String = items.iter().filter(|item| numbers.contains(&item.number)).map(|item| item.title).collect();
    let titles: String = Text::new(&titles).piece().plain.iter().collect();
    let mut wanted = years(&titles).peekable();
    wanted.peek().is_some() && !wanted.any(|year| named.contains(&year))
}
