//! What a mail server's refusal is about: the recipient, us, or the moment. Words alone never condemn a recipient: what
//! became of others at the same server decides.

mod words;

pub use words::{Kind, gist};

/// How far the conversation had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Greeting and EHLO.
    Greeting,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The letter, up to the reply to its final dot.
    Letter,
}

/// A server's refusal: 4xx or 5xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub stage: Stage,
    pub code: u16,
    /// The whole reply, with its code, as a line to show.
    pub reply: String,
}

/// What is known when an attempt has been refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Another mailbox's letter was accepted today.
    pub another_today: bool,
    /// Another mailbox's letter was accepted since this letter was first refused.
    pub another_since: bool,
    /// How often another mailbox's letter was accepted between one refusal of this letter and the next; 0 if none was
    /// since the last.
    pub another_between: u32,
    /// Whether the server takes RCPT for the admin's mailbox in the same connection; `None`: not asked, or no answer.
    pub admin_passes: Option<bool>,
    /// How many different recipients in a row, with this one, were refused with the same words.
    pub alike: u32,
    /// How many different recipients, with this one, wait for a letter that was last refused with the same words.
    pub alike_still: u32,
    /// Nothing has been accepted since a refusal that was about us.
    pub are_refused: bool,
}

/// What an attempt means for its letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sent,
    /// The recipient's, for good.
    Recipient,
    /// The recipient's, for now.
    Deferred,
    /// Whose it is will be seen by what becomes of other letters.
    Undecided,
    /// The server's or the line's, for now.
    Passing,
    /// It may have been accepted.
    Unknown,
    /// The server refuses us, or the settings are wrong: no letter can go.
    Us,
}

/// So many different recipients in a row are no chance.
const SEVERAL: u32 = 3;
/// A letter whose refusal names nobody is refused three times, with others accepted between, before it is given up.
const BETWEEN: u32 = 2;

impl Verdict {
    /// Its name in the database, in logs and in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "accepted",
            Self::Recipient => "permanent",
            Self::Deferred | Self::Undecided | Self::Passing => "temporary",
            Self::Unknown => "unknown",
            Self::Us => "misconfigured",
        }
    }
}

impl Refusal {
    /// From a whole reply, which begins with its code.
    pub fn new(stage: Stage, reply: impl Into<String>) -> Self {
        let reply = reply.into();
        let code = reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { stage, code, reply }
    }

    /// The decision. Where it is wrong in doubt, a letter is kept.
    pub fn judge(&self, known: &Known) -> Verdict {
        let is_alike = known.alike >= SEVERAL;
        match self.kind() {
            Kind::Passing => Verdict::Passing,
            Kind::Deferred => Verdict::Deferred,
            Kind::Us if !self.can_be_the_recipients() => Verdict::Us,
            // The mailbox is named. People who left share the server's words, so that several in a row are no sign.
            Kind::Mailbox if self.is_the_mailboxs(known) => Verdict::Recipient,
            _ if is_alike => Verdict::Us,
            // The server has taken others meanwhile, and this one not, again and again.
            Kind::Us | Kind::Unclear
                if known.another_between >= BETWEEN && known.alike_still < SEVERAL && !known.are_refused =>
            {
                Verdict::Recipient
            }
            _ if known.another_since => Verdict::Undecided,
            _ if known.are_refused => Verdict::Us,
            Kind::Us if !known.another_today => Verdict::Us,
            _ => Verdict::Undecided,
        }
    }

    /// Whether a mailbox that is named is to be believed gone.
    fn is_the_mailboxs(&self, known: &Known) -> bool {
        match known.admin_passes.filter(|_| self.stage == Stage::Rcpt) {
            Some(true) => true,
            // The admin's too: he has left as well, or the server has lost its list since it took others today.
            Some(false) => known.another_since,
            None => known.another_today,
        }
    }

    /// Whether it helps to know how the server answers RCPT for the admin's mailbox.
    pub fn asks_for_admin(&self) -> bool {
        self.stage == Stage::Rcpt && self.kind() == Kind::Mailbox
    }

    /// Before RCPT no recipient is known, and a login is asked of us, whoever is written to.
    fn can_be_the_recipients(&self) -> bool {
        matches!(self.stage, Stage::Rcpt | Stage::Data | Stage::Letter) && !matches!(self.code, 530 | 534 | 535 | 538)
    }
}

#[cfg(test)]
mod tests {
    use super::{words::REPLIES, *};

    const NOTHING: Known = Known {
        another_today: false,
        another_since: false,
        another_between: 0,
        admin_passes: None,
        alike: 1,
        alike_still: 1,
        are_refused: false,
    };

    #[test]
    fn nothing_condemns_a_recipient_while_nobody_is_accepted() {
        for (stage, reply, _) in REPLIES {
            for (alike, are_refused) in [(1, false), (2, false), (9, false), (1, true)] {
                for admin_passes in [None, Some(false)] {
                    let known = Known { alike, admin_passes, are_refused, ..NOTHING };
                    let verdict = Refusal::new(*stage, *reply).judge(&known);
                    assert_ne!(verdict, Verdict::Recipient, "{stage:?} {reply} {known:?}");
                }
            }
        }
    }

    #[test]
    fn several_in_a_row_are_about_us_unless_the_mailbox_is_named() {
        for (stage, reply, kind) in REPLIES.iter().filter(|(.., kind)| matches!(kind, Kind::Us | Kind::Unclear)) {
            let since = Known { another_today: true, another_since: true, another_between: 9, ..NOTHING };
            let known = Known { alike: 3, ..since };
            let verdict = Refusal::new(*stage, *reply).judge(&known);
            assert_eq!(verdict, Verdict::Us, "{stage:?} {reply} {kind:?}");
        }
    }

    #[test]
    fn the_same_words_with_what_is_known_beside_them() {
        use Stage::{Letter, Rcpt};
        use Verdict::{Recipient, Undecided, Us};
        const UNKNOWN: &str = "550 5.1.1 <a@b.cn>: User unknown";
        const BLOCKED: &str = "554 5.7.1 Client host [10.1.1.1] blocked using zen.spamhaus.org";
        const DENIED: &str = "550 Access denied";
        let n = NOTHING;
        let today = Known { another_today: true, ..n };
        let since = Known { another_today: true, another_since: true, another_between: 2, ..n };
        let once = Known { another_between: 1, ..since };
        let earlier = Known { another_between: 0, ..since };
        let passes = Known { admin_passes: Some(true), ..n };
        let refused = Known { admin_passes: Some(false), ..n };
        let cases = [
            // A mailbox that is named, and somebody else who is taken.
            (Rcpt, UNKNOWN, n, Undecided),
            (Rcpt, UNKNOWN, today, Recipient),
            (Rcpt, UNKNOWN, passes, Recipient),
            (Rcpt, UNKNOWN, refused, Undecided),
            (Rcpt, UNKNOWN, Known { alike: 3, ..n }, Us),
            (Rcpt, UNKNOWN, Known { alike: 3, ..refused }, Us),
            (Rcpt, UNKNOWN, Known { are_refused: true, ..n }, Us),
            // Three who left.
            (Rcpt, UNKNOWN, Known { alike: 3, ..today }, Recipient),
            (Rcpt, UNKNOWN, Known { alike: 3, ..passes }, Recipient),
            // The admin's too: the server has lost its list.
            (Rcpt, UNKNOWN, Known { alike: 3, admin_passes: Some(false), ..today }, Us),
            // An admin who left, and one other: seen when somebody else is taken after it.
            (Rcpt, UNKNOWN, Known { admin_passes: Some(false), ..today }, Undecided),
            (Rcpt, UNKNOWN, Known { admin_passes: Some(false), ..since }, Recipient),
            // After the dot, RCPT has told nothing.
            (Letter, UNKNOWN, passes, Undecided),
            (Letter, UNKNOWN, today, Recipient),
            // Words about us are believed at once only while nobody is taken.
            (Rcpt, BLOCKED, n, Us),
            (Rcpt, BLOCKED, passes, Us),
            (Rcpt, BLOCKED, today, Undecided),
            (Rcpt, BLOCKED, Known { alike: 3, ..today }, Us),
            (Rcpt, BLOCKED, once, Undecided),
            (Rcpt, BLOCKED, since, Recipient),
            // Words that name nobody.
            (Letter, DENIED, n, Undecided),
            (Letter, DENIED, today, Undecided),
            (Letter, DENIED, once, Undecided),
            (Letter, DENIED, earlier, Undecided),
            (Letter, DENIED, since, Recipient),
            (Letter, DENIED, Known { alike: 3, ..since }, Us),
            // Only some are taken, the admin perhaps.
            (Letter, DENIED, Known { alike_still: 3, ..since }, Undecided),
            (Letter, DENIED, Known { are_refused: true, ..today }, Us),
            (Letter, DENIED, Known { are_refused: true, ..since }, Undecided),
            // A login is our affair, whoever was taken before.
            (Rcpt, "530 5.7.0 login first", since, Us),
            (Stage::Mail, "553 not yours", since, Us),
        ];
        for (stage, reply, known, expected) in cases {
            assert_eq!(Refusal::new(stage, reply).judge(&known), expected, "{stage:?} {reply} {known:?}");
        }
    }
}
