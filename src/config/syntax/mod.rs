//! Reads TOML so that every value has its place and all errors are reported at once, in plain words.

mod hints;
pub mod meant;
pub mod parse;
pub mod schema;
mod spans;
pub mod table;

pub use parse::parse;
pub use schema::Schema;
