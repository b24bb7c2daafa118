use std::collections::BTreeMap;

use jiff::civil::date;

use super::*;
use crate::domain::{calendar::StatutoryYear, festivals::doubts};

fn all() -> serde_json::Map<String, serde_json::Value> {
    let mut all: serde_json::Map<_, _> =
        serde_json::from_str(include_str!("../../../tests/data/notices.json")).unwrap();
    all.remove("_meta");
    all
}

fn days(value: &serde_json::Value) -> BTreeSet<Date> {
    value.as_array().unwrap().iter().map(|day| day.as_str().unwrap().parse().unwrap()).collect()
}

fn text(year: i16) -> String {
    all()[&year.to_string()]["text"].as_str().unwrap().to_owned()
}

fn both(notice: &Notice) -> (BTreeSet<Date>, BTreeSet<Date>) {
    let Says::Year(items) = &notice.says else { panic!("{notice:?}") };
    let of = |days: fn(&Item) -> &BTreeSet<Date>| items.iter().flat_map(days).copied().collect();
    (of(|item| &item.off), of(|item| &item.work))
}

fn year(year: i16) -> StatutoryYear {
    let notice = read(&text(year), None).unwrap();
    notice.apply(&BTreeMap::new()).unwrap().years[&year].clone()
}

#[test]
fn every_year_s_notice_gives_exactly_its_days() {
    let all = all();
    assert!(all.len() >= 18);
    for (year, facts) in &all {
        let notice = read(facts["text"].as_str().unwrap(), None).unwrap_or_else(|misfit| panic!("{year}: {misfit:?}"));
        assert_eq!(notice.year.to_string(), *year);
        assert_eq!(both(&notice), (days(&facts["off"]), days(&facts["work"])), "{year}");
    }
}

#[test]
fn the_number_and_the_day_are_the_notice_s_own() {
    for (year, title) in [
        (2008, "国务院办公厅关于2008年部分节假日安排的通知（2007-12-16）"),
        (2010, "国办发明电〔2009〕27号（2009-12-07）"),
        (2012, "国办发明电〔2011〕45号（2011-12-05）"),
        (2026, "国办发明电〔2025〕7号（2025-11-04）"),
        (2016, "国务院办公厅关于2016年部分节假日安排的通知"),
    ] {
        assert_eq!(read(&text(year), None).unwrap().title(), title);
    }
}

#[test]
fn a_page_around_it_and_lines_broken_anywhere_change_nothing() {
    let page = format!(
        "首页 > 政务公开\n新华社北京11月4日电\n{}来源：新华社\n相关链接\n国务院办公厅关于2025年部分节假日安排的通知\n",
        text(2026)
    );
    let expected = both(&read(&text(2026), None).unwrap());
    assert_eq!(both(&read(&page, None).unwrap()), expected);
    let wide: String =
        text(2026).chars().flat_map(|c| if "至、共".contains(c) { vec![c, '\n', ' '] } else { vec![c] }).collect();
    assert_eq!(both(&read(&wide, None).unwrap()), expected);
    let half = text(2026).replace('（', "(").replace('）', ")").replace('，', ",").replace('：', ":");
    assert_eq!(both(&read(&half, None).unwrap()), expected);
    let bare: String = text(2026).replace("2026年", "").replace("〔2025〕", "");
    assert!(read(&bare, None).unwrap_err().why.contains("--year"));
    assert_eq!(both(&read(&bare, Some(2026)).unwrap()), expected);
    assert!(read(&text(2026), Some(2027)).unwrap_err().why.contains("2026"), "the text has its year");
}

/// A notice in which one thing is wrong is refused, with the sentence that holds it.
#[test]
fn what_does_not_fit_is_refused_with_its_sentence() {
    for (of, right, wrong, sentence) in [
        // A weekday.
        (2026, "1月1日（周四）", "1月1日（周五）", "1月1日（周五）"),
        (2026, "2月14日（周六）", "2月14日（周日）", "2月14日（周日）"),
        (2026, "23日（农历正月初七、周一）", "23日（农历正月初七、周二）", "周二"),
        (2024, "9月29日（星期日）", "9月28日（星期日）", "9月28日（星期日）"),
        // The count.
        (2026, "共9天", "共8天", "共8天"),
        (2024, "10月1日至7日放假调休，共7天", "10月1日至8日放假调休，共7天", "10月1日至8日"),
        (2014, "1月1日放假1天", "1月1日放假2天", "1月1日放假2天"),
        (2008, "放假3天", "放假4天", "放假4天"),
        // A make-up day on a weekday, or none at all, or far away, or twice.
        (2024, "5月11日（星期六）上班", "5月10日上班", "5月10日"),
        (2024, "4月7日（星期日）上班", "", "清明节"),
        (2024, "9月14日（星期六）上班", "8月17日（星期六）上班", "8月17日"),
        (2024, "9月14日（星期六）上班", "9月29日（星期日）上班", "9月29日"),
        // 连休 and 补休.
        (2024, "6月10日放假，与周末连休", "6月12日放假，与周末连休", "6月12日"),
        (2014, "4月7日（星期一）补休", "4月6日（星期日）补休", "4月6日"),
        (2014, "4月7日（星期一）补休", "4月8日（星期二）补休", "4月8日"),
        (2025, "不调休", "不调休。1月4日（周六）上班", "不调休"),
        // A wrong month, day or year; half a notice; a thing twice.
        (2026, "4月4日（周六）至6日（周一）", "4月11日（周六）至13日（周一）", "清明节"),
        (2024, "2月10日至17日", "2月10日至32日", "2月10日至32日"),
        (2023, "2022年12月31日", "2021年12月31日", "2021年12月31日"),
        (2024, "七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。", "", "中秋节"),
        (2024, "三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。\n", "", "劳动节"),
        (2024, "五、端午节", "五、清明节", "清明节"),
        // Words that are not known.
        (2024, "6月10日放假", "6月10日不放假", "6月10日不放假"),
        (2024, "4月4日至6日放假调休", "4月4日至6日错峰休息", "4月4日至6日错峰休息"),
        (2019, "5月1日放假。", "5月1日放假，5月2日另行通知。", "5月2日另行通知"),
        (2008, "12月29日（星期六）上班", "12月30日（星期日）上班", "12月30日"),
        (2008, "两个公休日调至2月11日（星期一）、2月12日（星期二）", "两个公休日调至2月11日（星期一）", "2月11日"),
    ] {
        let whole = text(of);
        assert!(whole.contains(right), "{of} {right}");
        let misfit = read(&whole.replacen(right, wrong, 1), None);
        let misfit = misfit.expect_err(&format!("{of}: {wrong}"));
        let plain: String = sentence.nfkc().collect();
        assert!(misfit.sentence.contains(&plain), "{of} {wrong}: {misfit:?}");
    }
}

/// Each digit of a notice changed by one: refused, or the same days, where it stands in words that say a thing twice.
#[test]
fn a_digit_that_is_wrong_is_not_believed() {
    for year in [2008, 2014, 2024, 2026] {
        let whole = text(year);
        let from = whole.find("一、元旦").unwrap();
        let to = whole.rfind("节假日期间").unwrap();
        let expected = both(&read(&whole, None).unwrap());
        let (mut refused, mut tried) = (0, 0);
        for (at, digit) in whole.char_indices().filter(|(at, c)| (from..to).contains(at) && c.is_ascii_digit()) {
            let other = char::from_digit((digit.to_digit(10).unwrap() + 1) % 10, 10).unwrap();
            let mut wrong = whole.clone();
            wrong.replace_range(at..=at, &other.to_string());
            tried += 1;
            match read(&wrong, None) {
                Err(_) => refused += 1,
                Ok(notice) => assert_eq!(both(&notice), expected, "{year} {}", &whole[at.saturating_sub(30)..at]),
            }
        }
        assert!(refused * 10 >= tried * 8 && tried >= 40, "{year}: {refused} of {tried}");
    }
}

#[test]
fn a_longer_holiday_changes_the_year_and_says_what_moves() {
    let longer = "国务院办公厅关于延长2020年春节假期的通知\n国办发明电〔2020〕1号\n各省、自治区、直辖市人民政府，国务院各部委、各直属机构：\n经国务院批准，为加强疫情防控工作，现将延长2020年春节假期的具体安排通知如下。\n一、延长2020年春节假期至2月2日（农历正月初九，星期日），2月3日（星期一）起正常上班。\n二、各地大专院校、中小学、幼儿园推迟开学，具体时间由教育部门另行通知。\n三、因疫情防控不能休假的职工，应根据《中华人民共和国劳动法》规定安排补休，未休假期的工资报酬应按照有关政策保障落实。\n国务院办公厅\n2020年1月26日\n";
    let notice = read(longer, None).unwrap();
    let known = BTreeMap::from([(2020, year(2020))]);
    let changed = notice.apply(&known).unwrap();
    let facts: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/holidays-cn.json")).unwrap();
    let after = &changed.years[&2020];
    assert_eq!((&after.off, &after.work), (&days(&facts["2020"]["off"]), &days(&facts["2020"]["work"])));
    assert_eq!(doubts(2020, after), []);
    assert_eq!(
        after.notice,
        "国办发明电〔2019〕16号（2019-11-21）、国办发明电〔2020〕1号（2020-01-26，春节假期延长至2月2日，取消2月1日的调休上班）"
    );
    assert_eq!(
        changed.told,
        ["春节假期原为 1月24日 至 1月30日，延长至 2月2日（周日）", "2月1日（周六）原为调休上班，取消"]
    );
    assert!(notice.apply(&BTreeMap::new()).unwrap_err().why.contains("还没有 2020 年"));
    let undone = read(&text(2020), None).unwrap().apply(&changed.years);
    assert!(undone.unwrap_err().why.contains("退回去"), "the year's notice does not undo it");
    let short = longer.replace("各省、自治区、直辖市人民政府，国务院各部委、各直属机构：\n经国务院批准，为加强疫情防控工作，现将延长2020年春节假期的具体安排通知如下。\n", "");
    assert_eq!(read(&short, None).unwrap().number, notice.number);
    for (right, wrong) in [
        ("2月3日（星期一）起", "2月4日（星期二）起"),
        ("，星期日", "，星期六"),
        ("至2月2日（农历正月初九，星期日），2月3日（星期一）起正常上班", "至1月30日"),
        ("春节假期至", "寒假假期至"),
    ] {
        let wrong = longer.replace(right, wrong);
        let refused = read(&wrong, None).and_then(|notice| notice.apply(&known));
        assert!(refused.is_err(), "{wrong}: {refused:?}");
    }
}

#[test]
fn a_holiday_arranged_anew_and_a_day_of_its_own() {
    let anew = "国务院办公厅关于调整2019年劳动节假期安排的通知\n国办发明电〔2019〕3号\n各省、自治区、直辖市人民政府，国务院各部委、各直属机构：\n经国务院批准，现将调整2019年劳动节放假安排通知如下。\n一、2019年5月1日至4日放假调休，共4天。4月28日（星期日）、5月5日（星期日）上班。\n二、各地区、各部门要抓紧做好本地区、本领域的劳动节假期调整落实工作。\n国务院办公厅\n2019年3月22日\n";
    let known = BTreeMap::from([(2019, year(2019))]);
    let changed = read(anew, None).unwrap().apply(&known).unwrap();
    let after = &changed.years[&2019];
    let new: Vec<Date> = after.off.difference(&known[&2019].off).copied().collect();
    assert_eq!(new, [date(2019, 5, 2), date(2019, 5, 3), date(2019, 5, 4)]);
    let new: Vec<Date> = after.work.difference(&known[&2019].work).copied().collect();
    assert_eq!(new, [date(2019, 4, 28), date(2019, 5, 5)]);
    assert_eq!(
        changed.told,
        [
            "劳动节原为：5月1日（周三）放假",
            "改为：5月1日（周三）、5月2日（周四）、5月3日（周五）、5月4日（周六）放假，4月28日（周日）、5月5日（周日）上班"
        ]
    );
    let unbalanced = anew.replace("4月28日（星期日）、", "");
    assert!(read(&unbalanced, None).unwrap().apply(&known).unwrap_err().why.contains("对不上"));

    let day = "国务院关于中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日调休放假的通知\n国发明电〔2015〕1号\n各省、自治区、直辖市人民政府，国务院各部委、各直属机构：\n2015年是中国人民抗日战争暨世界反法西斯战争胜利70周年。为使全国人民广泛参与中央及各地区各部门举行的纪念活动，2015年9月3日全国放假1天。为方便公众安排假日期间生产生活，特作如下调休：9月3日至5日调休放假，共3天。其中9月3日（星期四）放假，9月4日（星期五）调休，9月6日（星期日）上班。\n调休放假期间，各地区、各部门要妥善安排好值班和安全、保卫等工作。\n国务院\n2015年5月13日\n";
    let known = BTreeMap::from([(2015, year(2015))]);
    let changed = read(day, None).unwrap().apply(&known).unwrap();
    let after = &changed.years[&2015];
    assert!([3, 4, 5].iter().all(|day| after.off.contains(&date(2015, 9, *day))));
    assert!(after.work.contains(&date(2015, 9, 6)) && after.notice.ends_with("国发明电〔2015〕1号（2015-05-13）"));
    assert!(read(&day.replace("共3天", "共4天"), None).is_err());
}

#[test]
fn days_of_the_neighbouring_year_are_written_there_and_stay() {
    let of_2022 = year(2022);
    let notice = read(&text(2023), None).unwrap();
    let changed = notice.apply(&BTreeMap::from([(2022, of_2022.clone())])).unwrap();
    assert!(changed.years[&2022].off.contains(&date(2022, 12, 31)) && changed.years.len() == 2);
    assert!(changed.told[0].contains("12月31日（周六）放假：属于 2022 年，写进 2022.toml"), "{:?}", changed.told);
    let known = changed.years;
    assert!(notice.apply(&known).unwrap().years.is_empty(), "read again, nothing changes");
    let again = read(&text(2022), None).unwrap().apply(&known).unwrap();
    assert!(again.years.is_empty() && again.told[0].contains("保留"), "{again:?}");
    let alone = notice.apply(&BTreeMap::new()).unwrap();
    assert!(alone.years.keys().eq([&2023]) && alone.told[0].contains("没有 2022 年的文件"), "{:?}", alone.told);
}

#[test]
fn what_is_no_notice_is_refused() {
    for text in ["", "关于召开会议的通知\n11月3日开会。", "一、元旦：1月1日放假。", "共7天。\n与周末连休"]
    {
        assert!(read(text, None).is_err(), "{text}");
    }
    let local = text(2026).replace("国务院办公厅\n", "广东省人民政府办公厅\n");
    assert!(read(&local, None).unwrap_err().why.contains("地方政府"), "{local}");
    let two = text(2024) + &text(2025);
    assert!(read(&two, None).is_err(), "two notices");
}
