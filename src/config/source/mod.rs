//! Files as they are read: their text, what is wrong in it and where, and whether they have changed since.

pub mod encoding;
pub mod files;
pub mod finding;
pub mod secret;
pub mod text;
pub mod watch;
