//! The file of one year's statutory days, in the shape of those that are shipped.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    domain::{Date, calendar::StatutoryYear, festivals, notice::notices},
    text::quoted,
};

/// `names` says to which holiday a day belongs; what it lacks belongs to the nearest.
pub fn statutory(year: i16, days: &StatutoryYear, names: &BTreeMap<Date, String>) -> String {
    let mut text = format!(
        "# {year}年法定节假日和调休上班日，抄自国务院办公厅的通知。\n\
         # 只写本年的日期：跨年的假期，12月的写在上一年的文件里。\n\
         # 新的一年：把通知存成文件，执行 duban holidays import 文件；也可以照本文件手写（编码 UTF-8）。\n\n\
         year = {year}\n"
    );
    match notices(&days.notice)[..] {
        [] => {}
        [one] => text += &format!("notice = {}\n", quoted(one)),
        ref all => {
            let lines: String = all.iter().map(|notice| format!("  {},\n", quoted(notice))).collect();
            text += &format!("notice = [\n{lines}]\n");
        }
    }
    let name = |day: Date| {
        let nearest = || match festivals::nearest(year, day, &days.off) {
            _ if day.month() == 12 && day.day() > 15 => format!("{}年元旦", year + 1),
            name => name.unwrap_or_default().to_owned(),
        };
        names.get(&day).cloned().unwrap_or_else(nearest)
    };
    let mut list = |comment: &str, key: &str, days: Vec<Date>| {
        let _ = write!(text, "\n# {comment}\n{key} = [\n");
        for group in days.chunk_by(|a, b| name(*a) == name(*b)) {
            let _ = writeln!(text, "  # {}", group.first().map(|day| name(*day)).unwrap_or_default());
            for line in group.chunks(5) {
                let line: Vec<String> = line.iter().map(|day| format!("{day},")).collect();
                let _ = writeln!(text, "  {}", line.join(" "));
            }
        }
        text += "]\n";
    };
    list("放假：通知里写明放假的每一天，假期中的周六、周日也写", "off", days.off.iter().copied().collect());
    if !days.work.is_empty() {
        list("调休：周六、周日照常上班的日子", "work", days.work.iter().copied().collect());
    }
    text
}
