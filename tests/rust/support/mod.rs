pub mod imap_server;
pub mod smtp_server;
pub mod smtp_tls;
