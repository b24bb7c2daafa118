//! Serves connections, with limits on their number, length and slowness.

use std::{future::Future, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time,
};
use tracing::warn;

use super::{
    App, Peer,
    guard::{Peers, REQUEST_TIME},
    router,
};

/// Further connections wait in the kernel's queue.
const CONNECTIONS: usize = 256;
/// One peer's further connections are closed at once, so that it does not take all places. A trusted proxy brings many
/// people's, each only while a request that it has read whole is answered.
const CONNECTIONS_OF_ONE: usize = 64;
/// A client that takes longer to send its headers is cut off, and so is an idle connection.
const HEADER_TIME: Duration = Duration::from_secs(10);
const HEADER_LINES: usize = 64;
const HEADER_BYTES: usize = 16 << 10;
/// A connection ends after this time, busy or not: a client may read its answer byte by byte.
const CONNECTION_TIME: Duration = Duration::from_secs(120);
/// At the end of the service, how long requests being answered may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until `shutdown`, then waits a little for requests being answered.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) {
    let router = router(app.clone());
    let peers = Peers::default();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let (closing, closed) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut shutdown => break,
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => {
                let is_proxy = app.office().settings.web.as_ref().is_some_and(|web| web.trusts(peer.ip()));
                let most = if is_proxy { usize::MAX } else { CONNECTIONS_OF_ONE };
                let Some(own) = peers.place(peer.ip(), most) else { continue };
                let (router, closed) = (router.clone(), closed.clone());
                connections.spawn(async move {
                    connection(stream, peer, router, closed).await;
                    drop((place, own));
                });
            }
            // Too many open files, or the peer has gone: the service goes on.
            Err(e) => {
                warn!(error = %e, "a connection could not be taken: {e}");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let _ = closing.send(true);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = time::timeout(PATIENCE, all).await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, mut closed: watch::Receiver<bool>) {
    let pages = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        pages.call(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .max_headers(HEADER_LINES)
            .max_buf_size(HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        // An error on one connection concerns only its peer.
        _ = &mut connection => return,
        _ = closed.wait_for(|closed| *closed) => {}
        () = time::sleep(CONNECTION_TIME) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = time::timeout(REQUEST_TIME, connection).await;
}
