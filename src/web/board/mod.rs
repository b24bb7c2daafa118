//! The board: where everything stands, for the admin and for each section.
//!
//! Pages are plain functions from what the database says to text; [`routes`] only fetches and sends.

mod act;
mod cache;
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

/// Every page of the board, what can be done there, and what watches the service.
pub fn routes() -> Router<App> {
    show::routes().merge(act::routes())
}
