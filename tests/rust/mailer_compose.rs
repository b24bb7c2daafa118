//! Letters as bytes, read back by Python's email package, and as files.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

use duban::mailer::{ComposeError, Mailer, Outgoing, compose};

fn letter() -> Outgoing {
    Outgoing {
        from_name: "政务公开督办".to_owned(),
        from: "duban@ju.example.cn".to_owned(),
        to: "zjk@ju.example.cn".to_owned(),
        reply_to: vec!["bgs@ju.example.cn".to_owned(), "admin@ju.example.cn".to_owned()],
        subject: "[督办] 还剩3个工作日：2026年度政府信息公开工作年度报告（1月31日前）".to_owned(),
        text: "张科长：\n\n还剩 3 个工作日。\n.\n一个点开头的行在上面。\n".to_owned(),
        html: Some("<p>还剩 <b>3</b> 个工作日。</p>\n".to_owned()),
        ics: vec!["BEGIN:VCALENDAR\r\nVERSION:2.0\r\nSUMMARY:年度报告\r\nEND:VCALENDAR\r\n".to_owned()],
        message_id: "annual-report.2026.7wd@duban.ju.example.cn".to_owned(),
        date: "2027-01-27T08:30:00+08:00[Asia/Shanghai]".parse().unwrap(),
        answers: None,
    }
}

/// With no defect by `tests/oracle/eml.py`.
fn read_back(name: &str, letter: &Outgoing, subject: Option<&str>) -> Vec<u8> {
    let bytes = compose(letter).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("letter.eml");
    std::fs::write(&path, &bytes).unwrap();
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/eml.py");
    let mut python = Command::new("python3");
    python.arg(oracle);
    if let Some(subject) = subject {
        python.args(["--subject", subject]);
    }
    let output = python.arg(&path).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    bytes
}

#[test]
fn the_whole_letter() {
    let letter = letter();
    let bytes = read_back("the whole letter", &letter, Some(&letter.subject));
    insta::with_settings!({filters => vec![("duban-[0-9a-f]{24}", "duban-BOUNDARY")]}, {
        insta::assert_snapshot!(String::from_utf8(bytes).unwrap().replace("\r\n", "\n"));
    });
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    assert_eq!(compose(&letter()).unwrap(), compose(&letter()).unwrap());
}

#[test]
fn only_the_parts_that_are_there() {
    for (html, ics) in [(true, 1), (true, 0), (true, 5), (false, 1), (false, 0), (false, 5)] {
        let whole = letter();
        let letter = Outgoing {
            html: whole.html.clone().filter(|_| html),
            ics: vec![whole.ics[0].clone(); ics],
            reply_to: Vec::new(),
            from_name: String::new(),
            ..whole
        };
        read_back(&format!("html {html}, ics {ics}"), &letter, None);
    }
}

#[test]
fn subjects() {
    let chinese60 = "督办事项提醒请按时办结报送材料".repeat(4);
    assert_eq!(chinese60.chars().count(), 60);
    let sentence = "reminder of the annual report ".repeat(6).trim_end().to_owned();
    let cut = format!("{}…", "x".repeat(199));
    let cases = [
        (chinese60.clone(), chinese60),
        (sentence.clone(), sentence),
        ("x".repeat(200), "x".repeat(200)),
        ("x".repeat(2000), cut),
        ("督".repeat(2000), format!("{}…", "督".repeat(199))),
        ("表情😀与生僻字𠮷：\"引号\"<尖>".to_owned(), "表情😀与生僻字𠮷：\"引号\"<尖>".to_owned()),
    ];
    for (subject, expected) in cases {
        read_back(&subject, &Outgoing { subject: subject.clone(), ..letter() }, Some(&expected));
    }
}

#[test]
fn names_of_every_kind() {
    for name in [
        "",
        "Bureau, of \"Works\" <x>",
        "政务公开督办（办公室）",
        "办公室😀",
        "a@b.cn",
        "\\",
        "办公室".repeat(20).as_str(),
    ] {
        read_back(name, &Outgoing { from_name: name.to_owned(), ..letter() }, None);
    }
}

#[test]
fn bodies_of_every_kind() {
    let bodies = [
        "plain\n".to_owned(),
        ".\n..\n.x\nFrom here\n".to_owned(),
        "长行".repeat(3000),
        "x".repeat(5000),
        "mixed\r\nline\rends\n\n\n".to_owned(),
        "bell \u{7} and null \0 and form feed \u{c}\n".to_owned(),
    ];
    for text in bodies {
        let bytes = read_back(&text, &Outgoing { html: Some(text.clone()), text: text.clone(), ..letter() }, None);
        assert!(bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\t' | 32..=126)), "{text:?}");
    }
}

#[test]
fn refused() {
    fn check(name: &str, change: impl Fn(&mut Outgoing), expected: fn(&ComposeError) -> bool) {
        let mut letter = letter();
        change(&mut letter);
        let error = compose(&letter).expect_err(name);
        assert!(expected(&error), "{name}: {error:?}");
    }
    let control = |error: &ComposeError| matches!(error, ComposeError::Control(_));
    let address = |error: &ComposeError| matches!(error, ComposeError::Address(_));
    let message_id = |error: &ComposeError| matches!(error, ComposeError::MessageId);
    for bad in ["a\r\nBcc: x@y.cn", "a\nb", "a\0b", "a\u{7f}b", "a\u{85}b", "a\u{2028}b", "a\u{1b}[1m"] {
        check(bad, |letter| letter.subject = bad.to_owned(), control);
        check(bad, |letter| letter.from_name = bad.to_owned(), control);
        check(bad, |letter| letter.message_id = format!("{bad}@x.cn"), message_id);
        check(bad, |letter| letter.to = format!("{bad}@x.cn"), address);
    }
    for bad in
        ["", "x", "科室@ju.cn", "a@局.cn", "a b@ju.cn", "a@ju.cn, b@ju.cn", "<a@ju.cn>", "a@ju.cn>\r\nRCPT TO:<b@ju.cn"]
    {
        check(bad, |letter| letter.to = bad.to_owned(), address);
        check(bad, |letter| letter.from = bad.to_owned(), address);
        check(bad, |letter| letter.reply_to = vec![bad.to_owned()], address);
    }
    for bad in ["", "x", "@x", "x@", "a@b@c", "<a@b>", "a b@c"] {
        check(bad, |letter| letter.message_id = bad.to_owned(), message_id);
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_folder_holds_each_letter_once() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("new/outbox");
    let mailer = Mailer::folder(&dir);
    let mut session = mailer.session();
    let first = letter();
    let later = Outgoing {
        message_id: "other@duban.ju.example.cn".to_owned(),
        date: "2027-01-28T08:30:00+08:00[Asia/Shanghai]".parse().unwrap(),
        ..letter()
    };
    let again = Outgoing { text: "again\n".to_owned(), date: later.date.clone(), ..letter() };
    for letter in [&first, &later, &again] {
        let outcome = session.send(&letter.from, &letter.to, &compose(letter).unwrap(), "duban.k7.1").await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?}");
        assert!(outcome.reply().contains("已写入"));
    }
    session.finish().await;
    let names = names(&dir);
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("20270127-083000-zjk@ju.example.cn-") && names[0].ends_with(".eml"), "{names:?}");
    assert!(names[1].starts_with("20270128-083000-"), "{names:?}");
    assert_eq!(std::fs::read(dir.join(&names[0])).unwrap(), compose(&again).unwrap());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&dir.join(&names[0]))), (0o700, 0o600));
    assert_eq!(mailer.probe("duban@ju.example.cn").await.name(), "accepted");
}

#[tokio::test]
async fn a_mailbox_cannot_choose_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let message = compose(&letter()).unwrap();
    let outcome =
        Mailer::folder(dir.path()).session().send("a@b.cn", "../../etc/x\n/y@b.cn", &message, "duban.k7.1").await;
    assert_eq!(outcome.name(), "accepted");
    assert!(names(dir.path())[0].contains(".._.._etc_x__y@b.cn"), "{:?}", names(dir.path()));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let message = compose(&letter()).unwrap();
    for bad in [file.clone(), file.join("below"), "/proc/none".into(), "/dev/full/x".into()] {
        let mailer = Mailer::folder(&bad);
        let outcome = mailer.session().send("a@b.cn", "c@b.cn", &message, "duban.k7.1").await;
        assert_eq!(outcome.name(), "temporary", "{bad:?} {outcome:?}");
        assert!(outcome.reply().contains("无法写入邮件目录"), "{outcome:?}");
        assert_eq!(mailer.probe("duban@ju.example.cn").await.name(), "temporary");
    }
}
