//! 期限计算书 on the board.

use askama::Template;

use super::Frame;
use crate::letter::account::Sheet;

#[derive(Template)]
#[template(path = "board/explain.html")]
pub struct Page<'a> {
    pub frame: &'a Frame,
    pub sheet: &'a Sheet,
    /// The page of the occurrence.
    pub back: String,
}
