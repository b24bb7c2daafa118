//! A text in two forms with the same number of characters: one to search, one to show.

use unicode_normalization::UnicodeNormalization;

use crate::text::is_hidden;

/// Characters as written (`shown`), and the same in one width (`plain`).
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    plain: Vec<char>,
    shown: Vec<char>,
}

/// A piece of a [`Text`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub plain: &'a [char],
    pub shown: &'a [char],
}

impl Text {
    pub fn new(written: &str) -> Self {
        let shown: Vec<char> = written.chars().filter(|c| !is_unsaid(*c)).collect();
        Self { plain: shown.iter().map(|c| plain(*c)).collect(), shown }
    }

    pub fn piece(&self) -> Piece<'_> {
        Piece { plain: &self.plain, shown: &self.shown }
    }

    /// Adds a piece, after a space.
    pub fn push(&mut self, piece: Piece) {
        for (mine, more) in [(&mut self.plain, piece.plain), (&mut self.shown, piece.shown)] {
            if !mine.is_empty() {
                mine.push(' ');
            }
            mine.extend(more);
        }
    }

    pub fn shown(&self) -> String {
        self.shown.iter().collect()
    }

    /// In one width, without links and titles in 《》: a title reports nothing.
    pub fn spoken(&self) -> String {
        let mut spoken = String::new();
        let mut at = 0;
        while let Some(c) = self.plain.get(at) {
            let rest = &self.plain[at..];
            let skipped = if begins_link(rest) {
                rest.iter().take_while(|c| c.is_ascii_graphic()).count()
            } else if *c == '《' {
                rest.iter().take(100).position(|c| *c == '》').map_or(0, |end| end + 1)
            } else {
                0
            };
            if skipped == 0 {
                spoken.push(*c);
            }
            at += skipped.max(1);
        }
        spoken
    }
}

fn simplified(c: char) -> Option<char> {
    let mut letters = TRADITIONAL.chars();
    while let (Some(traditional), Some(simple)) = (letters.next(), letters.next()) {
        if traditional == c {
            return Some(simple);
        }
    }
    None
}

fn begins_link(rest: &[char]) -> bool {
    ["http://", "https://", "www."].iter().any(|start| starts_with(rest, start))
}

pub(super) fn starts_with(chars: &[char], word: &str) -> bool {
    let mut at = chars.iter();
    word.chars().all(|c| at.next() == Some(&c))
}

impl<'a> Piece<'a> {
    pub fn from(self, at: usize) -> Self {
        Self { plain: self.plain.get(at..).unwrap_or_default(), shown: self.shown.get(at..).unwrap_or_default() }
    }

    pub fn to(self, end: usize) -> Self {
        let end = end.min(self.plain.len());
        Self { plain: &self.plain[..end], shown: &self.shown[..end] }
    }

    /// Without leading pauses.
    pub fn trim_start(self) -> Self {
        self.from(self.plain.iter().take_while(|c| is_pause(**c)).count())
    }

    pub fn to_owned(self) -> Text {
        Text { plain: self.plain.to_vec(), shown: self.shown.to_vec() }
    }

    pub fn starts_with(self, word: &str) -> bool {
        starts_with(self.plain, word)
    }
}

/// Spaces and punctuation that only separate.
pub(super) fn is_pause(c: char) -> bool {
    matches!(c, ' ' | ',' | ':' | '、' | '.' | '~' | '!' | '。' | ';' | '\n')
}

/// Letters and digits only, to compare a subject with a title.
pub(super) fn letters(chars: impl IntoIterator<Item = char>) -> String {
    chars.into_iter().map(plain).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The traditional letters of the words that are known here, each before its simplified one.
const TRADITIONAL: &str = "並并佈布來来個个們们備备傳传僅仅億亿償偿內内兩两冊册別别刪删則则劃划動动務务勞劳匯汇區区協协問问啓启啟启單单嗎吗圖图報报壓压夾夹實实審审寫写寬宽將将專专對对導导屆届師师幫帮幾几庫库廢废\
    廳厅張张強强後后復复徵征態态應应戶户掛挂擇择擔担擬拟擱搁敗败數数於于時时暫暂書书會会條条業业構构標标樣样機机檢检欄栏歸归氣气決决沒没況况準准滿满為为無无煩烦營营爭争爲为獨独現现產产畢毕\
    畫画異异當当發发盡尽確确禮礼稅税種种節节簡简簽签籤签紀纪紙纸級级結结給给統统經经綢绸維维網网緊紧線线編编緩缓縣县總总繆缪繼继續续聞闻聯联職职臺台與与萬万蓋盖處处號号裏里補补裡里覈核見见\
    視视覺觉計计託托記记設设許许訴诉話话該该認认誤误說说説说誰谁調调請请論论謝谢議议護护變变讓让負负責责貸贷資资質质賬账趕赶蹤踪車车載载轉转辦办這这週周進进運运過过達达適适遲迟遺遗還还郵邮\
    銷销錄录錯错鏈链長长開开間间閱阅閲阅關关陸陆階阶隨随雙双難难電电頁页項项順顺預预領领頭头題题額额餘余饋馈馬马駁驳體体麼么點点黨党齊齐";

/// One width for letters, digits and punctuation, and one script. ① is kept: NFKC would turn it into 1.
fn plain(c: char) -> char {
    if c == '\n' || ('①'..='⓿').contains(&c) || ('㉑'..='㊿').contains(&c) {
        return c;
    }
    if c.is_whitespace() || c.is_control() {
        return ' ';
    }
    if let Some(simple) = Some(c).filter(|c| *c > '\u{4e00}').and_then(simplified) {
        return simple;
    }
    let mut folded = std::iter::once(c).nfkc();
    match (folded.next(), folded.next()) {
        (Some('–' | '—' | '―' | '−' | '‐' | '‑' | '〜' | '～'), None) if c != '—' => '-',
        (Some(one), None) => one,
        _ => c,
    }
}

/// Hidden characters, and variation selectors, which only choose a glyph.
fn is_unsaid(c: char) -> bool {
    is_hidden(c) || matches!(c, '\r' | '\u{fe0e}' | '\u{fe0f}')
}
