use super::*;

const OURS: Ours = Ours {
    subject: "",
    names: &[],
    text: "办公室（牵头）：\n\n事项：发布2025年度《政府信息公开工作年度报告》（分工方案第31项）\n期限：已逾期3个工作日，规定期限2026年1月31日（周六）已过，请立即办结。\n\n────────────\n联系人：办公室 张三，电话 0750-1234567\n",
};

fn written(text: &str, ours: Option<Ours>) -> String {
    super::written(text, ours).words
}

fn cut(text: &str) {
    assert_eq!(written(text, None), "已办结，网址附后", "{text}");
    assert_eq!(written(text, Some(OURS)), "已办结，网址附后", "{text}");
}

#[test]
fn above_the_quote() {
    for quote in [
        "________________________________\n发件人: 政务公开提醒 <duban@example.test>\n发送时间: 2026年1月27日 8:30\n",
        "发件人: 政务公开提醒 <duban@example.test>\n发送时间: 2026年1月27日 8:30\n收件人: 办公室\n主题: x",
        "-----邮件原件-----\n发件人: 政务公开提醒",
        "-----原始邮件-----\n发件人:\"政务公开提醒\" <duban@example.test>\n发送时间:2026-01-27 08:30:12 (星期二)",
        "-----Original Message-----\nFrom: duban",
        "发件人： 政务公开提醒\n发送时间： 2026-01-27 08:30\n收件人： 办公室\n抄送： \n主题： x",
        "------------------ 原始邮件 ------------------\n发件人: \"政务公开提醒\";",
        "------------------\u{a0}原始邮件\u{a0}------------------\n发件人: x",
        "在 2026-01-27 08:30:12，\"政务公开提醒\" <duban@example.test> 写道：\n> 事项",
        "在 2026年1月27日，08:30，政务公开提醒 <duban@example.test> 写道：\n\n> 事项",
        "在 2026年1月27日，08:30，政务公开提醒\n<duban@example.test> 写道：\n\n> 事项",
        "发自我的iPhone\n\n> 在 2026年1月27日，08:30，政务公开提醒 <duban@example.test> 写道：\n> \n> 事项",
        "-------- 原始邮件 --------\n发件人：政务公开提醒",
        "发自我的华为手机\n-------- 原始邮件 --------\n发件人： x",
        "获取 Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n发件人: x",
        "政务公开提醒 <duban@example.test> 于2026年1月27日周二 08:30写道：\n\n> 事项",
        "政务公开提醒 <duban@example.test>\n于2026年1月27日周二 08:30写道：\n\n> 事项",
        "在 2026/1/27 8:30, 政务公开提醒 写道:\n> 事项",
        "------------------------------------------------------------------\n发件人：政务公开提醒<duban@example.test>\n发送时间：2026年1月27日",
        "---------- Forwarded message ---------\n发件人： 政务公开提醒",
        "-------- 转发邮件信息 --------\n发件人：x",
        "-----转发邮件-----\n发件人:x",
        "---- 回复的原邮件 ----\n发件人 政务公开提醒<duban@example.test>",
        "On Tue, Jan 27, 2026 at 8:30 AM 政务公开提醒 <duban@example.test>\nwrote:\n> x",
        "2026年1月27日 08:30，政务公开提醒 <duban@example.test> 写道：\n> x",
        "-- \n张三\n办公室",
        "——\n张三",
        "From: duban@example.test\nSent: Tuesday\nTo: x",
        "**发件人:** x <duban@example.test>\n**发送时间:** x",
    ] {
        cut(&format!("已办结，网址附后\n\n{quote}\n"));
        cut(&format!("\n已办结，网址附后\r\n{}", quote.replace('\n', "\r\n")));
    }
}

#[test]
fn our_words_begin_the_quote() {
    let text =
        "已办结，网址附后\n\n办公室 （牵头）：\n事项 发布2025年度《政府信息公开工作年度报告》（分工方案第31项）\n期限";
    // The first line is too short to be recognised.
    assert_eq!(written(text, Some(OURS)), "已办结，网址附后\n\n办公室 （牵头）：");
    // A program that puts the words below an unmarked quote.
    assert_eq!(written("规定期限2026年1月31日（周六）已过\n已办结", Some(OURS)), "已办结");
    // What our letter says too is not the sender's for certain.
    assert_eq!(written("规定期限2026年1月31日（周六）已过\n立即办结", Some(OURS)), "");
}

#[test]
fn below_the_quote() {
    let text = "在 2026/1/27 8:30, 政务公开提醒 写道:\n> 事项：x\n> 期限：y\n\n已办结，网址附后\n-- \n张三";
    cut(text);
    cut("> 事项：x\n\n已办结，网址附后\n\n发自我的iPhone");
    // A quoted line that was broken is still recognised as ours.
    let broken = "> 期限：已逾期3个工作日，规定\n期限2026年1月31日（周六）已过，请立即办结。\n已办结，网址附后";
    assert_eq!(written(broken, Some(OURS)), "已办结，网址附后");
    assert_eq!(written("发件人: x\n发送时间: y\n\n已办结", None), "");
}

#[test]
fn what_is_no_quote() {
    for text in [
        "已办结\n领导批示中写道：同意",
        "来自各科室的材料已收齐",
        "在2月10日前完成",
        "1、已办结\n2、不适用",
        "--已办结",
        "从上周起",
        "主题：x",
    ] {
        assert_eq!(written(text, Some(OURS)), text);
        assert_eq!(written(text, None), text);
    }
    assert_eq!(written("", None), "");
    assert_eq!(written("发自我的iPhone", None), "");
}
