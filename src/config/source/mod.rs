//! Source files: their text, the findings in it, and whether they have changed since.

pub mod encoding;
pub mod files;
pub mod finding;
pub mod names;
pub mod secret;
pub mod text;
mod unread;
pub mod watch;
