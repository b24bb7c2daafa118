//! `/r/{token}/explain`: 期限计算书 of the occurrence that a letter's link is about; and what links its dates to it.

use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};

use super::{
    App, Client, Frame,
    guard::Named,
    pages::{self, html, refusal},
};
use crate::{
    letter::{account::Sheet, words},
    service::{course::explain::explain, desk::link::Scope},
};

pub fn routes() -> Router<App> {
    Router::new().route("/r/{token}/explain", get(show))
}

#[derive(Template)]
#[template(path = "explain.html")]
struct Page<'a> {
    frame: Frame,
    sheet: &'a Sheet,
    back: String,
    as_of: String,
}

async fn show(State(app): State<App>, client: Client, Named(token): Named<String>) -> Response {
    let (occurrence, section) = match app.scope(&token).await {
        Ok(Some(Scope::Report { occurrence, section })) => (occurrence, section),
        Ok(_) => return refusal(&app, client),
        Err(e) => return pages::failed(&e),
    };
    let (now, office) = (app.now(), app.office());
    let at = now.clone();
    let found = app.read(move |tx| {
        let Some((occurrence, deadline)) = tx.with_deadline(occurrence)? else { return Ok(None) };
        // As on the page that it is linked from.
        if !office.section_names(&deadline).contains(&section.as_str()) {
            return Ok(None);
        }
        explain(tx, &office, (&deadline.id, None), Some(&occurrence.period), &at)
    });
    match found.await {
        Ok(Some(found)) => {
            let back = format!("{}/r/{token}", app.root());
            let as_of = format!("{}年{}", now.local.year(), words::moment(now.local));
            html(StatusCode::OK, &Page { frame: Frame::of(&app), sheet: &found.sheet, back, as_of })
        }
        Ok(None) => refusal(&app, client),
        Err(e) => pages::failed(&e),
    }
}

/// A text in pieces, and which of them is a date: `2026年1月30日（周五）`, `1月30日`.
pub fn dated(text: &str) -> Vec<(&str, bool)> {
    let (mut pieces, mut plain, mut i) = (Vec::new(), 0, 0);
    while i < text.len() {
        match date_at(&text[i..]).filter(|_| !text[..i].ends_with(|c: char| c.is_ascii_digit())) {
            Some(len) => {
                pieces.extend((plain < i).then(|| (&text[plain..i], false)));
                pieces.push((&text[i..i + len], true));
                i += len;
                plain = i;
            }
            None => i += text[i..].chars().next().map_or(1, char::len_utf8),
        }
    }
    pieces.extend((plain < text.len()).then(|| (&text[plain..], false)));
    pieces
}

/// How long the date is that the text begins with.
fn date_at(text: &str) -> Option<usize> {
    let number = |text: &'_ str, unit: char| -> Option<usize> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        (digits > 0 && text[digits..].starts_with(unit)).then_some(digits + unit.len_utf8())
    };
    let year = number(text, '年').unwrap_or(0);
    let month = year + number(&text[year..], '月')?;
    let day = month + number(&text[month..], '日')?;
    let weekday = text[day..].strip_prefix("（周").and_then(|rest| rest.find('）'));
    Some(day + weekday.map_or(0, |end| "（周".len() + end + "）".len()))
}

#[cfg(test)]
mod tests {
    use super::dated;

    #[test]
    fn dates_in_a_sentence() {
        let dates = |text| dated(text).into_iter().filter(|(_, is)| *is).map(|(date, _)| date).collect::<Vec<_>>();
        assert_eq!(dates("请于2026年1月30日（周五）下班前办结。"), ["2026年1月30日（周五）"]);
        assert_eq!(
            dates("规定期限1月31日为周六，顺延至2月2日（周一，调休上班）届满"),
            ["1月31日", "2月2日（周一，调休上班）"]
        );
        assert_eq!(dates("15日内，3月、2026年，12月底"), [] as [&str; 0]);
        for text in ["", "1月", "二月3日1月2日", "2026年1月30日（周五", "甲１月2日"] {
            assert_eq!(dated(text).into_iter().map(|(piece, _)| piece).collect::<String>(), text);
        }
    }
}
