//! Letters: worded from the present state, handed over, settled.

pub mod deliver;
pub mod last;
pub mod notices;
pub mod preview;
pub mod write;
