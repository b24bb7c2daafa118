//! From the deadlines file to queued letters: load, open, sweep; and the same computed ahead without writing.

pub mod ahead;
pub mod diff;
pub mod entry;
pub mod explain;
pub mod ledger;
pub mod load;

pub mod open;
pub mod plan;
pub mod renamed;
pub mod start;
pub mod sweep;
pub mod waiting;
