//! Administration: set up, examine, watch, back up, restore.

pub mod damage;
pub mod doctor;
pub mod health;
pub mod keep;
pub mod setup;
pub mod standby;
pub mod tidy;
pub mod troubles;
