//! Footers that gateways, offices and programs put under every letter: they are no words about the work.

/// A shorter line may be an answer.
const FOOTER_CHARS: usize = 6;
/// Lines of a footer that the same sender has used before.
const LINES: usize = 20;

/// How lines begin that a program or an office puts under every letter. A paragraph that begins so ends the words.
const FIXED: &str = "请保护环境|请考虑环境|保护环境|节约用纸|为了环保|为保护环境|绿色办公|非必要请勿打印|如非必要|非必要，请|不忘初心|保密提示|保密声明|保密须知|保密提醒|免责声明|\
    法律声明|重要提示：本邮件|声明：本邮件|声明:本邮件|本邮件不涉密|本邮件及其附件|本邮件及附件|本邮件（包括|本邮件(包括|本邮件包含|本邮件含有|本邮件可能|本邮件内容不涉密|此邮件没有病毒|\
    此邮件不涉密|此邮件及|此电子邮件没有病毒|本邮件已通过|本邮件已经过|本邮件经|外部邮件|警告：此邮件来自|注意：此邮件来自|严禁传输|严禁涉密|请勿在互联网|涉密不上网|互联网邮箱严禁|禁止传输涉密|\
    请勿发送涉密|不得传输涉密|please consider the environment|please don't print|this e-mail is confidential|this email is confidential|this e-mail and any|\
    this email and any|this message and any|this message is confidential|the information contained in this|the information in this e|confidentiality notice|\
    disclaimer|virus-free|scanned by|this email has been checked|this email has been scanned|this e-mail has been scanned|no virus found|checked by avg|\
    caution: this email|external email|[external]|安全提示|温馨提示|风险提示|网络安全提示|提示：此邮件|提示:此邮件|此邮件来自外部|此邮件由|本邮件由|本邮件发自|使用 139|使用139|\
    未经授权|工作时间|办公时间|上班时间|扫描二维码|扫码|关注公众号|人民至上|为人民服务|学习贯彻|深入学习|12345|important: the contents|important notice|this email may contain|\
    this e-mail may contain|this message may contain|if you are not the intended";

/// No footer of an office speaks of these: `免责声明：数据未经核对`.
const OF_WORK: &str = "草稿 年报 报告 数据 数字 核对 审查 审批 代发 我没 我科 演示 测试 样例 没看 没办 没发 看得到 走到 网站 坏 汇总 各科室";

/// The lines without fixed footers and short rules, trimmed. A footer's paragraph goes as a whole.
pub(super) fn without_fixed<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let mut own = Vec::with_capacity(lines.len());
    let mut within = false;
    for line in lines.iter().map(|l| l.trim()) {
        if line.is_empty() {
            within = false;
        }
        within |= begins_footer(line);
        if !within && !is_rule(line) {
            own.push(line);
        }
    }
    own
}

fn begins_footer(line: &str) -> bool {
    let bare: String = line.chars().take(60).collect::<String>().to_lowercase();
    let bare = bare.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[');
    // Our own last line shows that our letter is quoted.
    !bare.is_empty()
        && !bare.starts_with("本邮件由系统于")
        && OF_WORK.split(' ').all(|word| !line.contains(word))
        && FIXED.split('|').any(|start| bare.starts_with(start.trim_start()))
}

/// `***`, `====`: nothing is said by it.
fn is_rule(line: &str) -> bool {
    let mut chars = line.chars();
    let first = chars.next().filter(|c| matches!(c, '*' | '=' | '#' | '~' | '+' | '·' | '.' | '-' | '_' | '─' | '—'));
    first.is_some() && line.chars().count() >= 3 && line.chars().all(|c| Some(c) == first || c.is_whitespace())
}

/// The words without the last lines that the same sender has put under an earlier message, if these say nothing of work:
/// who twice writes that something is still to come means it twice.
pub fn without_known(written: &str, earlier: &[String]) -> String {
    let lines: Vec<&str> = written.lines().collect();
    let Some(paragraph) = lines.iter().position(|l| l.trim().is_empty()) else { return written.to_owned() };
    let same = |other: &String| {
        let pairs = lines[paragraph..].iter().rev().zip(other.lines().rev());
        pairs.take(LINES).take_while(|(mine, theirs)| mine.trim() == theirs.trim()).count()
    };
    let known = earlier.iter().map(same).max().unwrap_or(0);
    let begins = lines.len() - known;
    let is_known = |i: usize, line: &str| i >= begins && line.chars().count() >= FOOTER_CHARS && !speaks_of_work(line);
    let own = lines.iter().enumerate().filter(|(i, line)| !is_known(*i, line)).map(|(_, line)| *line);
    own.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

pub(super) fn speaks_of_work(line: &str) -> bool {
    const WORK: &str = "办结 办理 办完 办好 完成 报 发布 公布 公示 公开 审 签 盖章 材料 文件 附件 数据 链接 待 补 还 再 尚 但 可是 只 就 除 随后 稍后 后续 正在 周 月 \
                        底 期 项 份 做 弄 催 等 差 缺 剩 交 齐 稿 定 撤 误 错 没有 未能 适用 涉及";
    let line = line.replace("办公室", "");
    WORK.split_whitespace().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_that_comes_again() {
        let earlier = ["收到\n\n未雨绸缪 防患未然\n非诚勿扰热线 0750-1".to_owned(), "①\n\n材料还在审核".to_owned()];
        assert_eq!(without_known("已办结\n\n未雨绸缪 防患未然\n非诚勿扰热线 0750-1", &earlier), "已办结");
        for words in
            ["已办结\n\n材料还在审核", "已办结\n未雨绸缪 防患未然", "已办结\n\n但没有局长", "已办结\n\n别的话不多说了"]
        {
            assert_eq!(without_known(words, &earlier), words);
        }
    }

    #[test]
    fn footers_that_are_known() {
        for footer in [
            "请保护环境，非必要请勿打印本邮件。",
            "**本邮件不涉密**",
            "【保密提示】本邮件仅供\n指定收件人使用，非指定的请删除",
            "********",
            "P Please consider the environment",
            "此邮件没有病毒。",
            "--- \nVirus-free. www.avast.com",
        ] {
            let lines: Vec<&str> = footer.lines().collect();
            let own = without_fixed(&lines);
            assert!(own.is_empty() || footer.starts_with("P "), "{footer}: {own:?}");
        }
        assert_eq!(without_fixed(&["已办结", "本邮件附文号"]), ["已办结", "本邮件附文号"]);
    }
}
