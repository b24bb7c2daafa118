//! `duban preview`: shows the letter as it would be written now.

use clap::{Args, ValueEnum};

use super::{Answer, Context, Result};
use crate::{
    letter,
    service::{
        course::load::as_in_force,
        post::preview::preview as letter_of,
        post::write::{Envelope, compose},
    },
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct PreviewArgs {
    /// 事项编号
    #[arg(value_name = "编号")]
    pub id: String,
    /// 哪一期；不写就是最近的一期
    #[arg(long, value_name = "期次")]
    pub period: Option<String>,
    /// 看成什么：text 正文，html 网页，eml 整封邮件
    #[arg(long, value_enum, default_value = "text", value_name = "格式", hide_possible_values = true)]
    pub format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Text,
    Html,
    Eml,
}

pub fn preview(context: &Context, args: &PreviewArgs) -> Result {
    let (mut office, deadlines) = context.office()?;
    office.look_for_links(&context.with_credentials())?;
    let now = context.now(&office.settings);
    let Some(deadline) = deadlines.iter().find(|d| d.id == args.id) else {
        return Err(crate::service::no_deadline(&args.id, deadlines.iter().map(|d| d.id.as_str())).into());
    };
    let mut db = context.open_or_without(&office.settings)?;
    let (to, letter) = as_in_force(&mut db, (&office, &deadlines), &now, |tx| {
        Ok(letter_of(tx, &office, deadline, args.period.as_deref(), &now))
    })??;
    let rendered = letter::render(&letter);
    Ok(Answer::done(match args.format {
        Format::Text => format!("收件人：{to}\n主题：{}\n\n{}", rendered.subject, rendered.text),
        Format::Html => rendered.html,
        Format::Eml => {
            let message_id = format!("duban.preview@{}", office.domain());
            let envelope = Envelope { to: &to, message_id: &message_id, reply_to: office.reply_to(), answers: None };
            let written = compose(&office, &envelope, rendered, &now)?;
            String::from_utf8_lossy(&written.message).into_owned()
        }
    }))
}
