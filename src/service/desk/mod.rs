//! What people do, by command, page or mail: report, make requests, register cases.

pub mod address;
pub mod case;
pub mod incoming;
pub mod limits;
pub mod link;
pub mod link_key;
pub mod links_out;
pub mod note;
mod reply_token;
pub mod report;
pub mod request;
pub mod section_view;
