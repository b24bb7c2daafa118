//! From the parts of a message, the text that is read and the names of the attachments.

use super::{
    TEXT_BYTES, charset, encoded, html,
    mime::{Leaf, Parts},
};
use crate::text::short_line;

const NAME_CHARS: usize = 120;
const ATTACHMENTS: usize = 50;

/// The whole text that a person reads: plain if there is any, else from HTML; without attached messages.
pub(super) fn text(parts: &Parts) -> String {
    let own = || parts.leaves.iter().filter(|l| !l.attached);
    let named = sole_named(parts);
    let is = |leaf: &Leaf, kind: &str| {
        leaf.is_text(kind) || named.is_some_and(|n| std::ptr::eq(n, leaf) && n.kind.value == kind)
    };
    let plain = |l: &&Leaf| is(l, "text/plain");
    // Where HTML strikes words out or hides them, the plain text beside it says them as if they stood.
    let struck: Vec<Option<usize>> = own()
        .filter(|l| l.alternative.is_some() && is(l, "text/html") && html::read(&characters(l)).hid)
        .map(|l| l.alternative)
        .collect();
    // Groups of alternatives with a plain text: their HTML is skipped.
    let twins: Vec<Option<usize>> = own()
        .filter(plain)
        .filter(|l| !struck.contains(&l.alternative) && !plain_text(l).trim().is_empty())
        .map(|l| l.alternative)
        .collect();
    let mut text = String::new();
    for leaf in own() {
        let chosen = if plain(&leaf) {
            if struck.contains(&leaf.alternative) {
                continue;
            }
            plain_text(leaf)
        } else if is(leaf, "text/html") {
            if leaf.alternative.is_some() && twins.contains(&leaf.alternative) {
                continue;
            }
            html::to_text(&characters(leaf))
        } else {
            continue;
        };
        if chosen.trim().is_empty() {
            continue;
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&chosen);
        if text.len() > TEXT_BYTES {
            break;
        }
    }
    cut(text)
}

/// The text of a message whose only texts have a name: some programs and gateways name the body too.
fn sole_named(parts: &Parts) -> Option<&Leaf> {
    let own = || parts.leaves.iter().filter(|l| !l.attached);
    let texts = ["text/plain", "text/html"];
    let has_text = own().any(|l| texts.iter().any(|kind| l.is_text(kind)) && !characters(l).trim().is_empty());
    let first = own().find(|l| texts.contains(&l.kind.value.as_str()) && l.place.value != "attachment");
    first.filter(|_| !has_text)
}

/// Hands over each text that may be searched: plain, HTML, attached messages and their subjects.
pub(super) fn every_text(parts: &Parts, mut each: impl FnMut(&str)) {
    for leaf in &parts.leaves {
        match leaf.kind.value.as_str() {
            "text/html" => each(&html::to_text(&characters(leaf))),
            kind if kind.starts_with("text/") || kind.starts_with("message/") => each(&characters(leaf)),
            _ => {}
        }
    }
    for header in &parts.attached {
        each(&header.text("subject").unwrap_or_default());
    }
}

/// The names of the attachments; pictures that belong to the text or to a signature are left out.
pub(super) fn attachments(parts: &Parts) -> Vec<String> {
    let read = sole_named(parts);
    let own = parts.leaves.iter().filter(|l| !l.attached && !l.is_text("text/plain") && !l.is_text("text/html"));
    let own = own.filter(|l| read.is_none_or(|read| !std::ptr::eq(read, *l)));
    let named = own.filter(|l| !is_picture_in_text(l)).filter_map(|leaf| {
        let name = short_line(&encoded::decode(leaf.name()?), NAME_CHARS);
        // A path names the place on the sender's disk.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_owned();
        (!name.is_empty()).then_some(name)
    });
    named.take(ATTACHMENTS).collect()
}

fn is_picture_in_text(leaf: &Leaf) -> bool {
    leaf.kind.value.starts_with("image/") && leaf.header.has("content-id") && leaf.place.value != "attachment"
}

/// The characters of a part, decoded.
pub(super) fn characters(leaf: &Leaf) -> String {
    let mut text = charset::decode(&leaf.body, leaf.kind.get("charset"));
    text.retain(|c| !matches!(c, '\0' | '\r'));
    text
}

fn plain_text(leaf: &Leaf) -> String {
    let text = characters(leaf);
    if html::is_page(&text) {
        return html::to_text(&text);
    }
    let is = |name, value: &str| leaf.kind.get(name).is_some_and(|v| v.eq_ignore_ascii_case(value));
    if is("format", "flowed") { unflowed(&text, is("delsp", "yes")) } else { text }
}

/// Joins the lines that a program has broken (RFC 3676): those that end in a space.
fn unflowed(text: &str, without_blank: bool) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let mut words = &line[depth..];
        if open == Some(depth) {
            words = words.strip_prefix(' ').unwrap_or(words);
        } else {
            if open.is_some() {
                joined.push('\n');
            }
            joined.push_str(&line[..depth]);
            if depth == 0 {
                words = words.strip_prefix(' ').unwrap_or(words);
            }
        }
        let flows = words.ends_with(' ') && words.trim_start() != "-- ";
        joined.push_str(if flows && without_blank { &words[..words.len() - 1] } else { words });
        open = flows.then_some(depth);
        if !flows {
            joined.push('\n');
        }
    }
    joined
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_lines_are_joined() {
        assert_eq!(unflowed("a \nb\n> c \n> d\n-- \nx", false), "a b\n> c d\n-- \nx\n");
        assert_eq!(unflowed("已 \n办结\n", true), "已办结\n");
        assert_eq!(unflowed("a \n> b", false), "a \n> b\n");
    }
}
