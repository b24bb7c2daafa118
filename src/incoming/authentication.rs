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
        let field = self.results.iter().find_map(|field| {
            let cut: String = field.chars().take(FIELD_CHARS).collect();
            let mut pieces = without_comments(&cut).into_iter();
            let server = pieces.next()?;
            let id = server.split_whitespace().next()?.trim_matches('"').to_owned();
            id.eq_ignore_ascii_case(authserv_id).then(|| pieces.collect::<Vec<_>>())
        });
        let Some(results) = field else { return Authenticated::Absent };
        let Some(from) = self.from.as_deref().map(address::domain) else {
            return Authenticated::Failed("no single From".to_owned());
        };
        let results: Vec<Checked> = results.iter().filter_map(|r| Checked::read(r)).collect();
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
    properties: Vec<(String, String)>,
}

impl Checked {
    fn read(piece: &str) -> Option<Self> {
        let mut pairs = pairs(piece).into_iter();
        let (method, result) = pairs.next()?;
        // `dkim/1=pass`: the version does not matter.
        let method = method.split('/').next().unwrap_or_default().to_owned();
        Some(Self { method, result: result.to_ascii_lowercase(), properties: pairs.collect() })
    }

    fn speaks_for(&self, from: &str) -> bool {
        let property = |name: &str| self.properties.iter().find(|(n, _)| n == name).map(|(_, v)| address::domain(v));
        match self.method.as_str() {
            "dmarc" => property("header.from").is_none_or(|d| d == from || aligned(&d, from)),
            "spf" => property("smtp.mailfrom").is_some_and(|d| aligned(&d, from)),
            "dkim" => property("header.d")
                .or_else(|| property("header.i"))
                .is_some_and(|d| aligned(d.trim_start_matches('@'), from)),
            _ => false,
        }
    }
}

/// The pairs in `a=b c.d = "e f"`, names in lower case.
fn pairs(piece: &str) -> Vec<(String, String)> {
    let mut words = Vec::new();
    let mut rest = piece.trim_start();
    while !rest.is_empty() {
        let end = if let Some(inside) = rest.strip_prefix('"') {
            inside.find('"').map_or(rest.len(), |i| i + 2)
        } else if rest.starts_with('=') {
            1
        } else {
            rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '"')).unwrap_or(rest.len())
        };
        // A domain has no `=`, but an address may.
        let mut end = end.max(1);
        if words.last().is_some_and(|w| *w == "=") && !rest.starts_with('"') {
            end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        }
        let (word, after) =
            rest.split_at(rest.floor_char_boundary(end).max(rest.chars().next().map_or(0, char::len_utf8)));
        words.push(word.trim_matches('"'));
        rest = after.trim_start();
    }
    let pair = |w: &[&str]| (w[1] == "=").then(|| (w[0].to_ascii_lowercase(), w[2].to_owned()));
    words.windows(3).filter_map(pair).collect()
}

/// The field without comments, split at `;` outside of quotes.
fn without_comments(field: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for c in field.chars() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match c {
            '\\' if quoted || depth > 0 => escaped = true,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            ';' if !quoted => pieces.push(String::new()),
            c => {
                quoted ^= c == '"';
                if let Some(piece) = pieces.last_mut() {
                    piece.push(c);
                }
            }
        }
    }
    pieces
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
        assert_eq!(
            says("x@a.gov.cn", &["mx.example.test; spf=pass smtp.mailfrom=x@gov.cn"]),
            says("x@a.gov.cn", &["mx.example.test; spf=pass smtp.mailfrom=x@b.cn"])
        );
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
