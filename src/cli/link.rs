//! `duban link`: signed addresses of the board, for the admin or a section.

use super::{Answer, Context, Failure, Result, args::LinkArgs};

pub fn link(context: &Context, args: &LinkArgs) -> Result {
    let (mut office, _) = context.office()?;
    if office.settings.web.is_none() {
        return Err(Failure::new("没有设置网页：请在 duban.toml 里写 [web] 的 listen 和 base_url。"));
    }
    if let Some(section) = args.section.as_deref().filter(|s| office.roster.get(s).is_none()) {
        let names: Vec<&str> = office.roster.sections.iter().map(|s| s.name.as_str()).collect();
        return Err(Failure::new(format!("科室名册里没有“{section}”。有：{}。", names.join("、"))));
    }
    context.open_links(&mut office)?;
    let now = context.now(&office.settings);
    let url = match &args.section {
        Some(section) => office.section_url(section, &now),
        None => office.admin_url(&now),
    };
    let url = url.ok_or_else(|| Failure::new("没有链接密钥。"))?;
    Ok(Answer::done(format!("{url}\n")))
}
