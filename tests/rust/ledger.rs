//! `duban import` and `duban export` as they are typed, before there is a configuration.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const TABLE: &str = "序号,工作任务,责任科室,时限要求\r\n1,发布年报,办公室,每年1月31日前\r\n2,回应关切,办公室,适时\r\n";

fn duban(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
    command.current_dir(folder).args(["--config", "none.toml"]).args(args).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_table_is_shown_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("表.csv"), encoding_rs::GBK.encode(TABLE).0).unwrap();
    let (exit, toml, said) = said(&duban(folder.path(), &["import", "表.csv"]));
    assert_eq!(exit, Some(0), "{said}");
    assert!(toml.contains("due      = \"每年1月31日前\"") && toml.contains("写的是“适时”"), "{toml}");
    assert!(
        said.contains("共 3 行：1 项有日期，1 项没有日期（已写入，停用），0 项要问") && said.contains("GBK"),
        "{said}"
    );
    assert!(said.contains("配置没有读到"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("表.csv"), TABLE).unwrap();
    let (_, done, _) = said(&duban(folder.path(), &["import", "表.csv", "--write", "新.toml"]));
    assert!(done.contains("已写好 新.toml：2 个事项"), "{done}");
    let first = fs::read(folder.path().join("新.toml")).unwrap();
    fs::write(folder.path().join("表.csv"), TABLE.replace("年报", "别的")).unwrap();
    let (exit, _, why) = said(&duban(folder.path(), &["import", "表.csv", "--write", "新.toml"]));
    assert_eq!((exit, why.contains("不覆盖")), (Some(1), true), "{why}");
    assert_eq!(fs::read(folder.path().join("新.toml")).unwrap(), first);
}

/// Nothing is guessed: what is open is listed with the flag that answers it, and then it is written.
#[test]
fn what_is_open_is_listed_until_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let plan = include_str!("../data/documents/plan-2022.txt");
    fs::write(folder.path().join("方案.txt"), plan).unwrap();
    let (exit, out, why) = said(&duban(folder.path(), &["import", "方案.txt", "--write", "新.toml"]));
    assert_eq!((exit, out.as_str()), (Some(1), ""));
    assert!(
        why.contains("4 项有日期，27 项没有日期（已写入，停用），1 项要问") && why.contains("--choose '31="),
        "{why}"
    );
    assert!(!folder.path().join("新.toml").exists());
    let answers = ["import", "方案.txt", "--write", "新.toml", "--report", "对照.html", "--choose", "31=1月31日"];
    let (exit, out, why) = said(&duban(folder.path(), &answers));
    assert_eq!(exit, Some(0), "{out}{why}");
    assert!(out.contains("5 项有日期，27 项没有日期") && out.contains("0 行没有用到"), "{out}");
    let report = fs::read_to_string(folder.path().join("对照.html")).unwrap();
    assert_eq!(report.matches("<tr><td>").count(), plan.lines().filter(|line| line.contains('\t')).count());
    let (exit, _, why) = said(&duban(folder.path(), &["import", "方案.txt", "--choose", "31=4月1日左右"]));
    assert_eq!((exit, why.contains("不是日期")), (Some(1), true), "{why}");
}

#[test]
fn what_cannot_be_read_is_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    // A sector chain that leads out of the file's table: the reader underneath panics.
    let mut xls = vec![0u8; 2048];
    xls[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    (xls[26], xls[30], xls[32]) = (3, 9, 6);
    xls[76..512].fill(0xFF);
    xls[68..72].fill(0xFF);
    for (name, bytes) in [("坏.xls", &xls[..]), ("坏.xlsx", b"PK\x03\x04"), ("坏.csv", b"\xFF\xFF"), ("空.csv", b"")]
    {
        fs::write(folder.path().join(name), bytes).unwrap();
        let (exit, out, why) = said(&duban(folder.path(), &["import", name]));
        assert_eq!((exit, out.as_str()), (Some(1), ""), "{name}");
        assert!(why.contains(name) && why.ends_with("。\n") && !why.contains("panicked"), "{name}: {why}");
    }
    for (name, word) in [("没有.xlsx", "没有这个文件"), (".", "目录")] {
        let (exit, _, why) = said(&duban(folder.path(), &["import", name]));
        assert_eq!((exit, why.contains(word)), (Some(1), true), "{why}");
    }
}

#[test]
fn the_kind_of_file_is_its_ending() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["台账.xls", "台账", "台账.pdf"] {
        let (exit, _, why) = said(&duban(folder.path(), &["export", name]));
        assert_eq!((exit, why.contains(".xlsx 或 .csv")), (Some(2), true), "{why}");
    }
    let (exit, _, why) = said(&duban(folder.path(), &["export", "台账.xlsx", "--year", "26"]));
    assert_eq!((exit, why.contains("2000 到 2100")), (Some(2), true), "{why}");
}
