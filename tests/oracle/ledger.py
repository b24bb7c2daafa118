"""Checks an exported ledger with PyPI openpyxl: nothing in it is a formula, and it is laid out to be printed.

usage: python3 ledger.py FILE.xlsx [FILE.csv]   the CSV, if given, has to hold the same cells.
Prints how many rows are right; exits with 1 at the first that is not.
"""

import csv
import re
import sys

import openpyxl

COLUMNS = "序号 状态 工作任务 期次 具体要求 责任科室 责任人 完成时限 完成情况 佐证材料 备注 时限要求 编号".split()
FILLS = {"绿 已办结": "A9D08E", "绿 正常": "E2EFDA", "黄 临近": "FFEB9C", "红 逾期": "FFC7CE"}


def check_layout(sheet) -> None:
    last = f"{sheet.max_row}"
    assert sheet.freeze_panes == "D2", sheet.freeze_panes
    assert sheet.auto_filter.ref == f"A1:M{last}", sheet.auto_filter.ref
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$1:$1", sheet.print_title_rows
    assert sheet.print_area == f"'{sheet.title}'!$A$1:$K${last}", sheet.print_area
    assert re.search(r"\d{4}年度督办台账", sheet.oddHeader.center.text), sheet.oddHeader.center.text
    assert "&P" in sheet.oddFooter.center.text and "&N" in sheet.oddFooter.center.text
    assert not sheet.merged_cells.ranges and not sheet.data_validations.dataValidation


def check_row(row) -> None:
    for cell in row:
        assert cell.data_type != "f", f"{cell.coordinate} is a formula: {cell.value!r}"
        assert cell.alignment.wrap_text, cell.coordinate
        text = cell.value if isinstance(cell.value, str) else ""
        assert text.strip() == text and not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), repr(text)
        if text[:1] in ("=", "+", "-", "@"):
            assert cell.quotePrefix, f"{cell.coordinate} would turn into a formula when it is edited"
        if cell.hyperlink:
            assert cell.column_letter == "J" and re.match(r"https?://", cell.hyperlink.target), cell.hyperlink.target
    light = row[1]
    assert light.fill.fgColor.rgb == "FF" + FILLS[light.value], (light.coordinate, light.value, light.fill.fgColor.rgb)


def check(path: str) -> list[list[str]]:
    book = openpyxl.load_workbook(path)
    (sheet,) = book.worksheets
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == COLUMNS
    check_layout(sheet)
    for row in rows[1:]:
        check_row(row)
    keys = [(row[0].value is None, row[0].value or 0) for row in rows[1:]]
    assert keys == sorted(keys), "not sorted by item"
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in rows]


def plain(cell: str) -> str:
    return cell[1:] if re.match("'[=+\\-@＝＋－＠]", cell) else cell


if __name__ == "__main__":
    cells = check(sys.argv[1])
    for path in sys.argv[2:]:
        data = open(path, "rb").read()
        assert data.startswith(b"\xef\xbb\xbf") and data.endswith(b"\r\n"), "no BOM, or no CRLF"
        records = list(csv.reader(data.decode("utf-8-sig").splitlines(keepends=True)))
        assert not any(cell[:1] in tuple("=+-@") for record in records for cell in record), "a formula in the CSV"
        assert [[plain(cell) for cell in record] for record in records] == cells, "the CSV differs"
    print(len(cells) - 1)
