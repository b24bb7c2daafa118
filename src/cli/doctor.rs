//! `duban doctor`: checks everything that the service needs, and says what to do.

use std::fmt::Write;

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use super::{Answer, Context, Exit, Result, run::runtime, settings_of};
use crate::{
    daemon::lock::SenderLock,
    service::house::doctor::{Before, Check, Given, Verdict, examine},
};

const NAME_COLUMNS: usize = 8;

pub fn doctor(context: &Context, json: bool) -> Result {
    let (mut loaded, is_locked) = context.look();
    let before = settings_of(&loaded)
        .map(|settings| context.pass(settings, |_| Ok(Before::look(&context.config, &loaded, settings))));
    let before = before.transpose()?.unwrap_or_default();
    if let Ok(loaded) = &mut loaded {
        context.keep_years(loaded);
    }
    let settings = settings_of(&loaded);
    let holder = settings.and_then(|settings| SenderLock::holder(&settings.database).ok()?);
    let (holder, displaced) = holder.map_or((None, None), |holder| (Some(holder.pid), holder.displaced));
    let zone = settings.map(|s| s.timezone.clone()).or_else(|| TimeZone::get("Asia/Shanghai").ok());
    let now = context.clock.now(&zone.unwrap_or(TimeZone::UTC));
    let given = Given {
        config: &context.config,
        loaded: &loaded,
        is_locked,
        before: &before,
        holder,
        displaced: displaced.as_ref(),
        now: &now,
    };
    let checks = runtime()?.block_on(examine(given));
    let exit = if count(&checks, Verdict::Bad) > 0 { Exit::Nothing } else { Exit::Done };
    let answer = if json { Answer::json(&checks)? } else { Answer::done(text(&checks)) };
    Ok(answer.with(exit))
}

fn count(checks: &[Check], verdict: Verdict) -> usize {
    checks.iter().filter(|check| check.verdict == verdict).count()
}

fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for Check { name, verdict, found, advice } in checks {
        let mark = match verdict {
            Verdict::Good => '✓',
            Verdict::Warning => '!',
            Verdict::Bad => '✗',
        };
        let pad = " ".repeat(NAME_COLUMNS.saturating_sub(name.width()));
        let _ = writeln!(text, "{mark} {name}{pad}{}", found.replace('\n', "；"));
        if !advice.is_empty() {
            let _ = writeln!(text, "{}办法：{}", " ".repeat(NAME_COLUMNS + 2), advice.replace('\n', "；"));
        }
    }
    let (bad, warnings) = (count(checks, Verdict::Bad), count(checks, Verdict::Warning));
    let _ = match (bad, warnings) {
        (0, 0) => writeln!(text, "\n都正常。"),
        (0, _) => writeln!(text, "\n没有问题，{warnings} 处请留意（!）。"),
        _ => writeln!(text, "\n{bad} 处有问题（✗），{warnings} 处请留意（!）。"),
    };
    text
}
