//! Sends one command at a time and reads its answer, within a time limit.

use std::{io, time::Duration};

use imap_proto::{MailboxDatum, Response, ResponseCode, Status};
use tokio::time::{Instant, timeout};

use super::{error::ImapError, wire::Wire};
use crate::net::line_words;

/// A session with a server, over a plain or an encrypted connection.
#[derive(Debug)]
pub(super) struct Session {
    wire: Wire,
    tag: u32,
    /// An answer was not read to its end, so that later responses cannot be understood.
    lost: bool,
    /// How many letters the folder holds, as the server last said.
    exists: u32,
    /// New letters may have come since this was last set to false.
    pub(super) fresh: bool,
    /// host:port, for messages.
    place: String,
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Answer {
    ok: bool,
    /// The server's words, after `[TRYCREATE]` if it gave that code.
    pub(super) words: String,
    /// The opened folder is read-only.
    pub(super) read_only: bool,
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        self.ok
    }
}

impl Session {
    pub(super) fn new(wire: Wire, place: &str) -> Self {
        Self { wire, tag: 0, lost: false, exists: 0, fresh: false, place: place.to_owned() }
    }

    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }

    pub(super) fn line(&self, words: &str) -> ImapError {
        ImapError::line(&self.place, words)
    }

    pub(super) fn settings(&self, words: &str) -> ImapError {
        ImapError::settings(&self.place, words)
    }

    /// Sets the number of letters when another folder is opened.
    pub(super) fn forget(&mut self, exists: u32) {
        self.exists = exists;
    }

    pub(super) fn exists(&self) -> u32 {
        self.exists
    }

    /// Reads the server's greeting.
    pub(super) async fn greeting(&mut self, limit: Duration) -> Result<(), ImapError> {
        let greeting = match timeout(limit, self.wire.response()).await {
            Ok(Ok(Some(bytes))) => bytes,
            Ok(Ok(None)) => return Err(self.line("连接中途断开（等候服务器应答时）")),
            Ok(Err(error)) => return Err(self.line(&line_words(&error))),
            Err(_) => return Err(self.line(&silence(limit))),
        };
        match parsed(&greeting).map_err(|words| self.line(&words))? {
            Response::Data { status: Status::Ok, .. } => Ok(()),
            Response::Data { status: Status::PreAuth, .. } => {
                Err(self.settings("服务器不经登录就放行，不能确认是谁的信箱：请核对 mailbox.host 与 mailbox.port"))
            }
            Response::Data { outcome, .. } => {
                Err(self.line(&format!("服务器拒绝连接：{}", outcome.information.as_deref().unwrap_or_default())))
            }
            _ => Err(self.line("对方没有按 IMAP 应答")),
        }
    }

    /// Sends a command and reads its answer to the end; `each` gets every response before it.
    pub(super) async fn command(
        &mut self,
        command: &str,
        limit: Duration,
        each: impl FnMut(&Response<'_>),
    ) -> Result<Answer, ImapError> {
        self.converse(command, None, limit, each).await
    }

    /// As [`Self::command`]; `more` is sent when the server asks for it.
    pub(super) async fn converse(
        &mut self,
        command: &str,
        more: Option<&str>,
        limit: Duration,
        each: impl FnMut(&Response<'_>),
    ) -> Result<Answer, ImapError> {
        if self.lost {
            return Err(self.line("上一次对话没有结束，连接作废"));
        }
        // Stays true on any fault, and if this future is dropped.
        self.lost = true;
        let ended = timeout(limit, async {
            let tag = self.say(command).await?;
            self.hear(&tag, more, command == "LOGOUT", each).await
        });
        match ended.await {
            Ok(Ok(answer)) => {
                self.lost = false;
                Ok(answer)
            }
            Ok(Err(words)) => Err(self.line(&words)),
            Err(_) => Err(self.line(&silence(limit))),
        }
    }

    /// Waits until new letters may have come, at most `longest`; None if the server refuses IDLE, or
    /// has ended it.
    pub(super) async fn idle(&mut self, longest: Duration, limit: Duration) -> Result<Option<()>, ImapError> {
        if self.lost {
            return Err(self.line("上一次对话没有结束，连接作废"));
        }
        self.lost = true;
        let begun = timeout(limit, async {
            let tag = self.say("IDLE").await?;
            loop {
                let bytes = sound(self.wire.response().await)?;
                match parsed(&bytes)? {
                    Response::Continue(_) => return Ok::<_, String>(Some(tag)),
                    Response::Done { tag: done, .. } if done.0 == tag => return Ok(None),
                    other => self.note(&other),
                }
            }
        });
        let tag = match begun.await {
            Ok(Ok(Some(tag))) => tag,
            Ok(Ok(None)) => {
                self.lost = false;
                return Ok(None);
            }
            Ok(Err(words)) => return Err(self.line(&words)),
            Err(_) => return Err(self.line(&silence(limit))),
        };
        let until = Instant::now() + longest;
        while !self.fresh {
            match timeout(until.saturating_duration_since(Instant::now()), self.wire.response()).await {
                Ok(read) => {
                    let bytes = sound(read).map_err(|words| self.line(&words))?;
                    match parsed(&bytes).map_err(|words| self.line(&words))? {
                        Response::Done { tag: done, .. } if done.0 == tag => {
                            self.lost = false;
                            return Ok(None);
                        }
                        response => self.note(&response),
                    }
                }
                Err(_) => break,
            }
        }
        let ended = timeout(limit, async {
            self.write("DONE\r\n").await?;
            self.hear(&tag, None, false, |_| {}).await
        });
        match ended.await {
            Ok(Ok(_)) => {
                self.lost = false;
                Ok(Some(()))
            }
            Ok(Err(words)) => Err(self.line(&words)),
            Err(_) => Err(self.line(&silence(limit))),
        }
    }

    async fn say(&mut self, command: &str) -> Result<String, String> {
        self.tag = self.tag.wrapping_add(1);
        let tag = format!("D{}", self.tag);
        self.wire.renew();
        self.write(&format!("{tag} ")).await?;
        self.write(command).await?;
        self.write("\r\n").await?;
        Ok(tag)
    }

    async fn write(&mut self, text: &str) -> Result<(), String> {
        self.wire.say(text).await.map_err(|error| line_words(&error))
    }

    async fn hear(
        &mut self,
        tag: &str,
        mut more: Option<&str>,
        leaving: bool,
        mut each: impl FnMut(&Response<'_>),
    ) -> Result<Answer, String> {
        loop {
            let bytes = sound(self.wire.response().await)?;
            match parsed(&bytes)? {
                Response::Done { tag: done, status, outcome } if done.0 == tag => {
                    let ok = status == Status::Ok;
                    let code = match &outcome.code {
                        Some(ResponseCode::TryCreate) => "[TRYCREATE] ",
                        _ => "",
                    };
                    let words = format!("{code}{}", outcome.information.as_deref().unwrap_or_default());
                    let read_only = matches!(outcome.code, Some(ResponseCode::ReadOnly));
                    return Ok(Answer { ok, words, read_only });
                }
                Response::Data { status: Status::Bye, outcome } if !leaving => {
                    let words = outcome.information.as_deref().unwrap_or_default();
                    return Err(format!("服务器结束了连接：{words}"));
                }
                Response::Continue(_) => match more.take() {
                    Some(text) => {
                        self.write(text).await?;
                        self.write("\r\n").await?;
                    }
                    None => return Err("服务器的答复不合顺序".to_owned()),
                },
                other => {
                    self.note(&other);
                    each(&other);
                }
            }
        }
    }

    fn note(&mut self, response: &Response<'_>) {
        match response {
            Response::MailboxData(MailboxDatum::Exists(exists)) => {
                self.fresh |= *exists > self.exists;
                self.exists = *exists;
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
    }
}

fn sound(read: io::Result<Option<Vec<u8>>>) -> Result<Vec<u8>, String> {
    read.map_err(|error| line_words(&error))?.ok_or_else(|| "连接中途断开".to_owned())
}

/// The parser's own errors are not passed on: they quote what they could not read.
fn parsed(bytes: &[u8]) -> Result<Response<'_>, String> {
    match Response::parse(bytes) {
        Ok(([], response)) => Ok(response),
        _ => Err("服务器的答复不合 IMAP 规定".to_owned()),
    }
}

fn silence(limit: Duration) -> String {
    format!("等了 {} 秒没有答复", limit.as_secs().max(1))
}
