//! A letter as blocks, and the blocks as plain text and as HTML. All letters are made of these blocks, so they look
//! alike.

use askama::Template;

use crate::text::is_hidden;

/// The contents of a letter, from top to bottom.
#[derive(Debug, Template)]
#[template(path = "page.html")]
pub struct Page {
    /// The document's title; mail programs show it when a letter is opened in a browser.
    pub title: String,
    pub greeting: String,
    pub blocks: Vec<Block>,
    pub footer: Vec<String>,
}

#[derive(Debug)]
pub enum Block {
    Para(String),
    /// What has to be seen before anything else.
    Note {
        tone: Tone,
        text: String,
    },
    /// Where something is done.
    Button {
        url: String,
        text: String,
    },
    Summary(Vec<Group>),
    Card(Box<Card>),
    Rows(Vec<Row>),
    /// Keeps its line breaks and columns.
    Pre(String),
}

/// The entries of a letter that stand alike, in the table at its top.
#[derive(Debug)]
pub struct Group {
    /// With how many there are: `已逾期（12项）`.
    pub heading: String,
    pub lines: Vec<Summary>,
}

/// One line of that table.
#[derive(Debug)]
pub struct Summary {
    pub number: String,
    pub tone: Tone,
    pub date: String,
    pub left: String,
    pub title: String,
}

/// One occurrence.
#[derive(Debug)]
pub struct Card {
    pub tone: Tone,
    /// Empty where it is the only one.
    pub number: String,
    pub title: String,
    /// In brackets after the title.
    pub aside: Option<String>,
    pub left: String,
    pub headline: String,
    pub dates: Vec<String>,
    pub rows: Vec<Row>,
}

#[derive(Debug)]
pub struct Row {
    pub label: &'static str,
    pub lines: Vec<Line>,
}

#[derive(Debug)]
pub enum Line {
    Text(String),
    /// A light with its word, and what stands beside it.
    Light {
        tone: Tone,
        emoji: &'static str,
        word: &'static str,
        parts: Vec<String>,
    },
    Link {
        label: &'static str,
        url: String,
        text: &'static str,
    },
}

/// The urgency, as colours: a strong one under white text, one for the edge of a card, and a pale one for its
/// background. Text on the strong colour is white even for amber: mail programs in dark mode turn dark text light, and
/// leave its background as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Red,
    Orange,
    Amber,
    Green,
    Blue,
}

impl Tone {
    pub fn strong(self) -> &'static str {
        match self {
            Self::Red => "#c62828",
            Self::Orange => "#cc4400",
            Self::Amber => "#946200",
            Self::Green => "#2e7d32",
            Self::Blue => "#1f5fa8",
        }
    }

    pub fn edge(self) -> &'static str {
        if self == Self::Amber { "#f0b400" } else { self.strong() }
    }

    pub fn pale(self) -> &'static str {
        match self {
            Self::Red => "#fdecea",
            Self::Orange => "#fff0e6",
            Self::Amber => "#fff8e1",
            Self::Green => "#eaf5ea",
            Self::Blue => "#eaf2fb",
        }
    }
}

impl Row {
    pub fn new(label: &'static str, line: impl Into<String>) -> Self {
        Self { label, lines: vec![Line::Text(line.into())] }
    }

    /// `None` without lines.
    pub fn of(label: &'static str, lines: Vec<String>) -> Option<Self> {
        (!lines.is_empty()).then(|| Self { label, lines: lines.into_iter().map(Line::Text).collect() })
    }
}

impl Page {
    #[expect(clippy::expect_used, reason = "the template has no filter that fails, and a String takes all")]
    pub fn html(&self) -> String {
        self.render().expect("writing into a String does not fail")
    }

    pub fn text(&self) -> String {
        let greeting = std::iter::once(format!("{}\n", self.greeting));
        let blocks = self.blocks.iter().map(Block::text);
        let footer = std::iter::once(format!("────────────\n{}\n", self.footer.join("\n")));
        let whole = greeting.chain(blocks).chain(footer).collect::<Vec<_>>().join("\n");
        whole.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

impl Block {
    fn text(&self) -> String {
        match self {
            Self::Para(text) | Self::Pre(text) => format!("{text}\n"),
            Self::Note { text, .. } => format!("※ {text}\n"),
            Self::Button { url, text } => format!("{text} {url}\n"),
            Self::Summary(groups) => groups.iter().map(Group::text).collect::<Vec<_>>().join("\n"),
            Self::Card(card) => card.text(),
            Self::Rows(rows) => rows.iter().map(Row::text).collect(),
        }
    }
}

impl Group {
    fn text(&self) -> String {
        std::iter::once(format!("{}：\n", self.heading)).chain(self.lines.iter().map(Summary::text)).collect()
    }
}

impl Summary {
    fn text(&self) -> String {
        format!("{} {}　{}　{}\n", self.number, self.left, self.date, self.title)
    }
}

impl Card {
    fn text(&self) -> String {
        let head = if self.number.is_empty() { "事项：".into() } else { format!("{} ", self.number) };
        let aside = self.aside.as_ref().map(|a| format!("（{a}）")).unwrap_or_default();
        let mut text = format!("{head}{}{aside}\n", self.title);
        let first = format!("{}，{}。", self.left, self.headline);
        let dates = self.dates.iter().map(|d| format!("{d}。"));
        let when = Row::of("期限", std::iter::once(first).chain(dates).collect());
        text.extend(when.iter().chain(&self.rows).map(Row::text));
        text
    }
}

impl Row {
    fn text(&self) -> String {
        let indent = "　".repeat(self.label.chars().count() + 1);
        let lines: Vec<String> = self.lines.iter().map(Line::text).collect();
        format!("{}：{}\n", self.label, lines.join(&format!("\n{indent}")))
    }
}

impl Line {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Light { emoji, word, parts, .. } => format!("{emoji} {word}　{}", parts.join("　")),
            Self::Link { label, url, text } => format!("{label} {url} {text}"),
        }
    }
}

pub(super) fn note(tone: Tone, text: &str) -> Block {
    Block::Note { tone, text: text.to_owned() }
}

/// Keeps line breaks, and removes hidden and other control characters.
pub(super) fn lines(text: &str) -> String {
    text.lines()
        .map(|l| l.chars().filter(|c| !c.is_control() && !is_hidden(*c)).collect::<String>())
        .collect::<Vec<_>>()
        .join("\n")
}
