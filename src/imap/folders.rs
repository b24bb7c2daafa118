//! Finds, creates and opens folders.

use std::time::Duration;

use imap_proto::{MailboxDatum, NameAttribute, Response, ResponseCode};

use super::{
    error::{ImapError, passes},
    names::{mutf7, quoted, same},
    session::Session,
};

/// What a server says about the folder that it has opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Selected {
    /// UIDVALIDITY: while it is the same, UIDs name the same letters.
    pub(super) validity: u32,
    pub(super) next: Option<u32>,
    pub(super) exists: u32,
    /// Letters can be marked with keywords of our own.
    pub(super) keywords: bool,
    pub(super) read_only: bool,
}

/// The keyword of letters that were dealt with and could not be moved.
pub(super) const FILED: &str = "$DubanFiled";

/// The folder's name on the server: as given, or below INBOX, where some servers keep all folders. None if there is no
/// such folder.
pub(super) async fn find(session: &mut Session, name: &str, limit: Duration) -> Result<Option<String>, ImapError> {
    for name in [mutf7(name), below_inbox(session, name, limit).await?] {
        if listed(session, &name, limit).await?.0 {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The folder's name on the server; as given if it is not found, so that opening it reports the error.
pub(super) async fn written(session: &mut Session, name: &str, limit: Duration) -> Result<String, ImapError> {
    Ok(find(session, name, limit).await?.unwrap_or_else(|| mutf7(name)))
}

/// The folder's name on the server; creates the folder if it is missing.
pub(super) async fn ensure(session: &mut Session, name: &str, limit: Duration) -> Result<String, ImapError> {
    if let Some(found) = find(session, name, limit).await? {
        return Ok(found);
    }
    let mut refused = String::new();
    // Some servers keep all of a person's folders below INBOX and create no others.
    for written in [mutf7(name), below_inbox(session, name, limit).await?] {
        let answer = session.command(&format!("CREATE {}", quoted(&written)), limit, |_| {}).await?;
        let exists = answer.words.to_lowercase().contains("exist");
        if answer.is_ok() || exists {
            // Makes the folder visible in mail programs. Nothing depends on it.
            session.command(&format!("SUBSCRIBE {}", quoted(&written)), limit, |_| {}).await?;
            return Ok(written);
        }
        refused = answer.words;
    }
    let words = format!("文件夹“{name}”建不起来：{refused}");
    Err(if passes(&refused) {
        session.line(&words)
    } else {
        session.settings(&format!("{words}。请在邮箱里手工建立"))
    })
}

async fn below_inbox(session: &mut Session, name: &str, limit: Duration) -> Result<String, ImapError> {
    let (_, delimiter) = listed(session, "INBOX", limit).await?;
    Ok(format!("INBOX{}{}", delimiter.as_deref().unwrap_or("/"), mutf7(name)))
}

/// Whether there is a folder of this name that can be opened, and the server's hierarchy delimiter.
async fn listed(session: &mut Session, written: &str, limit: Duration) -> Result<(bool, Option<String>), ImapError> {
    let (mut there, mut parts) = (false, None);
    let answer = session
        .command(&format!("LIST \"\" {}", quoted(written)), limit, |response| {
            if let Response::MailboxData(MailboxDatum::List(folder)) = response
                && same(&folder.name, written)
            {
                let closed = |attribute: &NameAttribute<'_>| match attribute {
                    NameAttribute::NoSelect => true,
                    NameAttribute::Extension(name) => name.eq_ignore_ascii_case("\\NonExistent"),
                    _ => false,
                };
                there |= !folder.name_attributes.iter().any(closed);
                parts = folder.delimiter.as_ref().map(ToString::to_string);
            }
        })
        .await?;
    if !answer.is_ok() {
        return Err(session.line(&format!("服务器不列出文件夹：{}", answer.words)));
    }
    Ok((there, parts))
}

/// Opens a folder; `verb` is SELECT, or EXAMINE to change nothing. `name` is for messages.
pub(super) async fn open(
    session: &mut Session,
    verb: &str,
    written: &str,
    name: &str,
    limit: Duration,
) -> Result<Selected, ImapError> {
    let mut selected = Selected::default();
    let mut validity = None;
    session.forget(u32::MAX);
    let answer = session
        .command(&format!("{verb} {}", quoted(written)), limit, |response| match response {
            Response::MailboxData(MailboxDatum::Exists(exists)) => selected.exists = *exists,
            Response::Data { outcome, .. } => match &outcome.code {
                Some(ResponseCode::UidValidity(v)) => validity = Some(*v),
                Some(ResponseCode::UidNext(next)) => selected.next = Some(*next),
                Some(ResponseCode::PermanentFlags(flags)) => {
                    selected.keywords = flags.iter().any(|f| f == "\\*" || f.eq_ignore_ascii_case(FILED));
                }
                _ => {}
            },
            _ => {}
        })
        .await?;
    session.forget(selected.exists);
    if !answer.is_ok() {
        let words = format!("打不开文件夹“{name}”：{}", answer.words);
        return Err(if passes(&answer.words) { session.line(&words) } else { session.settings(&words) });
    }
    // Without UIDVALIDITY (RFC 3501 6.3.1) new letters could not be told from those dealt with.
    selected.validity =
        validity.ok_or_else(|| session.settings("服务器不给信件固定的编号（UIDVALIDITY），不能使用"))?;
    selected.read_only = answer.read_only;
    Ok(selected)
}
