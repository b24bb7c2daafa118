//! The mailbox that replies come to: the only place that knows async-imap.
