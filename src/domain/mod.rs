//! What duban decides, as plain functions of what they are given: no input or output, no clock.

pub mod agenda;
pub mod calendar;
pub mod deadline;
pub mod due;
pub mod hours;
pub mod occurrence;
pub mod retry;

pub use jiff::civil::Date;
