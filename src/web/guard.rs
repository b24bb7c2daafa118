//! Protects every page: client addresses, rate limits, checks of a POST's origin, security headers.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Form, FromRequest, FromRequestParts, Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::{App, pages};
use crate::{clock::since_boot, config::Web, service::desk::link::Scope};

pub const BODY_BYTES: usize = 64 << 10;
pub const REQUEST_TIME: Duration = Duration::from_secs(10);

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The address that rate limits count by; never logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(pub IpAddr);

/// Rate limits: on the POSTs by each valid link, wherever they come from; and for each client on its other POSTs, and on
/// its requests for invalid links. So rubbish from an address does not lock out who reports from the same.
pub struct Limits {
    posts_by_link: Buckets<String>,
    posts: Buckets<IpAddr>,
    refused: Buckets<IpAddr>,
}

/// A token bucket for each client or link, full at first.
struct Buckets<K> {
    size: f64,
    refill_seconds: f64,
    of: Mutex<HashMap<K, (f64, SignedDuration)>>,
}

/// Most clients remembered; those with a full bucket are forgotten first.
const CLIENTS: usize = 4096;

impl Default for Limits {
    fn default() -> Self {
        Self {
            posts_by_link: Buckets::new(30.0, 2.0),
            posts: Buckets::new(30.0, 2.0),
            refused: Buckets::new(20.0, 30.0),
        }
    }
}

impl Limits {
    /// `link`: the token of the link that is posted to, if it is valid.
    pub fn may_post(&self, link: Option<&str>, client: Client) -> bool {
        match link {
            Some(link) => self.posts_by_link.take(link.to_owned(), since_boot()),
            None => self.posts.take(client.0, since_boot()),
        }
    }

    pub fn may_be_refused(&self, client: Client) -> bool {
        self.refused.take(client.0, since_boot())
    }
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(size: f64, refill_seconds: f64) -> Self {
        Self { size, refill_seconds, of: Mutex::default() }
    }

    fn take(&self, client: K, now: SignedDuration) -> bool {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let level = |(left, at): (f64, SignedDuration)| {
            (left + (now - at).as_secs_f64() / self.refill_seconds).clamp(0.0, self.size)
        };
        if of.len() >= CLIENTS && !of.contains_key(&client) {
            of.retain(|_, bucket| level(*bucket) < self.size);
            if of.len() >= CLIENTS {
                of.clear();
            }
        }
        let left = of.get(&client).copied().map_or(self.size, level);
        let may = left >= 1.0;
        of.insert(client, (if may { left - 1.0 } else { left }, now));
        may
    }
}

impl Client {
    /// Behind a trusted proxy, the last address in `X-Forwarded-For` that is none of a trusted proxy: anybody can forge
    /// the ones before it.
    fn of(peer: IpAddr, headers: &HeaderMap, web: Option<&Web>) -> Self {
        let trusts = |address: &IpAddr| web.is_some_and(|web| web.trusts(*address));
        if !trusts(&peer) {
            return Self::at(peer);
        }
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or("unreadable").rsplit(','));
        // What is no address was written by who knows whom, and so was what stands before it.
        let mut hops = hops.map_while(|hop| hop.trim().parse::<IpAddr>().ok());
        Self::at(hops.find(|hop| !trusts(hop)).unwrap_or(peer))
    }

    /// One household has a whole /64 of IPv6, so that counts as one client.
    fn at(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
            v4 => v4,
        })
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let unknown = Peer(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let peer = parts.extensions.get::<Peer>().copied().unwrap_or(unknown);
        Ok(Self::of(peer.0, &parts.headers, app.office().settings.web.as_ref()))
    }
}

/// How many connections each peer has open.
#[derive(Clone, Default)]
pub struct Peers(Arc<Mutex<HashMap<Client, usize>>>);

/// One of a peer's connections; it counts until it is dropped.
pub struct Place(Peers, Client);

impl Peers {
    /// `None` if the peer has as many as it may.
    pub fn place(&self, peer: IpAddr, most: usize) -> Option<Place> {
        let client = Client::at(peer);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place(self.clone(), client))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.1);
            }
        }
    }
}

/// A form as it was sent. An unreadable one counts as empty; one that is too large is refused.
pub struct Filled<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Filled<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        match Form::<T>::from_request(request, state).await {
            Ok(Form(form)) => Ok(Self(form)),
            Err(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(pages::too_large()),
            Err(_) => Ok(Self(T::default())),
        }
    }
}

/// The parameters in a path; empty if they are not valid text, so that they match nothing.
pub struct Named<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default + Send> FromRequestParts<S> for Named<T> {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Path::<T>::from_request_parts(parts, state).await.map(|Path(named)| named).unwrap_or_default()))
    }
}

/// Refuses POSTs from other sites, and too many POSTs.
pub async fn posts(State(app): State<App>, client: Client, request: Request, next: Next) -> Response {
    let mut used = None;
    if request.method() == Method::POST {
        let origin = app.office().settings.web.as_ref().map(|web| web.origin().to_owned()).unwrap_or_default();
        if is_foreign(request.headers(), &origin) {
            return pages::foreign();
        }
        let link = valid_link(&app, request.uri().path()).await;
        if !app.limits.may_post(link.as_ref().map(|(token, _)| *token), client) {
            return pages::too_many();
        }
        used = link.map(|(_, scope)| scope);
    }
    let response = next.run(request).await;
    // What was recorded is answered with the way back to the page.
    if let Some(scope) = used.filter(|_| response.status() == StatusCode::SEE_OTHER) {
        let (office, now) = (app.office(), app.now());
        let noted = app.store.call(move |db| db.write(|tx| office.note_used(tx, &scope, &now))).await;
        if let Err(e) = noted {
            warn!(error = %e, "the use of a link is not noted: {e}");
        }
    }
    response
}

/// The token in this path and what it allows, if it is valid.
async fn valid_link<'a>(app: &App, path: &'a str) -> Option<(&'a str, Scope)> {
    let path = path.strip_prefix(app.root().as_str()).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let token = path.split('/').nth(2)?;
    // If the database cannot be read, the page says so.
    Some((token, app.scope(token).await.ok().flatten()?))
}

/// Whether the browser says that another site's page sent this.
///
/// Because of our `no-referrer`, browsers send `Origin: null` with our own forms, so that is accepted. Newer browsers
/// send `Sec-Fetch-Site`; for the others the form's token protects.
fn is_foreign(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => false,
        Some(_) => true,
        None => match headers.get(header::ORIGIN).map(HeaderValue::as_bytes) {
            None | Some(b"null") => false,
            Some(given) => {
                let host = headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
                let own = given.strip_prefix(b"http://").or(given.strip_prefix(b"https://"));
                !given.eq_ignore_ascii_case(origin.as_bytes()) && (host.is_empty() || own != Some(host))
            }
        },
    }
}

/// Answers an unknown URL like an invalid link.
pub async fn unknown(State(app): State<App>, client: Client) -> Response {
    pages::refusal(&app, client)
}

tokio::task_local! {
    static REQUEST: ();
}

/// Whether the current task is answering a request: a panic there costs one page, not the service.
pub fn is_request() -> bool {
    REQUEST.try_with(|()| ()).is_ok()
}

pub async fn marked(request: Request, next: Next) -> Response {
    REQUEST.scope((), next.run(request)).await
}

const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                   frame-ancestors 'none'; base-uri 'none'";

pub async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let local = Web::new(([127, 0, 0, 1], 1).into(), "https://x.test");
        let of = |peer: &str, given| Client::of(peer.parse().unwrap(), &headers(given), Some(&local)).0.to_string();
        let forged = [("x-forwarded-for", "10.0.0.9, 192.0.2.7")];
        assert_eq!(of("127.0.0.1", &forged), "192.0.2.7", "the last hop");
        assert_eq!(of("::1", &forged), "192.0.2.7");
        assert_eq!(of("198.51.100.3", &forged), "198.51.100.3");
        assert_eq!(of("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(of("127.0.0.1", &[("x-forwarded-for", "unknown")]), "127.0.0.1");
        assert_eq!(of("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(of("127.0.0.2", &forged), "127.0.0.2", "of this machine, and no proxy");
        let two = Web { trusted_proxy: vec!["10.0.0.2".parse().unwrap()], ..local.clone() };
        let of = |peer: &str, given| Client::of(peer.parse().unwrap(), &headers(given), Some(&two)).0.to_string();
        assert_eq!(of("::ffff:10.0.0.2", &forged), "192.0.2.7");
        assert_eq!(of("127.0.0.1", &forged), "127.0.0.1");
        let chain = [("x-forwarded-for", "192.0.2.7, 198.51.100.9"), ("x-forwarded-for", "10.0.0.2")];
        assert_eq!(of("10.0.0.2", &chain), "198.51.100.9", "a proxy before the proxy");
        assert_eq!(of("10.0.0.2", &[("x-forwarded-for", "192.0.2.7, x, 10.0.0.2")]), "10.0.0.2");
    }

    #[test]
    fn buckets_empty_and_fill() {
        let buckets = Buckets::new(3.0, 10.0);
        let (a, b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let at = SignedDuration::from_secs;
        let taken = (0..5).filter(|_| buckets.take(a, at(100))).count();
        assert_eq!((taken, buckets.take(b, at(100))), (3, true));
        assert!(!buckets.take(a, at(109)) && buckets.take(a, at(110)) && !buckets.take(a, at(111)));
        for n in 0..20_000u32 {
            buckets.take(IpAddr::V4(n.into()), at(200));
        }
        assert!(buckets.of.lock().unwrap().len() <= CLIENTS);
    }

    #[test]
    fn where_a_post_comes_from() {
        let own = "https://duban.example.test";
        for (given, foreign) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("origin", "null")], false),
            (&[("origin", own)], false),
            (&[("origin", "https://evil.example.test")], true),
            (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], false),
            (&[("origin", "http://evil.test"), ("host", "127.0.0.1:8080")], true),
        ] {
            assert_eq!(is_foreign(&headers(given), own), foreign, "{given:?}");
        }
    }
}
