//! `duban link`: prints a signed URL of the board, for the admin or a section; lists what is out, or revokes it.

use clap::Args;

use super::{Answer, Context, Failure, Result, check_section, listener, table, terminal};
use crate::{
    config::Settings,
    service::desk::links_out::{Out, Whose},
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
#[group(required = true, multiple = false)]
pub struct LinkArgs {
    /// 管理员的：看全部，可代办；30 天有效，到期再打印
    #[arg(long)]
    pub admin: bool,
    /// 这个科室的：只看本科室
    #[arg(long, value_name = "科室")]
    pub section: Option<String>,
    /// 发出去的都有哪些：什么时候发的，到哪天，最近什么时候用它登记过
    #[arg(long)]
    pub list: bool,
    /// 作废这个科室的全部链接；管理员的写 admin
    #[arg(long, value_name = "科室|admin")]
    pub revoke: Option<String>,
}

pub fn link(context: &Context, args: &LinkArgs) -> Result {
    let (mut office, _) = context.office()?;
    if office.settings.web.is_none() {
        return Err(Failure::new("没有设置网页：请在 duban.toml 里写 [web] 的 listen 和 base_url。"));
    }
    let revoked = args.revoke.as_deref();
    check_section(&office, args.section.as_deref().or(revoked.filter(|of| *of != ADMIN)))?;
    // Before the database: its owner may not read keys that only root may.
    context.open_links(&mut office)?;
    let now = context.now(&office.settings);
    if let Some(of) = revoked {
        let section = Some(of).filter(|of| *of != ADMIN);
        context.open(&office.settings)?.write(|tx| office.revoke_links(tx, section, &now))?;
        return Ok(Answer::done(match section {
            None => {
                "管理员的链接全部作废，来信里的“请答复”链接、日历订阅也在内。打印新的：duban link --admin\n".to_owned()
            }
            Some(name) => format!(
                "{name}的链接全部作废，信里的登记链接、日历订阅也在内；以后的信用新的。打印新的：duban link --section {name}\n"
            ),
        }));
    }
    if args.list {
        let out = context.open(&office.settings)?.read(|tx| office.links_out(tx, &now))?;
        return Ok(Answer::done(listed(&out, &office.settings)));
    }
    let mut db = context.open_or_without(&office.settings)?;
    let section = args.section.as_deref();
    let url = db.read(|tx| match section {
        Some(section) => office.section_url(tx, section, &now),
        None => office.admin_url(tx, &now),
    })?;
    let url = url.ok_or_else(|| Failure::new("没有链接密钥。"))?;
    // Also on a full disk it is printed.
    if let Err(e) = db.write(|tx| office.note_printed(tx, section, &now)) {
        let _ = terminal::tell(&format!("说明：这个网址没有记进 duban link --list：{}\n", e.explain()));
    }
    if let Some(what) = office.settings.web.as_ref().and_then(|web| listener::not_ours(web.listen)) {
        let _ = terminal::tell(&format!("注意：{what}\n"));
    }
    Ok(Answer::done(format!("{url}\n")))
}

fn listed(out: &[Out], settings: &Settings) -> String {
    let local = |at| settings.timezone.to_datetime(at);
    let rows = out.iter().map(|out| {
        let at = |at: Option<_>, form: &str| at.map_or("—".to_owned(), |at| local(at).strftime(form).to_string());
        let (whose, what) = match &out.whose {
            Whose::Admin => ("管理员", "看板".to_owned()),
            Whose::Request(request) => ("管理员", format!("答复{}的申请（{}）", request.section, request.kind.word())),
            Whose::Section(name) => (name.as_str(), "看板".to_owned()),
            Whose::Reports(name) => (name.as_str(), "信里的登记链接".to_owned()),
        };
        let until = out.until.map_or("—".to_owned(), |last| last.to_string());
        [whose.to_owned(), what, at(out.issued, "%Y-%m-%d %H:%M"), until, at(out.used, "%Y-%m-%d %H 时")]
    });
    let mut text = table::table(["谁的", "链接", "最近发出", "最晚到", "最近用它登记"], rows);
    text.push_str("打开网页、订阅日历不记：邮件扫描器也会打开。作废：duban link --revoke 科室，或 --revoke admin\n");
    text
}

const ADMIN: &str = "admin";
