//! What a reply, a timeout or a broken connection means for the letter. Pure.

use std::{error::Error as _, io, time::Duration};

use lettre::transport::smtp::{Error, response::Response};
use tokio::time::error::Elapsed;

use crate::{
    domain::retry::Outcome,
    net::{self, line_words, one_line},
};

/// How far the conversation had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
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

/// Why a step failed.
#[derive(Debug)]
pub(super) enum Fault {
    Refused {
        code: u16,
        words: String,
    },
    /// The settings cannot work.
    Setting(String),
    /// The connection broke, timed out or gave an invalid reply.
    Broken(String),
}

impl From<net::Fault> for Fault {
    fn from(fault: net::Fault) -> Self {
        match fault {
            net::Fault::Settings(words) => Self::Setting(words),
            net::Fault::Line(words) => Self::Broken(words),
        }
    }
}

/// Where it failed, and how.
pub(super) type Step<T> = Result<T, (Stage, Fault)>;

/// One step's answer, if it is the expected one.
pub(super) fn expect(
    answer: Result<Result<Response, Error>, Elapsed>,
    codes: &[u16],
    limit: Duration,
) -> Result<Response, Fault> {
    match answer {
        Ok(answer) => expected(answer.map_err(|error| fault(&error))?, codes),
        Err(_) => Err(silence(limit)),
    }
}

pub(super) fn expected(response: Response, codes: &[u16]) -> Result<Response, Fault> {
    if codes.contains(&response.code().into()) {
        return Ok(response);
    }
    Err(Fault::Broken(format!("服务器的答复不合顺序：{}", words(&response))))
}

pub(super) fn silence(limit: Duration) -> Fault {
    Fault::Broken(format!("等了 {} 秒没有答复", limit.as_secs().max(1)))
}

pub(super) fn fault(error: &Error) -> Fault {
    if let Some(code) = error.status() {
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        return Fault::Refused { code: code.into(), words };
    }
    if error.is_client() {
        return Fault::Setting(error.to_string());
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Fault::Broken(line_words(error));
        }
        source = cause.source();
    }
    // lettre's own words for the end of the stream.
    if error.to_string().contains("incomplete response") {
        return Fault::Broken("连接中途断开".to_owned());
    }
    Fault::Broken("服务器的答复不合 SMTP 规定".to_owned())
}

/// `place` is host:port; `dot` whether the letter's end may have been received.
pub(super) fn judge(stage: Stage, fault: Fault, place: &str, dot: bool) -> Outcome {
    match fault {
        Fault::Refused { code, words } => refused(stage, code, &words),
        Fault::Setting(words) => Outcome::Misconfigured { reply: one_line(&format!("{place}：{words}")) },
        Fault::Broken(words) if stage == Stage::Letter && dot => Outcome::Unknown {
            reply: one_line(&format!("{place}：信已发完，未得到答复，可能已被收下：{words}")),
        },
        Fault::Broken(words) => Outcome::Temporary {
            reply: one_line(&format!("{place}：{words}（{}），稍后再试", step_words(stage))),
        },
    }
}

pub(super) fn step_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Greeting => "等候服务器应答时",
        Stage::StartTls => "转为加密连接时",
        Stage::Auth => "登录时",
        Stage::Mail => "报发件人时",
        Stage::Rcpt => "报收件人时",
        Stage::Data | Stage::Letter => "发送正文时",
    }
}

fn refused(stage: Stage, code: u16, words: &str) -> Outcome {
    let reply = one_line(&format!("{code} {words}"));
    let words = words.to_lowercase();
    // QQ answers a wrong password with a list of all possible causes, "frequency limited" among them.
    if code < 500 || (stage != Stage::Auth && passes(&words)) {
        return Outcome::Temporary { reply };
    }
    match stage {
        // No service here now (RFC 5321 3.1, RFC 7504).
        Stage::Greeting if matches!(code, 521 | 554) => Outcome::Temporary { reply },
        Stage::Greeting | Stage::StartTls | Stage::Auth | Stage::Mail => Outcome::Misconfigured { reply },
        Stage::Rcpt | Stage::Data | Stage::Letter if is_about_us(code, &words) => Outcome::Misconfigured { reply },
        Stage::Rcpt | Stage::Data | Stage::Letter => Outcome::Permanent { reply },
    }
}

/// Whether a 5xx is temporary all the same: too many letters, greylisting, a full mailbox.
fn passes(words: &str) -> bool {
    const PASSING: [&str; 20] = [
        "frequen",
        "too many",
        "too much",
        "too fast",
        "greylist",
        "graylist",
        "try again",
        "try later",
        "temporar",
        "over quota",
        "overquota",
        "quota exceeded",
        "exceeded quota",
        "mailbox full",
        "mailbox is full",
        "5.2.2",
        "频率",
        "频繁",
        "稍后",
        "已满",
    ];
    PASSING.iter().any(|word| words.contains(word))
        || words.starts_with("4.")
        || (words.contains("limit") && !words.contains("size"))
}

/// Whether a refusal is about us. Postfix reports faults of sender, client, HELO name and login only at RCPT.
fn is_about_us(code: u16, words: &str) -> bool {
    const ABOUT_US: [&str; 6] = [
        "relay",
        "sender address rejected",
        "client host rejected",
        "helo command rejected",
        "authentication required",
        "authenticate",
    ];
    matches!(code, 530 | 534 | 535 | 538) || ABOUT_US.iter().any(|word| words.contains(word))
}

/// Not shortened, so that secrets are still whole when they are masked.
pub(super) fn words(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stage: Stage, reply: &str, expected: &str) {
        let (code, words) = reply.split_once(' ').unwrap();
        let outcome =
            judge(stage, Fault::Refused { code: code.parse().unwrap(), words: words.to_owned() }, "h:25", false);
        assert_eq!(outcome.name(), expected, "{stage:?} {reply}");
        assert_eq!(outcome.reply(), reply);
    }

    #[test]
    fn replies_as_servers_give_them() {
        check(Stage::Greeting, "554 5.7.1 no service", "temporary");
        check(Stage::Greeting, "421 4.7.0 too many connections", "temporary");
        check(Stage::Greeting, "550 Ip frequency limited", "temporary");
        check(Stage::Greeting, "550 your address is blocked", "misconfigured");
        check(Stage::StartTls, "454 4.7.0 TLS not available", "temporary");
        check(Stage::StartTls, "502 5.5.1 not implemented", "misconfigured");
        check(Stage::Auth, "454 4.7.0 temporary authentication failure", "temporary");
        check(
            Stage::Auth,
            "535 Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy.",
            "misconfigured",
        );
        check(Stage::Mail, "553 Mail from must equal authorized user", "misconfigured");
        check(Stage::Mail, "550 Mail frequency limited", "temporary");
        check(Stage::Rcpt, "550 5.1.1 no such user", "permanent");
        check(Stage::Rcpt, "550 RP:RCL 发信过于频繁", "temporary");
        check(Stage::Rcpt, "550 5.7.1 greylisted, try again in 5 minutes", "temporary");
        check(Stage::Rcpt, "552 5.2.2 mailbox is full", "temporary");
        check(Stage::Rcpt, "554 5.7.1 <a@b.cn>: Relay access denied", "misconfigured");
        check(Stage::Rcpt, "550 5.1.8 <a@b.cn>: Sender address rejected: Domain not found", "misconfigured");
        check(Stage::Rcpt, "530 5.7.0 login first", "misconfigured");
        check(Stage::Letter, "552 5.3.4 message size exceeds fixed limit", "permanent");
        check(Stage::Letter, "554 DT:SPM", "permanent");
        check(Stage::Letter, "550 Connection frequency limited", "temporary");
        check(Stage::Letter, "452 4.3.1 no space", "temporary");
    }
}
