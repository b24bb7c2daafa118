//! Turns a parser's error into what the admin did wrong and what to write instead.

use std::ops::Range;

use toml::de::DeTable;

use super::{meant::nearest_key, schema::Schema, spans::value_at};
use crate::{
    config::source::{secret, text::Source},
    text::hidden,
};

/// A syntax error in our words.
#[derive(Debug)]
pub struct Said {
    pub at: Range<usize>,
    pub what: String,
    pub instead: String,
    /// Of several errors on one line, the one with the highest weight is shown.
    pub weight: u8,
    /// Only the value is wrong: the rest of its line is reliable.
    pub alone: bool,
}

pub fn explain(source: &Source, schema: &Schema, table: &DeTable<'_>, message: &str, at: Range<usize>) -> Said {
    let line = Line::new(source, &at);
    let has = |word: &str| message.starts_with(word);
    if let Some((start, _)) = secret::key_at(line.text) {
        // No example here: it would repeat the password.
        let at = line.start + start..line.range().end;
        return said(9, at, "口令不能写在这个文件里，这一行写法也不对".into(), "删去这一行");
    }
    if let Some((at, name)) = line.hidden_at(&at) {
        return said(7, at, format!("这里有{name}"), "删去它；把这一行重新输入一遍最稳妥");
    }
    match () {
        () if has("string values must be quoted") => unquoted(&line, at),
        () if has("missing opening quote") => opening(&line, at),
        () if has("key with no value") => no_value(&line, schema),
        () if has("invalid unquoted key") => chinese_key(&line, schema, at),
        () if has("unquoted keys cannot be empty") && line.is_header() => header(&line, schema),
        () if has("unquoted keys cannot be empty") => said(5, line.range(), "等号前面没有键".into(), "title = \"……\""),
        () if has("duplicate key") => duplicate(&line, schema, at),
        () if has("unclosed table") || has("unclosed array table") => header(&line, schema),
        () if has("unexpected key or value") => left_over(&line, schema, at),
        () if message.contains("unicode value") || message.contains("escape") => backslash(&line, table, at),
        () if message.contains("expected non-double-quote") => said(2, at, "文字里有不能用的字符".into(), "删去它"),
        () if has("invalid basic string") || has("invalid literal string") => unclosed_text(&line, table, at),
        () if has("invalid multi-line") => {
            let at = value_at(table, at.start).map_or(at, |value| value.start..value.start + 3);
            said(8, at, "三个引号开头的文字没有收尾".into(), "在文字末尾补上三个引号")
        }
        () if has("invalid boolean") => alone(boolean(&line, at)),
        () if has("invalid date") || has("invalid time") => date(&line, at),
        () if message.contains("leading zero") => said(5, at, "数字前面不要写 0".into(), line.number()),
        () if has("unclosed inline table") => said(8, at, "花括号 { 没有收尾的 }".into(), "在末尾补上 }"),
        () if has("unclosed array") => said(8, at, "方括号 [ 没有收尾的 ]".into(), "在最后一个值后面补上 ]"),
        () if has("missing comma") => missing_comma(source, at),
        () if has("extra comma") => said(3, at, "这里多了一个逗号".into(), "删去一个逗号"),
        () if message.contains("in array") => said(2, at, "方括号里只能写值，用逗号隔开".into(), "[\"甲\", \"乙\"]"),
        () if message.contains("carriage") => said(4, at, "换行符不对".into(), "用记事本重新保存一次"),
        () if message.contains("recursion") => said(9, at, "括号套得太深".into(), "照示例的写法写"),
        () => said(1, at, "这里的写法读不懂".into(), "照旁边能用的一行写，只改引号里的内容"),
    }
}

/// The line of an error.
struct Line<'a> {
    source: &'a Source,
    start: usize,
    text: &'a str,
    number: usize,
}

impl<'a> Line<'a> {
    fn new(source: &'a Source, at: &Range<usize>) -> Self {
        let number = source.line_of(at.start);
        let range = source.line_range(number);
        Self { source, start: range.start, text: &source.text[range], number }
    }

    fn range(&self) -> Range<usize> {
        let indent = self.text.len() - self.text.trim_start().len();
        self.start + indent..self.start + self.text.trim_end().len()
    }

    fn cut(&self, at: &Range<usize>) -> &'a str {
        self.source.text.get(at.clone()).unwrap_or_default().trim()
    }

    fn is_header(&self) -> bool {
        self.text.trim_start().starts_with(['[', '【', '［'])
    }

    /// The text before the first equals sign or colon, without quotes.
    fn key(&self) -> &'a str {
        let key = self.text.split(['=', '＝', ':', '：']).next().unwrap_or_default().trim();
        key.trim_matches(['"', '“', '”', '＂'])
    }

    fn find(&self, what: char) -> Option<Range<usize>> {
        let at = self.start + self.text.find(what)?;
        Some(at..at + what.len_utf8())
    }

    /// The line with another value, to show a correct line.
    fn with(&self, value: &str) -> String {
        match self.text.split_once('=') {
            Some((key, _)) => format!("{} = {value}", key.trim()),
            None => value.to_owned(),
        }
    }

    /// An invisible character at the place of the error or close after it.
    fn hidden_at(&self, at: &Range<usize>) -> Option<(Range<usize>, String)> {
        let near = at.start.saturating_sub(self.start)..at.end.saturating_sub(self.start).max(1) + 4;
        let found = self.text.char_indices().find(|(i, c)| near.contains(i) && *c != '\t' && hidden(*c).is_some());
        found.and_then(|(i, c)| Some((self.start + i..self.start + i + c.len_utf8(), hidden(c)?)))
    }

    fn number(&self) -> String {
        let value = self.text.split_once('=').map_or("", |(_, value)| value.trim());
        self.with(value.trim_start_matches('0'))
    }

    /// The keys that are allowed here: those of the last table header above.
    fn keys(&self, schema: &Schema) -> &'static [&'static str] {
        let header = (1..self.number).rev().map(|n| self.source.line(n).trim()).find(|line| line.starts_with('['));
        let header = header.unwrap_or_default().trim_matches(['[', ']', ' ']);
        schema.keys(header)
    }
}

fn said(weight: u8, at: Range<usize>, what: String, instead: impl Into<String>) -> Said {
    Said { at, what, instead: instead.into(), weight, alone: false }
}

fn alone(said: Said) -> Said {
    Said { alone: true, ..said }
}

fn unquoted(line: &Line<'_>, at: Range<usize>) -> Said {
    let text = line.cut(&at);
    let bare = text.trim_matches(['“', '”', '‘', '’', '＂', '「', '」', '"', '\'']);
    if text.is_empty() {
        let what =
            if line.key().is_empty() { "这里没有值".into() } else { format!("{} 后面没有写值", line.key()) };
        return said(5, line.range(), what, line.with("\"……\""));
    }
    // A list without brackets: the rest of the line is meant.
    let rest = &line.text[(at.start - line.start).min(line.text.len())..];
    let parts: Vec<&str> = rest.split('#').next().unwrap_or_default().split([',', '，', '、']).map(str::trim).collect();
    if parts.len() > 1 && !line.text.contains('[') {
        return said(8, at, "几个值要放进方括号，各加引号".into(), line.with(&list(&parts)));
    }
    if bare.len() < text.len() && !text.starts_with(['"', '\'']) {
        return said(6, at, "文字要用半角引号 \" 括起来，这里是全角引号".into(), line.with(&format!("\"{bare}\"")));
    }
    let right = match bare {
        "是" | "对" | "yes" | "Yes" | "YES" | "on" => "true".to_owned(),
        "否" | "不" | "no" | "No" | "NO" => "false".to_owned(),
        _ => format!("\"{bare}\""),
    };
    let what = if right.starts_with('"') {
        "文字要用半角引号 \" 括起来"
    } else {
        "是、否要写成 true、false"
    };
    said(4, at, what.into(), line.with(&right))
}

fn list(parts: &[&str]) -> String {
    let quoted: Vec<String> = parts
        .iter()
        .map(|part| part.trim_matches(['“', '”', '"', '\'', '‘', '’', ' ']))
        .filter(|part| !part.is_empty())
        .map(|part| format!("\"{part}\""))
        .collect();
    format!("[{}]", quoted.join(", "))
}

/// Inside an array: the parser expects an opening quote where there is a wrong separator.
fn opening(line: &Line<'_>, at: Range<usize>) -> Said {
    match line.source.text[at.start..].chars().next() {
        Some(c @ ('，' | '、' | '；' | ';' | '。')) => {
            let at = at.start..at.start + c.len_utf8();
            let right = line.text.replace(&format!("\"{c}"), "\",").replace("\",\"", "\", \"");
            said(6, at, format!("值之间要用半角逗号，这里是“{c}”"), right.trim())
        }
        _ => said(4, at, "这里少了开头的引号，或多了收尾的引号".into(), "[\"甲\", \"乙\"]"),
    }
}

fn no_value(line: &Line<'_>, schema: &Schema) -> Said {
    if line.is_header() {
        return header(line, schema);
    }
    let key = nearest_key(line.key(), line.keys(schema));
    for sign in ['＝', '：', ':'] {
        if let (Some(at), Some(key)) = (line.find(sign), key) {
            let value = line.text.split_once(sign).map_or("", |(_, value)| value.trim());
            let value = format!("\"{}\"", value.trim_matches(['"', '“', '”', '＂']));
            let what = format!("键和值之间要用半角等号 =，这里是“{sign}”");
            return said(6, at, what, format!("{key} = {value}"));
        }
    }
    if line.text.trim_start().starts_with(['；', ';', '＃', '/', '※']) {
        let words = line.text.trim_start().trim_start_matches(['；', ';', '＃', '/', '※', ' ']);
        return said(6, line.range(), "说明文字的行首要用半角 #".into(), format!("# {words}"));
    }
    let what = "这一行没有等号，不知道是什么".to_owned();
    let (word, value) = line.text.trim().split_once(char::is_whitespace).unwrap_or((line.key(), "\"……\""));
    match nearest_key(word, line.keys(schema)) {
        Some(key) => said(6, line.range(), what, format!("{key} = {}", value.trim())),
        None => {
            said(6, line.range(), what, "写成 键 = 值；若是说明文字，行首加 #；若接着上一行，两行要放在同一对引号里")
        }
    }
}

fn chinese_key(line: &Line<'_>, schema: &Schema, at: Range<usize>) -> Said {
    if line.is_header() {
        return header(line, schema);
    }
    let key = line.key();
    if line.text.trim_start().starts_with(['“', '”', '＂']) {
        return said(5, line.range(), "键不用加引号，更不用全角引号".into(), line.text.replace(['“', '”', '＂'], ""));
    }
    if line.text.starts_with(|c: char| c.is_whitespace() && !c.is_ascii()) {
        return said(5, at, "行首有全角空格".into(), "删去行首的空格");
    }
    let what = format!("“{key}”不是键：等号前面要写规定的英文词");
    match nearest_key(key, line.keys(schema)) {
        Some(right) => said(5, at, what, right),
        None => said(5, at, what, format!("可用的有 {}", line.keys(schema).join("、"))),
    }
}

/// A line that begins with a bracket but is not a valid header.
fn header(line: &Line<'_>, schema: &Schema) -> Said {
    let name = line.text.trim().trim_matches(['[', ']', '【', '】', '［', '］', ' ', '"', '“', '”']);
    let right = schema.headers();
    let what = if right.contains(&name) {
        "方括号要用半角，左右成对"
    } else {
        "方括号里要写规定的英文词，左右成对"
    };
    let instead = match nearest_key(name, &right) {
        Some(right) => schema.written(right),
        None => any_header(schema, &right),
    };
    said(8, line.range(), what.into(), instead)
}

/// `[[section]] 或 [[deadline]]`
fn any_header(schema: &Schema, headers: &[&str]) -> String {
    let written: Vec<String> = headers.iter().map(|header| schema.written(header)).collect();
    match written.split_last() {
        Some((last, others)) => format!("{} 或 {last}", others.join("、")),
        None => "这种文件不用方括号开头的行".to_owned(),
    }
}

fn duplicate(line: &Line<'_>, schema: &Schema, at: Range<usize>) -> Said {
    let name = line.cut(&at).to_owned();
    match (line.is_header(), schema.has_many) {
        (true, true) => {
            said(5, line.range(), format!("[{name}] 只能有一个；每一段要用双层方括号"), schema.written(&name))
        }
        (true, false) => said(5, line.range(), format!("[{name}] 写了两次"), "合成一段"),
        (false, _) => said(5, at, format!("{name} 在这一段里写了两次"), "留下一行，删去另一行"),
    }
}

fn left_over(line: &Line<'_>, schema: &Schema, at: Range<usize>) -> Said {
    if line.is_header() {
        return header(line, schema);
    }
    let offset = (at.start - line.start).min(line.text.len());
    let rest = line.text[offset..].trim_end();
    let at = at.start..at.start + rest.len();
    let value = || line.text.split_once('=').map_or("", |(_, value)| value.trim());
    match rest.trim_start().chars().next() {
        Some(',' | '，' | '、') if value().starts_with(['"', '\'', '“']) => {
            let parts: Vec<&str> = value().split([',', '，', '、']).collect();
            said(5, at, "几个值要放进方括号".into(), line.with(&list(&parts)))
        }
        Some(c @ (';' | '；' | '。' | ',' | '，')) => said(5, at, format!("行尾多了“{c}”"), "删去它"),
        _ if rest.trim_start_matches(char::is_whitespace).is_empty() => {
            said(5, at, "行尾有全角空格".into(), "删去行尾的空格")
        }
        _ if rest.contains('"') || rest.starts_with('“') => {
            said(5, at, "引号没有成对，文字在前面就结束了".into(), "文字里面的引号改用全角“ ”，只在头尾用半角 \"")
        }
        Some(']') => said(5, at, "多了一个 ]".into(), "删去它"),
        _ => said(3, at, "这里多了内容：一行只写一个键和它的值".into(), "另起一行；若是说明文字，前面加 #"),
    }
}

fn backslash(line: &Line<'_>, table: &DeTable<'_>, at: Range<usize>) -> Said {
    let at = value_at(table, at.start).unwrap_or(at);
    let right = line.cut(&at).replace('\\', "/");
    said(6, at, "引号里不能直接写反斜杠 \\".into(), line.with(&right))
}

fn unclosed_text(line: &Line<'_>, table: &DeTable<'_>, at: Range<usize>) -> Said {
    let at = value_at(table, at.start).unwrap_or(at);
    let text = line.cut(&at);
    let bare = text.trim_matches(['"', '\'']);
    match bare.strip_suffix(['”', '＂', '“']) {
        Some(bare) => said(7, at, "收尾的引号是全角的，要用半角 \"".into(), line.with(&format!("\"{bare}\""))),
        None => said(7, at, "引号没有收尾".into(), format!("在文字末尾补上半角引号：\"{}\"", shorten(bare))),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(20) {
        Some((i, _)) => format!("{}……", &text[..i]),
        None => text.to_owned(),
    }
}

const WIDE_COMMAS: [char; 4] = ['，', '、', '；', '。'];

fn wide_comma(line: &Line<'_>, at: Range<usize>, sign: char) -> Said {
    let values = line.text.split('#').next().unwrap_or_default().replace(WIDE_COMMAS, ",");
    let right = values.split(',').map(str::trim).collect::<Vec<_>>().join(", ");
    said(6, at, format!("值之间要用半角逗号，这里是“{sign}”"), right.trim())
}

/// The comma that is missing may be there, and wide.
fn missing_comma(source: &Source, at: Range<usize>) -> Said {
    let before = source.text[..at.start].trim_end();
    match before.chars().next_back() {
        Some(sign) if WIDE_COMMAS.contains(&sign) => {
            let at = before.len() - sign.len_utf8()..before.len();
            wide_comma(&Line::new(source, &at), at, sign)
        }
        _ => said(3, at, "两个值之间少了逗号".into(), "[\"甲\", \"乙\"]"),
    }
}

/// A value that begins like a date or a time but is not one.
fn date(line: &Line<'_>, at: Range<usize>) -> Said {
    let text = line.cut(&at);
    let is_date = |text: &str| text.len() > 4 && text.as_bytes().get(4) == Some(&b'-');
    if let Some((offset, sign)) = text.char_indices().find(|(_, c)| WIDE_COMMAS.contains(c)) {
        let parts = text.split(WIDE_COMMAS).map(str::trim);
        if parts.filter(|part| !part.is_empty()).all(is_date) {
            let at = at.start + offset..at.start + offset + sign.len_utf8();
            return wide_comma(line, at, sign);
        }
    }
    let dates: Vec<&str> = text.split_whitespace().collect();
    match &dates[..] {
        [_, second, ..] if dates.iter().all(|text| is_date(text)) => {
            let gap = at.start + text.find(second).unwrap_or(0);
            said(6, gap..gap + second.len(), "两个日期之间少了逗号".into(), dates.join(", "))
        }
        _ if is_date(text) => {
            let what = format!("日期 {text} 不对：没有这一天，或少写了位数");
            alone(said(6, at, what, "写成 2026-01-05 这样，月和日都写两位"))
        }
        _ => said(6, at, "文字要用半角引号 \" 括起来".into(), line.with(&format!("\"{text}\""))),
    }
}

fn boolean(line: &Line<'_>, at: Range<usize>) -> Said {
    let text = line.cut(&at).to_lowercase();
    let right = if text.starts_with('f') { "false" } else { "true" };
    said(5, at, "只能写小写的 true 或 false".into(), line.with(right))
}
