//! From a document to a plan: every row accounted for, no date that the paper does not give, and what a person must
//! decide asked once.
//!
//! `rows` goes through the document (with `heading`, `content`, `number`; `running` for text without tables) and makes
//! duties; `offices`, `when` and `naming` read their cells; `build` makes the file (its `head` too), the questions
//! (`answers`) and the account (`account`); `replaces` says what goes on from the plan before.

mod account;
mod answers;
mod build;
mod content;
mod head;
mod heading;
mod naming;
mod number;
mod offices;
mod replaces;
mod rows;
mod running;
#[cfg(test)]
mod tests;
mod when;

pub use account::{Account, Entry, Line};
pub use answers::{Answers, Key, NOBODY, OFF, Question, REST, in_quotes, offices as office_names, quoted, words, year};
pub use build::{Around, Outcome, build};
pub use head::ANSWERED;
pub use replaces::{Previous, previous};
