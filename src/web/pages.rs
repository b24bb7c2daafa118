//! What the pages share: the frame, the refusal and the error pages.

use std::{any::Any, borrow::Cow};

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use tracing::error;

use super::{App, Client, form::Missing};
use crate::{letter::words, service};

/// The frame of a page.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The path prefix of every URL.
    pub root: String,
    /// The tag that subjects begin with, such as 政务公开提醒. Empty where the page must not tell whose it is.
    pub name: String,
    pub contact: String,
}

impl Frame {
    pub fn of(app: &App) -> Self {
        let office = app.office();
        let contact = words::plain(&office.settings.contact);
        Self { root: app.root(), name: office.tag().to_owned(), contact }
    }

    /// For a visitor without a valid link: tells nothing of the bureau.
    pub fn bare(root: String) -> Self {
        Self { root, ..Self::default() }
    }
}

/// A page with a title and a few sentences.
#[derive(Template)]
#[template(path = "words.html")]
struct Words {
    frame: Frame,
    title: &'static str,
    lines: &'static [&'static str],
}

pub fn html<T: Template>(status: StatusCode, page: &T) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(e) => {
            error!(error = %e, "a page cannot be written: {e}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The same response to every invalid link, whether forged, altered, expired, of another kind, or about something that
/// does not exist.
pub fn refusal(app: &App, client: Client) -> Response {
    if !app.limits.may_be_refused(client) {
        return too_many();
    }
    const LINES: &[&str] = &[
        "链接可能不完整、已过期或已停用。",
        "请回到最近一封提醒邮件里重新点开；还是打不开的，请联系邮件末尾的联系人。",
    ];
    let page = Words { frame: Frame::bare(app.root()), title: "这个链接不能用", lines: LINES };
    html(StatusCode::NOT_FOUND, &page)
}

pub fn too_many() -> Response {
    let lines = &["请过几分钟再试。没有提交成功的内容不会登记。"];
    let page = Words { frame: Frame::default(), title: "操作太频繁", lines };
    let mut response = html(StatusCode::TOO_MANY_REQUESTS, &page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("120"));
    response
}

pub fn too_large() -> Response {
    let lines = &["没有登记任何内容。请缩短后再提交。"];
    html(StatusCode::PAYLOAD_TOO_LARGE, &Words { frame: Frame::default(), title: "内容太长", lines })
}

pub fn foreign() -> Response {
    let lines = &["没有登记任何内容。请从提醒邮件里点开链接，在打开的页面上填写。"];
    html(StatusCode::FORBIDDEN, &Words { frame: Frame::default(), title: "不是从本页面提交的", lines })
}

pub async fn method_not_allowed() -> Response {
    let lines = &["请从提醒邮件里点开链接。"];
    html(StatusCode::METHOD_NOT_ALLOWED, &Words { frame: Frame::default(), title: "不能这样打开", lines })
}

/// The response to an internal error: it is logged, and nothing was recorded.
pub fn failed(e: &service::Error) -> Response {
    error!(error = %e, "a page could not be answered: {e}");
    sorry(StatusCode::SERVICE_UNAVAILABLE)
}

pub fn after_panic(_: Box<dyn Any + Send>) -> Response {
    error!("a page panicked");
    sorry(StatusCode::INTERNAL_SERVER_ERROR)
}

fn sorry(status: StatusCode) -> Response {
    let lines = &["这次没有登记成功，请过几分钟再试；仍不行的，请联系提醒邮件末尾的联系人。"];
    html(status, &Words { frame: Frame::default(), title: "暂时不能办理", lines })
}

/// Redirects after a POST to the page, which shows what was recorded. Reloading it sends nothing again.
pub fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// The form is too old, or something was recorded since it was shown.
pub const STALE: Missing = Missing {
    field: Cow::Borrowed(WHOLE),
    what: Cow::Borrowed("页面打开太久，或刚有新的登记。请看过下面的情况后再提交一次"),
};

/// Where a fault is shown that is no single field's.
pub const WHOLE: &str = "main";

pub async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, concat!(include_str!("templates/style.css"), include_str!("templates/board/board.css"))).into_response()
}
