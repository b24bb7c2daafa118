//! `duban help` and `duban completions`.

use std::{ffi::OsString, process::ExitCode};

use clap::Parser;

use super::{Answer, args::Cli, command, mistake::explain};

/// `duban help list` is `duban list --help`.
pub fn help(of: &[String]) -> ExitCode {
    let args: Vec<OsString> =
        ["duban"].into_iter().chain(of.iter().map(String::as_str)).chain(["--help"]).map(OsString::from).collect();
    Cli::try_parse_from(&args).err().map_or(ExitCode::SUCCESS, |e| explain(&e, &args))
}

pub fn completions(shell: clap_complete::Shell) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "duban", &mut script);
    Answer::file(String::from_utf8_lossy(&script))
}
