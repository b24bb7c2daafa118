//! `duban test-mail`: sends one letter at once, without the outbox.

use super::{Answer, Context, Exit, Failure, Result, run::runtime};
use crate::{
    config::{Settings, Transport},
    daemon::lock::SenderLock,
    domain::{deadline::Mailbox, refusal::Kind, retry::Outcome},
    letter::notice::{self, Notice},
    service::{
        mailer,
        post::{
            last,
            write::{Envelope, compose},
        },
    },
};

pub fn test_mail(context: &Context, address: &str) -> Result {
    let to: Mailbox =
        address.parse().map_err(|why| Failure { why: format!("{address}：{why}。"), exit: Exit::Usage })?;
    let office = context.office_that_sends()?;
    let mailer = mailer(&office.settings)?;
    let now = context.now(&office.settings);
    let rendered = notice::render(office.tag(), &office.settings.contact, &Notice::Test);
    let message_id = format!("duban.test.{}@{}", now.at.as_second(), office.domain());
    let envelope =
        Envelope { to: to.as_str(), message_id: &message_id, reply_to: office.settings.admin.clone(), answers: None };
    let written = compose(&office, &envelope, rendered, &now)?;
    let outcome = runtime()?.block_on(async {
        let mut session = mailer.session();
        let outcome =
            session.send(office.settings.mail.from.as_str(), to.as_str(), &written.message, "duban.test").await;
        session.finish().await;
        outcome
    });
    let reply = outcome.reply();
    match &outcome {
        // The reply says where the letter was written.
        Outcome::Accepted { .. } if matches!(office.settings.mail.transport, Transport::Folder(_)) => {
            Ok(Answer::done(format!("没有真正发出（transport = \"folder\"）：{reply}\n")))
        }
        Outcome::Accepted { .. } => {
            let service = of_the_service(context, &office.settings).unwrap_or_default();
            Ok(Answer::done(format!("已交给邮件服务器，发往 {to}。答复：{reply}\n{service}")))
        }
        Outcome::Refused(refusal) if refusal.code < 500 => {
            Err(Failure { why: format!("这次没有发成，可稍后再试：{reply}"), exit: Exit::Owed })
        }
        Outcome::Refused(refusal) if refusal.kind() == Kind::Us => {
            Err(Failure::new(format!("服务器不认本系统，发给谁都发不出去：{reply}")))
        }
        Outcome::Refused(_) | Outcome::Permanent { .. } => {
            Err(Failure::new(format!("服务器拒收发往 {to} 的信：{reply}")))
        }
        Outcome::Misconfigured { .. } => Err(Failure::new(format!("邮件设置有问题，发不出去：{reply}"))),
        Outcome::Temporary { .. } | Outcome::Unknown { .. } => {
            Err(Failure { why: format!("这次没有发成，可稍后再试：{reply}"), exit: Exit::Owed })
        }
    }
}

/// What the running service's own last attempt came to, if it failed: it may fail where this process does not.
fn of_the_service(context: &Context, settings: &Settings) -> Option<String> {
    SenderLock::holder(&settings.database).ok()??;
    let read = context.open(settings).and_then(|mut db| Ok(db.read(last::failure)?));
    Some(match read {
        Ok(failure) => {
            let (at, why) = failure?;
            let at = settings.timezone.to_datetime(at).strftime("%m-%d %H:%M");
            format!(
                "但服务自己最近一次（{at}）没有发成：{why}\n它会自己再试；一直这样就执行 systemctl restart duban。\n"
            )
        }
        Err(e) => format!("服务自己发得怎样，没有看到：{}\n", e.why),
    })
}
