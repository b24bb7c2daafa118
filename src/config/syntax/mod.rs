//! TOML, read so that every value has its place, and all that is wrong with it is said at once, in words.

mod hints;
pub mod meant;
pub mod parse;
pub mod schema;
mod spans;
pub mod table;

pub use parse::parse;
pub use schema::Schema;
