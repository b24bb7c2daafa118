//! Turns HTML into the lines that a reader sees, quotes marked with `> `, in one pass. What is struck out or hidden is
//! not read.

mod hidden;

use std::collections::{HashMap, HashSet};

use crate::text::{after_closing, unescaped};
use hidden::{Look, classes};

/// The most quote marks before a line.
const QUOTE_MARKS: usize = 4;
/// How far up an element is looked for that a new one ends, as `<p>` ends the `<p>` before it.
const IMPLIED: usize = 50;

/// A page as its reader sees it.
pub(super) struct Seen {
    pub text: String,
    /// Words were left out that are struck out or hidden.
    pub hid: bool,
}

/// The text of a page or a piece of one.
pub(super) fn to_text(html: &str) -> String {
    read(html).text
}

/// Whether a text that is called plain is a page: it begins with a tag, and closes one.
pub(super) fn is_page(text: &str) -> bool {
    const FIRST: [&str; 12] =
        ["!doctype", "html", "head", "body", "div", "p", "span", "font", "table", "br", "meta", "style"];
    let begins = tag(text.trim_start()).is_some_and(|(name, closes, _)| {
        !closes
            && (FIRST.contains(&name.as_str()) || text.trim_start()[1..].to_ascii_lowercase().starts_with("!doctype"))
    });
    begins && text.contains("</")
}

pub(super) fn read(html: &str) -> Seen {
    let mut page = Page::default();
    let mut rest = html;
    // An end that was not found once is not searched for again.
    let mut comments_end = true;
    while let Some(at) = rest.find('<') {
        page.text(&rest[..at]);
        let from = &rest[at..];
        if let Some(inside) = from.strip_prefix("<!--").filter(|_| comments_end) {
            match inside.find("-->") {
                Some(end) => rest = &inside[end + 3..],
                None => {
                    comments_end = false;
                    rest = inside;
                }
            }
            continue;
        }
        let Some((name, closes, length)) = tag(from) else {
            page.text("<");
            rest = &from[1..];
            continue;
        };
        rest = &from[length..];
        match name.as_str() {
            // An unclosed element hides everything after it, as in a browser.
            "style" | "script" | "title" | "template" | "noscript" | "textarea" if !closes => {
                let after = after_closing(rest, &name);
                if name == "style" {
                    classes(&rest[..rest.len() - after.len()], &mut page.classes);
                }
                rest = after;
            }
            _ => page.tag(&name, closes, &from[..length]),
        }
    }
    page.text(rest);
    page.finish()
}

/// A tag at the beginning: its name, whether it closes, and how long it is.
fn tag(from: &str) -> Option<(String, bool, usize)> {
    let inside = from.strip_prefix('<')?;
    let closes = inside.starts_with('/');
    let name_from = inside.strip_prefix('/').unwrap_or(inside);
    if !name_from.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?')) {
        return None;
    }
    let name: String = name_from
        .chars()
        .take(20)
        .take_while(|c| c.is_ascii_alphanumeric() || *c == ':')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let mut quote = None;
    let mut early_end = None;
    for (at, byte) in from.bytes().enumerate().skip(1) {
        match (byte, quote) {
            (b'>', None) => return Some((name, closes, at + 1)),
            // The tag is incomplete: text goes on.
            (b'<', None) => return Some((name, closes, at)),
            (b'>', Some(_)) => early_end = early_end.or(Some(at + 1)),
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    // A quotation mark is unclosed: the tag ends at the first `>` inside it.
    Some((name, closes, early_end.unwrap_or(from.len())))
}

#[derive(Default)]
struct Page {
    lines: String,
    line: String,
    /// A space is due before the next word.
    gap: bool,
    quotes: usize,
    pre: usize,
    /// The elements around this place, and how many there are of each name.
    open: Vec<(String, Look)>,
    names: HashMap<String, usize>,
    /// The classes that a style sheet hides.
    classes: HashSet<String>,
    hid: bool,
}

impl Page {
    fn tag(&mut self, name: &str, closes: bool, written: &str) {
        match name {
            "br" => self.break_line(true),
            "blockquote" => {
                self.break_line(false);
                self.quotes = if closes { self.quotes.saturating_sub(1) } else { self.quotes + 1 };
            }
            "pre" => {
                self.break_line(false);
                self.pre = if closes { self.pre.saturating_sub(1) } else { self.pre + 1 };
            }
            "p" | "div" | "tr" | "li" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr"
            | "section" | "article" | "header" | "footer" | "dd" | "dt" | "dl" | "center" | "form" | "address"
            | "fieldset" | "body" => self.break_line(false),
            "td" | "th" => self.gap = true,
            _ => {}
        }
        self.stand(name, closes, written);
    }

    /// Keeps the elements around this place: a new one looks like the one around it, but for what it says itself.
    fn stand(&mut self, name: &str, closes: bool, written: &str) {
        const EMPTY: [&str; 13] =
            ["br", "hr", "img", "input", "meta", "link", "base", "area", "col", "wbr", "source", "embed", ""];
        if EMPTY.contains(&name) {
            return;
        }
        if closes {
            if self.names.get(name).is_some_and(|n| *n > 0) {
                self.leave(name);
            }
            return;
        }
        let (ended, within): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol"]),
            "td" | "th" => (&["td", "th"], &["table"]),
            "tr" => (&["tr"], &["table"]),
            "p" | "div" | "ul" | "ol" | "table" | "blockquote" | "pre" | "h1" | "h2" | "h3" | "h4" | "form" => {
                (&["p"], &["td", "th", "table"])
            }
            _ => (&[], &[]),
        };
        let near = self.open.iter().rev().take(IMPLIED).map(|(n, _)| n.as_str());
        let ends = near.take_while(|n| !within.contains(n)).find(|n| ended.contains(n)).map(str::to_owned);
        if let Some(ends) = ends {
            self.leave(&ends);
        }
        let look = self.look().within(name, written, &self.classes);
        *self.names.entry(name.to_owned()).or_default() += 1;
        self.open.push((name.to_owned(), look));
    }

    fn leave(&mut self, name: &str) {
        while let Some((left, _)) = self.open.pop() {
            if let Some(count) = self.names.get_mut(&left) {
                *count -= 1;
            }
            if left == name {
                return;
            }
        }
    }

    fn look(&self) -> Look {
        self.open.last().map_or(Look::default(), |(_, look)| *look)
    }

    fn text(&mut self, text: &str) {
        if !self.look().is_seen() {
            self.hid |= text.contains(|c: char| c.is_alphanumeric());
            return;
        }
        unescaped(text).chars().for_each(|c| self.push(c));
    }

    fn push(&mut self, c: char) {
        match c {
            '\n' if self.pre > 0 => self.break_line(true),
            '\u{200b}' | '\u{feff}' | '\0' => {}
            '\u{3000}' => self.word('\u{3000}'),
            c if c.is_whitespace() => self.gap = true,
            c => self.word(c),
        }
    }

    fn word(&mut self, c: char) {
        if std::mem::take(&mut self.gap) && !self.line.is_empty() {
            self.line.push(' ');
        }
        self.line.push(c);
    }

    /// Ends the line. An empty line is kept only if it is `meant`.
    fn break_line(&mut self, meant: bool) {
        self.gap = false;
        if self.line.is_empty() && !meant {
            return;
        }
        for _ in 0..self.quotes.min(QUOTE_MARKS) {
            self.lines.push_str("> ");
        }
        self.lines.push_str(&self.line);
        self.line.clear();
        self.lines.push('\n');
    }

    fn finish(mut self) -> Seen {
        self.break_line(false);
        self.lines.truncate(self.lines.trim_end().len());
        Seen { text: self.lines, hid: self.hid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_sees() {
        assert_eq!(to_text("<p>①&nbsp;已办结</p><p>②&#x4e0d;适用</p>"), "① 已办结\n②不适用");
        assert_eq!(to_text("a<br>b<BR/>\n c<div>d</div>e"), "a\nb\nc\nd\ne");
        assert_eq!(to_text("<head><style>p{a:>b}</style><title>t</title></head><body>x<script>1</SCRIPT >y"), "xy");
        assert_eq!(to_text("x<!-- <p> -->y<!--[if mso]>z<![endif]-->"), "xy");
        assert_eq!(to_text("x<blockquote>q<blockquote>r</blockquote></blockquote>y"), "x\n> q\n> > r\ny");
        assert_eq!(to_text("<tr><td>要做</td><td>报送</td></tr>"), "要做 报送");
        assert_eq!(
            to_text("<a title=\"x>y\">z</a> 1 < 2 &lt;b&gt; &amp;amp; &x; &unknownname;"),
            "z 1 < 2 <b> &amp; &x; &unknownname;"
        );
        assert_eq!(to_text("<a title=\"x>y"), "y");
        assert_eq!(to_text("<pre>a\nb</pre>c\nd"), "a\nb\nc d");
        assert_eq!(to_text("<o:p>&nbsp;</o:p><!DOCTYPE html>x<"), "x<");
    }

    #[test]
    fn what_no_reader_sees() {
        for (html, seen) in [
            ("<del>已办结</del>改日", "改日"),
            ("<s>a</s>b<strike>c</strike>d", "bd"),
            ("<span style=\"text-decoration: line-through\">a</span>b", "b"),
            ("<span style='TEXT-DECORATION:underline line-through'>a</span>b", "b"),
            ("<p style=\"display : none !important\">a<p>b", "b"),
            ("<div hidden>a<b>c</b></div>b", "b"),
            ("<div class=hidden>a</div>b", "a\nb"),
            (
                "<style>.x, p.y { display:none } @media print { .z { display:none } }</style><i class=\"q x\">a</i><i class=z>b</i>",
                "b",
            ),
            ("<span style=\"font-size:0px\">a</span>b", "b"),
            ("<span style=\"font-size:0.9em;max-height:20px\">a</span>b", "ab"),
            ("<span style=\"color:#FFF\">a</span>b", "b"),
            ("<font color=white>a</font>b", "b"),
            ("<td bgcolor=\"#003366\"><font color=\"#ffffff\">a</font></td>b", "a b"),
            ("<div style=\"background:#036;color:#fff\">a</div>b", "a\nb"),
            ("<span style=\"visibility:hidden\">a</span>b<noscript>c</noscript><template>d</template>", "b"),
            ("<div style=\"max-height:0;overflow:hidden\">a</div>b", "b"),
            ("<div style=\"opacity:0\">a</div><i style=\"mso-hide:all\">c</i>b", "b"),
            ("<div style=\"position:absolute;left:-9999px\">a</div>b", "b"),
            ("<span style=\"display:none\">a</div>b", ""),
            ("<div><span style=\"display:none\">a</div>b", "b"),
        ] {
            assert_eq!(to_text(html), seen, "{html}");
        }
        assert!(read("<s>a</s>").hid && !read("<s> </s>a").hid);
    }
}
