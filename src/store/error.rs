//! Database errors, and what they mean.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} is a database of another program")]
    Foreign(String),
    #[error("the database has schema {found}, this program knows up to {known}: it was written by a newer duban")]
    Newer { found: i64, known: i64, by: Option<String> },
    #[error("stored value cannot be read: {0}")]
    Value(String),
    /// The transaction was undone on purpose, or together with other work.
    #[error("undone")]
    Undone,
    /// The file that was opened is no longer the one at its path.
    #[error("{} was {} while it was open", path.display(), if *is_gone { "removed" } else { "replaced by another file" })]
    Displaced { path: PathBuf, is_gone: bool },
    /// Its schema holds what no version of ours made, or lacks something.
    #[error("the schema was changed: {0}")]
    Planted(String),
    #[error("{} is no plain file", .0.display())]
    Odd(PathBuf),
    #[error("the database thread has ended")]
    Gone,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether another process is using the database.
    pub fn is_busy(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        matches!(self, Self::Sqlite(e) if matches!(e.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked)))
    }

    /// Whether a stored value cannot be read: a fault of one row, not of the database.
    pub fn is_value(&self) -> bool {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
        let of_row = |e: &rusqlite::Error| {
            matches!(e, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))
        };
        matches!(self, Self::Value(_)) || matches!(self, Self::Sqlite(e) if of_row(e))
    }

    /// Whether the file is damaged, which waiting does not mend.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        let code = match self {
            Self::Sqlite(e) => e.sqlite_error_code(),
            _ => None,
        };
        matches!(self, Self::Planted(_)) || matches!(code, Some(Code::DatabaseCorrupt | Code::NotADatabase))
    }

    /// What it means for the operator and what to do, in Chinese.
    pub fn explain(&self) -> String {
        use rusqlite::ErrorCode as Code;
        let code = match self {
            Self::Sqlite(e) => e.sqlite_error_code(),
            _ => None,
        };
        match (self, code) {
            (Self::Foreign(path), _) => format!("{path} 不是督办的数据库。请检查 duban.toml 里的 database。"),
            (Self::Newer { found, known, by }, _) => {
                let by = by.as_ref().map(|version| format!(" {version} 版")).unwrap_or_default();
                format!(
                    "数据库是更新版本的督办{by}写的（结构 {found}，本程序只认到 {known}）。请换用新版程序，数据没有改动。"
                )
            }
            (Self::Displaced { path, is_gone }, _) => format!(
                "{} 在使用中被{}，没有记下。服务会自己停下，由 systemd 按现有的文件重新启动，约一分钟后请再做一次。",
                path.display(),
                if *is_gone { "删掉了" } else { "换成了别的文件" }
            ),
            (Self::Odd(path), _) => {
                format!("{} 不是普通的文件，是链接、管道或目录，没有打开。看看是谁放的，移开它再试。", path.display())
            }
            (Self::Planted(what), _) => format!(
                "数据库里有不是督办建的东西，或者少了督办建的：{what}。没有使用：触发器、视图会暗中改收件人、改登记，或让命令卡住。\n\
                 停止服务（systemctl stop duban），用 duban restore 从没有它们的备份恢复，并查明谁能写数据库；自己加过索引、触发器的，先删去。"
            ),
            (_, Some(Code::DiskFull)) => "磁盘已满，数据库写不进去。请腾出空间；没有写进去的会自动重做。".into(),
            (_, Some(Code::ReadOnly)) => "数据库只能读不能写。请检查文件和目录的权限，以及磁盘是否只读。".into(),
            (_, Some(Code::DatabaseBusy | Code::DatabaseLocked)) => {
                "数据库正被别的程序占用，等了 15 秒。请稍后再试。".into()
            }
            (_, Some(Code::DatabaseCorrupt)) => "数据库文件已损坏。请停止服务，从备份恢复。".into(),
            (_, Some(Code::NotADatabase)) => {
                "这个文件不是数据库。请检查 duban.toml 里的 database，或从备份恢复。".into()
            }
            (_, Some(Code::CannotOpen)) => {
                "打不开数据库。请检查 duban.toml 里的 database，以及目录是否存在、有没有权限。".into()
            }
            _ => format!("数据库出错：{self}"),
        }
    }
}
