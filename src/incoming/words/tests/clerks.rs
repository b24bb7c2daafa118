//! The words of clerks: what they count as done, and what they say is still to come.

use super::*;

#[test]
fn a_clerks_words_count_with_a_number_or_a_link() {
    for words in [
        "办好了，粤交函〔2026〕1号",
        "已办理，文号12号",
        "已报送，粤交函〔2026〕1号",
        "已发布 https://www.example.cn/a",
        "已公布：www.example.cn/x",
        "弄完了，江交函（2026）3号",
        "搞定，http://a.cn/1",
        "搞定了 粤交函〔2026〕1号",
        "您好，已报送省厅，粤交函〔2026〕1号",
        "已在门户网站发布，https://www.example.cn/a",
        "已印发〔2026〕3号",
        "报送了，江府办函2026 7号",
    ] {
        let understood = of_one(words);
        let Understood::Statements(said) = &understood else { panic!("{words}: {understood:?}") };
        assert_eq!((said.len(), said[0].act), (1, Act::Done), "{words}");
    }
    for words in [
        "办好了",
        "已报送",
        "已发布",
        "搞定",
        "已报送领导",
        "已办理，3月2号",
        "发布，http://a.cn/1",
        "报送〔2026〕3号",
        "已报送，粤交函〔2026〕1号，还在审核",
        "已发布一半 http://a.cn",
        "已发布时间未定 http://a.cn",
        "已报送的是〔2026〕3号",
        "未报送，〔2026〕3号",
        "请发布 http://a.cn",
    ] {
        unclear(words);
    }
    one("已办结。已报送省厅", Act::Done, "已报送省厅");
    one("已完成。附件已上传", Act::Done, "附件已上传");
}

/// A signature is no evidence, a publication for comment is a step, and the rest takes it back.
#[test]
fn what_a_hostile_reader_found() {
    for words in [
        "已报送局领导。\n张三\nzhangsan@jiangmen.gov.cn",
        "已报送局领导。\n地址：江门市白沙大道西1号",
        "已发布征求意见稿，https://www.x.gov.cn/1.html",
        "已上报请示（江府〔2026〕3号）",
        "已办结，被局长退回重做",
        "已办结，系统显示提交失败",
        "已完成，少两个镇的数据",
        "已办结，对吧",
        "报告已完成",
    ] {
        unclear(words);
    }
}

#[test]
fn what_is_still_to_come_is_asked_back() {
    for words in [
        "已办结，材料还在审核",
        "已办结，还要再核对一遍",
        "已办结，周五前发布",
        "已办结\n第二步在走流程",
        "已办结。正式文件随后报送",
        "已办结，文件后补",
        "已办结，0项",
        "已完成 0 项",
        "已办结，零项",
        "已办结。\n尽快办理",
        "已办结，抓紧办理",
        "已办结。我们会尽快办理",
        "~~已办结~~",
        "收到 ~~已办结，1号~~",
        "已办结，月底公布",
        "已办结（公示后印发）",
        "已办结：等反馈",
        "①已办结，附件稍后发",
    ] {
        unclear(words);
    }
    assert_eq!(of_one("收到，会尽快办理"), Understood::Acknowledged);
    one("已办结，周五已发布", Act::Done, "周五已发布");
}

#[test]
fn a_later_day_is_not_in_time() {
    let on = |day| Act::Postponed { expected: Some(day) };
    one("延期到3月10日", on(date(2026, 3, 10)), "到3月10日");
    one("延至3月10日", on(date(2026, 3, 10)), "3月10日");
    one("申请延期至2026年3月10日", on(date(2026, 3, 10)), "至2026年3月10日");
    one("下周五前报", on(date(2026, 2, 13)), "下周五前报");
    one("3月10日前报送", on(date(2026, 3, 10)), "3月10日前报送");
    one("您好，预计月底前上报", on(date(2026, 2, 28)), "预计月底前上报");
    three("①已办结\n②下周五前报", &[said(&[1], Act::Done, ""), said(&[2], on(date(2026, 2, 13)), "下周五前报")]);
    unclear("已办结，下周五前报");
    unclear("下周五前报吗");
    unclear("请下周五前报");
}

/// What a reply must not be recorded for, whatever else it says.
#[test]
fn nothing_is_done_that_goes_on() {
    let mut wrong = Vec::new();
    for words in [
        "已办结，等会儿补文号",
        "已办结，链接晚点发您",
        "已办结。目前在走公文流程",
        "已办结，局长还没签",
        "已完成，就等盖章了",
        "已完成，文件正在印制",
        "已办结，网站今晚上线",
        "已办结，明早上传",
        "已办结，剩余部分月底完成",
        "已办结，纸质版下午送",
        "已办结，待印发",
        "已完成初审",
        "已办结，拟周三发布",
        "已完成，还有附件没传",
        "已办结，公示期满后印发",
        "已办结，相关材料后补",
        "已办结（材料后附，正式文号待定）",
        "已完成，后面再补数据",
        "已办结，预计明天发文",
        "已办结，准备上会",
        "已完成，党组会研究后发布",
        "已办结，回头发链接",
        "已办结，报批中",
        "已办结，正在排版",
        "已办结，等主任回来签",
        "已办结，过几天发",
        "已办结，暂缓公开",
        "已办结，尚有一处要改",
        "已办结 共3项，完成0项",
        "已完成：0件",
        "已办结，数据核对中",
        "已办结，会签流转中",
        "已完成，个别数据再核实",
        "已完成，需省厅确认",
        "已办结，印发稿送签",
        "已办结，周内公布",
        "已办结，本月底前发布",
        "已办结，年后发布",
        "已办结，节后印发",
        "已办结，等下发通知",
        "已办结，晚点报",
        "已办结，快了",
        "已办结，进行到第二步",
        "已办结，先报后补",
    ] {
        if !matches!(of_one(words), Understood::Unclear(_)) {
            wrong.push(words);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Remarks with the same characters that say nothing of the kind.
#[test]
fn what_is_done_stays_done() {
    let mut wrong = Vec::new();
    for words in [
        "已办结，粤交函〔2026〕1号，张三，0750-1234567",
        "已办结，详见附件",
        "已办结，https://www.example.gov.cn/zwgk/2026/post_1.html",
        "已办结，已在门户网站公开",
        "已办结，局长已签发",
        "已办结，会议纪要第5号",
        "已办结。联系人：王主任",
        "已办结，报告已报省厅",
        "已办结，1月29日印发",
        "已办结，文号：江交〔2026〕12号，谢谢",
        "已办结，材料已于1月28日报送市府办",
        "已办结，经局党组会审议通过",
        "已办结，共公开信息32条",
        "已办结，附截图",
        "已办结，请查收",
        "已办结。请审阅附件",
        "已办结，见网站首页",
        "已办结，归档号2026-15",
        "已办结，办公室李四",
        "已完成，公示期已满",
        "已办结，反馈意见已采纳",
    ] {
        if !matches!(of_one(words), Understood::Statements(_)) {
            wrong.push(words);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A report of last year's is none of this year's.
#[test]
fn another_year() {
    assert!(ITEMS[0].title.contains("2025年度"), "{}", ITEMS[0].title);
    for words in
        ["已办结，2024年度的", "已办结 2024年度报告已发布", "已办结。发布的是2024年报", "已完成，2024年工作报告"]
    {
        assert_eq!(of_one(words), Understood::Unclear(OTHER_YEAR), "{words}");
    }
    unclear("①已办结，2024年度的");
    for (words, remark) in [
        ("已办结，2025年度报告已发布", "2025年度报告已发布"),
        ("已办结，2024年度和2025年度的都发了", "2024年度和2025年度的都发了"),
        ("已办结，2026年1月30日发布", "2026年1月30日发布"),
        ("已办结，粤江交〔2024〕3号", "粤江交〔2024〕3号"),
    ] {
        one(words, Act::Done, remark);
    }
}

#[test]
fn handed_in_and_how_far_it_is() {
    for text in ["材料已报", "材料已报办公室。", "数据已报送给办公室", "已报材料", "资料交了", "您好，材料已提交，谢谢"]
    {
        let understood = of_one(text);
        let is_it = matches!(&understood, Understood::Statements(all) if all[0].act == Act::HandedIn);
        assert!(is_it, "{text}: {understood:?}");
    }
    one("进展：初稿已送审，等反馈", Act::Progress, "初稿已送审，等反馈");
    one("目前进展：已完成8成", Act::Progress, "已完成8成");
    // What may be a report is asked about, and what is still to come is not handed in.
    for text in ["进展：", "进展：已办结", "材料已报一半", "材料明天报", "材料报", "材料已报，还差附表", "材料未报"]
    {
        unclear(text);
    }
}
