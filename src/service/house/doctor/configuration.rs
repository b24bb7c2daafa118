//! The files: whether they are without errors, their addresses real and their statutory days complete.

use super::{Check, Given};
use crate::{
    clock::Moment,
    config::{Finding, Findings, Loaded, Severity, Transport},
    domain::deadline::Mailbox,
    service::course::sweep::missing_year,
};

const NAME: &str = "配置";
const YEARS: &str = "节假日";
/// How many warnings are shown.
const SHOWN: usize = 5;

pub(in crate::service) fn look(given: &Given<'_>) -> Vec<Check> {
    let path = given.config.display();
    let loaded = match given.loaded {
        Ok(loaded) => loaded,
        Err(findings) => return vec![refused(findings, &path.to_string())],
    };
    let (deadlines, sections) = (loaded.plan.deadlines.len(), loaded.plan.roster.sections.len());
    let found = format!("{path}：{deadlines} 个事项，{sections} 个科室");
    let mut checks = vec![match loaded.warnings.as_slice() {
        [] => Check::good(NAME, found),
        warnings => {
            let shown: Vec<String> = warnings.iter().take(SHOWN).map(one).collect();
            let more = if warnings.len() > SHOWN { "；等等" } else { "" };
            let found = format!("{found}；{} 处提醒：{}{more}", warnings.len(), shown.join("；"));
            Check::warning(NAME, found, "执行 duban check 看怎么改；确实无误的不必改")
        }
    }];
    checks.extend(examples(loaded));
    checks
}

fn refused(findings: &Findings, path: &str) -> Check {
    let first = findings.list.iter().find(|finding| finding.severity == Severity::Error);
    let errors = findings.count().0;
    let found = format!("{path}：{errors} 处错误，没有启用。第一处：{}", first.map(one).unwrap_or_default());
    let advice = match first.and_then(|finding| finding.instead.as_ref()).filter(|_| errors == 1) {
        Some(instead) => instead.clone(),
        None => "执行 duban check 看全部，改好保存".to_owned(),
    };
    Check::bad(NAME, found, advice)
}

fn one(finding: &Finding) -> String {
    let place = |p: &crate::config::Place| format!("（{} 第 {} 行）", p.file.display(), p.line);
    format!("{}{}", finding.what, finding.place.as_ref().map(place).unwrap_or_default())
}

/// Example addresses left in the files, if letters really go out.
fn examples(loaded: &Loaded) -> Option<Check> {
    let settings = &loaded.settings;
    if matches!(settings.mail.transport, Transport::Folder(_)) {
        return None;
    }
    let sections = loaded.plan.roster.sections.iter().flat_map(|s| s.email.iter().chain(&s.leader));
    let all = sections.chain(&settings.admin).chain([&settings.mail.from]);
    let examples: Vec<&Mailbox> = all.filter(|mailbox| is_example(mailbox)).collect();
    let first = examples.first()?;
    let found = format!("还有 {} 个示例地址，例如 {first}：写给它们的信没有人收到", examples.len());
    Some(Check::warning(NAME, found, "在 deadlines.toml 和 duban.toml 里换成真实的邮箱"))
}

/// `a@example.test`, `a@ju.example.cn`: domains reserved for examples or used as such.
fn is_example(mailbox: &Mailbox) -> bool {
    let domain = mailbox.as_str().rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let mut labels = domain.rsplit('.');
    let (top, second) = (labels.next(), labels.next());
    second == Some("example") || matches!(top, Some("test" | "example" | "invalid"))
}

/// Whether this year's statutory days are known and complete, and from November on next year's.
pub(in crate::service) fn statutory_years(loaded: &Loaded, now: &Moment) -> Vec<Check> {
    let folder = crate::config::tidy(&loaded.settings.holidays);
    let this = now.today().year();
    let gone = loaded.kept_years.iter().map(|year| {
        let advice = format!("把 {}/{year}.toml 放回去：从备份取，或照国务院办公厅的通知重写", folder.display());
        Check::warning(YEARS, format!("{year} 年的放假安排文件不见了，仍按原来生效的算"), advice)
    });
    let mut checks: Vec<Check> = gone.collect();
    checks.push(match missing_year(&loaded.calendar, now.today()) {
        None => Check::good(YEARS, format!("{this} 年的放假安排已有")),
        Some(year) => {
            let found = format!("还没有 {year} 年的放假安排，工作日按周一至周五暂算");
            let wait = if year > this { "通知一般在 11 月发布。发布后" } else { "" };
            let advice = format!("{wait}在 {} 目录补上 {year}.toml，照上一年的文件改", folder.display());
            if year > this { Check::warning(YEARS, found, advice) } else { Check::bad(YEARS, found, advice) }
        }
    });
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_told_from_addresses() {
        for (address, is) in [
            ("a@example.test", true),
            ("a@ju.example.cn", true),
            ("a@Example.COM", true),
            ("a@bureau.test", true),
            ("a@ju.gov.cn", false),
            ("example@ju.gov.cn", false),
            ("a@example.gov.cn", false),
        ] {
            assert_eq!(is_example(&address.parse().unwrap()), is, "{address}");
        }
    }
}
