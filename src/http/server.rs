//! Serves a listener: HTTP/1.1 with upgrades, and a bound on everything a peer can be slow at.
//!
//! `axum::serve` has no time-out for request heads: a thousand peers that never finish theirs would
//! hold a thousand connections for ever.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
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

/// A peer that reads nothing for so long loses its connection, be it upgraded or not. Nothing else
/// ends it: hyper waits for ever until an answer can be written.
#[cfg(target_os = "linux")]
const UNREAD_DEADLINE: Duration = Duration::from_secs(30);

/// Serves until `stop`; requests under way are finished. Upgraded connections go on by themselves.
///
/// At most `connections` are held at a time; others wait in the listener's backlog. An upgraded one
/// no longer counts: whoever upgrades has bounds of its own (`node.max_sockets`).
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    connections: usize,
    stop: CancellationToken,
) {
    let (places, tasks) = (Arc::new(Semaphore::new(connections)), TaskTracker::new());
    let accept = async || {
        let place = places.clone().acquire_owned().await;
        (place, listener.accept().await)
    };
    while let Some((place, accepted)) = stop.run_until_cancelled(accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                let conversation = converse(stream, peer, routes.clone(), stop.clone());
                tasks.spawn(async move {
                    conversation.await;
                    drop(place);
                });
            }
            Err(error) => refuse(&error).await,
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
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
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_DEADLINE)) {
        tracing::debug!(%error, "a peer that does not read will not be noticed");
    }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::routing::get;
    use futures_util::future::join_all;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        task::yield_now,
    };

    use super::*;

    /// Requests answered side by side, now and at most.
    #[derive(Default)]
    struct Crowd {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Crowd {
        /// Answers so late that whoever may come has come.
        async fn answer(self: Arc<Self>) {
            self.most.fetch_max(self.now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            for _ in 0..2000 {
                yield_now().await;
            }
            self.now.fetch_sub(1, Ordering::Relaxed);
        }
    }

    async fn ask(server: SocketAddr) -> String {
        let mut stream = TcpStream::connect(server).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn connections_above_the_bound_wait_for_a_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (crowd, stop) = (Arc::new(Crowd::default()), CancellationToken::new());
        let routes = Router::new().route(
            "/",
            get({
                let crowd = crowd.clone();
                move || crowd.clone().answer()
            }),
        );
        let server = tokio::spawn(serve(listener, routes, 2, stop.clone()));
        for answer in join_all((0..8).map(|_| ask(address))).await {
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        assert_eq!(crowd.most.load(Ordering::Relaxed), 2);
        stop.cancel();
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_waits_for_a_place_can_be_stopped() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let server = tokio::spawn(serve(listener, Router::new(), 0, stop.clone()));
        let _waiting = TcpStream::connect(address).await.unwrap();
        stop.cancel();
        server.await.unwrap();
    }
}
