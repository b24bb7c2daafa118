use super::{
    super::{
        answer::{Answer, Answered, By, Line, render},
        ics::{self, Closed, Organizer},
    },
    *,
};

fn line(number: u32, title: &str, said: Option<&str>) -> Line {
    let finish_by = date(2026, 1, 30);
    Line { number, title: title.into(), finish_by, said: said.map(Into::into), url: None }
}

fn one(name: &str, answer: Answer) {
    check(name, &render("政务公开提醒", CONTACT, &answer, vec![]));
}

fn answer(said: Answered, wrote: &str, lines: Vec<Line>) -> Answer {
    let token = Some("DB431-7RT2XH5WPAK3M9QZ".to_owned());
    Answer { to: "办公室".into(), by: By::Reader, said, wrote: wrote.into(), lines, token }
}

#[test]
fn recorded() {
    let lines = vec![
        line(1, "发布2025年度《政府信息公开工作年度报告》", Some("办公室：已登记办结")),
        line(3, "更新“开放广东”数据集", Some("办公室：已报不能按期，预计2026年2月10日（周二）办结，等管理员答复")),
    ];
    one(
        "answer_recorded",
        answer(
            Answered::Recorded { what: "已按回信登记", can_be_taken_back: true },
            "①已办结 粤江交〔2026〕3号 ③不能按期，系统升级，预计2月10日",
            lines,
        ),
    );
}

#[test]
fn recorded_and_out_of_the_calendar() {
    let title = "发布2025年度《政府信息公开工作年度报告》";
    let lines = vec![line(1, title, Some("办公室：已登记办结"))];
    let said = Answered::Recorded { what: "已登记办结", can_be_taken_back: true };
    let closed =
        Closed { uid: "annual-report.2026@duban".into(), sequence: 1, day: date(2026, 1, 30), title: title.into() };
    let organizer = Organizer("政务公开\"提醒\"", "duban@example.test");
    let ics = ics::cancel(std::slice::from_ref(&closed), organizer, &morning(date(2026, 1, 28)));
    check("answer_done", &render("政务公开提醒", CONTACT, &answer(said, "已办结", lines), ics));
    assert!(ics::cancel(&vec![closed; 6], organizer, &morning(date(2026, 1, 28))).is_empty());
}

#[test]
fn unclear() {
    let why = "邮件里有几项，请写明是哪一项".to_owned();
    let url = Some("https://board.example.test/r/1".to_owned());
    let lines = vec![
        Line { url, ..line(1, "发布2025年度《政府信息公开工作年度报告》", None) },
        line(3, "更新“开放广东”数据集", None),
    ];
    one("answer_unclear", answer(Answered::Unclear(why), "已办结", lines));
    one(
        "answer_unclear_nothing_open",
        answer(Answered::Unclear("看不出回复的是哪一封督办邮件".into()), "你好", vec![]),
    );
}

#[test]
fn acknowledged() {
    one("answer_acknowledged", answer(Answered::Acknowledged, "收到", vec![line(1, "主动公开目录动态更新", None)]));
}
