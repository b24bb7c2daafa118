//! Checks what a person wrote into a form: gives an answer, or what is missing. Nothing is guessed.

use std::borrow::Cow;

use jiff::civil::{Date, date};
use serde::Deserialize;

use crate::{letter::words, service::desk::limits};

/// The fields of the report form, unchecked; any may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    pub form: String,
    pub choice: String,
    pub by: String,
    pub evidence: String,
    pub note: String,
    pub reason_postponed: String,
    pub expected: String,
    pub reason_not_applicable: String,
    pub progress: String,
}

/// The fields of the admin's answer, and of the form that takes a report back.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reply {
    pub form: String,
    pub choice: String,
    pub by: String,
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Done {
        evidence: String,
        note: String,
    },
    Postponed {
        reason: String,
        expected: Date,
    },
    NotApplicable {
        reason: String,
    },
    /// 材料已报
    HandedIn {
        note: String,
    },
    /// 进展
    Progress {
        text: String,
    },
}

/// What the person has to correct, and in which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub field: Cow<'static, str>,
    pub what: Cow<'static, str>,
}

/// What was collected about the fields of a form, in its order.
#[derive(Default)]
pub struct Faults(pub Vec<Missing>);

/// More than enough for a date.
const LONGEST_DATE: usize = 30;
/// Days. A later expected date is taken for a slip in the year.
const LONGEST_DAYS: i64 = 800;

impl Fields {
    /// Removes control characters and cuts overlong text; to be stored and shown again.
    pub fn tidy(self) -> Self {
        Self {
            form: self.form,
            choice: self.choice,
            by: line(&self.by, limits::NAME + 1),
            evidence: line(&self.evidence, limits::EVIDENCE + 1),
            note: line(&self.note, limits::TEXT + 1),
            reason_postponed: line(&self.reason_postponed, limits::TEXT + 1),
            expected: line(&self.expected, LONGEST_DATE),
            reason_not_applicable: line(&self.reason_not_applicable, limits::TEXT + 1),
            progress: line(&self.progress, limits::TEXT + 1),
        }
    }

    /// # Errors
    /// Everything that is missing, in the order of the form.
    pub fn check(&self, today: Date) -> Result<Answer, Vec<Missing>> {
        let mut faults = Faults::default();
        faults.name(&self.by);
        let (done, later, never) = (self.choice == "done", self.choice == "postponed", self.choice == "not_applicable");
        let (handed_in, tells) = (self.choice == "handed_in", self.choice == "progress");
        let is_chosen = done || later || never || handed_in || tells;
        faults.miss(!is_chosen, "choice", "请选择一项办理情况");
        let expected = day(&self.expected, today);
        if tells {
            faults.miss(self.progress.is_empty(), "progress", "请填进展到哪一步");
            faults.text("progress", "进展", &self.progress, limits::TEXT);
        }
        if done || handed_in {
            faults.text("evidence", "文号或链接", &self.evidence, limits::EVIDENCE);
            faults.text("note", "备注", &self.note, limits::TEXT);
        }
        if later {
            faults.reason("reason_postponed", &self.reason_postponed);
            let given = !self.expected.is_empty();
            faults.miss(!given, "expected", "请填预计办结日期");
            faults.miss(given && expected.is_none(), "expected", "预计办结日期请写成 2026-03-15 这样");
            let is_late = |day: Date| crate::domain::calendar::days_between(today, day) > LONGEST_DAYS;
            faults.miss(expected.is_some_and(|day| day <= today), "expected", "预计办结日期应在今天以后");
            faults.miss(expected.is_some_and(is_late), "expected", "预计办结日期太远，请核对年份");
        }
        if never {
            faults.reason("reason_not_applicable", &self.reason_not_applicable);
        }
        let filled = |texts: &[&String]| texts.iter().any(|text| !text.is_empty());
        let boxes = [
            (done || handed_in, filled(&[&self.evidence, &self.note]), "evidence"),
            (tells, filled(&[&self.progress]), "progress"),
            (later, filled(&[&self.reason_postponed, &self.expected]), "reason_postponed"),
            (never, filled(&[&self.reason_not_applicable]), "reason_not_applicable"),
        ];
        // Text in a box that was not chosen: either may be a slip, so the person is asked.
        for (is_its_own, is_filled, field) in boxes {
            let is_stray = is_filled && !is_its_own && is_chosen;
            faults.miss(is_stray, field, "这里填了内容，但没有选这一项：请改选，或删去这里的内容");
        }
        match (faults.0.is_empty(), expected) {
            (true, _) if done => Ok(Answer::Done { evidence: self.evidence.clone(), note: self.note.clone() }),
            (true, Some(expected)) if later => {
                Ok(Answer::Postponed { reason: self.reason_postponed.clone(), expected })
            }
            (true, _) if handed_in => Ok(Answer::HandedIn { note: self.note.clone() }),
            (true, _) if tells => Ok(Answer::Progress { text: self.progress.clone() }),
            (true, _) if never => Ok(Answer::NotApplicable { reason: self.reason_not_applicable.clone() }),
            _ => Err(faults.0),
        }
    }
}

impl Reply {
    pub fn tidy(self) -> Self {
        Self { by: line(&self.by, limits::NAME + 1), note: line(&self.note, limits::TEXT + 1), ..self }
    }

    /// Whether the admin confirms.
    ///
    /// # Errors
    /// Everything that is missing.
    pub fn check(&self) -> Result<bool, Vec<Missing>> {
        let mut faults = Faults::default();
        faults.name(&self.by);
        let (confirmed, returned) = (self.choice == "confirm", self.choice == "return");
        faults.miss(!(confirmed || returned), "choice", "请选择确认或退回");
        faults.miss(returned && self.note.is_empty(), "note", "退回请写明理由");
        faults.text("note", "说明", &self.note, limits::TEXT);
        if faults.0.is_empty() { Ok(confirmed) } else { Err(faults.0) }
    }

    /// # Errors
    /// A name that is missing or too long.
    pub fn check_name(&self) -> Result<(), Vec<Missing>> {
        let mut faults = Faults::default();
        faults.name(&self.by);
        if faults.0.is_empty() { Ok(()) } else { Err(faults.0) }
    }
}

impl Faults {
    pub fn miss(&mut self, is_missing: bool, field: impl Into<Cow<'static, str>>, what: &'static str) {
        if is_missing {
            self.0.push(Missing { field: field.into(), what: what.into() });
        }
    }

    pub fn text(&mut self, field: impl Into<Cow<'static, str>>, what: &str, text: &str, most: usize) {
        // A text was cut when it was tidied: by how much it is too long is not known any more.
        if text.chars().count() > most {
            let what = format!("{what}太长，最多 {most} 个字，请改短").into();
            self.0.push(Missing { field: field.into(), what });
        }
    }

    pub fn name(&mut self, by: &str) {
        self.miss(by.is_empty(), "by", "请填经办人姓名");
        if by.chars().count() > limits::NAME {
            let what = format!("经办人请只写姓名，最多 {} 个字", limits::NAME);
            self.0.push(Missing { field: "by".into(), what: what.into() });
        }
        // An address says in the history that a report came by mail from it.
        self.miss(by.contains(['@', '＠']), "by", "经办人请写姓名，不写邮箱");
        self.miss(limits::is_our_own(by), "by", "“duban”是本系统的名字，请填经办人姓名");
    }

    fn reason(&mut self, field: &'static str, text: &str) {
        self.miss(text.is_empty(), field, "请填原因");
        self.text(field, "原因", text, limits::TEXT);
    }
}

/// Makes one line of at most `longest` characters, without invisible characters.
pub fn line(text: &str, longest: usize) -> String {
    // Not `cap`, which adds a mark: one character more than allowed shows that the text was too long.
    words::plain(text).chars().take(longest).collect::<String>().trim_matches('\u{3000}').to_owned()
}

/// `2026-03-15`, `2026/3/15`, `2026年3月15日`; `3月15日` is the next one after today.
fn day(text: &str, today: Date) -> Option<Date> {
    use unicode_normalization::UnicodeNormalization;
    let plain: String = text.nfkc().collect();
    if let Some(day) = compact(&plain) {
        return Some(day);
    }
    let numbers: Vec<i16> = plain
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    if plain.contains(|c: char| !c.is_ascii_digit() && !c.is_whitespace() && !"-/.年月日号".contains(c)) {
        return None;
    }
    let of = |year: i16, month: i16, day: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    match numbers[..] {
        [year, month, day] if year >= 1000 => of(year, month, day),
        [month, day] => {
            let this = of(today.year(), month, day)?;
            if this > today { Some(this) } else { of(today.year() + 1, month, day) }
        }
        _ => None,
    }
}

/// `20260315`
fn compact(text: &str) -> Option<Date> {
    let digits = text.trim();
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (year, month, day) = (digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?);
    Date::new(year, month, day).ok().filter(|d| *d >= date(2000, 1, 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 1, 27);

    fn fields(choice: &str, by: &str) -> Fields {
        Fields { choice: choice.into(), by: by.into(), ..Fields::default() }
    }

    fn missing(fields: &Fields) -> Vec<Cow<'static, str>> {
        fields.check(TODAY).err().unwrap_or_default().into_iter().map(|m| m.field).collect()
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(missing(&Fields::default()), ["by", "choice"]);
        assert_eq!(missing(&fields("", "张三")), ["choice"]);
        assert_eq!(missing(&fields("x", "张三")), ["choice"]);
        assert_eq!(missing(&fields("done", "")), ["by"]);
        assert_eq!(missing(&fields("postponed", "张三")), ["reason_postponed", "expected"]);
        assert_eq!(missing(&fields("not_applicable", "张三")), ["reason_not_applicable"]);
        let stray = Fields { reason_postponed: "等批复".into(), ..fields("done", "张三") };
        assert_eq!(missing(&stray), ["reason_postponed"]);
        let past =
            Fields { reason_postponed: "等".into(), expected: "2026-01-27".into(), ..fields("postponed", "张三") };
        assert_eq!(missing(&past), ["expected"]);
    }

    #[test]
    fn answers() {
        assert_eq!(
            fields("done", "张三").check(TODAY),
            Ok(Answer::Done { evidence: String::new(), note: String::new() })
        );
        let later =
            Fields {
                reason_postponed: "等批复".into(), expected: "2月9日".into(), ..fields("postponed", "张三")
            };
        let expected = date(2026, 2, 9);
        assert_eq!(later.check(TODAY), Ok(Answer::Postponed { reason: "等批复".into(), expected }));
    }

    #[test]
    fn days() {
        for text in ["2026-03-05", "2026/3/5", "2026.3.5", "2026年3月5日", "２０２６年３月５号", "3月5日", "20260305"]
        {
            assert_eq!(day(text, TODAY), Some(date(2026, 3, 5)), "{text}");
        }
        assert_eq!(day("1月5日", TODAY), Some(date(2027, 1, 5)));
        for text in ["", "下周", "2026-02-30", "3月", "2026", "明年3月5日", "-5", "99999999", "5/3/2026", "1e3-2"]
        {
            assert_eq!(day(text, TODAY), None, "{text}");
        }
    }

    #[test]
    fn lines_are_tidied() {
        let tidy = Fields { by: " 张三\r\nBcc: x\u{202e}\u{0} ".into(), ..Fields::default() }.tidy();
        assert_eq!(tidy.by, "张三 Bcc: x");
        assert_eq!(missing(&Fields { by: "长".repeat(500), ..fields("done", "") }.tidy()), ["by"]);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,60}", choice in "(done|postponed|not_applicable|)") {
            let fields = Fields {
                by: text.clone(), expected: text.clone(), note: text.clone(), reason_postponed: text,
                ..self::fields(&choice, "")
            };
            let _ = fields.tidy().check(TODAY);
        }
    }
}
