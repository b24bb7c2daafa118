//! `duban put`: the last step of a command of root's that writes a file where only root may.
//!
//! The command itself has become another user by then. This is a process of its own that stays root, in a folder that
//! was opened for it; of the state it knows nothing but the bytes that it is given, first how many.

use std::{
    env, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{self, Child, Stdio},
};

use clap::Args;

use super::{Answer, Failure, Result, gate::Way, values::parse_date};
use crate::{
    disk,
    domain::Date,
    service::{house::keep::Copies, named},
    store::{HEADER_BYTES, is_copy},
};

#[derive(Args)]
pub struct PutArgs {
    /// As it was asked for; it is written in the working directory.
    pub file: PathBuf,
    /// The umask restricts it.
    #[arg(long)]
    pub mode: u32,
    /// It is a copy of the database: nothing else is written.
    #[arg(long)]
    pub copy: bool,
    #[arg(long, requires = "today")]
    pub keep: Option<u16>,
    #[arg(long, value_parser = parse_date)]
    pub today: Option<Date>,
}

/// That process, waiting.
pub struct Hand(Child);

impl Hand {
    /// # Errors
    /// In Chinese: it cannot be started.
    pub fn reach(folder: &Way, args: &PutArgs) -> Result<Self> {
        let mut command = process::Command::new(env::current_exe().map_err(|e| Failure::unwritten(&args.file, &e))?);
        command.arg("put").args(["--mode", &args.mode.to_string()]).current_dir(folder.path());
        if args.copy {
            command.arg("--copy");
        }
        if let (Some(keep), Some(today)) = (args.keep, args.today) {
            command.args(["--keep", &keep.to_string(), "--today", &today.to_string()]);
        }
        command.arg("--").arg(&args.file).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map(Self).map_err(|e| Failure::unwritten(&args.file, &e))
    }

    /// Gives it the bytes. Returns the names of older copies that it removed.
    ///
    /// # Errors
    /// In Chinese: what it said.
    pub fn give(self, length: u64, bytes: &mut impl Read) -> Result<Vec<String>> {
        let Self(mut child) = self;
        let given = child.stdin.take().map_or(Ok(0), |mut pipe| {
            pipe.write_all(&length.to_le_bytes())?;
            io::copy(&mut bytes.take(length), &mut pipe)
        });
        let said = child.wait_with_output().map_err(|e| Failure::new(e.to_string()))?;
        if !said.status.success() {
            return Err(Failure::new(String::from_utf8_lossy(&said.stderr)));
        }
        given.map_err(|e| Failure::new(e.to_string()))?;
        Ok(String::from_utf8_lossy(&said.stdout).lines().map(str::to_owned).collect())
    }
}

pub fn put(args: &PutArgs) -> Result {
    let mut bytes = io::stdin().lock();
    let mut length = [0; 8];
    if bytes.read_exact(&mut length).is_err() {
        // The command came to nothing.
        return Ok(Answer::default());
    }
    write(args, u64::from_le_bytes(length), &mut bytes).map_err(|e| Failure::unwritten(&args.file, &e))?;
    let (Some(keep), Some(today)) = (args.keep, args.today) else { return Ok(Answer::default()) };
    let gone = Copies::new(Path::new(".")).thin_out(keep.into(), today)?;
    let names = gone.iter().filter_map(|path| path.file_name()).map(|name| format!("{}\n", name.display()));
    Ok(Answer::done(names.collect::<String>()))
}

fn write(args: &PutArgs, length: u64, bytes: &mut impl Read) -> io::Result<()> {
    let name = Path::new(args.file.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    let temporary = named(name, &format!(".{}.partial", process::id()));
    let written = (|| {
        let mut header = Vec::new();
        let bytes = &mut bytes.take(length);
        bytes.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        if args.copy && !header.as_slice().try_into().is_ok_and(|header| is_copy(header, length)) {
            return Err(io::Error::other("交来的不是督办的数据库，原来的没有动；看看是谁换掉了它，再备份一次"));
        }
        let mut file = disk::create_new(&temporary, args.mode)?;
        file.write_all(&header)?;
        if header.len() as u64 + io::copy(bytes, &mut file)? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.sync_all()?;
        disk::put(&temporary, name)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}
