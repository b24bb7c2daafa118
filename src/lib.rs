pub mod clock;
pub mod domain;
pub mod letter;
pub mod store;
