//! duban (督办): says what is due, on Chinese working days, until it is done.
//!
//! In reading order: [`text`] and [`disk`] are what every room needs of texts and files, [`domain`] decides, [`letter`]
//! puts into words, [`incoming`] reads what is answered, [`ledger`] puts into tables and back, [`config`], [`store`],
//! [`mailer`] and [`imap`] each know one thing outside (the last two over [`net`]), [`service`] is what can be done,
//! [`web`], [`daemon`] and [`cli`] do it. Only [`clock`] reads the time.
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
