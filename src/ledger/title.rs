//! Turns the titles of a ledger, with their years, back into titles with variables.

/// From period and title: the text that the period puts into the title, and its variable.
type Part = fn(&str, &str) -> Option<(String, &'static str)>;

/// The title with variables that gives the title of every row; a row is a title and its period in the ledger's
/// words.
pub fn template(rows: &[(String, String)]) -> Option<String> {
    let finer: [Part; 3] = [quarter, half, month];
    let years = |(title, period): &(String, String)| with_years(title, period);
    let common = same(rows.iter().map(years)).or_else(|| {
        finer.iter().find_map(|part| {
            same(rows.iter().map(|row| {
                let (written, variable) = part(&row.1, &row.0)?;
                Some(years(row)?.replace(&written, variable))
            }))
        })
    });
    common.filter(|title| title.contains('{'))
}

fn same(mut titles: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = titles.next()??;
    titles.all(|title| title.as_ref() == Some(&first)).then_some(first)
}

/// Puts a variable for a number of four digits that is the period's year, the year before or the year after.
fn with_years(title: &str, period: &str) -> Option<String> {
    let year: u32 = period.get(..4)?.parse().ok()?;
    let mut written = String::new();
    let mut rest = title;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        let number = digits.parse::<u32>().ok().filter(|_| digits.len() == 4);
        written.push_str(before);
        written.push_str(match number {
            Some(n) if n == year => "{year}",
            Some(n) if n + 1 == year => "{last_year}",
            Some(n) if n == year + 1 => "{next_year}",
            _ => digits,
        });
        rest = after;
    }
    Some(written + rest)
}

fn quarter(period: &str, _: &str) -> Option<(String, &'static str)> {
    let n = between(period, "第", "季度")?;
    Some((format!("{n}季度"), "{quarter}季度"))
}

fn half(period: &str, _: &str) -> Option<(String, &'static str)> {
    let half = between(period, "年", "半年")?;
    Some((format!("{half}半年"), "{half}半年"))
}

fn month(period: &str, title: &str) -> Option<(String, &'static str)> {
    let n = between(period, "年", "月")?;
    // 1月 is part of 11月.
    let is_alone = !title.contains(&format!("1{n}月"));
    is_alone.then(|| (format!("{n}月"), "{month}月"))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.strip_suffix(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_back() {
        let check = |rows: &[(&str, &str)], expected: Option<&str>| {
            let rows: Vec<_> = rows.iter().map(|(t, p)| ((*t).to_owned(), (*p).to_owned())).collect();
            assert_eq!(template(&rows).as_deref(), expected, "{rows:?}");
        };
        check(&[("发布2025年度年报", "2026年")], Some("发布{last_year}年度年报"));
        check(&[("编2027年预算", "2026年")], Some("编{next_year}年预算"));
        check(&[("核对2026年目录", "2026年第1季度"), ("核对2026年目录", "2026年第2季度")], Some("核对{year}年目录"));
        check(&[("第1季度检查", "2026年第1季度"), ("第2季度检查", "2026年第2季度")], Some("第{quarter}季度检查"));
        check(&[("上半年小结", "2026年上半年"), ("下半年小结", "2026年下半年")], Some("{half}半年小结"));
        check(&[("1月清查", "2026年1月"), ("11月清查", "2026年11月")], Some("{month}月清查"));
        check(&[("1月和11月清查", "2026年1月"), ("2月和12月清查", "2026年2月")], None);
        check(&[("2月清查", "2026年2月"), ("3月清查", "2026年3月")], Some("{month}月清查"));
        check(&[("目录更新", "2026年")], None);
        check(&[("办20265号件", "2026年")], None);
        check(&[("甲", "2026年"), ("乙", "2027年")], None);
        check(&[("甲", "某号")], None);
    }
}
