//! `duban backup`: a copy of the database, while the service runs too.

use std::path::Path;

use super::{Answer, Context, Failure, Result};
use crate::{config::Settings, service::keep, store::Holdings};

pub fn backup(context: &Context, file: &Path) -> Result {
    let (office, _) = context.office()?;
    let settings = &office.settings;
    if !settings.database.exists() {
        return Err(Failure::new(format!("还没有数据库 {}，没有可备份的。", settings.database.display())));
    }
    let mut db = context.open_as_is(settings)?;
    let (holdings, bytes) = keep::back_up(&mut db, &settings.database, file, &context.now(settings))?;
    Ok(Answer::done(format!(
        "已备份到 {}（{} KB）：{}。\n里面有科室的登记和邮件全文，请按内部资料保管。\n",
        file.display(),
        bytes.div_ceil(1024),
        words(&holdings, settings),
    )))
}

/// What a database holds, in words.
pub(super) fn words(holdings: &Holdings, settings: &Settings) -> String {
    let until = holdings.until.map_or("时间不详".to_owned(), |at| {
        settings.timezone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
    });
    let Holdings { letters, occurrences, schema, .. } = holdings;
    format!("{letters} 封信，{occurrences} 个期次，截至 {until}，结构 {schema}")
}
