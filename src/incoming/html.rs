//! Turns HTML into the lines that a reader sees, quotes marked with `> `, in one pass.

use mail_parser::decoders::html::add_html_token;

/// The most quote marks before a line.
const QUOTE_MARKS: usize = 4;

/// The text of a page or a piece of one.
pub(super) fn to_text(html: &str) -> String {
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
            "style" | "script" | "title" | "template" if !closes => rest = after_closing(rest, &name),
            _ => page.tag(&name, closes),
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

fn after_closing<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let after = from + at + 2;
        let closing = rest.as_bytes().get(after..after + name.len());
        if closing.is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes())) {
            return rest[after..].split_once('>').map_or("", |(_, rest)| rest);
        }
        from = after;
    }
    ""
}

#[derive(Default)]
struct Page {
    lines: String,
    line: String,
    /// A space is due before the next word.
    gap: bool,
    quotes: usize,
    pre: usize,
}

impl Page {
    fn tag(&mut self, name: &str, closes: bool) {
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
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if c == '&'
                && let Some(length) = rest.bytes().take(12).position(|b| b == b';')
                && length > 1
                && rest.as_bytes()[1..length].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'#')
            {
                let mut decoded = String::new();
                add_html_token(&mut decoded, &rest.as_bytes()[..=length], false);
                decoded.chars().for_each(|c| self.push(c));
                rest = &rest[length + 1..];
                continue;
            }
            self.push(c);
            rest = &rest[c.len_utf8()..];
        }
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

    fn finish(mut self) -> String {
        self.break_line(false);
        self.lines.truncate(self.lines.trim_end().len());
        self.lines
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
}
