//! The board: the state of every occurrence, for the admin and for each section.
//!
//! Pages are functions from the database's contents to text; [`routes`] only reads and responds.

mod act;
mod cache;
pub mod explain;
pub mod feed;
pub mod frame;
pub mod home;
pub mod line;
pub mod metrics;
pub mod occurrence;
pub mod outbox;
pub mod record;
mod show;
mod visit;
pub mod year;

use axum::Router;

pub use self::{
    cache::Cache,
    frame::{Frame, Viewer},
};
use super::App;

/// The routes of the board's pages and actions, and of monitoring.
pub fn routes() -> Router<App> {
    show::routes().merge(act::routes())
}
