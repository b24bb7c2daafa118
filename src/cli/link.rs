//! `duban link`: prints a signed URL of the board, for the admin or a section.

use clap::Args;

use super::{Answer, Context, Failure, Result, check_section};

#[derive(Args)]
#[command(next_help_heading = "选项")]
#[group(required = true, multiple = false)]
pub struct LinkArgs {
    /// 管理员的：看全部，可代办
    #[arg(long)]
    pub admin: bool,
    /// 这个科室的：只看本科室
    #[arg(long, value_name = "科室")]
    pub section: Option<String>,
}

pub fn link(context: &Context, args: &LinkArgs) -> Result {
    let (mut office, _) = context.office()?;
    if office.settings.web.is_none() {
        return Err(Failure::new("没有设置网页：请在 duban.toml 里写 [web] 的 listen 和 base_url。"));
    }
    check_section(&office, args.section.as_deref())?;
    context.open_links(&mut office)?;
    let now = context.now(&office.settings);
    let url = match &args.section {
        Some(section) => office.section_url(section, &now),
        None => office.admin_url(&now),
    };
    let url = url.ok_or_else(|| Failure::new("没有链接密钥。"))?;
    Ok(Answer::done(format!("{url}\n")))
}
