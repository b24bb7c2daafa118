//! The mail server and the mailbox, as far as they can be checked without sending a letter.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use super::{AS_ROOT, Check, Verdict};
use crate::{
    config::{Transport, tidy},
    domain::{
        refusal::{self, Known},
        retry::Outcome,
    },
    imap::{self, Limits},
    service::{self, Office},
};

const OUT: &str = "邮件";
const BACK: &str = "收信";
const SENDERS: &str = "发件人";
/// Short, since a person waits for the result.
const LIMIT: Duration = Duration::from_secs(30);

pub(in crate::service) fn locked() -> Check {
    Check::warning(OUT, "没有看：口令只有 root 能读", AS_ROOT)
}

/// `failure`: when the running service last failed, and why. It may fail where this process does not.
pub(in crate::service) async fn out(office: &Office, failure: Option<(Timestamp, String)>) -> Check {
    let mail = &office.settings.mail;
    let smtp = match &mail.transport {
        Transport::Smtp(smtp) => smtp,
        Transport::Folder(folder) => {
            let found = format!("只写到目录 {}，不发给任何人", tidy(folder).display());
            let advice = "要真正发信：在 duban.toml 把 transport 改为 \"smtp\" 并填好 [mail.smtp]";
            return Check::warning(OUT, found, advice);
        }
    };
    let mailer = match service::mailer(&office.settings) {
        Ok(mailer) => mailer,
        Err(e) => return Check::bad(OUT, e.explain(), "改好 duban.toml 的 [mail.smtp]"),
    };
    let place = smtp.server.place();
    match timeout(LIMIT, mailer.probe(mail.from.as_str())).await {
        Ok(outcome) => match (judged(outcome), failure) {
            (Check { verdict: Verdict::Good, found, .. }, Some((at, why))) => {
                let at = office.settings.timezone.to_datetime(at).strftime("%m-%d %H:%M");
                let advice =
                    "服务会自己再试；一直这样就执行 systemctl restart duban，用 journalctl -u duban -n 50 看原因";
                Check::warning(OUT, format!("{found}；但服务最近一次（{at}）没有发成：{why}"), advice)
            }
            (check, _) => check,
        },
        Err(_) => Check::bad(OUT, format!("{place}：{}", silence()), UNREACHABLE),
    }
}

const UNREACHABLE: &str = "核对 [mail.smtp] 的 host 和 port，并请网络管理员放行本机到这个地址的连接";

fn judged(outcome: Outcome) -> Check {
    let reply = outcome.reply().to_owned();
    match outcome.judge(&Known::default()) {
        refusal::Verdict::Sent => Check::good(OUT, reply),
        refusal::Verdict::Us | refusal::Verdict::Recipient | refusal::Verdict::Undecided => {
            let advice = "核对 [mail.smtp] 的 tls、username 和口令（163、QQ 等邮箱要用授权码），\
                          以及 [mail] 的 from：一般要与登录的邮箱相同";
            Check::bad(OUT, reply, advice)
        }
        refusal::Verdict::Passing | refusal::Verdict::Deferred | refusal::Verdict::Unknown => {
            Check::bad(OUT, reply, UNREACHABLE)
        }
    }
}

fn silence() -> String {
    format!("等了 {} 秒没有结果", LIMIT.as_secs())
}

/// Who vouches for the senders of replies; `None` without `[mailbox]`.
pub(in crate::service) fn senders(office: &Office) -> Option<Check> {
    let inbox = office.settings.mailbox.as_ref()?;
    Some(match (office.takes_any_sender(), &inbox.authserv_id) {
        (Some(found), _) => Check::warning(
            SENDERS,
            found,
            "在 duban.toml 的 [mailbox] 里写上 authserv_id，写法见手册“收回信”；收信的服务器不验证发件人的，只能这样用",
        ),
        (None, id) => Check::good(SENDERS, format!("相信 {} 的验证", id.as_deref().unwrap_or_default())),
    })
}

/// `None` without `[mailbox]`.
pub(in crate::service) async fn back(office: &Office) -> Option<Check> {
    let settings = &office.settings.mailbox.as_ref()?.imap;
    let advice = "核对 duban.toml 的 [mailbox] 和收信口令，并请网络管理员放行本机到这个地址的连接";
    Some(match timeout(LIMIT, imap::probe(settings, Limits::default())).await {
        Ok(Ok(words)) => Check::good(BACK, words),
        Ok(Err(e)) => Check::bad(BACK, e.to_string(), advice),
        Err(_) => Check::bad(BACK, format!("{}：{}", settings.server.place(), silence()), advice),
    })
}
