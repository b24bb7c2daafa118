use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;

mod clerks;
mod own_letters;

const ITEMS: [Item; 3] = [
    Item { number: 1, title: "发布2025年度《政府信息公开工作年度报告》", helps: false },
    Item { number: 2, title: "发布2025年度《法治政府建设情况年度报告》", helps: false },
    Item { number: 3, title: "主动公开目录动态更新", helps: false },
];
const TODAY: Date = date(2026, 2, 4);

fn of_three(text: &str) -> Understood {
    understand(text, &ITEMS, TODAY)
}

fn of_one(text: &str) -> Understood {
    understand(text, &ITEMS[..1], TODAY)
}

fn said(numbers: &[u32], act: Act, words: &str) -> Statement {
    Statement { numbers: numbers.to_vec(), act, words: words.to_owned() }
}

#[track_caller]
fn one(text: &str, act: Act, words: &str) {
    assert_eq!(of_one(text), Understood::Statements(vec![said(&[1], act, words)]), "{text}");
}

#[track_caller]
fn three(text: &str, expected: &[Statement]) {
    assert_eq!(of_three(text), Understood::Statements(expected.to_vec()), "{text}");
}

#[track_caller]
fn unclear(text: &str) {
    for items in [&ITEMS[..1], &ITEMS[..]] {
        let understood = understand(text, items, TODAY);
        assert!(matches!(understood, Understood::Unclear(_)), "{text}: {understood:?}");
    }
}

#[test]
fn done() {
    for text in [
        "已办结",
        "办结",
        "已完成",
        "完成",
        "已经完成",
        "已办理完毕",
        "办理完毕",
        "已办完",
        "办完了",
        "已销号",
        "销号",
        "均已办结",
        "已全部办结",
        "全部已办结",
        "全部办结",
        "您好，已办结。",
        "您好！\n\n已办结\n",
        "收到，已办结",
        "好的，已经完成了，谢谢",
        "本科室已办结",
        "该事项已办结",
        "以上事项已办结",
        "我科已完成。",
        "回复：已办结",
        "①已办结",
        "1、已办结",
        "1. 已办结",
        "第1项已办结",
        "第一项：已办结",
        "（1）已办结",
        "政府信息公开工作年度报告已办结",
        "《政府信息公开工作年度报告》已完成",
        "张主任您好：\n已办结",
        "领导好，已办结",
        "已办结！",
        "经办人：张三，已办结",
        "①发布2025年度《政府信息公开工作年度报告》已办结",
        "已办结\n谢谢",
        "已按期办结",
        "已办结了",
        "\u{feff}已办结\u{200b}",
    ] {
        let understood = of_one(text);
        let Understood::Statements(statements) = &understood else { panic!("{text}: {understood:?}") };
        assert_eq!(statements.len(), 1, "{text}");
        assert_eq!((statements[0].numbers.as_slice(), statements[0].act), (&[1][..], Act::Done), "{text}");
        assert!(statements[0].words.is_empty() || text.contains(&statements[0].words), "{text}");
    }
    one("已办结，网址：https://www.example.cn/a?id=1&x=2", Act::Done, "网址：https://www.example.cn/a?id=1&x=2");
    one("已办结（江府公开〔2026〕3号）", Act::Done, "（江府公开〔2026〕3号）");
    one(
        "已办结。\n链接附后。\n办公室 张三\n联系电话：0750-1234567",
        Act::Done,
        "链接附后 办公室 张三 联系电话：0750-1234567",
    );
    one("已办结\n0750-1234567", Act::Done, "0750-1234567");
    one("已办结，《关于未成年人保护的通知》已发布", Act::Done, "《关于未成年人保护的通知》已发布");
    one("已办结，不再另行报送", Act::Done, "不再另行报送");
    one("已于1月30日办结", Act::Done, "");
    one("已办结。材料已送办公室", Act::Done, "材料已送办公室");
    one("已办结\n不动产登记科", Act::Done, "不动产登记科");
    one("已办结：https://www.example.cn/a", Act::Done, "https://www.example.cn/a");
    one("该事项已于2026年1月30日办理完毕。", Act::Done, "");
    one("已办结 1月30日发布", Act::Done, "1月30日发布");
}

#[test]
fn several_items() {
    let done = |numbers: &[u32]| said(numbers, Act::Done, "");
    for (text, numbers) in [
        ("①③已办结", &[1, 3][..]),
        ("全部已办结", &[1, 2, 3]),
        ("全部办结", &[1, 2, 3]),
        ("都已办结", &[1, 2, 3]),
        ("已全部办结", &[1, 2, 3]),
        ("本科室均已办结", &[1, 2, 3]),
        ("以上均已办结", &[1, 2, 3]),
        ("以上事项均已完成", &[1, 2, 3]),
        ("所有事项已办结", &[1, 2, 3]),
        ("1、3已办结", &[1, 3]),
        ("1,3已办结", &[1, 3]),
        ("1，3 已办结", &[1, 3]),
        ("第1、3项已办结", &[1, 3]),
        ("①-③已办结", &[1, 2, 3]),
        ("1至3已办结", &[1, 2, 3]),
        ("①③均已办结", &[1, 3]),
        ("主动公开目录已办结", &[3]),
    ] {
        three(text, &[done(numbers)]);
    }
    let expected = [
        said(&[1], Act::Done, "链接：http://a.cn/1"),
        said(&[2], Act::Postponed { expected: Some(date(2026, 2, 10)) }, "材料未齐，预计2月10日"),
        said(&[3], Act::NotApplicable, "机构调整"),
    ];
    three("①已办结，链接：http://a.cn/1\n②不能按期，材料未齐，预计2月10日\n③不适用，机构调整", &expected);
    three("①已办结，链接：http://a.cn/1；②不能按期，材料未齐，预计2月10日；③不适用，机构调整。", &expected);
    three("①已办结，链接：http://a.cn/1，②不能按期，材料未齐，预计2月10日，③不适用，机构调整", &expected);
    three("1.已办结 2.已办结", &[done(&[1]), done(&[2])]);
    three("1、已办结\n2、不适用", &[done(&[1]), said(&[2], Act::NotApplicable, "")]);
    three("①已办结。①已办结。", &[done(&[1])]);
    three("①③已办结，③已办结，链接附后", &[said(&[1, 3], Act::Done, "链接附后")]);
    three("①已办结，2月2日已发布，2个附件", &[said(&[1], Act::Done, "2月2日已发布，2个附件")]);
}

#[test]
fn which_one_is_asked() {
    assert_eq!(of_three("已办结"), Understood::Unclear(WHICH));
    assert_eq!(of_three("以上事项已办结"), Understood::Unclear(WHICH));
    assert_eq!(of_three("④已办结"), Understood::Unclear(NO_SUCH));
    assert_eq!(of_three("①-⑤已办结"), Understood::Unclear(NO_SUCH));
    assert_eq!(of_three("①已办结\n①不适用"), Understood::Unclear(TWICE));
    assert_eq!(of_three("全部已办结，③不适用"), Understood::Unclear(TWICE));
    assert_eq!(of_three(""), Understood::Unclear(NOTHING));
    assert_eq!(of_three(" \n。\n"), Understood::Unclear(NOTHING));
    assert_eq!(of_three(&"已办结".repeat(2000)), Understood::Unclear(TOO_LONG));
}

#[test]
fn not_in_time() {
    let on = |day| Act::Postponed { expected: Some(day) };
    one("不能按期办结，材料未齐，预计2026年2月10日", on(date(2026, 2, 10)), "材料未齐，预计2026年2月10日");
    one("不能按期，原因：领导出差。预计2月10日完成。", on(date(2026, 2, 10)), "原因：领导出差 预计2月10日完成");
    one("无法按时完成，等待审批", Act::Postponed { expected: None }, "等待审批");
    one("申请延期至2026-02-10", on(date(2026, 2, 10)), "至2026-02-10");
    one("延期", Act::Postponed { expected: None }, "");
    unclear("不能按期办结，现已办结");
    unclear("延期可以吗");
    unclear("不能按期办结怎么办？");
    unclear("不能按期办结的问题已解决");
}

#[test]
fn the_rest_of_the_acts() {
    one("不适用", Act::NotApplicable, "");
    one("本科室不适用，无此职能", Act::NotApplicable, "无此职能");
    one("不涉及我科。", Act::NotApplicable, "");
    one("本科室不涉及该事项", Act::NotApplicable, "");
    one("不适用于本科室", Act::NotApplicable, "");
    one("撤回", Act::TakeBack, "");
    one("误报，尚未办结", Act::TakeBack, "尚未办结");
    one("请撤回登记，报错了", Act::TakeBack, "报错了");
    three("①撤回", &[said(&[1], Act::TakeBack, "")]);
}

#[test]
fn read_is_not_done() {
    for text in [
        "收到",
        "收到，谢谢！",
        "好的",
        "知道了",
        "谢谢",
        "您好，已收到。",
        "张主任您好，收到",
        "OK",
        "已阅",
        "好的，谢谢提醒",
    ] {
        assert_eq!(of_one(text), Understood::Acknowledged, "{text}");
        assert_eq!(of_three(text), Understood::Acknowledged, "{text}");
    }
}

#[test]
fn what_only_looks_like_it() {
    for text in [
        "完成时间另报",
        "完成情况见附件",
        "完成一半",
        "办结后告知",
        "完成不了",
        "即将办结",
        "将于2月10日完成",
        "已办结。尚未送局长",
        "已办结。还差李科长",
        "已办结。但没有局长",
        "办结：否",
        "已办结：无",
        "完成：×",
        "已完成 三分之二",
        "已完成，八成",
        "已完成 2/3",
        "已完成了，等局长签字",
        "已办结，公示中",
        "已完成 个别材料在补",
        "已办结 估计明晚上网",
        "已办结（拟）",
        "完成：2026年2月10日",
        "办结 2月10日",
        "预计2月10日办结",
        "正在办理",
        "下周完成",
        "争取完成",
        "未完成",
        "没有完成",
        "尚未办结",
        "不能完成",
        "能否办结",
        "如何办结",
        "已办结？",
        "已办结吗",
        "是否已办结",
        "请办结",
        "已办结的是年报",
        "已办结，但链接未发",
        "已办结，还差一份",
        "已完成，除③外",
        "已完成 80%",
        "基本完成",
        "已完成初稿",
        "初稿已完成",
        "年报初稿已完成",
        "2026年报已办结",
        "3月已完成",
        "3月2日已办结",
        "已完成，待审核",
        "已办结，仍需补充",
        "已完成部分",
        "已完成，预计下周发布",
        "不适用吗",
        "撤回？",
        "写“已办结”",
        "“已办结”",
        "已办结”",
        "①③已办结”或“全部已办结”",
        "已办结，②还没有",
        "1已办结，3正在办理",
        "已办结\n法治报告未完成",
        "已办结\n年报完成",
        "①",
        "①③",
        "已办结，①",
        "①②③",
        "这个事情谁负责",
        "如已办结请忽略",
        "未能办结",
        "部分已办结",
        "大部分已办结",
        "3项均已办结",
        "1 3已办结",
        "1.3已办结",
        "已办结\n3正在办理",
        "已办结 ②未办",
        "同意办结",
        "应于2月办结",
        "要求已完成",
        "请问已办结的如何登记",
        "已办结、未公开",
        "不是已办结",
        "已办结不了",
        "好像已办结",
        "可能已完成",
        "报告已办结一半",
        "完成，不过还要盖章",
        "办结时限是多少",
        "以上已办结是误报",
        "已办结了没",
        "明天办结",
        "已办结，其余下周",
        "已撤回",
        "已延期",
        "撤回，其实已办结",
    ] {
        unclear(text);
    }
    assert!(matches!(of_three("完成"), Understood::Unclear(_)));
    assert!(matches!(of_three("①已办结，②还在办"), Understood::Unclear(_)));
    assert!(matches!(of_three("①已办结，3还在办"), Understood::Unclear(_)));
    assert!(matches!(of_three("①③已办结，其他不清楚"), Understood::Unclear(_)));
    assert!(matches!(of_three("年度报告已办结"), Understood::Unclear(_)), "two titles have it");
    assert!(matches!(of_three("②主动公开目录已办结"), Understood::Unclear(_)), "number and title differ");
}

fn words() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "已",
        "办结",
        "完成",
        "①",
        "③",
        "1",
        "3",
        "、",
        "，",
        "。",
        "\n",
        " ",
        "第",
        "项",
        "全部",
        "不能按期",
        "延期",
        "至",
        "2月10日",
        "2026-2-10",
        "不适用",
        "撤回",
        "收到",
        "未",
        "？",
        "《",
        "》",
        "“",
        "”",
        "http://a.cn/?",
        "-",
        "（",
        "）",
        "主动公开目录",
        "办公室",
        "a",
        "＞",
    ]);
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn understanding_never_panics(text in any::<String>(), built in words()) {
        for text in [text, built] {
            for items in [&ITEMS[..0], &ITEMS[..1], &ITEMS[..]] {
                if let Understood::Statements(said) = understand(text.as_str(), items, TODAY) {
                    for statement in said {
                        prop_assert!(!statement.numbers.is_empty());
                        prop_assert!(statement.numbers.iter().all(|n| items.iter().any(|i| i.number == *n)));
                        prop_assert!(statement.words.chars().count() <= limits::TEXT);
                        prop_assert!(!statement.words.contains('\n'));
                    }
                }
            }
        }
    }

    #[test]
    fn a_denial_is_never_done(built in words()) {
        let text = format!("未{built}");
        prop_assert!(!matches!(of_one(&text), Understood::Statements(s) if s.iter().any(|s| s.act == Act::Done && built.starts_with("已"))), "{text}");
    }
}
