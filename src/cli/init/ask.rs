//! Asks questions at the terminal, and repeats one with the reason until the answer is valid.

use std::io::{self, IsTerminal, Read};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use secrecy::{SecretString, zeroize::Zeroizing};

use crate::{
    cli::{Failure, Result, terminal},
    config::secret,
};

pub fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// An empty line means `default`.
pub fn ask<T>(
    question: &str,
    default: Option<&str>,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<T> {
    let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
    loop {
        say(&format!("{question}{shown}："))?;
        let Some(typed) = read_line()? else {
            say("  有认不出的字（终端的编码要用 UTF-8）。请再写一遍。\n")?;
            continue;
        };
        let answer = match (typed.trim(), default) {
            ("", Some(default)) => default,
            _ => typed.as_str(),
        };
        match parse(answer) {
            Ok(value) => return Ok(value),
            Err(why) => say(&format!("  {why}。请再写一遍。\n"))?,
        }
    }
}

/// Asks for a password, without echo.
pub fn ask_password(question: &str) -> Result<SecretString> {
    loop {
        let typed = {
            // Set before the question, so that what is typed or pasted early is not shown either.
            let _unseen = Unseen::new()?;
            say(&format!("{question}："))?;
            read_unseen()
        };
        // The line end was not echoed.
        say("\n")?;
        match secret::password(&typed?) {
            Ok(password) => return Ok(password),
            Err(why) => say(&format!("  {why}。请再写一遍。\n"))?,
        }
    }
}

pub fn say(words: &str) -> Result<()> {
    terminal::tell(words).map_err(|e| Failure::new(e.to_string()))
}

/// `None`: it is no text, as after a character that was half rubbed out.
fn read_line() -> Result<Option<Zeroizing<String>>> {
    let mut line = Zeroizing::new(String::new());
    match io::stdin().read_line(&mut line) {
        Ok(0) => Err(Failure::new("\n没有答完，什么也没有写。")),
        Ok(_) => Ok(Some(line)),
        Err(e) if e.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(e) => Err(Failure::new(format!("读不了终端：{e}"))),
    }
}

/// Ctrl-C. With [`Unseen`] it only ends the line, so that the terminal is not left without echo.
const INTERRUPT: u8 = 0x03;

fn read_unseen() -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::new());
    for byte in io::stdin().lock().bytes() {
        match byte.map_err(|e| Failure::new(format!("读不了终端：{e}")))? {
            INTERRUPT => {
                line.clear();
                break;
            }
            b'\n' => {
                let text =
                    std::str::from_utf8(&line).map_err(|_| Failure::new("终端的编码不是 UTF-8，什么也没有写。"))?;
                return Ok(Zeroizing::new(text.to_owned()));
            }
            byte => line.push(byte),
        }
    }
    Err(Failure::new("\n没有答完，什么也没有写。"))
}

/// Turns off the terminal's echo until dropped.
struct Unseen(Termios);

impl Unseen {
    fn new() -> Result<Self> {
        let failed = |e: rustix::io::Errno| Failure::new(format!("终端不能隐藏口令：{e}。请改用 --password-file。"));
        let before = tcgetattr(io::stdin()).map_err(failed)?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        unseen.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        tcsetattr(io::stdin(), OptionalActions::Now, &unseen).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
