pub mod clock;
pub mod domain;
pub mod letter;
pub mod mailer;
pub mod store;
