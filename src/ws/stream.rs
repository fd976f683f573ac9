//! One stream socket: from `REQUESTED` to the close frame.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    hub::{Hub, Order, SocketHandle},
    outbox::Overflown,
    protocol::{ClientMessage, CloseReason, ServerMessage},
};
use crate::{
    auth::SocketClaims,
    domain::{
        error::StoreError,
        ids::{Generation, NodeName},
        streams::{ConnectOutcome, EndReason, Ended, StreamService},
        tenants::Tenants,
    },
    health::{Epoch, Health},
    metrics::Metrics,
};

/// A frame that cannot be written for so long belongs to a peer that is gone.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// Between two tries to bind while the store is away.
const BIND_RETRY: Duration = Duration::from_secs(1);
/// Messages a socket may send at once; a player sends three in its life, and one per PING.
const MESSAGE_BURST: f64 = 20.0;
/// Messages a second it may go on sending.
const MESSAGE_RATE: f64 = 5.0;

/// What all stream sockets of a node share.
#[derive(Clone)]
pub struct StreamSockets {
    /// The engine.
    pub service: Arc<StreamService>,
    /// The sockets of this node.
    pub hub: Arc<Hub>,
    /// Who may play while the store is away.
    pub tenants: Arc<Tenants>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Whether this node's name may get into records.
    pub health: Arc<Health>,
    /// The store's epoch, which a bound session is of.
    pub epoch: Arc<Epoch>,
    /// This node.
    pub node: NodeName,
    /// Within this time `REQUESTED` must come, and the answer to each `PING`.
    pub pong_timeout: Duration,
    /// Between transport-level pings.
    pub ping_every: Duration,
}

/// How far a socket has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// `REQUESTED` must come until then.
    Opened { until: Instant },
    /// The store did not answer; tried again then. `playing`: the player was let play meanwhile.
    Binding { again: Instant, playing: bool },
    /// It holds this generation.
    Bound(Generation),
}

/// How a socket ends.
enum End {
    /// The server closes it.
    Close(CloseReason),
    /// The peer is gone.
    Dropped,
}

struct Connection {
    socket: WebSocket,
    handle: Arc<SocketHandle>,
    shared: Arc<StreamSockets>,
    at_least: Generation,
    stage: Stage,
    pong_until: Option<Instant>,
    ping_at: Instant,
    heard: bool,
    allowance: f64,
    allowance_at: Instant,
}

/// Serves a socket to its end. Its token was verified before it was opened.
///
/// There are many sockets, and nearly all are idle: a future holds the room of everything it may
/// ever await, so the connection, and each step that comes now and then, is boxed.
pub fn serve(
    socket: WebSocket,
    claims: SocketClaims,
    shared: Arc<StreamSockets>,
) -> impl Future<Output = ()> + Send {
    let handle = shared.hub.open(claims.account, claims.session);
    if shared.health.is_draining() {
        // It was opened while the others were being sent away.
        handle.orders.push(Order::Close(CloseReason::Draining));
    }
    shared.metrics.sockets.inc();
    let now = Instant::now();
    let mut connection = Box::new(Connection {
        stage: Stage::Opened { until: now + shared.pong_timeout },
        ping_at: now + shared.ping_every,
        at_least: claims.generation,
        pong_until: None,
        heard: true,
        allowance: MESSAGE_BURST,
        allowance_at: now,
        socket,
        handle,
        shared,
    });
    async move {
        let end = connection.run().await;
        Box::pin(connection.leave(end)).await;
    }
}

impl Connection {
    async fn run(&mut self) -> End {
        loop {
            let deadline = self.deadline();
            let flow = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => Box::pin(self.heard(message)).await,
                    Some(Err(_)) | None => ControlFlow::Break(End::Dropped),
                },
                order = self.handle.orders.next() => Box::pin(self.ordered(order)).await,
                () = sleep_until(deadline) => Box::pin(self.overdue()).await,
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
        }
    }

    fn deadline(&self) -> Instant {
        let stage = match self.stage {
            Stage::Opened { until } => until,
            Stage::Binding { again, .. } => again,
            Stage::Bound(_) => self.ping_at,
        };
        let pong = self.pong_until.unwrap_or(self.ping_at);
        stage.min(pong).min(self.ping_at)
    }

    async fn overdue(&mut self) -> ControlFlow<End> {
        let now = Instant::now();
        match self.stage {
            Stage::Opened { until } if until <= now => return close(CloseReason::NotRequested),
            Stage::Binding { again, playing } if again <= now => return self.bind(playing).await,
            Stage::Opened { .. } | Stage::Binding { .. } | Stage::Bound(_) => {}
        }
        if self.pong_until.is_some_and(|until| until <= now) {
            return close(CloseReason::Unresponsive);
        }
        if self.ping_at > now {
            return ControlFlow::Continue(());
        }
        // Nothing heard since the last transport ping: the connection is dead.
        if !std::mem::take(&mut self.heard) {
            return ControlFlow::Break(End::Dropped);
        }
        self.ping_at = now + self.shared.ping_every;
        self.write(Message::Ping(Default::default())).await
    }

    async fn heard(&mut self, message: Message) -> ControlFlow<End> {
        self.heard = true;
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return self.spend(),
            Message::Binary(_) => return close(CloseReason::NotText),
            Message::Close(_) => return ControlFlow::Break(End::Dropped),
        };
        let said = ClientMessage::read(&text);
        // What the server asks for, however often, is no flood of the player's.
        if !(said == Some(ClientMessage::Pong) && self.pong_until.is_some()) {
            self.spend()?;
        }
        match said {
            Some(ClientMessage::Requested) => self.requested().await,
            Some(ClientMessage::Pong) => {
                self.pong_until = None;
                ControlFlow::Continue(())
            }
            Some(ClientMessage::Finished) => close(CloseReason::Finished),
            None => close(CloseReason::BadMessage),
        }
    }

    /// Takes one message off the allowance, which refills with time.
    fn spend(&mut self) -> ControlFlow<End> {
        let now = Instant::now();
        let refill = now.duration_since(self.allowance_at).as_secs_f64() * MESSAGE_RATE;
        self.allowance_at = now;
        self.allowance = (self.allowance + refill).min(MESSAGE_BURST) - 1.0;
        if self.allowance < 0.0 {
            return close(CloseReason::TooManyMessages);
        }
        ControlFlow::Continue(())
    }

    async fn requested(&mut self) -> ControlFlow<End> {
        match self.stage {
            Stage::Opened { .. } => self.bind(false).await,
            Stage::Binding { .. } => ControlFlow::Continue(()),
            Stage::Bound(_) => self.say(&ServerMessage::Ok).await,
        }
    }

    /// Binds the socket to its session; while the store is away, tries again and again.
    async fn bind(&mut self, playing: bool) -> ControlFlow<End> {
        if !self.shared.health.may_hold() {
            return self.wait_for_store(playing).await;
        }
        let SocketHandle { account, session, .. } = &*self.handle;
        let outcome =
            self.shared.service.connect(account, session, self.at_least, &self.shared.node).await;
        match outcome {
            Ok(ConnectOutcome::Connected { session, .. }) => {
                self.stage = Stage::Bound(session.generation);
                self.shared.hub.bind(&self.handle, session, self.shared.epoch.number());
                self.shared.metrics.held_streams.inc();
                if playing { ControlFlow::Continue(()) } else { self.say(&ServerMessage::Ok).await }
            }
            Ok(ConnectOutcome::Ended(ended)) => self.ended(&ended).await,
            Ok(ConnectOutcome::Unknown) => self.expired().await,
            Err(error) => {
                tracing::debug!(%error, "a socket waits for the store");
                Metrics::count(&self.shared.metrics.store_errors, "connect");
                self.wait_for_store(playing).await
            }
        }
    }

    async fn wait_for_store(&mut self, playing: bool) -> ControlFlow<End> {
        let tenant = self.shared.tenants.get(&self.handle.account.tenant);
        let let_play = tenant.untracked_when_away && !playing;
        let again = Instant::now() + BIND_RETRY;
        self.stage = Stage::Binding { again, playing: playing || let_play };
        if let_play { self.say(&ServerMessage::Ok).await } else { ControlFlow::Continue(()) }
    }

    async fn ordered(&mut self, order: Result<Order, Overflown>) -> ControlFlow<End> {
        let bound = match self.stage {
            Stage::Bound(generation) => Some(generation),
            Stage::Opened { .. } | Stage::Binding { .. } => None,
        };
        match order {
            Err(Overflown) => close(CloseReason::TooSlow),
            Ok(Order::Close(reason)) => close(reason),
            Ok(Order::Ping) if bound.is_some() && self.pong_until.is_none() => {
                self.pong_until = Some(Instant::now() + self.shared.pong_timeout);
                self.say(&ServerMessage::Ping).await
            }
            Ok(Order::Ended(ended)) if bound.is_some_and(|held| held <= ended.generation) => {
                self.ended(&ended).await
            }
            Ok(Order::Superseded(by)) if bound.is_some_and(|held| held < by) => {
                self.say(&ServerMessage::Terminate).await?;
                close(CloseReason::Superseded)
            }
            Ok(Order::Expired) if bound.is_some() => self.expired().await,
            // Meant for another generation, or for a socket that holds nothing yet.
            Ok(Order::Ping | Order::Ended(_) | Order::Superseded(_) | Order::Expired) => {
                ControlFlow::Continue(())
            }
        }
    }

    async fn ended(&mut self, ended: &Ended) -> ControlFlow<End> {
        let (message, reason) = match &ended.why {
            EndReason::TakenOver { by_name, .. } => {
                (ServerMessage::TakeOver { session_name: by_name.clone() }, CloseReason::TakenOver)
            }
            EndReason::Replaced { .. } => (ServerMessage::Terminate, CloseReason::Superseded),
            EndReason::Operator { .. } => (ServerMessage::Terminate, CloseReason::Ended),
            // The customer ended it elsewhere while it plays here. On `EXPIRED` the player would
            // ask for a new session and take the slot again.
            EndReason::Finished if matches!(self.stage, Stage::Bound(_)) => {
                (ServerMessage::Terminate, CloseReason::Ended)
            }
            EndReason::Finished | EndReason::Unresponsive => {
                (ServerMessage::Expired, CloseReason::Expired)
            }
        };
        self.say(&message).await?;
        close(reason)
    }

    async fn expired(&mut self) -> ControlFlow<End> {
        self.say(&ServerMessage::Expired).await?;
        close(CloseReason::Expired)
    }

    async fn say(&mut self, message: &ServerMessage) -> ControlFlow<End> {
        self.write(message.frame()).await
    }

    async fn write(&mut self, frame: Message) -> ControlFlow<End> {
        match timeout(WRITE_DEADLINE, self.socket.send(frame)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(End::Dropped),
        }
    }

    /// Settles the session first, so that a slot is free when the close frame arrives.
    async fn leave(mut self: Box<Self>, end: End) {
        let shared = self.shared.clone();
        self.handle.unbind();
        match (self.stage, &end) {
            (Stage::Bound(generation), _) => {
                shared.metrics.held_streams.dec();
                settle(&shared, &self.handle, &end, generation).await;
            }
            (Stage::Opened { .. } | Stage::Binding { .. }, End::Close(CloseReason::Finished)) => {
                finish(&shared, &self.handle).await;
            }
            (Stage::Opened { .. } | Stage::Binding { .. }, End::Close(_) | End::Dropped) => {}
        }
        match end {
            End::Close(reason) => {
                Metrics::count(&shared.metrics.socket_ends, reason.word());
                let _ = self.write(reason.frame()).await;
            }
            End::Dropped => Metrics::count(&shared.metrics.socket_ends, "dropped"),
        }
        self.await_close().await;
        // Last, for a node that drains exits when its hub is empty.
        shared.hub.close(&self.handle);
        shared.metrics.sockets.dec();
    }

    /// Reads until the peer answers the close frame, so that it is not lost to a reset; or, where
    /// the peer closed, until the answer to its frame is written.
    async fn await_close(&mut self) {
        let answered = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = timeout(Duration::from_secs(1), answered).await;
    }
}

/// A player that came only to say it is over: its URL is the session's own, so it need not bind.
async fn finish(shared: &StreamSockets, handle: &SocketHandle) {
    let SocketHandle { account, session, .. } = handle;
    left_to_lease(shared, shared.service.end(account, session, &EndReason::Finished).await);
}

/// What becomes of the session. A store that is away forgets the lease by itself.
async fn settle(shared: &StreamSockets, handle: &SocketHandle, end: &End, generation: Generation) {
    let SocketHandle { account, session, .. } = handle;
    let service = &shared.service;
    let reason = match end {
        End::Close(reason) => Some(*reason),
        End::Dropped => None,
    };
    let why = match reason {
        Some(CloseReason::Finished) => Some(EndReason::Finished),
        Some(CloseReason::Unresponsive) => Some(EndReason::Unresponsive),
        // Over already, or somebody else's.
        Some(
            CloseReason::TakenOver
            | CloseReason::Superseded
            | CloseReason::Ended
            | CloseReason::Expired,
        ) => return,
        Some(
            CloseReason::BadMessage
            | CloseReason::NotRequested
            | CloseReason::TooManyMessages
            | CloseReason::NotText
            | CloseReason::Draining
            | CloseReason::TooSlow,
        )
        | None => None,
    };
    let settled = match &why {
        Some(why) => service.finish(account, session, generation, why).await.map(|_| ()),
        None => service.park(account, session, generation).await.map(|_| ()),
    };
    left_to_lease(shared, settled);
}

fn left_to_lease<T>(shared: &StreamSockets, settled: Result<T, StoreError>) {
    if let Err(error) = settled {
        tracing::debug!(%error, "a session is left to its lease");
        Metrics::count(&shared.metrics.store_errors, "leave");
    }
}

fn close(reason: CloseReason) -> ControlFlow<End> {
    ControlFlow::Break(End::Close(reason))
}
