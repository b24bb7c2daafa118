//! The board: where everything stands, for the admin and for each section.
//!
//! Pages are plain functions from what the database says to text; [`routes`] only fetches and sends.

pub mod feed;
pub mod frame;
pub mod home;
pub mod line;
pub mod metrics;
pub mod occurrence;
pub mod outbox;
pub mod picture;
pub mod record;
pub mod year;

pub use self::frame::{Frame, Viewer};
