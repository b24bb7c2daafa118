//! What duban decides, as plain functions of what they are given: no input or output, no clock.

pub mod calendar;
pub mod deadline;
pub mod due;
pub mod occurrence;
pub mod reminder;
pub mod retry;

pub use jiff::civil::Date;
