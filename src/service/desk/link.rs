//! Signed links: the holder of one may do what it allows, without a login.
//!
//! Pure: the keys and `now` are handed in. [`crate::service::desk::link_key`] keeps the keys.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{Timestamp, civil::Date};
use ring::{
    digest::{SHA256, digest},
    hmac,
};
use subtle::ConstantTimeEq;

use crate::{
    domain::{
        calendar::{days_between, shift},
        deadline::Roster,
    },
    store::state::Generations,
};

/// What a link lets its holder do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Report one occurrence for one section.
    Report { occurrence: i64, section: String },
    /// Report what a letter asks of one section.
    Letter { letter: i64, section: String },
    /// See the pages of one section.
    Section(String),
    /// Answer one request, until it is answered.
    Request(i64),
    /// Subscribe to the admin's calendar.
    AdminCalendar,
    /// Everything.
    Admin,
}

/// One secret. Its id is derived from it, so nobody has to number keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

/// The keys in force, never empty: the last one signs, all verify.
#[derive(Clone, PartialEq, Eq)]
pub struct Links(pub(in crate::service) Vec<Key>);

/// How long a report link is valid after the due date, and a section's link and a calendar's after the day it was made.
/// Over a year, so that the links in last year's letters still work.
pub const VALID_DAYS: i64 = 400;
/// How long the admin's link is valid, and one that answers a request.
pub const ADMIN_DAYS: i64 = 30;
/// A form older than this many seconds is not accepted, and shown again.
pub const FORM_SECONDS: i64 = 12 * 60 * 60;

const VERSION: u8 = 1;
/// 128 bits, half of a SHA-256: cannot be guessed, and the URL still fits on one line of a mail.
const MAC_BYTES: usize = 16;
/// Version, key id, last day, kind.
const HEAD_BYTES: usize = 6;
/// Bytes. A longer token is not ours, and is refused before decoding.
const LONGEST: usize = 400;

impl Key {
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    fn id(&self) -> [u8; 2] {
        let hash = digest(&SHA256, &[b"duban key id", self.0.as_slice()].concat());
        [hash.as_ref()[0], hash.as_ref()[1]]
    }

    pub(in crate::service) fn sign(&self, purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for part in [purpose.as_bytes()].iter().chain(parts) {
            // Each part is preceded by its length, so that no two lists of parts give the same bytes.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.sign().as_ref()[..MAC_BYTES].to_vec()
    }

    /// Compares in constant time. `mac` may be a prefix, but not empty.
    pub(in crate::service) fn verifies(&self, purpose: &str, parts: &[&[u8]], mac: &[u8]) -> bool {
        let right = self.sign(purpose, parts);
        right.get(..mac.len()).is_some_and(|right| !mac.is_empty() && bool::from(right.ct_eq(mac)))
    }
}

impl Links {
    /// `None` without keys.
    pub fn new(keys: Vec<Key>) -> Option<Self> {
        (!keys.is_empty()).then_some(Self(keys))
    }

    pub(in crate::service) fn signer(&self) -> &Key {
        &self.0[self.0.len() - 1]
    }

    /// A token that is valid until the end of `last`, in UTC, and while this is the generation of its holder's links.
    pub fn sign(&self, scope: &Scope, last: Date, generation: u32) -> String {
        let (kind, payload) = match scope {
            Scope::Report { occurrence, section } => (b'r', format!("{occurrence}/{section}")),
            Scope::Letter { letter, section } => (b'l', format!("{letter}/{section}")),
            Scope::Section(section) => (b's', section.clone()),
            Scope::Request(request) => (b'q', request.to_string()),
            Scope::AdminCalendar => (b'c', String::new()),
            Scope::Admin => (b'a', String::new()),
        };
        let key = self.signer();
        let mut token = vec![VERSION];
        token.extend(key.id());
        token.extend(day_number(last).to_be_bytes());
        token.push(kind);
        token.extend(payload.as_bytes());
        let generation = generation.to_be_bytes();
        token.extend(key.sign("link", of_generation(&[&token, &generation])));
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// What the token claims to allow, if it has not expired and names a key of ours: whether that is true is to be asked
    /// with the generation of the links of whoever it names.
    pub fn claim(&self, token: &str, now: Timestamp) -> Option<Claim<'_>> {
        if token.len() > LONGEST {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (body, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
        let (head, payload) = body.split_at_checked(HEAD_BYTES)?;
        let &[VERSION, id0, id1, day0, day1, kind] = head else { return None };
        let keys: Vec<&Key> = self.0.iter().filter(|key| key.id() == [id0, id1]).collect();
        if keys.is_empty() || day_of(now) > u16::from_be_bytes([day0, day1]) {
            return None;
        }
        let payload = std::str::from_utf8(payload).ok()?;
        let scope = match kind {
            b'r' | b'l' => match (payload.split_once('/')?, kind) {
                ((id, section), b'r') => Scope::Report { occurrence: id.parse().ok()?, section: section.to_owned() },
                ((id, section), _) => Scope::Letter { letter: id.parse().ok()?, section: section.to_owned() },
            },
            b's' => Scope::Section(payload.to_owned()),
            b'q' => Scope::Request(payload.parse().ok()?),
            b'c' if payload.is_empty() => Scope::AdminCalendar,
            b'a' if payload.is_empty() => Scope::Admin,
            _ => return None,
        };
        Some(Claim { keys, body: body.to_vec(), mac: mac.to_vec(), scope })
    }

    /// What the token allows at `now`; `None` if it is invalid, expired or revoked.
    pub fn verify(&self, token: &str, now: Timestamp, generation: impl Fn(&Scope) -> u32) -> Option<Scope> {
        let claim = self.claim(token, now)?;
        let generation = generation(&claim.scope);
        claim.verified(generation)
    }

    /// A form's token, bound to its link, its purpose, `state` and `now`.
    pub fn form(&self, link: &str, purpose: &str, state: [u8; 8], now: Timestamp) -> String {
        let mut token = now.as_second().to_be_bytes().to_vec();
        token.extend(state);
        token.extend(self.signer().sign("form", &[link.as_bytes(), purpose.as_bytes(), &token]));
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// The `state` given to [`Self::form`]; `None` if the token is not ours, or too old.
    pub fn check_form(&self, form: &str, link: &str, purpose: &str, now: Timestamp) -> Option<[u8; 8]> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(form.get(..43).filter(|f| *f == form)?).ok()?;
        let (body, mac) = bytes.split_at_checked(16)?;
        let parts = [link.as_bytes(), purpose.as_bytes(), body];
        self.0.iter().find(|key| key.verifies("form", &parts, mac))?;
        let (made, state) = body.split_at_checked(8)?;
        let made = i64::from_be_bytes(made.try_into().ok()?);
        let age = now.as_second().checked_sub(made)?;
        // The clock may have been set back a little since.
        (-60..=FORM_SECONDS).contains(&age).then(|| state.try_into().ok())?
    }
}

/// What a token claims to allow.
pub struct Claim<'a> {
    keys: Vec<&'a Key>,
    body: Vec<u8>,
    mac: Vec<u8>,
    pub scope: Scope,
}

impl Claim<'_> {
    /// What it allows; `None` if it was not signed by us, or in another generation.
    pub fn verified(self, generation: u32) -> Option<Scope> {
        let generation = generation.to_be_bytes();
        let parts = [&*self.body, &generation];
        let is_right = self.keys.iter().any(|key| key.verifies("link", of_generation(&parts), &self.mac));
        is_right.then_some(self.scope)
    }
}

/// What is signed: in the first generation, 0, only the token's body, as before there were generations.
fn of_generation<'a, 'b>(parts: &'a [&'b [u8]; 2]) -> &'a [&'b [u8]] {
    if parts[1] == [0; 4] { &parts[..1] } else { parts }
}

impl Scope {
    /// The generation of the links of whoever holds this one. Links of the admin begin with 1: those of 0 were mailed in
    /// letters about requests, and are good no more.
    pub fn generation(&self, generations: &Generations, roster: &Roster) -> u32 {
        match self {
            Self::Section(name) | Self::Report { section: name, .. } | Self::Letter { section: name, .. } => {
                let name = roster.known_as(name).map_or(name, |s| &s.name);
                generations.sections.get(name).copied().unwrap_or_default()
            }
            Self::Request(_) | Self::AdminCalendar | Self::Admin => generations.admin.saturating_add(1),
        }
    }
}

/// The last day on which a link to report an occurrence is valid.
pub fn last_day_of_report(due: Date) -> Date {
    shift(due, VALID_DAYS)
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days since 1970-01-01, clamped to two bytes (until 2149).
fn day_number(day: Date) -> u16 {
    u16::try_from(days_between(EPOCH, day).clamp(0, i64::from(u16::MAX))).unwrap_or(u16::MAX)
}

fn day_of(now: Timestamp) -> u16 {
    day_number(jiff::tz::TimeZone::UTC.to_datetime(now).date())
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Links({} keys)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::deadline::Section;

    const LAST: Date = date(2027, 3, 7);

    fn links(keys: &[u8]) -> Links {
        Links::new(keys.iter().map(|k| Key::new([*k; 32])).collect()).unwrap()
    }

    fn now() -> Timestamp {
        "2026-01-27T02:00:00Z".parse().unwrap()
    }

    fn report() -> Scope {
        Scope::Report { occurrence: 412, section: "政务服务数据管理科".into() }
    }

    #[test]
    fn what_is_signed_is_read_back_and_fits_a_line() {
        let letter = Scope::Letter { letter: 41200, section: "政务服务数据管理科".into() };
        let office = Scope::Section("办公室".into());
        for scope in [report(), letter, office, Scope::Request(412), Scope::AdminCalendar, Scope::Admin] {
            let token = links(&[1]).sign(&scope, LAST, 0);
            assert_eq!(links(&[1]).verify(&token, now(), |_| 0), Some(scope));
            assert!(format!("https://duban.example.test/r/{token}").len() <= 120, "{token}");
        }
    }

    #[test]
    fn it_holds_to_the_end_of_its_last_day() {
        let token = links(&[1]).sign(&report(), LAST, 0);
        assert!(links(&[1]).verify(&token, "2027-03-07T23:59:59Z".parse().unwrap(), |_| 0).is_some());
        assert_eq!(links(&[1]).verify(&token, "2027-03-08T00:00:00Z".parse().unwrap(), |_| 0), None);
        assert_eq!(last_day_of_report(date(2026, 1, 31)), LAST);
    }

    #[test]
    fn a_revoked_generation_is_refused() {
        for scope in [report(), Scope::Request(7), Scope::AdminCalendar, Scope::Admin] {
            for (signed, now_is) in [(0, 1), (1, 0), (1, 2)] {
                let token = links(&[1]).sign(&scope, LAST, signed);
                assert_eq!(links(&[1]).verify(&token, now(), |_| signed), Some(scope.clone()));
                assert_eq!(links(&[1]).verify(&token, now(), |_| now_is), None);
            }
        }
    }

    #[test]
    fn whose_links_are_counted_up() {
        let section = |name: &str, was: Option<&str>, email: &str| Section {
            name: name.into(),
            was: was.map(Into::into),
            email: vec![email.parse().unwrap()],
            leader: Vec::new(),
            in_all: true,
        };
        let roster = |sections: &[Section]| Roster { sections: sections.to_vec() };
        let before = roster(&[
            section("甲", None, "a@x.test"),
            section("乙", None, "b@x.test"),
            section("丙", None, "c@x.test"),
            section("丁", None, "d@x.test"),
        ]);
        let after = roster(&[
            section("甲", None, "A@x.test"),
            section("乙", None, "new@x.test"),
            section("丙丙", Some("丙"), "c@x.test"),
        ]);
        let mut counted = Generations::default();
        counted.follow(&before, &after);
        let of = |name: &str, roster: &Roster| Scope::Section(name.into()).generation(&counted, roster);
        assert_eq!(["甲", "乙", "丙", "丙丙"].map(|name| of(name, &after)), [0, 1, 0, 0]);
        // Whoever has the name of one that is gone, or was renamed, does not take over its links.
        assert_eq!(["丙", "丁"].map(|name| of(name, &before)), [1, 1]);
        assert_eq!(Scope::Admin.generation(&counted, &after), 1);
    }

    #[test]
    fn keys_are_rotated() {
        let old = links(&[1]).sign(&report(), LAST, 0);
        let both = links(&[1, 2]);
        assert_eq!(both.verify(&old, now(), |_| 0), Some(report()));
        let new = both.sign(&report(), LAST, 0);
        assert_eq!(links(&[2]).verify(&new, now(), |_| 0), Some(report()), "the last signs");
        assert_eq!(links(&[2]).verify(&old, now(), |_| 0), None, "the old one is gone");
        assert!(Links::new(Vec::new()).is_none());
    }

    #[test]
    fn forms() {
        let links = links(&[1]);
        let state = *b"as it is";
        let form = links.form("link", "report", state, now());
        let later = |seconds| now() + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(links.check_form(&form, "link", "report", later(FORM_SECONDS)), Some(state));
        assert_eq!(links.check_form(&form, "link", "report", later(FORM_SECONDS + 1)), None);
        assert_eq!(links.check_form(&form, "link", "report", later(-61)), None);
        assert_eq!(links.check_form(&form, "link", "undo", now()), None);
        assert_eq!(links.check_form(&form, "other", "report", now()), None);
        assert_eq!(links.check_form(&links.sign(&Scope::Admin, LAST, 0), "link", "report", now()), None);
    }

    #[test]
    fn no_key_is_printed() {
        assert_eq!(format!("{:?}", links(&[7, 8])), "Links(2 keys)");
    }

    proptest! {
        #[test]
        fn every_altered_bit_is_refused(byte in 0usize..200, bit in 0u8..8) {
            let token = links(&[1]).sign(&report(), LAST, 0);
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
            let byte = byte % bytes.len();
            bytes[byte] ^= 1 << bit;
            prop_assert_eq!(links(&[1]).verify(&BASE64_URL_SAFE_NO_PAD.encode(bytes), now(), |_| 0), None);
        }

        #[test]
        fn every_altered_character_is_refused(at in 0usize..200, to in "[A-Za-z0-9_=+/ -]") {
            let token = links(&[1]).sign(&report(), LAST, 0);
            let at = at % token.len();
            let altered = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            prop_assume!(altered != token);
            prop_assert_eq!(links(&[1]).verify(&altered, now(), |_| 0), None);
            prop_assert_eq!(links(&[1]).verify(&token[..at], now(), |_| 0), None, "truncated");
            prop_assert_eq!(links(&[1]).verify(&format!("{}{}", token, to), now(), |_| 0), None, "longer");
        }

        #[test]
        fn a_foreign_key_is_refused(key in 2u8..=255) {
            let token = links(&[1]).sign(&report(), LAST, 0);
            prop_assert_eq!(links(&[key]).verify(&token, now(), |_| 0), None);
        }

        #[test]
        fn scopes_are_not_taken_for_each_other(occurrence in any::<i64>(), section in ".{0,12}") {
            let scopes = [
                Scope::Report { occurrence, section: section.clone() },
                Scope::Letter { letter: occurrence, section: section.clone() },
                Scope::Section(section), Scope::Admin,
            ];
            for scope in scopes {
                let read = links(&[1]).verify(&links(&[1]).sign(&scope, LAST, 0), now(), |_| 0);
                prop_assert_eq!(read, Some(scope));
            }
        }

        #[test]
        fn nothing_panics(text in ".{0,120}", bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let links = links(&[1]);
            prop_assert_eq!(links.verify(&text, now(), |_| 0), None);
            prop_assert_eq!(links.verify(&BASE64_URL_SAFE_NO_PAD.encode(&bytes), now(), |_| 0), None);
            prop_assert_eq!(links.check_form(&text, "link", "report", now()), None);
            prop_assert_eq!(links.check_form(&BASE64_URL_SAFE_NO_PAD.encode(&bytes), "l", "p", now()), None);
        }
    }
}
