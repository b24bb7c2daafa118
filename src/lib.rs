pub mod domain;
pub mod letter;
pub mod mailer;
