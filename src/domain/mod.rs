//! What duban decides, as pure functions: no input or output, no clock.

pub mod account;
pub mod agenda;
pub mod calendar;
pub mod case;
pub mod deadline;
pub mod due;
pub mod festivals;
pub mod hours;
pub mod identity;
pub mod limits;
pub mod notice;
pub mod occurrence;
pub mod refusal;
pub mod retry;
pub mod saying;

pub use jiff::civil::Date;
