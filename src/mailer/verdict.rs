//! What is seen of a step that failed: a refusal, a timeout or a broken connection. Pure.

use std::{error::Error as _, io, time::Duration};

use lettre::transport::smtp::{Error, response::Response};
use tokio::time::error::Elapsed;

use crate::{
    domain::{
        refusal::{Refusal, Stage},
        retry::Outcome,
    },
    net::{self, line_words, one_line},
};

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
        Fault::Refused { code, words } => {
            Outcome::Refused(Refusal { stage, code, reply: one_line(&format!("{code} {words}")) })
        }
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

/// Not shortened, so that secrets are still whole when they are masked.
pub(super) fn words(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}
