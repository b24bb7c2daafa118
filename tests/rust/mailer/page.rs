//! The table as a page of the handbook.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use super::faults::{LIES, STAGES};

/// The column of what is no matter of a stage.
pub const LIE: usize = usize::MAX;
const PAGE: &str = "docs/mail-faults.zh-CN.md";

fn word(outcome: &str) -> &'static str {
    match outcome {
        "accepted" => "收下",
        "temporary" => "再试",
        "deferred" => "缓收",
        "permanent" => "拒收",
        "undecided" => "待定",
        "unknown" => "不明",
        "misconfigured" => "设置",
        _ => "？",
    }
}

/// # Panics
/// Where the page in the repository says something else.
pub fn check(faults: &[&str], connecting: &[(&str, &str)], table: &BTreeMap<(usize, usize), &'static str>) {
    let page = page(faults, connecting, table);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("DUBAN_WRITE_PAGES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(page.lines()).find(|(old, new)| old != new);
    assert!(written == page, "{PAGE} says something else (DUBAN_WRITE_PAGES=1 writes it anew): {differs:#?}");
}

fn page(faults: &[&str], connecting: &[(&str, &str)], table: &BTreeMap<(usize, usize), &'static str>) -> String {
    let mut page = String::from(HEAD);
    let stages: Vec<&str> = STAGES.iter().map(|(_, stage)| *stage).collect();
    let _ = writeln!(page, "| 邮件服务器的毛病 | {} |", stages.join(" | "));
    let _ = writeln!(page, "| --- {}|", "| --- ".repeat(stages.len()));
    for (row, fault) in faults.iter().enumerate() {
        let cells: Vec<&str> =
            (0..stages.len()).map(|column| table.get(&(row, column)).map_or("—", |outcome| word(outcome))).collect();
        let _ = writeln!(page, "| {fault} | {} |", cells.join(" | "));
    }
    page.push_str("\n## 连不上，或整场不对\n\n| 邮件服务器的毛病 | 结果 |\n| --- | --- |\n");
    let lies = LIES.iter().enumerate().map(|(row, (lie, ..))| (*lie, table[&(row, LIE)]));
    for (lie, outcome) in connecting.iter().copied().chain(lies) {
        let _ = writeln!(page, "| {lie} | {} |", word(outcome));
    }
    page
}

const HEAD: &str = "\
# 邮件服务器出了毛病，会怎样

本页由测试写成（`cargo test --test rust mailer`）：一台假的邮件服务器在每一步犯每一种毛病，分别在明文、STARTTLS、
从头加密三种连接上试过，命令一条一条发、几条一起发（PIPELINING）也都试过，结果一致才算数。每一格还查过：

- 要求加密的，登录、发件人、收件人、正文没有一个字节走明文；
- 等待不超过 `[mail.smtp]` 各步时限之和，一次一个字节地拖也不行；
- 信末没有得到 250，就不算收下：信不会丢；
- 一封信的毛病不连累下一封：同一次会话里，下一封照常送出；
- 结果的文字里没有口令，服务器复述了也没有。

## 七种结果，看见什么，要做什么

| 结果 | 意思 | 看见什么 | 要做什么 |
| --- | --- | --- | --- |
| 收下 | 信末得到 250，服务器负责送达 | `duban outbox` 里是“已发” | 不必做什么 |
| 再试 | 眼下不行，或不知所云 | `duban outbox` 里仍在待发，附服务器原话；从一分钟起逐次拉长间隔，最长一小时，至少试满 72 小时、10 次；接连三个收件人这样，歇一会儿再试 | 一般不必；接连不断时看原话，问邮件服务器管理员 |
| 缓收 | 服务器暂不收给这个人的信：灰名单、邮箱满了 | 同“再试”，只是各试各的，不耽误别人 | 不必；邮箱满了的，转告科室 |
| 拒收 | 服务器说没有这个邮箱 | 有旁证才算（见下）：`duban outbox` 里是“失败”，内容改发给管理员代转；没有旁证，同“待定” | 核对名册里的邮箱，转告科室 |
| 待定 | 服务器拒收，却没说是谁的缘故 | 信都留着再试，看别人的信收不收（见下） | 看 `duban status` |
| 不明 | 信发完了，答复没等到，可能已经收下 | 同“再试”：会再发一次，同一个 Message-ID，科室可能收到两封一样的 | 一般不必；常见时请邮件服务器管理员查 |
| 设置 | 服务器不认本系统：口令、证书、端口、加密、发件人、黑名单 | 停发，信都留着，隔一会儿拿一封试；`duban status`（退出码 1）、`systemctl status duban`、`/metrics`、`duban doctor`、日志立刻报问题，附原因 | 照原因改 `[mail.smtp]`，或请对方放行，用 `duban test-mail` 试；好了自动补发，不必重启，并写信告诉管理员 |

## 是收件人的缘故，还是本系统的

光凭一句话，不判一个邮箱死刑：同一句“拒收”，可能是这个人调走了，也可能是服务器谁的信都不收了。还要看旁证：

- 说没有这个邮箱的，随即在同一次连接里问服务器收不收给管理员的信（只问，不发）：肯收，才算拒收，当场代转；也不收，
  要等别的邮箱在这以后收下了信才算。问不出来的，或信发完了才说的，要当天另有别的邮箱收下了信。
- 没说是谁的缘故的，这封信先后三次被拒、每次之间别的邮箱收下过信，也没有三个人的信都这样，才算拒收，代转。话里说的是本系统（黑名单、SPF、无权
  发信之类），当天却有别的邮箱收下了信的，也先这样看。
- 谁的信都没收下，或者接连三个人的信被同样的话拒收（话里的地址、编号不算）：是本系统的缘故，同“设置”，一封不丢。
- 给管理员的信永远不作“失败”：没有别人可以代转了。
- 谁的信都不收的时候，试满 72 小时也不作“失败”。

## 每一步 × 每种毛病

“问候”是连上后服务器的第一句话，“信末”是正文发完、等 250 的时候；“—”是此处不会有这种毛病。

";
