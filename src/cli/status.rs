//! `duban status`: the state of the service, the outbox and the configuration.

use std::fmt::Write;

use super::{Answer, Context, Exit, Failure, Result};
use crate::{
    config::Transport,
    daemon::lock::SenderLock,
    domain::calendar::shift,
    service::{
        course::{load::as_in_force, plan::plan, waiting::waits_until},
        desk::incoming::mailbox,
        house::{tidy, troubles::troubles},
        post::standby,
    },
    store::state,
};

pub fn status(context: &Context) -> Result {
    let (office, deadlines) = context.office()?;
    let settings = &office.settings;
    let now = context.now(settings);
    let mut db = context.open(settings)?;
    let local = |at: jiff::Timestamp| settings.timezone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string();
    let month = (now.today(), shift(now.today(), 31));
    let next = as_in_force(&mut db, (&office, &deadlines), &now, |tx| Ok(plan(tx, &office, &deadlines, month, &now)))?;
    let (in_force, open, (letters, sent), waiting, restored, held, (bytes, growth)) = db.read(|tx| {
        let (open, letters) = (tx.count_open(now.today())?, (tx.count_owed()?, tx.count_sent()?));
        let (restored, held, size) = (tx.get(state::RESTORED)?, waits_until(tx)?, tidy::size(tx, now.today())?);
        Ok((tx.in_force_since()?, open, letters, tx.count_waiting()?, restored, held, size))
    })?;
    let mut text = String::new();
    let service = match SenderLock::holder(&settings.database) {
        Ok(Some(holder)) => format!("在运行（进程 {}）", holder.pid),
        Ok(None) => "没有运行".to_owned(),
        Err(e) => return Err(Failure::new(format!("看不出服务有没有运行：锁文件读不了（{e}）。请用 sudo 再看一次。"))),
    };
    let mail = match &settings.mail.transport {
        Transport::Folder(folder) => format!("写到目录 {}（不发给任何人）", folder.display()),
        Transport::Smtp(smtp) => smtp.server.place(),
    };
    let _ = writeln!(text, "服务      {service}");
    let _ = writeln!(
        text,
        "配置      {}：{} 个事项，{} 个科室",
        context.config.display(),
        deadlines.len(),
        office.roster.sections.len()
    );
    let _ = writeln!(text, "生效      {}", in_force.map_or("还没有".to_owned(), local));
    if let Some(until) = held {
        let _ = writeln!(
            text,
            "等待生效  改过的文件会撤销许多期次，{} 才生效；见 duban diff，duban reload 立即生效",
            local(until)
        );
    }
    let growth = match growth {
        Some(bytes) => {
            format!("，按目前的速度每年{} {} MB", if bytes < 0 { "减少" } else { "增加" }, mega(bytes.unsigned_abs()))
        }
        None => "，记满一个月后估算每年增加多少".to_owned(),
    };
    let _ = writeln!(text, "数据库    {}，{} MB{growth}", settings.database.display(), mega(bytes));
    if let Some(restored) = restored {
        let until = restored.until.map_or("时间不详".to_owned(), local);
        let _ = writeln!(text, "恢复      {} 从 {until} 的备份恢复，经过见 duban history", local(restored.at));
    }
    if let Some(to) = &settings.standby {
        let at = standby::taken_at(settings).map_or("还没有拷过".to_owned(), |at| format!("{} 拷过", local(at)));
        let _ = writeln!(text, "备用机    {to}，{at}");
    }
    let _ = writeln!(text, "邮件      {mail}");
    if let Some(web) = &settings.web {
        let _ = writeln!(text, "网页      {}（本机 {}）", web.base_url, web.listen);
    }
    let paused = if open.paused > 0 { format!("，{} 个暂停", open.paused) } else { String::new() };
    let _ = writeln!(text, "期次      {} 个未办结，其中 {} 个逾期{paused}", open.all, open.overdue);
    let oldest = letters.oldest_queued.map(|at| format!("，最早的从 {} 等到现在", local(at))).unwrap_or_default();
    let _ = writeln!(
        text,
        "发件箱    {} 封待发{oldest}；{} 封失败；{} 封退信；{} 封投递延迟；已发 {} 封",
        letters.queued, letters.failed, letters.bounced, sent.1, sent.0
    );
    if let Some(inbox) = &settings.mailbox {
        let state = mailbox::state(&mut db)?;
        let read = match (state.trouble, state.read_at) {
            (Some((since, why)), _) => format!("从 {} 起读不了：{why}", local(since)),
            (None, Some(at)) => format!("{} 读过", local(at)),
            (None, None) => "还没有读过".to_owned(),
        };
        let _ = writeln!(text, "收信      {}，{read}", inbox.address);
    }
    if waiting > 0 {
        let _ = writeln!(text, "待人工    {waiting} 封来信等人看，用 duban incoming 查看");
    }
    let next = next?
        .into_iter()
        .next()
        .map_or("31 天内没有".to_owned(), |l| format!("{} 给 {}", l.at.strftime("%Y-%m-%d %H:%M"), l.to));
    let _ = writeln!(text, "下一封    {next}");
    let troubles = db.read(|tx| Ok(troubles(tx, &office, &now)))??;
    for trouble in &troubles {
        let _ = writeln!(text, "问题      {}", trouble.words);
    }
    Ok(Answer::done(text).with(if troubles.is_empty() { Exit::Done } else { Exit::Nothing }))
}

/// Bytes as megabytes with one digit.
fn mega(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
