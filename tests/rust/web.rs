//! The pages on a real listener: what a section and the admin press, and what that records.

use duban::{
    domain::occurrence::State,
    service::desk::{
        link::Scope,
        report::{self, Report},
    },
};

use crate::site::{
    Site, forms, links,
    plan::{DONE, NOW, bureau, completions, occurrence, report_path, site, state},
};

#[test]
fn reported_shown_and_taken_back() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let page = site.get(&path);
    assert_eq!(page.status, 200);
    for said in [
        "发布2025年度《政府信息公开工作年度报告》",
        "还剩3个工作日",
        "请于2026年1月30日（周五）下班前办结",
        "规定期限1月31日为周六",
        "分工方案第31项",
        "1. 汇总",
        "《条例》第五十条",
        "联系人：办公室 电话",
    ] {
        assert!(page.words().contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("checked") && !page.body.contains("<script"), "nothing is preset");
    let pressed = site.press(&page, &path, DONE);
    let location = pressed.header("location").unwrap_or_default().to_owned();
    assert_eq!((pressed.status, location.as_str()), (303, &*format!("{path}?saved=done")));
    let cookie = pressed.header("set-cookie").unwrap_or_default();
    assert!(cookie.starts_with("duban-name=") && cookie.contains("HttpOnly"), "{cookie}");
    let known = [("cookie", cookie.split(';').next().unwrap_or_default())];
    assert!(site.get(&location).body.contains("登记好了"));
    assert!(site.ask("GET", &path, &known, None).body.contains("value=\"张三\""), "the name is remembered");
    let recorded = &completions(&site, "annual-report")[0];
    assert_eq!((&*recorded.by, &*recorded.section, &*recorded.note), ("张三", "办公室", "已在网站发布"));
    assert_eq!(state(&site, "annual-report"), State::Done);
    let page = site.get(&path);
    for said in ["张三（办公室） 1月27日（周二）10:00登记", "粤江交办〔2026〕5号", "已办结，不再提醒", "撤回办结登记"]
    {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let nameless = site.press(&page, "/undo", &[("by", " ")]);
    assert_eq!((nameless.status, completions(&site, "annual-report").len()), (422, 1));
    let undone = site.press(&page, "/undo", &[("by", "李四")]);
    assert_eq!(undone.status, 303);
    assert!(site.get(undone.header("location").unwrap_or_default()).body.contains("已撤回，恢复提醒"));
    assert!(!site.get(&location).body.contains("登记好了"), "what stands no more is not said again");
    assert_eq!((completions(&site, "annual-report").len(), state(&site, "annual-report")), (0, State::Open));
    assert!(site.get(&path).body.contains("还剩3个工作日"));
}

#[test]
fn pressed_twice_it_records_once() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let page = site.get(&path);
    assert_eq!(site.press(&page, &path, DONE).status, 303);
    let again = site.press(&page, &path, DONE);
    assert!(
        again.status == 200 && again.body.contains("张三（办公室）") && !again.body.contains("请补正"),
        "{again:?}"
    );
    assert_eq!(completions(&site, "annual-report").len(), 1);
    // Not even after it was taken back: that form is spent.
    let now = site.get(&path);
    assert_eq!(site.press(&now, "/undo", &[("by", "李四")]).status, 303);
    assert_eq!(site.press(&page, &path, DONE).status, 422);
    assert_eq!(completions(&site, "annual-report").len(), 0);
}

#[test]
fn looking_and_empty_presses_record_nothing() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    for _ in 0..50 {
        assert_eq!(site.ask("HEAD", &path, &[("sec-purpose", "prefetch")], None).status, 200);
        assert_eq!(site.get(&path).status, 200);
    }
    let page = site.get(&path);
    let untouched = site.press(&page, &path, &[]);
    assert_eq!(untouched.status, 422);
    assert!(untouched.body.contains("请填经办人姓名") && untouched.body.contains("请选择一项办理情况"));
    for values in [
        &[("by", "张三")][..],
        &[("choice", "done")],
        &[("by", "张三"), ("choice", "other")],
        &[("by", "张三"), ("choice", "postponed")],
        &[("by", "张三"), ("choice", "done"), ("form", "")],
        &[("by", "张三"), ("choice", "done"), ("form", "forged")],
        &[("by", "张三"), ("choice", "done"), ("reason_postponed", "等批复")],
    ] {
        assert_eq!(site.press(&page, &path, values).status, 422, "{values:?}");
    }
    for body in ["", "by=%FF&choice=done", "{\"choice\":\"done\",\"by\":\"x\"}", "choice=done&choice=done&by=x&by=y"] {
        assert_eq!(site.ask("POST", &path, &[], Some(body)).status, 422, "{body}");
    }
    assert_eq!(site.recorded(), 0);
    // What was written stays written.
    let kept = site.press(&page, &path, &[("choice", "postponed"), ("by", "张三\"><script>"), ("expected", "x")]);
    assert!(kept.body.contains("value=\"postponed\" checked") && kept.body.contains("张三&#34;&#62;"), "{}", kept.body);
    assert!(!kept.body.contains("<script"));
}

#[test]
fn a_form_of_twelve_hours_ago_is_shown_anew() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let token = path.trim_start_matches("/r/");
    let form = forms(&site.get(&path).body).remove(0);
    let state = links(7).check_form(&form.fields["form"], token, "report", site.moment(NOW).at).unwrap();
    for (made, status) in [("2026-01-26T21:59", 422), ("2026-01-26T22:01", 303)] {
        let old = links(7).form(token, "report", state, site.moment(made).at);
        let values: Vec<(&str, &str)> = DONE.iter().copied().chain([("form", old.as_str())]).collect();
        assert_eq!(site.submit(&form, &values).status, status, "{made}");
    }
    assert_eq!(site.recorded(), 1);
}

#[test]
fn the_admin_answers() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let later = [("choice", "postponed"), ("by", "张三"), ("reason_postponed", "等批复"), ("expected", "2026年2月9日")];
    assert_eq!(site.press(&site.get(&path), &path, &later).status, 303);
    let page = site.get(&path);
    assert!(page.body.contains("不能按期，等管理员答复") && page.body.contains("2026年2月9日"), "{}", page.body);
    assert!(!page.body.contains("value=\"postponed\""), "not asked twice");
    // Taken back on the page, and asked anew.
    assert_eq!(site.press(&page, "/undo", &[("by", "张三")]).status, 303);
    assert!(site.read(|tx| tx.open_requests()).is_empty());
    assert_eq!(site.press(&site.get(&path), &path, &later).status, 303);
    let request = site.read(|tx| tx.open_requests()).remove(0);
    let admin = format!("/a/{}/requests/{}", site.token(&Scope::Admin), request.id);
    let asked = site.get(&admin);
    assert!(asked.body.contains("等批复") && !asked.body.contains("checked"), "{}", asked.body);
    for values in [&[][..], &[("by", "王五")], &[("choice", "confirm")], &[("by", "王五"), ("choice", "return")]] {
        assert_eq!(site.press(&asked, &admin, values).status, 422, "{values:?}");
    }
    let forged = site.press(&asked, &admin, &[("by", "王五"), ("choice", "confirm"), ("form", "x")]);
    assert_eq!(forged.status, 422);
    assert!(site.read(|tx| tx.open_requests()).len() == 1);
    let back = [("by", "王五"), ("choice", "return"), ("note", "材料已到，请抓紧")];
    assert_eq!(site.press(&asked, &admin, &back).status, 303);
    assert_eq!(site.press(&asked, &admin, &[("by", "王五"), ("choice", "confirm")]).status, 303, "pressed again");
    let decided = site.get(&admin);
    assert!(decided.body.contains("已退回：材料已到，请抓紧") && forms(&decided.body).is_empty(), "{}", decided.body);
    assert!(site.get(&path).body.contains("不能按期，已退回"));
    // 不适用, confirmed, closes it.
    let never = [("choice", "not_applicable"), ("by", "张三"), ("reason_not_applicable", "本年没有")];
    assert_eq!(site.press(&site.get(&path), &path, &never).status, 303);
    let request = site.read(|tx| tx.open_requests()).remove(0);
    let admin = format!("/a/{}/requests/{}", site.token(&Scope::Admin), request.id);
    assert_eq!(site.press(&site.get(&admin), &admin, &[("by", "王五"), ("choice", "confirm")]).status, 303);
    assert_eq!(state(&site, "annual-report"), State::Done);
    assert!(site.get(&path).body.contains("不适用，已确认"));
}

#[test]
fn each_section_for_itself_and_what_is_closed_says_so() {
    let site = site();
    let (office, law) = (report_path(&site, "each", "办公室"), report_path(&site, "each", "法制科"));
    let (first, second) = (site.get(&office), site.get(&law));
    assert_eq!(site.press(&first, &office, DONE).status, 303);
    assert!(site.get(&office).body.contains("本科室已报，不再提醒本科室"));
    assert!(!site.get(&law).body.contains("张三"), "another's report is not this section's");
    assert_eq!(site.press(&second, &law, DONE).status, 303, "and does not spend its form");
    assert_eq!(state(&site, "each"), State::Done);
    // Reported by the command line while the form was open.
    let path = report_path(&site, "annual-report", "办公室");
    let page = site.get(&path);
    let now = site.moment(NOW);
    site.write(move |db, office| {
        let report = Report { deadline: "annual-report".into(), by: "李四".into(), ..Report::default() };
        report::done(db, office, &report, &now).unwrap();
    });
    let late = site.press(&page, &path, DONE);
    assert!(
        late.status == 422 && late.body.contains("已办结，不再提醒") && late.body.contains("李四"),
        "{}",
        late.body
    );
    assert!(!late.body.contains("撤回办结登记"), "not this section's to take back");
    let id = occurrence(&site, "led");
    site.write(move |db, _| db.write(|tx| tx.set_state(id, State::Withdrawn, None)).unwrap());
    let withdrawn = site.get(&report_path(&site, "led", "办公室"));
    assert!(withdrawn.body.contains("已撤销") && forms(&withdrawn.body).is_empty());
}

#[test]
fn who_helps_hands_in_on_its_page() {
    let site = site();
    let (lead, law) = (report_path(&site, "led", "办公室"), report_path(&site, "led", "法制科"));
    let (form, page) = (site.get(&lead), site.get(&law));
    assert!(page.body.contains("value=\"handed_in\"") && !page.body.contains("value=\"done\""), "{}", page.body);
    // A forged choice reports nothing.
    let forged = site.press(&page, &law, DONE);
    assert!(forged.status == 422 && forged.body.contains("法制科是配合科室"), "{}", forged.body);
    let telling = [("choice", "progress"), ("by", "李四"), ("progress", "初稿已送审")];
    assert_eq!(site.press(&page, &law, &telling).status, 303);
    let handed = [("choice", "handed_in"), ("by", "李四")];
    let pressed = site.press(&site.get(&law), &law, &handed);
    assert!(site.get(pressed.header("location").unwrap_or_default()).body.contains("登记好了，材料已报"));
    let done = site.get(&law);
    assert!(done.body.contains("不再提醒本科室") && done.body.contains("撤回材料已报"), "{}", done.body);
    // What another section told does not spend the lead's form, and is shown to the lead.
    let seen = site.get(&lead);
    for said in ["配合科室的材料已报1/1：法制科", "初稿已送审", "材料已报"] {
        assert!(seen.body.contains(said), "{said}: {}", seen.body);
    }
    assert_eq!(site.press(&site.get(&law), "/undo", &[("by", "李四")]).status, 303);
    assert!(site.get(&law).body.contains("value=\"handed_in\""));
    assert_eq!(site.press(&form, &lead, DONE).status, 303);
    assert_eq!(state(&site, "led"), State::Done);
}

/// The path of the form for all items in the letter of this morning.
fn letter_path(site: &Site, mailbox: &'static str, section: &str) -> String {
    let letter = site.read(move |tx| tx.outbox("2026-01-01T00:00:00Z".parse().unwrap()));
    let letter = letter.iter().find(|l| l.mailbox == mailbox && l.notice.is_none()).unwrap().id;
    format!("/l/{}", site.token(&Scope::Letter { letter, section: section.into() }))
}

#[test]
fn all_items_of_a_letter_in_one_form() {
    let site = site();
    let path = letter_path(&site, "fzk@example.test", "法制科");
    let page = site.get(&path);
    for said in [
        "一次登记法制科的事项",
        "2026年1月27日（周二）的提醒邮件里，还有2项没有登记",
        "牵头报送：材料已报",
        "还剩3个工作日",
    ] {
        assert!(page.words().contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains(" checked") && !page.body.contains("<script"), "nothing is preset");
    let [data, helping] = [1, 2].map(|n| (format!("item-{n}"), format!("evidence-{n}")));
    let (tick, name) = ("1", ("by", "李四"));
    for (values, why) in [
        (&[][..], "请填经办人姓名"),
        (&[name], "请勾选办了的事项"),
        (&[(&*data.0, tick)], "请填经办人姓名"),
        (&[name, (&*data.0, tick), ("all", "1")], "请只用一种"),
        (&[name, (&*data.0, tick), (&*helping.1, "粤江〔2026〕1号")], "没有勾选这一项"),
        (&[name, ("item-7", tick)], "打不开"),
        (&[name, ("all", "1"), ("form", "forged")], "页面打开太久"),
    ] {
        let refused = site.press(&page, &path, values);
        assert!(refused.status >= 400 && refused.body.contains(why), "{why}: {}", refused.body);
    }
    assert_eq!(site.recorded(), 0);
    // One item: what is left is still asked for.
    let (one, wrote) = ((&*data.0, tick), (&*data.1, "粤江〔2026〕2号"));
    let pressed = site.press(&page, &path, &[name, one, wrote]);
    let location = pressed.header("location").unwrap_or_default().to_owned();
    assert_eq!((pressed.status, &*location), (303, &*format!("{path}?saved=done")));
    let again = site.press(&page, &path, &[name, one, wrote]);
    assert!(again.status == 200 && !again.body.contains("请补正"), "sent twice: {}", again.body);
    let reported = &completions(&site, "each");
    assert_eq!((reported.len(), &*reported[0].section, &*reported[0].evidence), (1, "法制科", "粤江〔2026〕2号"));
    let after = site.get(&location);
    for said in ["登记好了", "还有1项没有登记", "已经登记的", "李四（法制科） 1月27日（周二）10:00登记"]
    {
        assert!(after.words().contains(said), "{said}: {}", after.body);
    }
    assert_eq!(forms(&after.body)[0].fields.keys().filter(|k| k.starts_with("evidence")).count(), 1);
    // A page of before, and another item: something was recorded since.
    let stale = site.press(&page, &path, &[name, (&*helping.0, tick)]);
    assert!(stale.status == 422 && stale.body.contains("刚有新的登记"), "{}", stale.body);
    // All that is left, by one tick; who helps hands in, and closes nothing.
    assert_eq!(site.press(&after, &path, &[name, ("all", "1")]).status, 303);
    assert_eq!((state(&site, "led"), state(&site, "each")), (State::Open, State::Open));
    assert!(site.get(&report_path(&site, "led", "法制科")).body.contains("材料已报"));
    let over = site.get(&path);
    assert!(forms(&over.body).is_empty() && over.body.contains("本科室已报"), "{}", over.body);
    assert_eq!(site.post(&path, "all=1&by=x").status, 200, "nothing is left to press");
    // What is taken back on its own page stands in the form again.
    let own = report_path(&site, "each", "法制科");
    assert!(over.body.contains("href=\"/r/"), "{}", over.body);
    assert_eq!(site.press(&site.get(&own), "/undo", &[name]).status, 303);
    assert_eq!(forms(&site.get(&path).body).len(), 1);
    assert!(!site.get(&letter_path(&site, "fzk@example.test", "办公室")).body.contains("登记"), "not its letter");
}

#[test]
fn a_letters_form_obeys_the_rules_of_a_report_link() {
    let site = site();
    let path = letter_path(&site, "bgs@example.test", "办公室");
    let page = site.get(&path);
    let header = |name| page.header(name).unwrap_or_default().to_owned();
    assert!(
        header("cache-control") == "no-store" && header("content-security-policy").starts_with("default-src 'none'")
    );
    let token = path.trim_start_matches("/l/");
    let form = forms(&page.body).remove(0);
    let mark = links(7).check_form(&form.fields["form"], token, "letter", site.moment(NOW).at).unwrap();
    let old = links(7).form(token, "letter", mark, site.moment("2026-01-26T21:59").at);
    let all = [("by", "张三"), ("all", "1")];
    assert_eq!(site.submit(&form, &[&all[..], &[("form", &old)]].concat()).status, 422, "twelve hours old");
    // Another way was quicker with one of them.
    let own = report_path(&site, "annual-report", "办公室");
    assert_eq!(site.press(&site.get(&own), &own, DONE).status, 303);
    assert_eq!((site.submit(&form, &all).status, site.recorded()), (422, 1), "all of it, or nothing");
    assert_eq!(site.press(&site.get(&path), &path, &all).status, 303);
    assert_eq!((state(&site, "led"), completions(&site, "each").len()), (State::Done, 1));
    // As every link of the section.
    let now = site.moment(NOW);
    site.write(move |db, office| db.write(|tx| office.revoke_links(tx, Some("办公室"), &now)).unwrap());
    assert_eq!((site.get(&path).status, site.post(&path, "all=1").status), (404, 404));
}

#[test]
fn under_a_path() {
    let bureau = bureau("https://bureau.example.test/duban");
    let site = Site::new(bureau.office, bureau.db, NOW);
    let path = report_path(&site, "annual-report", "办公室");
    for prefix in ["", "/duban"] {
        let page = site.get(&format!("{prefix}{path}"));
        assert_eq!(page.status, 200, "{prefix}");
        assert!(
            page.body.contains("href=\"/duban/style.css\"") && page.body.contains(&format!("action=\"/duban{path}\""))
        );
    }
    assert_eq!(site.get("/duban/style.css").status, 200);
    assert_eq!(site.get("/other/style.css").status, 404);
    let pressed = site.press(&site.get(&path), &path, DONE);
    assert_eq!(pressed.header("location"), Some(&*format!("/duban{path}?saved=done")));
}
