//! Sends one letter over a connection: its commands, two at once if the server allows it, and its bytes.

use std::{io, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Quit, Rcpt, Rset},
        extension::{MailParameter, RcptParameter},
        response::Response,
    },
};
use tokio::time::timeout;

use super::{
    Limits,
    verdict::{Fault, Step, expect, expected, fault, silence},
    wire::Wire,
};
use crate::{domain::refusal::Stage, net::line_words};

pub(super) struct Connection {
    pub(super) smtp: AsyncSmtpConnection,
    pub(super) wire: Wire,
    pub(super) letters: u32,
    /// Every command has had its answer.
    is_sound: bool,
}

/// Sender, recipient, and the id by which delivery reports name the letter.
pub(super) type Envelope<'a> = (&'a Address, &'a Address, &'a str);

impl Connection {
    pub(super) fn new(smtp: AsyncSmtpConnection, wire: Wire) -> Self {
        Self { smtp, wire, letters: 0, is_sound: true }
    }

    pub(super) async fn transact(&mut self, limits: &Limits, envelope: Envelope<'_>, message: &[u8]) -> Step<Response> {
        self.letters += 1;
        self.wire.forget_final_dot();
        match self.envelope(limits, envelope).await {
            // The server offers delivery reports but rejects the request for one.
            Err((Stage::Mail | Stage::Rcpt, Fault::Refused { code: 501 | 504 | 555, .. }))
                if self.wire.offers_dsn() && self.is_sound =>
            {
                self.wire.forget_dsn();
                let answer = timeout(limits.courtesy, self.smtp.command(Rset)).await;
                expect(answer, &[250], limits.courtesy).map_err(|fault| (Stage::Mail, fault))?;
                self.envelope(limits, envelope).await?;
            }
            done => done?,
        }
        let handed_over = timeout(limits.data_end, async {
            self.wire.write_letter(&as_data(message)).await.map_err(|error| Fault::Broken(line_words(&error)))?;
            self.smtp.read_response().await.map_err(|error| fault(&error))
        });
        let answer = handed_over.await.unwrap_or_else(|_| Err(silence(limits.data_end)));
        answer.and_then(|answer| expected(answer, &[250])).map_err(|fault| (Stage::Letter, fault))
    }

    /// MAIL, RCPT and DATA, up to the invitation to send the letter.
    async fn envelope(&mut self, limits: &Limits, (from, to, envelope_id): Envelope<'_>) -> Step<()> {
        let (of_mail, of_rcpt) = if self.wire.offers_dsn() { dsn(envelope_id, to) } else { (Vec::new(), Vec::new()) };
        let mail = Mail::new(Some(from.clone()), of_mail);
        let rcpt = Rcpt::new(to.clone(), of_rcpt);
        if self.wire.offers_pipelining() {
            self.at_once(limits, mail, rcpt).await?;
        } else {
            let answer = timeout(limits.command, self.smtp.command(mail)).await;
            expect(answer, &[250], limits.command).map_err(|fault| (Stage::Mail, fault))?;
            let answer = timeout(limits.command, self.smtp.command(rcpt)).await;
            expect(answer, &[250, 251], limits.command).map_err(|fault| (Stage::Rcpt, fault))?;
        }
        let answer = timeout(limits.data, self.smtp.command(Data)).await;
        expect(answer, &[354], limits.data).map_err(|fault| (Stage::Data, fault))?;
        Ok(())
    }

    /// Sends MAIL and RCPT together and reads both answers (RFC 2920). DATA waits for them. Its 354 is unlike any other
    /// answer, so that a surplus answer cannot pass for the letter's 250; and after a refused recipient there is no
    /// letter to end.
    async fn at_once(&mut self, limits: &Limits, mail: Mail, rcpt: Rcpt) -> Step<()> {
        let said = timeout(limits.command, self.wire.say(&format!("{mail}{rcpt}"))).await;
        let said = said.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        said.map_err(|error| (Stage::Mail, Fault::Broken(line_words(&error))))?;
        let answer = timeout(limits.command, self.smtp.read_response()).await;
        if let Err(fault) = expect(answer, &[250], limits.command) {
            // The answer to RCPT now only shows whether the connection can be used again.
            let answer = timeout(limits.courtesy, self.smtp.read_response()).await;
            let answer = expect(answer, &[250, 251], limits.courtesy);
            self.is_sound = matches!(answer, Ok(_) | Err(Fault::Refused { .. }));
            return Err((Stage::Mail, fault));
        }
        let answer = timeout(limits.command, self.smtp.read_response()).await;
        expect(answer, &[250, 251], limits.command).map(|_| ()).map_err(|fault| (Stage::Rcpt, fault))
    }

    /// Whether the server takes this sender and this recipient; nothing is sent. An error leaves the connection unusable.
    pub(super) async fn takes(&mut self, limits: &Limits, from: &Address, to: &Address) -> Result<Option<bool>, Fault> {
        let mail = timeout(limits.command, self.smtp.command(Mail::new(Some(from.clone()), Vec::new()))).await;
        let taken = match expect(mail, &[250], limits.command) {
            Ok(_) => {
                let rcpt = timeout(limits.command, self.smtp.command(Rcpt::new(to.clone(), Vec::new()))).await;
                expect(rcpt, &[250, 251], limits.command)
            }
            refused => refused,
        };
        let taken = match taken {
            Ok(_) => Some(true),
            Err(Fault::Refused { code: 500.., .. }) => Some(false),
            Err(Fault::Refused { code, .. }) if code != 421 => None,
            Err(fault) => return Err(fault),
        };
        let reset = timeout(limits.courtesy, self.smtp.command(Rset)).await;
        expect(reset, &[250], limits.courtesy).map(|_| taken)
    }

    /// Whether the next letter can use the connection after this fault.
    pub(super) async fn recover(&mut self, stage: Stage, fault: &Fault, limits: &Limits) -> bool {
        match (stage, fault) {
            _ if !self.is_sound => false,
            (_, Fault::Refused { code: 421, .. }) => false,
            (Stage::Letter, Fault::Refused { .. }) => true,
            (Stage::Rcpt, Fault::Refused { .. }) => {
                let answer = timeout(limits.courtesy, self.smtp.command(Rset)).await;
                expect(answer, &[250], limits.courtesy).is_ok()
            }
            _ => false,
        }
    }

    pub(super) async fn quit(mut self, limit: Duration) {
        // The server notices either way.
        let _ = timeout(limit, self.smtp.command(Quit)).await;
    }
}

/// Asks for a report, with the letter's headers and our id, if the letter is late or does not arrive (RFC 3461,
/// sections 4.1 to 4.4).
fn dsn(envelope_id: &str, to: &Address) -> (Vec<MailParameter>, Vec<RcptParameter>) {
    let mail = |keyword: &str, value: &str| MailParameter::Other { keyword: keyword.into(), value: Some(value.into()) };
    let rcpt = |keyword: &str, value: &str| RcptParameter::Other { keyword: keyword.into(), value: Some(value.into()) };
    let address: String = to.to_string().chars().map(|c| if "+=".contains(c) { xtext(c) } else { c.into() }).collect();
    let of_mail = vec![mail("RET", "HDRS"), mail("ENVID", envelope_id)];
    (of_mail, vec![rcpt("NOTIFY", "FAILURE,DELAY"), rcpt("ORCPT", &format!("rfc822;{address}"))])
}

fn xtext(c: char) -> String {
    format!("+{:02X}", u32::from(c))
}

/// The message as sent after DATA (RFC 5321, section 4.5.2). Every line ends in CR LF: for a lenient server, a lone
/// line feed before a dot could end the letter early.
fn as_data(message: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(message.len() + message.len() / 64 + 16);
    if is_as_data(message) {
        data.extend_from_slice(message);
        data.extend_from_slice(b".\r\n");
        return data;
    }
    let mut put = |line: &[u8]| {
        if line.starts_with(b".") {
            data.push(b'.');
        }
        data.extend_from_slice(line);
        data.extend_from_slice(b"\r\n");
    };
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.contains(&b'\r') {
            line.split(|byte| *byte == b'\r').for_each(&mut put);
        } else {
            put(line);
        }
    }
    data.extend_from_slice(b".\r\n");
    data
}

/// Whether its lines end in CR LF and none begins with a dot: one pass, many bytes at a time.
fn is_as_data(message: &[u8]) -> bool {
    let Some((first, rest)) = message.split_first() else { return false };
    let pairs = message.iter().zip(rest);
    let spoils = |bad, (a, b): (&u8, &u8)| bad | ((*a == b'\r') != (*b == b'\n')) | ((*a == b'\n') & (*b == b'.'));
    message.ends_with(b"\r\n") && !b".\n".contains(first) && !pairs.fold(false, spoils)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_crlf_and_dots_are_doubled() {
        assert_eq!(as_data(b"a\n.\nb\rc\r\n.d..\r\n\r\n"), b"a\r\n..\r\nb\r\nc\r\n..d..\r\n\r\n.\r\n");
        assert_eq!(as_data(b"a\r.b\r\r\n"), b"a\r\n..b\r\n\r\n.\r\n");
        assert_eq!(as_data(b"a\r"), b"a\r\n.\r\n");
        assert_eq!(as_data(b""), b".\r\n");
        assert_eq!(as_data(b"\na\r\n"), b"\r\na\r\n.\r\n");
        assert_eq!(as_data(b".a\r\n"), b"..a\r\n.\r\n");
        assert_eq!(as_data(b"a\r\n\r\nb\r\n"), b"a\r\n\r\nb\r\n.\r\n");
    }
}
