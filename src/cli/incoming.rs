//! `duban mailbox`, `duban mail-in`, `duban incoming`: incoming mail.

use std::{io::Read, sync::Arc};

use clap::Args;

use super::{
    Answer, Context, Exit, Failure, Result,
    run::{runtime, start_log},
    table,
};
use crate::{
    imap::{Inbox, LARGEST_BYTES, Limits},
    service::{
        Office,
        desk::{
            incoming::{
                Fate, Outcome, act,
                mailbox::{self, MailboxError, read_again, read_mailbox},
            },
            limits,
        },
        post::standby,
    },
    store::{Db, Store},
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct IncomingArgs {
    /// 全部来信，不只是等人工处理的
    #[arg(long)]
    pub all: bool,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    /// 这一封处理过了
    #[arg(long, value_name = "编号", conflicts_with_all = ["all", "json"])]
    pub handled: Option<i64>,
    /// 谁处理的
    #[arg(long, default_value = "管理员", value_name = "姓名")]
    pub by: String,
}

/// Most lines in the table; JSON has all.
const LISTED: u32 = 50;

/// Reads the mailbox once; exits with 75 if it cannot be read.
pub fn mailbox(context: &Context) -> Result {
    start_log(context);
    let (office, db) = ready(context, context.office_that_sends()?)?;
    let Some(settings) = office.settings.mailbox.as_ref().map(|inbox| inbox.imap.clone()) else {
        return Err(Failure::new("没有设置收信邮箱：请在 duban.toml 里写 [mailbox]。"));
    };
    // Another machine reads it.
    if let Some(why) = standby::taken_over(&office.settings) {
        return Err(Failure { why, exit: Exit::TakenOver });
    }
    let (store, office, clock) =
        (Store::new(db).map_err(|e| Failure::new(e.to_string()))?, Arc::new(office), context.clock);
    let noting = office.clone();
    let read = runtime()?.block_on(async {
        let read = async {
            read_again(&store, &office, &settings, Limits::default(), clock).await?;
            let mut inbox = Inbox::open(&settings, Limits::default()).await?;
            let read = read_mailbox(&store, &office, &mut inbox, clock).await?;
            inbox.close().await;
            Ok::<_, MailboxError>(read)
        };
        let read = read.await.map_err(|e| match e {
            MailboxError::Imap(e) => e.to_string(),
            MailboxError::Service(e) => e.explain(),
        });
        let trouble = read.as_ref().err().cloned();
        store.call(move |db| mailbox::note(db, &noting, trouble, &clock.now(&noting.settings.timezone))).await?;
        Ok::<_, crate::service::Error>(read)
    })?;
    match read {
        Ok(read) => Ok(Answer::done(format!(
            "处理了 {} 封，转人工 {} 封，与督办无关 {} 封。\n",
            read.done, read.waits, read.left_alone
        ))),
        Err(why) => Err(Failure { why: format!("收信邮箱读不了：{why}"), exit: Exit::Owed }),
    }
}

/// Reads a message from standard input, as a mail server's alias delivers it. Exits with 75 to have it delivered again:
/// the server would return it to its sender at any other code but 0.
pub fn mail_in(context: &Context) -> Result {
    let again = |why: String| Failure { why, exit: Exit::Owed };
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(LARGEST_BYTES.into())
        .read_to_end(&mut bytes)
        .map_err(|e| again(format!("读不到邮件：{e}")))?;
    // A long message is cut; the rest is read too, so that the writer does not meet a closed pipe.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    let (office, mut db) = context.office().and_then(|(office, _)| ready(context, office)).map_err(|e| again(e.why))?;
    let now = context.now(&office.settings);
    match act(&mut db, &office, None, &bytes, &now).map_err(|e| again(e.explain()))? {
        Fate::Done => Ok(Answer::done("已处理。\n")),
        Fate::Waits => Ok(Answer::done("已转人工，用 duban incoming 查看。\n")),
        Fate::LeftAlone => Ok(Answer::done("与督办无关，没有处理。\n")),
    }
}

/// Lists incoming messages; by default only those that wait for a person.
pub fn incoming(context: &Context, args: &IncomingArgs) -> Result {
    let office = context.office()?.0;
    let now = context.now(&office.settings);
    if let Some(id) = args.handled {
        limits::check_name(&args.by)?;
        let mut db = context.open(&office.settings)?;
        return if db.write(|tx| tx.end_waiting(id, &args.by, now.at))? {
            Ok(Answer::done("已记下：这一封处理过了。\n"))
        } else {
            Err(Failure::new(format!("没有等着处理的 {id} 号来信。")))
        };
    }
    let mut db = context.open(&office.settings)?;
    let limit = if args.json { u32::MAX } else { LISTED };
    let found = db.read(|tx| tx.incoming_list(!args.all, limit))?;
    if args.json {
        return Answer::json(&found);
    }
    if found.is_empty() {
        let what = if args.all { "没有收到过来信。\n" } else { "没有等着处理的来信。\n" };
        return Ok(Answer::done(what));
    }
    let rows = found.into_iter().map(|row| {
        let at = office.settings.timezone.to_datetime(row.at).strftime("%Y-%m-%d %H:%M").to_string();
        let outcome = serde_json::from_str(&row.detail).map_or(row.outcome, |o: Outcome| o.words());
        let [subject, text, outcome] =
            [row.subject, row.text, outcome].map(|t| table::short(&crate::letter::words::plain(&t)));
        [row.id.to_string(), at, row.sender, subject, text, outcome]
    });
    let text = table::table(["编号", "收到", "发信人", "主题", "写的是", "结果"], rows);
    let hint = if args.all { "" } else { "\n看过、办妥以后：duban incoming --handled 编号\n" };
    Ok(Answer::done(text + hint))
}

fn ready(context: &Context, mut office: Office) -> Result<(Office, Db)> {
    let db = context.open(&office.settings)?;
    context.open_links(&mut office)?;
    Ok((office, db))
}
