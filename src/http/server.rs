//! Serves a listener: HTTP/1.1 with upgrades, and a bound on everything a peer can be slow at.
//!
//! `axum::serve` has no time-out for request heads: a thousand peers that never finish theirs would
//! hold a thousand connections for ever.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// A request head must be there by then. An idle connection is kept as long: longer than the 60 s
/// of common load balancers, which else would meet connections that are just being closed.
const HEAD_DEADLINE: Duration = Duration::from_secs(75);
/// Largest request head: two tokens of 8 KiB, one in the URL and one in a header, and the rest.
const HEAD_BYTES: usize = 32 * 1024;
/// After a failed accept (no file descriptors left) others get time to close theirs.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`; requests under way are finished. Upgraded connections go on by themselves.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(converse(stream, peer, routes.clone(), stop.clone()));
            }
            Err(error) => refuse(&error).await,
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn refuse(error: &io::Error) {
    // The peer went away while it waited: nothing is wrong here.
    let gone = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset];
    if !gone.contains(&error.kind()) {
        tracing::warn!(%error, "a connection cannot be accepted");
        sleep(ACCEPT_PAUSE).await;
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, routes: Router, stop: CancellationToken) {
    // Control messages are small and urgent; a failure only costs some milliseconds.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let routes = routes.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let Ok(response) = routes.oneshot(request).await;
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
