//! Letters as files: `20270105-083000-zjk@ju.gov.cn-1a2b3c4d5e6f.eml`.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use jiff::fmt::rfc2822;
use ring::digest::{SHA256, digest};

use crate::{disk, domain::retry::Outcome, net::one_line};

pub(super) async fn put(dir: &Path, to: &str, message: &[u8]) -> Outcome {
    let (dir_, to, message) = (dir.to_owned(), to.to_owned(), message.to_owned());
    let written = tokio::task::spawn_blocking(move || write(&dir_, &to, &message)).await;
    outcome(dir, written.unwrap_or_else(|error| Err(io::Error::other(error))))
}

/// Whether a letter could be put there.
pub(super) async fn probe(dir: &Path) -> Outcome {
    let dir_ = dir.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        create(&dir_)?;
        let probe = dir_.join(".probe.tmp");
        disk::write_temporary(&probe, 0o600, b"probe")?;
        fs::remove_file(probe)?;
        Ok(dir_)
    })
    .await;
    outcome(dir, written.unwrap_or_else(|error| Err(io::Error::other(error))))
}

fn outcome(dir: &Path, written: io::Result<PathBuf>) -> Outcome {
    match written {
        Ok(path) => Outcome::Accepted { reply: one_line(&format!("已写入 {}", path.display())) },
        Err(error) => {
            let why = match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "磁盘已满，请腾出空间".to_owned(),
                io::ErrorKind::PermissionDenied => "没有写入权限，请核对目录的属主与权限".to_owned(),
                io::ErrorKind::ReadOnlyFilesystem => "文件系统是只读的".to_owned(),
                io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "同名的文件占了目录的位置".to_owned(),
                _ => error.to_string(),
            };
            Outcome::Temporary { reply: one_line(&format!("无法写入邮件目录 {}：{why}", dir.display())) }
        }
    }
}

fn write(dir: &Path, to: &str, message: &[u8]) -> io::Result<PathBuf> {
    create(dir)?;
    let path = dir.join(name(dir, to, message)?);
    disk::replace(&path, &path.with_extension("tmp"), 0o600, message)?;
    Ok(path)
}

fn create(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Names sort by time and are the same for the same Message-ID: a letter that is handed over again has a later date,
/// but must replace the first file.
fn name(dir: &Path, to: &str, message: &[u8]) -> io::Result<String> {
    let id =
        header(message, "Message-ID").map_or_else(|| digest(&SHA256, message), |id| digest(&SHA256, id.as_bytes()));
    let id: String = id.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let safe = |c: char| if c.is_ascii_alphanumeric() || "@._-+".contains(c) { c } else { '_' };
    let mailbox: String = to.chars().map(safe).take(80).collect();
    let rest = format!("-{mailbox}-{id}.eml");
    for entry in fs::read_dir(dir)? {
        if let Ok(name) = entry?.file_name().into_string()
            && name.ends_with(&rest)
        {
            return Ok(name);
        }
    }
    let date = header(message, "Date").and_then(|date| rfc2822::parse(&date).ok());
    let time = date.map_or_else(|| "00000000-000000".to_owned(), |date| date.strftime("%Y%m%d-%H%M%S").to_string());
    Ok(format!("{time}{rest}"))
}

/// A header's value, unfolded.
fn header(message: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(message);
    let head = text.split("\r\n\r\n").next()?.replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
