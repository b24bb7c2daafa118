//! From the deadlines file to what is owed: loads, openings, sweeps, and the same looked at ahead.

pub mod ahead;
pub mod diff;
pub mod entry;
pub mod ledger;
pub mod load;

pub mod open;
pub mod plan;
pub mod start;
pub mod sweep;
