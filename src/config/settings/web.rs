//! `[web]`: where the pages listen, and the address that letters give.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{
    layers::{Given, Layers},
    server::is_host,
};

/// The pages. Without them letters carry no links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    pub listen: SocketAddr,
    /// The address at which people reach the pages, without a trailing slash; it may have a path.
    pub base_url: String,
    /// The proxies before the pages, whose `X-Forwarded-For` is believed.
    pub trusted_proxy: Vec<IpAddr>,
}

impl Web {
    /// Behind a proxy on this machine, or none.
    pub fn new(listen: SocketAddr, base_url: impl Into<String>) -> Self {
        let local = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        Self { listen, base_url: base_url.into(), trusted_proxy: local.to_vec() }
    }

    /// For looking at, without a word about it in the settings.
    pub fn on_this_machine() -> Self {
        let web = Self::new((Ipv4Addr::LOCALHOST, 8080).into(), "http://127.0.0.1:8080");
        // No proxy is before it, and whoever is on this machine could say that it is one.
        Self { trusted_proxy: Vec::new(), ..web }
    }

    /// Whether this address is a proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxy.contains(&address.to_canonical())
    }

    /// The path under which a proxy may forward requests: empty, or `/duban`.
    pub fn path(&self) -> &str {
        let host = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        host.find('/').map_or("", |slash| &host[slash..])
    }

    /// Scheme, host and port, as a browser names them in `Origin`.
    pub fn origin(&self) -> &str {
        &self.base_url[..self.base_url.len() - self.path().len()]
    }
}

pub const KEYS: &[&str] = &["listen", "base_url", "trusted_proxy"];

const LISTEN: &str = "listen = \"127.0.0.1:8080\"";
const BASE_URL: &str = "base_url = \"https://duban.example.test\"";

/// `None` if neither is given; one alone is an error.
pub fn read(layers: &Layers<'_>) -> Option<Web> {
    let listen = layers.text("web.listen").filter(|given| !given.value.is_empty());
    let base_url = layers.text("web.base_url").filter(|given| !given.value.is_empty());
    match (&listen, &base_url) {
        (Some(given), None) if absent(layers, "web.base_url") => {
            layers.error(&given.at, "写了 listen，还少 base_url：邮件里的链接要用", format!("加一行：{BASE_URL}"));
        }
        (None, Some(given)) if absent(layers, "web.listen") => {
            layers.error(&given.at, "写了 base_url，还少 listen：网页在哪里等待访问", format!("加一行：{LISTEN}"));
        }
        _ => {}
    }
    let listen = listen.and_then(|given| address(layers, &given));
    let base_url = base_url.and_then(|given| url(layers, &given));
    let trusted_proxy = trusted_proxy(layers);
    let web = Web::new(listen?, base_url?);
    Some(Web { trusted_proxy: trusted_proxy.unwrap_or(web.trusted_proxy), ..web })
}

/// Whether a setting is missing or empty; one that is misspelt or wrong has been reported.
fn absent(layers: &Layers<'_>, path: &str) -> bool {
    layers.is_missing(path) || layers.text(path).is_some_and(|given| given.value.is_empty())
}

/// `None` if it is not given. An empty list believes nobody.
fn trusted_proxy(layers: &Layers<'_>) -> Option<Vec<IpAddr>> {
    let mut read = Vec::new();
    for given in layers.texts("web.trusted_proxy")? {
        match given.value.trim().parse::<IpAddr>() {
            Ok(address) => read.push(address.to_canonical()),
            Err(_) => {
                let what = format!("“{}”不是 IP 地址：trusted_proxy 写反向代理连过来用的地址", given.value);
                layers.error(&given.at, what, "trusted_proxy = [\"127.0.0.1\"]");
            }
        }
    }
    Some(read)
}

fn address(layers: &Layers<'_>, given: &Given<String>) -> Option<SocketAddr> {
    let plain = given.value.replace("localhost", "127.0.0.1");
    let address = plain.parse::<SocketAddr>().ok().filter(|address| address.port() != 0);
    if address.is_none() {
        let what = format!("“{}”不是“IP 地址:端口”", given.value);
        layers.error(&given.at, what, LISTEN);
    }
    address
}

fn url(layers: &Layers<'_>, given: &Given<String>) -> Option<String> {
    let text = given.value.trim_end_matches('/');
    let fault = match text.split_once("://") {
        Some(("http" | "https", rest)) => fault(rest),
        _ => Some("base_url 要以 https:// 或 http:// 开头"),
    };
    match fault {
        None => Some(text.to_owned()),
        Some(what) => {
            layers.error(&given.at, what, BASE_URL);
            None
        }
    }
}

/// What is wrong with the part after the scheme.
fn fault(rest: &str) -> Option<&'static str> {
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host_is_sound = bracketed.map_or(is_host(host), |ip| ip.parse::<std::net::Ipv6Addr>().is_ok());
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
    let parts_are_sound = || path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
    match () {
        () if rest.contains(['?', '#']) => Some("base_url 里不能有 ? 和 #"),
        () if rest.contains('@') => Some("base_url 里不能写用户名和口令"),
        () if port.is_some_and(|p| p.parse::<u16>().is_err()) => Some("base_url 的端口不对"),
        () if !host_is_sound => Some("base_url 要写域名或 IP，只用英文字母、数字、点和连字符"),
        () if !path.chars().all(plain) || !parts_are_sound() => Some("base_url 的路径只用英文字母、数字和 - . _ ~"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_after_the_scheme() {
        for good in ["duban.example.test", "10.0.0.1:8080", "[::1]:80", "x.test/duban", "x.test/a/b-c"] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in
            ["", "x.test?a", "x.test/#b", "u:p@x.test", "x.test:http", "例子.test", "x.test/a//b", "x.test/..", "x y"]
        {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn parts_of_the_address() {
        let web = |base_url: &str| Web::new(([127, 0, 0, 1], 1).into(), base_url);
        assert_eq!((web("https://x.test").path(), web("https://x.test").origin()), ("", "https://x.test"));
        let long = web("http://x.test:81/duban");
        assert_eq!((long.path(), long.origin()), ("/duban", "http://x.test:81"));
    }
}
