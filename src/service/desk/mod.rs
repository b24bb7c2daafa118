//! What people do: report, ask, register a case, by hand, by a page or by mail.

pub mod address;
pub mod case;
pub mod incoming;
pub mod link;
pub mod link_key;
mod reply_token;
pub mod report;
pub mod request;
pub mod section_view;
