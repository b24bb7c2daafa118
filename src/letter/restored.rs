//! The notice after the database was restored from a copy: what is known of the time in between, and what to check.

use jiff::civil::DateTime;

use super::{
    page::{Block, Row, Tone, lines, note},
    words,
};

/// What is known of the time between the copy and the restore.
#[derive(Clone, Debug)]
pub struct Restored {
    pub at: DateTime,
    /// When the copy was made, if known.
    pub until: Option<DateTime>,
    /// The replaced database could tell what was sent in between.
    pub is_known: bool,
    /// Not all of the replaced database could be read.
    pub has_gaps: bool,
    /// How many reminders were taken as sent.
    pub kept_quiet: Option<u32>,
    /// All links that were out are good no more.
    pub ends_links: bool,
    /// On another machine, that answers no more.
    pub took_over: bool,
}

/// The subject, and the body.
pub(super) fn said(restored: &Restored) -> (String, Vec<Block>) {
    let until = restored.until.map_or("时间不详".to_owned(), words::moment);
    let again = "备份以后发过的提醒，现在仍该提醒的会再发一遍，科室可能收到两次，请告知不必在意。";
    let (subject, tone, what) = match (restored.kept_quiet, restored.is_known, restored.has_gaps) {
        (Some(n), ..) => (
            "已从备份恢复，其间的提醒不补发，请核对".to_owned(),
            Tone::Red,
            format!(
                "到恢复时为止该发的提醒（{n}条）都当作发过，不再发出。其中若有实际没发出的，就不会再提醒，请逐项核对。"
            ),
        ),
        (None, true, false) => (
            "已从备份恢复，其间的发信和登记都已带回".to_owned(),
            Tone::Amber,
            "备份以后发过的信、科室的登记，都从原来的数据库读了出来，不会重发，也没有丢失。".to_owned(),
        ),
        (None, true, true) => (
            "已从备份恢复，个别提醒可能重发，请核对登记".to_owned(),
            Tone::Red,
            format!("原来的数据库有一部分读不出来，读得出的都已带回。读不出的部分：{again}"),
        ),
        (None, false, _) => ("已从备份恢复，部分提醒会重发，请核对登记".to_owned(), Tone::Red, again.to_owned()),
    };
    let mut rows = vec![Row::new("备份时间", until), Row::new("恢复时间", words::moment(restored.at))];
    if !restored.is_known || restored.has_gaps {
        rows.push(Row::new(
            "请核对",
            "备份以后科室报的办结、来件登记和答复可能不在了：请对照各科室的信和台账，用 duban done 补登记；\
             回信登记的，程序从“已处理”里重读，读不出的请科室再回一次",
        ));
    }
    if restored.took_over {
        rows.push(Row::new(
            "接替",
            "备用机接替了原来的机器。原来的若还开着，两台都可能发过信；它看到备用机目录里的记号就停。现在没有备用机了，请再设一台",
        ));
    }
    if restored.ends_links {
        rows.push(Row::new(
            "网页链接",
            "备份以后作废过哪些查不到了，以前发出的（信里的登记链接、看板、日历订阅）一概作废；以后的信用新的，看板请重新打印：duban link",
        ));
    }
    (subject, vec![note(tone, &what), Block::Rows(rows)])
}

/// More is known elsewhere than in the database.
pub(super) fn went_back(messages: u32, since: DateTime) -> Vec<Block> {
    let what = format!(
        "“已处理”里有{messages}封回信，数据库里没有：数据库多半退回到了{}前后，例如虚拟机恢复了快照。那以后的回信正在重读，每封登记一次。",
        words::moment(since)
    );
    vec![
        note(Tone::Red, &what),
        Block::Rows(vec![
            Row::new(
                "请核对",
                "那以后用网页、命令登记的，来件、延期和答复，可能不在了：请对照各科室的信和台账，用 duban done 补登记",
            ),
            Row::new("会重发", "那以后发过的提醒，现在仍该提醒的会再发一遍，请告知科室不必在意"),
            Row::new(
                "不是这样",
                "有人把没读过的信手工移进了“已处理”，也会收到这封信：那几封同样登记了，看 duban incoming --all",
            ),
        ]),
        Block::Para("有备用机或夜间备份比它新的，停服务，照手册“退回去了”恢复。".to_owned()),
    ]
}

/// A service that cannot trust its database does not send.
pub(super) fn damaged(found: &str) -> Vec<Block> {
    vec![
        note(Tone::Red, "数据库文件损坏，服务已停止，提醒都没有发出：凭坏了的记录发信，会重发、漏发。"),
        Block::Pre(lines(found)),
        Block::Para(
            "请检查磁盘，再用 duban restore 从最近的备份恢复：坏库里还读得出的会带回来。恢复前急件请电话通知科室。"
                .to_owned(),
        ),
    ]
}
