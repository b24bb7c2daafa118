//! Explains mistakes in the arguments.

use std::{ffi::OsString, io::Write, process::ExitCode};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Exit, command, terminal};

/// Prints help or the version if asked for; else explains the mistake in Chinese.
pub fn explain(e: &clap::Error, args: &[OsString]) -> ExitCode {
    // These words are clap's own.
    let help = || e.render().to_string().replace("[OPTIONS]", "[选项]").replace("[default: ", "[默认：");
    if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = std::io::stdout().write_all(help().as_bytes());
        return ExitCode::SUCCESS;
    }
    if e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = std::io::stderr().write_all(help().as_bytes());
        return ExitCode::from(Exit::Usage as u8);
    }
    let text = |kind| match e.get(kind) {
        Some(ContextValue::String(s)) => s.clone(),
        Some(ContextValue::Strings(s)) => s.join(" "),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (arg, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    let what = match e.kind() {
        ErrorKind::InvalidSubcommand => format!("没有“{}”这个命令", text(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => format!("不认识“{arg}”"),
        ErrorKind::MissingRequiredArgument => format!("还缺：{arg}"),
        ErrorKind::MissingSubcommand => "后面要写命令".to_owned(),
        ErrorKind::InvalidValue | ErrorKind::NoEquals => format!("{arg} 不能是“{value}”"),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(e).map(ToString::to_string).unwrap_or_default();
            format!("{arg} 不能是“{value}”：{why}")
        }
        ErrorKind::ArgumentConflict if arg == text(ContextKind::PriorArg) => format!("{arg} 写了两次"),
        ErrorKind::ArgumentConflict => format!("{arg} 不能与 {} 同用", text(ContextKind::PriorArg)),
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            format!("{arg} 的个数不对")
        }
        _ => e.to_string(),
    };
    let near = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg].map(text).concat();
    let near = if near.is_empty() { String::new() } else { format!("，是不是 {near}？") };
    let _ = terminal::tell(&format!("{what}{near}\n用 {} --help 查看用法。\n", called(args)));
    ExitCode::from(Exit::Usage as u8)
}

/// The program and the subcommands that were named: `duban outbox retry`.
fn called(args: &[OsString]) -> String {
    let mut here = command();
    let mut called = here.get_name().to_owned();
    for arg in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if let Some(found) = here.find_subcommand(arg).cloned() {
            called += &format!(" {}", found.get_name());
            here = found;
        }
    }
    called
}
