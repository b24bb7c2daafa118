//! Letters: worded from the present state, handed over, settled.

pub mod carrier;
pub mod deliver;
pub mod hold;
pub mod last;
pub mod notices;
pub mod preview;
mod settle;
pub mod standby;
pub mod write;
