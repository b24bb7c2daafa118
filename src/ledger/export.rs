//! The ledger as a file: `.xlsx` for people, `.csv` for other programs.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Url, Workbook, Worksheet,
};

use super::{
    Ledger, Result,
    csv::line,
    excel,
    row::{COLUMNS, EVIDENCE, LAST_PRINTED, LIGHT, NUMBER, Row, TASK},
};
use crate::domain::occurrence::{Light, State};

const FONT: &str = "宋体";

/// The height of a line in the body's font size, and of the tallest row that Excel allows.
const LINE_POINTS: f64 = 15.0;
const MAX_POINTS: f64 = 409.0;

/// # Errors
/// The writer's error, such as more rows than a sheet holds.
pub fn xlsx(ledger: &Ledger) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(ledger)?);
    let sheet = workbook.add_worksheet();
    sheet.set_name(format!("{}年台账", ledger.year))?;
    let body = Format::new()
        .set_font_name(FONT)
        .set_font_size(10)
        .set_text_wrap()
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin)
        .set_border_color(Color::RGB(0x00A6_A6A6));
    let centred = body.clone().set_align(FormatAlign::Center);
    let heading = centred.clone().set_bold().set_background_color(Color::RGB(0x00DD_E6F0));

    for (at, column) in (0..).zip(COLUMNS) {
        sheet.set_column_width(at, column.width)?;
        sheet.write_string_with_format(0, at, column.name, &heading)?;
    }
    sheet.set_row_height(0, 26)?;
    for (at, row) in (1..).zip(&ledger.rows) {
        write_row(sheet, at, row, &body, &centred)?;
        sheet.set_row_height(at, (row.lines() as f64).mul_add(LINE_POINTS, 4.0).min(MAX_POINTS))?;
    }
    let last = u32::try_from(ledger.rows.len()).unwrap_or(u32::MAX);
    lay_out(sheet, ledger, last)?;
    Ok(workbook.save_to_buffer()?)
}

/// Comma-separated, with the byte order mark by which Excel recognises UTF-8, and Excel's line ends.
pub fn csv(ledger: &Ledger) -> String {
    let mut file = String::from("\u{FEFF}");
    file.push_str(&line(COLUMNS.iter().map(|c| c.name)));
    for row in &ledger.rows {
        file.push_str(&line(row.cells.iter().map(String::as_str)));
    }
    file
}

fn write_row(sheet: &mut Worksheet, at: u32, row: &Row, body: &Format, centred: &Format) -> Result<()> {
    for (index, cell) in row.cells.iter().enumerate() {
        let format = if COLUMNS[index].centred { centred } else { body };
        let column = u16::try_from(index).unwrap_or(u16::MAX);
        match (index, cell.parse::<u32>()) {
            (NUMBER, Ok(number)) => {
                sheet.write_number_with_format(at, column, number, format)?;
            }
            (LIGHT, _) => {
                sheet.write_string_with_format(at, column, cell, &light(row, format))?;
            }
            (EVIDENCE, _) if excel::is_link(cell) => {
                let blue = format
                    .clone()
                    .set_font_color(Color::RGB(0x0005_63C1))
                    .set_underline(rust_xlsxwriter::FormatUnderline::Single);
                sheet.write_url_with_format(at, column, Url::new(cell).set_text(cell), &blue)?;
            }
            // The prefix keeps it text even after somebody opens the cell and leaves it again.
            _ if excel::is_formula_like(cell) => {
                sheet.write_string_with_format(at, column, cell, &format.clone().set_quote_prefix())?;
            }
            _ => {
                sheet.write_string_with_format(at, column, cell, format)?;
            }
        }
    }
    Ok(())
}

/// The colour only repeats the word in the cell.
fn light(row: &Row, format: &Format) -> Format {
    let (fill, ink) = match (row.state, row.light) {
        (State::Done, _) => (0x00A9_D08E, 0x0000_0000),
        (_, Light::Green) => (0x00E2_EFDA, 0x0037_5623),
        (_, Light::Yellow) => (0x00FF_EB9C, 0x007F_4F00),
        (_, Light::Red) => (0x00FF_C7CE, 0x009C_0006),
        (_, Light::Grey) => (0x00D9_D9D9, 0x0040_4040),
    };
    format.clone().set_background_color(Color::RGB(fill)).set_font_color(Color::RGB(ink)).set_bold()
}

fn lay_out(sheet: &mut Worksheet, ledger: &Ledger, last: u32) -> Result<()> {
    let column = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
    sheet.set_freeze_panes(1, column(TASK + 1))?;
    sheet.autofilter(0, 0, last, column(COLUMNS.len() - 1))?;
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0).set_print_center_horizontally(true);
    sheet.set_margins(0.4, 0.4, 0.8, 0.6, 0.35, 0.3);
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_print_area(0, 0, last, column(LAST_PRINTED))?;
    // The font stands between size and text, or `&142026年` would be size 142.
    let title = ledger.title().replace('&', "&&");
    sheet.set_header(format!("&C&14&\"{FONT},Bold\"{title}"));
    let made = ledger.made_at.strftime("%Y-%m-%d %H:%M");
    sheet.set_footer(format!("&L&9导出：{made}&C&9第 &P 页，共 &N 页"));
    Ok(())
}

/// Its time is the time of the export, not of the library's own clock.
fn properties(ledger: &Ledger) -> Result<DocProperties> {
    let made = ledger.made_at;
    let part = |n: i8| u8::try_from(n).unwrap_or(1);
    let day = ExcelDateTime::from_ymd(made.year().unsigned_abs(), part(made.month()), part(made.day()))?;
    let at = day.and_hms(u16::from(part(made.hour())), part(made.minute()), f64::from(made.second()))?;
    Ok(DocProperties::new().set_title(ledger.title()).set_author("督办").set_creation_datetime(&at))
}
