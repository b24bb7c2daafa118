//! Reads a document that others wrote.

use std::{
    env,
    io::{self, Read},
    path::Path,
    process::{self, Stdio},
};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{Answer, Failure, Result};
use crate::{
    disk,
    ledger::{self, Document},
};

/// Far above what the largest table needs.
const MAX_MEMORY_BYTES: u64 = 3 << 29;
const MAX_SECONDS: u64 = 60;

/// Reads the document in a process of its own, with limits on memory and time: on damaged files the libraries may panic or
/// ask for all the memory.
pub(super) fn read(file: &Path) -> Result<Document> {
    let unread = |why: &str| Failure::new(format!("读不了 {}：{why}", file.display()));
    let of = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => unread("没有这个文件。"),
        io::ErrorKind::PermissionDenied => unread("没有读取权限。"),
        _ => unread(&format!("{e}。")),
    };
    let input = if file == Path::new("-") { Stdio::inherit() } else { disk::open_file(file).map_err(of)?.into() };
    let program = env::current_exe().map_err(of)?;
    let mut command = process::Command::new(program);
    command.arg("read-sheet").stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
    let answer = command.output().map_err(of)?;
    let damaged = || unread("文件已损坏或太大。请用 Word、Excel 或 WPS 打开，另存为 .docx 或 .xlsx 再试。");
    let read: std::result::Result<Document, String> = serde_json::from_slice(&answer.stdout).map_err(|_| damaged())?;
    read.map_err(|why| unread(&why))
}

/// Reads a document from standard input, and writes it or what is wrong as JSON.
pub fn read_sheet() -> Result {
    let limits = [(Resource::As, MAX_MEMORY_BYTES), (Resource::Cpu, MAX_SECONDS), (Resource::Core, 0)];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|e| Failure::new(e.to_string()))?;
    }
    let mut bytes = Vec::new();
    let most = ledger::MAX_BYTES as u64 + 1;
    io::stdin().take(most).read_to_end(&mut bytes).map_err(|e| Failure::new(e.to_string()))?;
    let document = ledger::document(&bytes).map_err(|e| e.to_string());
    let json = serde_json::to_string(&document).map_err(|e| Failure::new(e.to_string()))?;
    Ok(Answer::file(json))
}
