//! duban (督办): sends reminders of deadlines, on Chinese working days, until each is reported done.
//!
//! In reading order: [`text`] and [`disk`] hold what every module needs for strings and files. [`domain`] decides.
//! [`letter`] writes mail, [`incoming`] reads replies, [`ledger`] converts to and from tables. [`config`], [`store`],
//! [`mailer`] and [`imap`] each talk to one outside thing, the last two over [`net`]. [`service`] holds the use cases
//! that [`web`], [`daemon`] and [`cli`] call. Only [`clock`] reads the time.
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::todo,
    clippy::unimplemented,
    clippy::dbg_macro
)]

pub mod disk;
pub mod text;

pub mod domain;

pub mod incoming;
pub mod ledger;
pub mod letter;

pub mod clock;
pub mod config;
pub mod imap;
pub mod mailer;
pub mod net;
pub mod store;

pub mod service;

pub mod web;

pub mod cli;
pub mod daemon;
