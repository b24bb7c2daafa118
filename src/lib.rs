pub mod config;
pub mod domain;
pub mod letter;
pub mod mailer;
pub mod store;
pub mod clock;
