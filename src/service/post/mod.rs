//! Letters: put into words as of now, handed over, and what became of them.

pub mod deliver;
pub mod notices;
pub mod preview;
pub mod write;
