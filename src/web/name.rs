//! The name that a person gave on this device, so that it need not be typed again. It proves nothing, and opens nothing.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::App;
use crate::{letter::words, service::desk::limits};

const COOKIE: &str = "duban-name";
/// Seconds: a year.
const LIFE: u32 = 365 * 24 * 60 * 60;

/// Adds the name to what the browser keeps for these pages.
pub fn remember(mut response: Response, app: &App, by: &str) -> Response {
    // A cookie is ASCII (RFC 6265, section 4.1.1).
    let value = BASE64_URL_SAFE_NO_PAD.encode(by);
    let secure = if app.is_https() { "; Secure" } else { "" };
    let path = format!("{}/", app.root());
    let cookie = format!("{COOKIE}={value}; Path={path}; Max-Age={LIFE}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The name that was given before; empty if there is none.
pub fn remembered(headers: &HeaderMap) -> String {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|all| all.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let bytes =
        pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| BASE64_URL_SAFE_NO_PAD.decode(value).ok());
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    words::plain(&name).chars().take(limits::NAME).collect()
}
