//! Whether a reader sees an element's words: what is struck out, hidden, without size or of the paper's colour is not seen.

use std::collections::HashSet;

/// A style sheet names no more classes that are read.
const CLASSES: usize = 200;
/// More of a tag is not read.
const TAG_BYTES: usize = 4000;
const WHITE: u32 = 0x00ff_ffff;

/// How an element looks, as far as it matters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    is_hidden: bool,
    /// `None`: a picture, or a colour by a name that is not known.
    paper: Option<u32>,
    ink: Option<u32>,
}

impl Default for Look {
    fn default() -> Self {
        Self { is_hidden: false, paper: Some(WHITE), ink: Some(0) }
    }
}

impl Look {
    pub fn is_seen(self) -> bool {
        !(self.is_hidden || self.ink.is_some() && self.ink == self.paper)
    }

    /// The look of an element with this tag inside of this one.
    pub fn within(mut self, name: &str, tag: &str, hidden_classes: &HashSet<String>) -> Self {
        self.is_hidden |= matches!(name, "del" | "s" | "strike");
        let tag = tag.get(..tag.floor_char_boundary(TAG_BYTES)).unwrap_or_default();
        if !tag.contains([' ', '\t', '\n', '\r', '/']) {
            return self;
        }
        let tag = tag.to_ascii_lowercase();
        for (name, value) in attributes(&tag) {
            match name {
                "hidden" => self.is_hidden = true,
                "style" => self.style(&value),
                "bgcolor" => self.paper = colour(&value),
                "background" => self.paper = None,
                "color" => self.ink = colour(&value),
                "class" => self.is_hidden |= value.split_whitespace().any(|c| hidden_classes.contains(c)),
                _ => {}
            }
        }
        self
    }

    fn style(&mut self, style: &str) {
        self.is_hidden |= hides(style);
        for (name, value) in declarations(style) {
            match name {
                "color" => self.ink = if value == "transparent" { self.paper } else { colour(value) },
                "background" | "background-color" if value != "transparent" && value != "none" => {
                    self.paper = colour(value.split(' ').next().unwrap_or_default());
                }
                _ => {}
            }
        }
    }
}

/// Whether a style takes the words out of sight.
fn hides(style: &str) -> bool {
    let said: Vec<(&str, &str)> = declarations(style).collect();
    let is = |name: &str, test: fn(&str) -> bool| said.iter().any(|(n, v)| *n == name && test(v));
    let clipped = is("overflow", |v| v.starts_with("hidden"));
    is("display", |v| v == "none")
        || is("visibility", |v| v == "hidden" || v == "collapse")
        || is("mso-hide", |v| v == "all")
        || is("text-decoration", |v| v.contains("line-through"))
        || is("text-decoration-line", |v| v.contains("line-through"))
        || is("font-size", is_nothing)
        || is("opacity", is_nothing)
        || is("text-indent", is_far_away)
        || is("left", is_far_away)
        || is("top", is_far_away)
        || ["height", "max-height", "width", "max-width"].iter().any(|n| clipped && is(n, is_nothing))
}

/// `0`, `0px`, `.0em`.
fn is_nothing(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').trim();
    number.parse::<f32>().is_ok_and(|n| n.abs() < 0.05)
}

fn is_far_away(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').trim();
    number.parse::<f32>().is_ok_and(|n| n <= -500.0)
}

/// The declarations of a style, in lower case, without `!important`.
fn declarations(style: &str) -> impl Iterator<Item = (&str, &str)> {
    style.split(';').filter_map(|one| {
        let (name, value) = one.split_once(':')?;
        let value = value.split('!').next().unwrap_or_default();
        Some((name.trim(), value.trim()))
    })
}

fn colour(value: &str) -> Option<u32> {
    let value: String = value.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    if let Some(hex) = value.strip_prefix('#') {
        let long = if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
        return u32::from_str_radix(&long, 16).ok().filter(|_| long.len() == 6);
    }
    if let Some(parts) = value.strip_prefix("rgb(").or_else(|| value.strip_prefix("rgba(")) {
        let mut rgb = parts.trim_end_matches(')').split(',').map(|n| n.parse::<u32>().ok().filter(|n| *n < 256));
        return Some(rgb.next()?? << 16 | rgb.next()?? << 8 | rgb.next()??);
    }
    match value.as_str() {
        "white" | "window" => Some(WHITE),
        "black" | "windowtext" => Some(0),
        _ => None,
    }
}

/// A tag's attributes; character references in them are not read.
fn attributes(tag: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let start = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
    // `</x` has its slash first, but closing tags have no look.
    let mut rest = tag[start..].trim_end_matches('>');
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        if end == 0 {
            return found;
        }
        let (name, after) = rest.split_at(end);
        let Some(value) = after.trim_start().strip_prefix('=') else {
            found.push((name, String::new()));
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        found.push((name, value.replace("&quot;", "\"").replace("&#39;", "'")));
        rest = after;
    }
}

/// Adds the classes that a style sheet hides for every reader, in lower case.
pub(super) fn classes(sheet: &str, hidden: &mut HashSet<String>) {
    for rule in sheet.split('}') {
        // In a media query the rule may be for another screen.
        if rule.contains('@') || hidden.len() >= CLASSES {
            continue;
        }
        let Some((selectors, style)) = rule.rsplit_once('{') else { continue };
        if selectors.contains('{') || !hides(&style.to_ascii_lowercase()) {
            continue;
        }
        for selector in selectors.split(',').map(|s| s.trim().trim_start_matches("<!--").trim()) {
            let class = selector.split_once('.').filter(|(_, class)| !class.contains([' ', ':', '.', '>', '[']));
            hidden.extend(class.map(|(_, class)| class.to_ascii_lowercase()));
        }
    }
}
