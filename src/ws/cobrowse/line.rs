//! What every co-browse socket does alike: writing, keep-alive, leaving with the node.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite;

use super::{Close, CobrowseSockets, crowd::Place};
use crate::{domain::relay::FeedEnd, metrics::Metrics};

/// A frame that cannot be written for so long belongs to a peer that is gone. A viewer that is
/// merely slow loses frames to its feed long before, and heals by a snapshot.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);
/// After the socket is open, `hello` must come within this time.
const HELLO_DEADLINE: Duration = Duration::from_secs(5);

/// How a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The server closes it.
    Close(Close),
    /// The peer is gone.
    Dropped,
}

/// Go on, or end.
pub(super) type Flow = ControlFlow<End>;

pub(super) fn close(reason: impl Into<Close>) -> Flow {
    ControlFlow::Break(End::Close(reason.into()))
}

/// What a socket has to say.
pub(super) enum Heard {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Bytes),
    /// A transport ping or pong.
    Alive,
    /// Nothing, but it wants to be tended: see [`Line::tend`].
    Due,
    /// It is over.
    Over(End),
}

/// A socket with its keep-alive.
pub(super) struct Line {
    socket: WebSocket,
    pub(super) shared: Arc<CobrowseSockets>,
    place: Place,
    ping_at: Instant,
    heard: bool,
    leave_at: Option<Instant>,
}

impl Line {
    pub(super) fn new(socket: WebSocket, shared: Arc<CobrowseSockets>) -> Self {
        let place = shared.crowd.enter();
        shared.metrics.sockets.inc();
        let ping_at = Instant::now() + shared.ping_every;
        Self { socket, shared, place, ping_at, heard: true, leave_at: None }
    }

    /// The next frame of the peer, or the wish to be tended. Not `reading`, frames wait. Cancel-safe.
    pub(super) async fn next(&mut self, reading: bool) -> Heard {
        let (leave_at, ping_at, place) = (self.leave_at, self.ping_at, &self.place);
        let due = async {
            match leave_at {
                Some(at) => sleep_until(at.min(ping_at)).await,
                None => tokio::select! {
                    () = sleep_until(ping_at) => {}
                    () = place.sent_away() => {}
                },
            }
        };
        let message = tokio::select! {
            message = self.socket.recv(), if reading => message,
            () = due => return Heard::Due,
        };
        self.heard = true;
        match message {
            Some(Ok(Message::Text(text))) => Heard::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(bytes))) => Heard::Binary(bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Heard::Alive,
            Some(Err(error)) if is_too_large(&error) => Heard::Over(End::Close(Close::TooLarge)),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Heard::Over(End::Dropped),
        }
    }

    /// The text of the first frame, which must come soon.
    pub(super) async fn greeting(&mut self) -> ControlFlow<End, String> {
        let until = Instant::now() + HELLO_DEADLINE;
        loop {
            let Ok(heard) = timeout_at(until, self.next(true)).await else {
                return ControlFlow::Break(End::Close(Close::NotGreeted));
            };
            match heard {
                Heard::Text(text) => return ControlFlow::Continue(text),
                Heard::Binary(_) => return ControlFlow::Break(End::Close(Close::BadMessage)),
                Heard::Over(end) => return ControlFlow::Break(end),
                Heard::Alive => {}
                Heard::Due => self.tend().await?,
            }
        }
    }

    /// Does what is due: pings the peer, notices that it is dead, or leaves with the node.
    pub(super) async fn tend(&mut self) -> Flow {
        let now = Instant::now();
        match self.leave_at {
            Some(at) if at <= now => return close(FeedEnd::Draining),
            None if self.ping_at > now => self.leave_at = Some(self.place.leave_at()),
            Some(_) | None => {}
        }
        if self.ping_at > now {
            return ControlFlow::Continue(());
        }
        // Nothing heard since the last transport ping: the connection is dead.
        if !std::mem::take(&mut self.heard) {
            return ControlFlow::Break(End::Dropped);
        }
        self.ping_at = now + self.shared.ping_every;
        self.write(Message::Ping(Bytes::new())).await
    }

    pub(super) async fn say(&mut self, text: String) -> Flow {
        self.write(Message::Text(text.into())).await
    }

    pub(super) async fn send(&mut self, frame: Bytes) -> Flow {
        self.write(Message::Binary(frame)).await
    }

    async fn write(&mut self, frame: Message) -> Flow {
        match timeout(WRITE_DEADLINE, self.socket.send(frame)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(End::Dropped),
        }
    }

    /// Says why, and waits until the peer has read it.
    pub(super) async fn leave(mut self, end: End) {
        match end {
            End::Close(reason) => {
                Metrics::count(&self.shared.metrics.relay_ends, reason.word());
                let _ = self.write(reason.frame()).await;
            }
            End::Dropped => Metrics::count(&self.shared.metrics.relay_ends, "dropped"),
        }
        let answered = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = timeout(Duration::from_secs(1), answered).await;
        self.shared.metrics.sockets.dec();
    }
}

/// Whether the peer sent more than a socket takes at all.
fn is_too_large(error: &axum::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(tungstenite::Error::Capacity(_)))
}
