//! The board and the confirm pages: thin over the services.

pub mod board;
