//! Passes a viewer's socket on to the node that hosts its session.

use std::{ops::ControlFlow, time::Duration};

use axum::http::{HeaderValue, StatusCode, header};
use futures_util::{SinkExt, StreamExt};
#[cfg(target_os = "linux")]
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use super::{
    Close,
    line::{End, Flow, Heard, close},
    viewer::Viewer,
};
use crate::{
    auth::NodeClaims,
    domain::{
        cobrowse::{Server, Session},
        relay::frame::SNAPSHOT_BYTES,
    },
    metrics::Metrics,
};

/// Where a node takes sockets that others pass on.
pub const PATH: &str = "/internal/cobrowse/viewer";

/// A host that does not answer the handshake within this time is looked for again.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);
/// A host that takes no message for so long, or acknowledges none, is dead.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// After so much silence the kernel asks whether the host's machine is there, and asks again.
#[cfg(target_os = "linux")]
const PROBE_AFTER: Duration = Duration::from_secs(5);
/// Between two such probes.
#[cfg(target_os = "linux")]
const PROBE_EVERY: Duration = Duration::from_secs(2);
/// A host pings as often as this node does. One from which nothing came for so many pings is dead,
/// though its machine is there: it hangs.
const MISSED_PINGS: u32 = 2;
/// How a host answers that the user of a viewer's socket has left.
const LEFT: StatusCode = StatusCode::GONE;
/// Beside the largest frame: its header on the wire.
const SPARE_BYTES: usize = 64;

type Peer = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Passes frames on, both ways, until the host closes, dies, or hosts the session no longer.
pub(super) async fn watch(viewer: &mut Viewer, host: &Server, session: &Session) -> Flow {
    let mut peer = match connect(viewer, host).await {
        Ok(peer) => peer,
        Err(tungstenite::Error::Http(answer)) if answer.status() == LEFT => {
            Metrics::count(&viewer.line.shared.metrics.passed_on, "removed");
            return close(Close::Removed);
        }
        Err(error) => {
            tracing::debug!(host = %host.name, %error, "the host of a session does not answer");
            Metrics::count(&viewer.line.shared.metrics.passed_on, "failed");
            return viewer.wait(session).await;
        }
    };
    Metrics::count(&viewer.line.shared.metrics.passed_on, "connected");
    let flow = pass_on(viewer, &mut peer).await;
    let _ = timeout(Duration::from_secs(1), peer.close(None)).await;
    match flow {
        // The session goes on at another node: look for it.
        ControlFlow::Continue(()) => viewer.pause().await,
        end @ ControlFlow::Break(_) => end,
    }
}

async fn connect(viewer: &mut Viewer, host: &Server) -> Result<Peer, tungstenite::Error> {
    let base = host.internal_url.trim_end_matches('/');
    let base = base.replacen("http", "ws", 1);
    let mut request = format!("{base}{PATH}").into_client_request()?;
    let claims = NodeClaims {
        session: viewer.session.token.clone(),
        user: viewer.user.id.clone(),
        opened_ms: Some(viewer.opened_ms),
    };
    let token = viewer.line.shared.node_tokens.mint(&claims);
    let bearer = HeaderValue::try_from(format!("Bearer {token}"))?;
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .max_message_size(Some(SNAPSHOT_BYTES + SPARE_BYTES))
        .max_frame_size(Some(SNAPSHOT_BYTES + SPARE_BYTES));
    let connected = connect_async_with_config(request, Some(config), true);
    match timeout(HANDSHAKE_DEADLINE, connected).await {
        Ok(connected) => {
            let (peer, _) = connected?;
            notice_death(peer.get_ref());
            Ok(peer)
        }
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// Has the connection end when the host acknowledges nothing, be it probes while all are silent: the
/// kernel would wait for a quarter of an hour, or for ever.
fn notice_death(stream: &MaybeTlsStream<TcpStream>) {
    let stream = match stream {
        MaybeTlsStream::Plain(stream) => stream,
        MaybeTlsStream::Rustls(stream) => stream.get_ref().0,
        _ => return,
    };
    #[cfg(target_os = "linux")]
    {
        let stream = SockRef::from(stream);
        let probes = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_EVERY);
        let set = stream.set_tcp_keepalive(&probes);
        if let Err(error) = set.and(stream.set_tcp_user_timeout(Some(WRITE_DEADLINE))) {
            tracing::debug!(%error, "a host that is dead will be noticed late");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// Continue: the host is gone, or hosts the session no longer.
async fn pass_on(viewer: &mut Viewer, peer: &mut Peer) -> Flow {
    let silence = viewer.line.shared.ping_every * MISSED_PINGS;
    let mut dead_at = Instant::now() + silence;
    loop {
        tokio::select! {
            heard = viewer.line.next(true) => match heard {
                Heard::Text(text) => {
                    viewer.spend()?;
                    // The host judges it: it knows the state of the session.
                    let sent = peer.send(Message::text(text));
                    if !matches!(timeout(WRITE_DEADLINE, sent).await, Ok(Ok(()))) {
                        return ControlFlow::Continue(());
                    }
                }
                Heard::Binary(_) => return close(Close::BadMessage),
                Heard::Alive => {}
                Heard::Due => viewer.line.tend().await?,
                Heard::Over(end) => return ControlFlow::Break(end),
            },
            // What has arrived is read first, however late this node is.
            message = timeout_at(dead_at, peer.next()) => {
                match message {
                    Ok(Some(Ok(Message::Text(text)))) => {
                        viewer.found();
                        viewer.line.say(text.as_str().to_owned()).await?;
                    }
                    Ok(Some(Ok(Message::Binary(frame)))) => viewer.line.send(frame).await?,
                    Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => {}
                    Ok(Some(Ok(Message::Close(frame)))) => return closed(frame),
                    Ok(Some(Err(_)) | None) | Err(_) => return ControlFlow::Continue(()),
                }
                dead_at = Instant::now() + silence;
            }
        }
    }
}

/// What the host closed for good is closed for good; all else is worth another look.
fn closed(frame: Option<CloseFrame>) -> Flow {
    let reason = frame.and_then(|frame| Close::of(frame.code.into()));
    match reason.filter(|reason| !reason.comes_back()) {
        Some(reason) => ControlFlow::Break(End::Close(reason)),
        None => ControlFlow::Continue(()),
    }
}
