//! `duban link`: prints a signed URL of the board, for the admin or a section; or revokes what was printed and mailed.

use clap::Args;

use super::{Answer, Context, Failure, Result, check_section};

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
    let mut db = context.open_or_without(&office.settings)?;
    let url = db.read(|tx| match &args.section {
        Some(section) => office.section_url(tx, section, &now),
        None => office.admin_url(tx, &now),
    })?;
    let url = url.ok_or_else(|| Failure::new("没有链接密钥。"))?;
    Ok(Answer::done(format!("{url}\n")))
}

const ADMIN: &str = "admin";
