pub mod domain;
pub mod letter;
