use super::{super::replaces::previous, *};

const OLD: &str = "序号,工作任务,责任科室,完成时限\n1,移交上年度政务公开档案并登记造册,办公室,每年6月底前\n2,更新办事指南并向社会公布,法制科,每年7月底前\n3,每年组织一次政务公开业务培训,办公室,每年9月底前\n";

fn next(text: &str, old: &str) -> Outcome {
    let calendar = Calendar::default();
    let before = previous(old).unwrap();
    let around = Around { roster: None, calendar: &calendar, today: date(2026, 11, 27), before: &before };
    build(&document(text.as_bytes()).unwrap(), around, &Answers::default())
}

#[test]
fn what_goes_on_keeps_its_id_and_what_ends_gives_it_to_nobody() {
    let document = document(OLD.as_bytes()).unwrap();
    let old = built(&document, None, &Answers::default()).toml;
    let new = "序号,工作任务,责任科室,完成时限\n1,更新办事指南并向社会公布,法制科,每年7月底前\n2,移交上年度政务公开档案,并登记造册,办公室\n3,清理失效的规范性文件目录,安监科,每年5月底前\n";
    let new = new
        .replace("移交上年度政务公开档案,并登记造册,办公室", "移交上年度政务公开档案并且登记造册,办公室,每年6月底前");
    let outcome = next(&new, &old);
    let ids: Vec<&str> = outcome.toml.lines().filter_map(|line| line.strip_prefix("id       = ")).collect();
    assert_eq!(ids, ["\"item-2\"", "\"item-1\"", "\"item-3-2\""], "{}", outcome.toml);
    let said = outcome.account.notes.join("\n");
    for words in [
        "继续 2 项",
        "移动 2 项：item-2（原第2项，现第1项）、item-1（原第1项，现第2项）",
        "新增 1 项：item-3-2",
        "结束 1 项：item-3《",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn the_same_document_again_changes_no_id() {
    let text = PLAN;
    let document = document(text.as_bytes()).unwrap();
    let answers = Answers::default();
    let old = built(&document, Some(&bureau()), &answers);
    let before = previous(&old.toml).unwrap();
    let calendar = Calendar::default();
    let roster = bureau();
    let around = Around { roster: Some(&roster), calendar: &calendar, today: date(2026, 11, 27), before: &before };
    let again = build(&document, around, &answers);
    assert_eq!(again.toml, old.toml);
    assert!(again.account.notes.iter().any(|note| note.contains("继续 32 项")), "{:?}", again.account.notes);
}

#[test]
fn a_duty_put_into_other_words_goes_on_by_number_and_office_and_added_steps_are_told() {
    let old = "[[deadline]]\nid = \"files\"\nitem = 1\ntitle = \"x\"\ndue = \"每年6月底前\"\nsections = [\"办公室\"]\nsteps = [\"a\"]\nbasis = \"移交档案\"\n";
    let outcome = next("序号,工作任务,责任科室,完成时限\n1,全面清点并归还历年材料,办公室,每年6月底前\n", old);
    assert!(outcome.toml.contains("\"files\""), "{}", outcome.toml);
    let notes = &outcome.account.notes;
    assert!(notes.iter().any(|note| note.ends_with("：files")), "{notes:?}");
    assert!(
        notes.iter().any(|note| note.contains("请核对") && note.ends_with("：files《x》现为“全面清点并归还历年材料”")),
        "{notes:?}"
    );
    assert!(previous("x = 1").is_err() && previous("[").is_err());
}
