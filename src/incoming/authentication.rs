//! What our own mail server found about the sender (RFC 8601).

use super::{Message, address};

/// The most fields that are kept: a forger adds fields below ours.
pub(super) const FIELDS: usize = 20;
const FIELD_CHARS: usize = 4000;

/// What the named server says about the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authenticated {
    /// The domain in From sent the message.
    Passed,
    /// The domain did not send it, or nothing shows that it did. Holds the results, for the log.
    Failed(String),
    /// There is no result of that server.
    Absent,
}

impl Message {
    /// Whether the domain in From sent this message, according to the server `authserv_id`.
    ///
    /// Only that server's topmost Authentication-Results counts: fields below may be forged.
    pub fn authenticated(&self, authserv_id: &str) -> Authenticated {
        let is_ours = |field: &&String| id(field).eq_ignore_ascii_case(authserv_id);
        let Some(field) = self.results.iter().find(is_ours) else { return Authenticated::Absent };
        let Some(from) = self.from.as_deref().map(address::domain) else {
            return Authenticated::Failed("no single From".to_owned());
        };
        let Some(pieces) = pieces(field) else { return Authenticated::Failed("malformed results".to_owned()) };
        let results: Vec<Checked> = pieces.into_iter().skip(1).filter_map(|piece| Checked::read(&piece)).collect();
        let failed = || {
            let said: Vec<String> = results.iter().map(|r| format!("{}={}", r.method, r.result)).collect();
            Authenticated::Failed(if said.is_empty() { "none".to_owned() } else { said.join(" ") })
        };
        // A DMARC failure overrides all other results.
        if results.iter().any(|r| r.method == "dmarc" && r.result == "fail") {
            return failed();
        }
        if results.iter().any(|r| r.result == "pass" && r.speaks_for(&from)) { Authenticated::Passed } else { failed() }
    }
}

/// One `method=result property=value …`.
struct Checked {
    method: String,
    result: String,
    /// `None`: something in it is no `property=value`, so that nothing in it is believed.
    properties: Option<Vec<(String, Value)>>,
}

impl Checked {
    fn read(piece: &[Part]) -> Option<Self> {
        let (method, result, rest) = pair(piece)?;
        // `dkim/1=pass`: the version does not matter.
        let method = method.split('/').next().unwrap_or_default().to_owned();
        let (mut rest, mut properties) = (rest, Some(Vec::new()));
        while !rest.is_empty() {
            let Some((name, value, after)) = pair(rest) else {
                properties = None;
                break;
            };
            properties.iter_mut().for_each(|all| all.push((name.clone(), value.clone())));
            rest = after;
        }
        Some(Self { method, result: result.text.to_ascii_lowercase(), properties })
    }

    /// A property that comes twice has to be right twice: what the sender wrote may have broken out of a comment.
    fn speaks_for(&self, from: &str) -> bool {
        let Some(properties) = &self.properties else { return false };
        let domains = |name: &str| -> Vec<Option<String>> {
            properties.iter().filter(|(n, _)| n == name).map(|(_, value)| value.domain()).collect()
        };
        let all_fit = |found: &[Option<String>]| found.iter().all(|d| d.as_ref().is_some_and(|d| aligned(d, from)));
        let fits = |name: &str| Some(domains(name)).filter(|found| !found.is_empty()).map(|found| all_fit(&found));
        match self.method.as_str() {
            "dmarc" => fits("header.from").unwrap_or(true),
            "spf" => fits("smtp.mailfrom").unwrap_or(false),
            "dkim" => fits("header.d").or_else(|| fits("header.i")).unwrap_or(false),
            _ => false,
        }
    }
}

/// A value, and whether any of it stood in quotes.
#[derive(Clone, Debug, Default)]
struct Value {
    text: String,
    is_quoted: bool,
}

impl Value {
    /// The domain of `domain`, `@domain` or `local-part@domain`, the whole value being that. A quoted local part may hold
    /// anything, an address too: it is refused.
    fn domain(&self) -> Option<String> {
        let (local, domain) = self.text.split_once('@').unwrap_or(("", &self.text));
        let is_atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
        let is_right = local.chars().all(is_atom)
            && domain.split('.').all(is_label)
            && !(self.is_quoted && self.text.contains('@'));
        is_right.then(|| domain.to_ascii_lowercase())
    }
}

/// A word, or what stood in quotes; `is_glued`: nothing is between it and what stands before.
#[derive(Debug)]
struct Part {
    text: String,
    is_quoted: bool,
    is_glued: bool,
}

/// `name = value` at the beginning of these parts, the name in lower case, and what follows. A value reaches to the next
/// white space, and may hold `=`.
fn pair(parts: &[Part]) -> Option<(String, Value, &[Part])> {
    let [name, equals, rest @ ..] = parts else { return None };
    if name.is_quoted || equals.is_quoted || equals.text != "=" || rest.is_empty() {
        return None;
    }
    let length = 1 + rest.iter().skip(1).take_while(|part| part.is_glued).count();
    let (of_value, rest) = rest.split_at(length);
    let value = Value {
        text: of_value.iter().map(|part| part.text.as_str()).collect(),
        is_quoted: of_value.iter().any(|part| part.is_quoted),
    };
    Some((name.text.to_ascii_lowercase(), value, rest))
}

/// The name that a field begins with, also of one that cannot be read to its end.
fn id(field: &str) -> String {
    let parts = pieces(field).and_then(|pieces| pieces.into_iter().next()?.into_iter().next());
    let first = || field.split([' ', '\t', ';', '(']).next().unwrap_or_default().to_owned();
    parts.map_or_else(first, |part| part.text)
}

/// The parts of a field without its comments, split at each `;`. `None` if it is too long, if a comment or what is in
/// quotes does not end, or if a comment holds a quote: servers repeat the sender's address there, and only a quoted local
/// part has one.
fn pieces(field: &str) -> Option<Vec<Vec<Part>>> {
    let mut pieces: Vec<Vec<Part>> = vec![Vec::new()];
    let (mut chars, mut is_glued) = (field.chars().peekable(), false);
    if field.chars().nth(FIELD_CHARS).is_some() {
        return None;
    }
    while let Some(c) = chars.next() {
        let mut text = String::new();
        match c {
            '(' => {
                let mut depth = 1;
                while depth > 0 {
                    match chars.next()? {
                        '(' => depth += 1,
                        ')' => depth -= 1,
                        '\\' => drop(chars.next()?),
                        '"' => return None,
                        _ => {}
                    }
                }
                is_glued = false;
                continue;
            }
            ')' => return None,
            ';' => {
                pieces.push(Vec::new());
                is_glued = false;
                continue;
            }
            c if c.is_whitespace() => {
                is_glued = false;
                continue;
            }
            '"' => loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => text.push(chars.next()?),
                    c => text.push(c),
                }
            },
            '=' => text.push('='),
            c => {
                text.push(c);
                let goes_on = |c: &char| !c.is_whitespace() && !matches!(c, '(' | ')' | ';' | '"' | '=');
                while let Some(c) = chars.next_if(goes_on) {
                    text.push(c);
                }
            }
        }
        pieces.last_mut()?.push(Part { text, is_quoted: c == '"', is_glued });
        is_glued = true;
    }
    Some(pieces)
}

/// Whether two domains belong to one organisation: they are equal, or one is below the other.
fn aligned(one: &str, other: &str) -> bool {
    let under = |child: &str, parent: &str| {
        child.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) && is_someones(parent)
    };
    under(one, other) || under(other, one)
}

/// Whether a domain belongs to one owner: below `cn` and `gov.cn` anybody may register a domain.
fn is_someones(domain: &str) -> bool {
    const SHARED: [&str; 8] = ["com", "net", "org", "gov", "edu", "ac", "mil", "co"];
    let labels: Vec<&str> = domain.split('.').collect();
    match labels.as_slice() {
        [second, top] => !(top.len() == 2 && (SHARED.contains(second) || second.len() == 2)),
        labels => labels.len() > 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::read;

    fn says(from: &str, fields: &[&str]) -> Authenticated {
        let fields: String = fields.iter().map(|f| format!("Authentication-Results: {f}\n")).collect();
        read(format!("{fields}From: {from}\n\nx").as_bytes()).authenticated("mx.example.test")
    }

    #[test]
    fn who_vouches() {
        let bgs = "bgs@example.test";
        for field in [
            "mx.example.test; dmarc=pass (p=none) header.from=example.test",
            "MX.example.test 1; spf=pass smtp.mailfrom=bgs@example.test",
            "mx.example.test; spf=pass (x; y) smtp.mailfrom=mail.example.test; dkim=none",
            "mx.example.test; dkim=pass header.d=example.test header.s=x; spf=fail smtp.mailfrom=a@b.cn",
            "mx.example.test; dkim = pass reason=\"good; key\" header.i=@example.test",
        ] {
            assert_eq!(says(bgs, &[field]), Authenticated::Passed, "{field}");
        }
        for field in [
            "mx.example.test; none",
            "mx.example.test; spf=pass smtp.mailfrom=a@b.cn",
            "mx.example.test; spf=pass smtp.helo=example.test",
            "mx.example.test; dkim=pass header.d=notexample.test",
            "mx.example.test; dkim=pass header.d=test",
            "mx.example.test; dkim=fail header.d=example.test",
            "mx.example.test; dmarc=fail header.from=example.test; spf=pass smtp.mailfrom=example.test",
            "mx.example.test; dmarc=pass header.from=other.cn",
            "mx.example.test; x=\"dmarc=pass\" (dmarc=pass)",
            "mx.example.test",
        ] {
            assert!(matches!(says(bgs, &[field]), Authenticated::Failed(_)), "{field}");
        }
        // Of one owner, however the address is written.
        for field in [
            "mx.example.test; spf=pass smtp.mailfrom=\"example.test\"",
            "mx.example.test; spf=pass smtp.mailfrom=bounce+a=b.cn@example.test",
            "\"mx.example.test\" 1; dmarc=pass(p=REJECT) action=none header.from=example.test; compauth=pass reason=100",
            "mx.example.test; dkim=pass (2048-bit key; unprotected) header.d=example.test header.b=aB/c+d=",
        ] {
            assert_eq!(says(bgs, &[field]), Authenticated::Passed, "{field}");
        }
        assert_eq!(
            says("x@a.gov.cn", &["mx.example.test; spf=pass smtp.mailfrom=x@gov.cn"]),
            says("x@a.gov.cn", &["mx.example.test; spf=pass smtp.mailfrom=x@b.cn"])
        );
    }

    /// The attacker's own domain passes, and the bureau's stands in the local part or in a comment.
    #[test]
    fn a_local_part_is_no_domain() {
        for said in [
            "spf=pass smtp.mailfrom=\"x@example.test\"@evil.example",
            "spf=pass smtp.mailfrom=\"x@example.test \"@evil.example",
            "spf=pass smtp.mailfrom=\"x@example.test\" @evil.example",
            "spf=pass smtp.mailfrom=\"x@example.test\" (sent) @evil.example",
            "spf=pass smtp.mailfrom=\"x\\\"@example.test\"@evil.example",
            "spf=pass smtp.mailfrom=\"x@example.test\"",
            "spf=pass smtp.mailfrom=x@example.test@evil.example",
            "spf=pass smtp.mailfrom=x@[example.test]",
            "spf=pass smtp.mailfrom=evil.example smtp.mailfrom=x@example.test",
            "spf=pass smtp.mailfrom=x@example.test smtp.mailfrom=\"y\"@evil.example",
            "spf=pass smtp.mailfrom=\"a; dmarc=pass header.from=example.test; b=\"@evil.example",
            "dkim=pass header.i=\"@example.test\"@evil.example",
            "dkim=pass header.i=\"x@example.test\"@evil.example header.s=k",
            "dmarc=pass header.from=\"x@example.test\"@evil.example",
            "spf=pass (of \"x) smtp.mailfrom=x@example.test (\"@evil.example) smtp.mailfrom=evil.example",
            "spf=pass (of \"x) ; dmarc=pass header.from=example.test (\"@evil.example) smtp.mailfrom=evil.example",
            "spf=pass (not closed smtp.mailfrom=x@example.test",
            "spf=pass smtp.mailfrom=x@example.test \"not closed",
            "spf=pass smtp.mailfrom=x@example.test) x",
        ] {
            let found = says("bgs@example.test", &[&format!("mx.example.test; {said}")]);
            assert!(matches!(found, Authenticated::Failed(_)), "{said}: {found:?}");
        }
        let long = format!("mx.example.test; dmarc=pass; x=y ({})", "长".repeat(FIELD_CHARS));
        assert!(matches!(says("bgs@example.test", &[&long]), Authenticated::Failed(_)), "what is cut may have failed");
    }

    #[test]
    fn only_the_topmost_of_that_server() {
        let good = "mx.example.test; dmarc=pass";
        let bad = "mx.example.test; dmarc=fail";
        let other = "mx.other.cn; dmarc=pass";
        assert_eq!(says("a@example.test", &[other]), Authenticated::Absent);
        assert_eq!(says("a@example.test", &[]), Authenticated::Absent);
        assert_eq!(says("a@example.test", &[other, good]), Authenticated::Passed);
        assert!(matches!(says("a@example.test", &[bad, good]), Authenticated::Failed(_)));
        assert_eq!(says("a@example.test, b@example.test", &[good]), Authenticated::Failed("no single From".to_owned()));
    }
}
