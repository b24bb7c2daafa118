//! The house kept in order: set up, looked over, copied, put back.

pub mod damage;
pub mod doctor;
pub mod health;
pub mod keep;
pub mod setup;
pub mod troubles;
