//! One visitor's socket: presence, and the session it shows its page in.

mod arrival;
mod showing;

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::extract::ws::WebSocket;
use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use self::showing::{Showing, Shown};
use super::{
    Close, CobrowseSockets, PresenceOrder,
    line::{End, Flow, Heard, Line, close},
    presences::Presence,
};
use crate::{
    domain::{
        cobrowse::{Credential, EndedBy},
        ids::{SessionToken, TenantId},
        relay::{Budget, ErrorCode, Feed, FeedEnd, FromVisitor, Next, ToVisitor, VisitorAct},
        visitors::Profile,
    },
    ws::outbox::Overflown,
};

/// Messages that write to the store: a person who hurries through pages sends one a second.
const STORE_MESSAGES: Budget = Budget::new(2, 30);

/// A socket over its budgets is read again after this time at the latest.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What was checked before the socket was opened.
pub struct VisitorTicket {
    /// Whose site.
    pub tenant: TenantId,
    /// The customer's own secret of the session it takes part in, where it shows one.
    pub customer: Option<Credential>,
}

struct Visitor {
    line: Line,
    tenant: TenantId,
    customer: Option<Credential>,
    presence: Option<Arc<Presence>>,
    profile: Profile,
    /// The page that was noted last for the audit trail.
    noted: Option<Box<str>>,
    shown: Option<Shown>,
    /// The session it was in last: beats tell of it as long as no other is noted.
    over: Option<SessionToken>,
    /// The visitor ended its session, or declined, while this node could not host it.
    wish: Option<EndedBy>,
    /// Another connection has the visitor's seat, and this one was told.
    stands_by: bool,
    /// Over its budget, it is not read until then.
    read_at: Option<Instant>,
    messages: Budget,
    frames: Budget,
    bytes: Budget,
    writes: Budget,
}

/// Serves a socket to its end. Boxed, for there are many and nearly all are idle.
pub fn serve(
    socket: WebSocket,
    ticket: VisitorTicket,
    shared: Arc<CobrowseSockets>,
) -> impl Future<Output = ()> + Send {
    let mut visitor = Box::new(Visitor {
        line: Line::new(socket, shared),
        tenant: ticket.tenant,
        customer: ticket.customer,
        presence: None,
        profile: Profile::default(),
        noted: None,
        shown: None,
        over: None,
        wish: None,
        stands_by: false,
        read_at: None,
        messages: Budget::VISITOR_MESSAGES,
        frames: Budget::VISITOR_FRAMES,
        bytes: Budget::VISITOR_BYTES,
        writes: STORE_MESSAGES,
    });
    async move {
        let end = match Box::pin(visitor.greet()).await {
            ControlFlow::Continue(()) => visitor.run().await,
            ControlFlow::Break(end) => end,
        };
        Box::pin(visitor.leave(end)).await;
    }
}

impl Visitor {
    async fn run(&mut self) -> End {
        loop {
            if let ControlFlow::Break(end) = self.step().await {
                return end;
            }
        }
    }

    async fn step(&mut self) -> Flow {
        let (presence, feed) = (self.presence.clone(), self.feed());
        let (retry_at, read_at) = (self.retry_at(), self.read_at);
        tokio::select! {
            heard = self.line.next(read_at.is_none()) => match heard {
                Heard::Text(text) => Box::pin(self.hears(&text)).await,
                Heard::Binary(frame) => self.takes(frame),
                Heard::Alive => ControlFlow::Continue(()),
                Heard::Due => Box::pin(self.line.tend()).await,
                Heard::Over(end) => ControlFlow::Break(end),
            },
            next = next(feed.as_deref()) => Box::pin(self.fed(next)).await,
            order = order(presence.as_deref()) => Box::pin(self.ordered(order)).await,
            () = until(read_at) => {
                self.read_at = None;
                ControlFlow::Continue(())
            }
            () = until(retry_at) => Box::pin(self.retry()).await,
        }
    }

    /// Takes so much off a budget; over it, the socket is not read for a while.
    fn spend(&mut self, budget: fn(&mut Self) -> &mut Budget, amount: u64) {
        let now = Instant::now();
        if let Some(wait) = budget(self).charge(amount, now) {
            let until = now + wait.min(LONGEST_PAUSE);
            self.read_at = Some(self.read_at.map_or(until, |at| at.max(until)));
        }
    }

    fn takes(&mut self, frame: Bytes) -> Flow {
        let size = frame.len() as u64;
        self.spend(|visitor| &mut visitor.frames, 1);
        self.spend(|visitor| &mut visitor.bytes, size);
        let metrics = &self.line.shared.metrics;
        metrics.relay_frames.inc();
        metrics.relay_bytes.inc_by(size);
        // Without a session there is nobody to see it.
        let Some(Showing { room, feed, .. }) = self.showing() else {
            return ControlFlow::Continue(());
        };
        if !room.room.is_shown_by(feed) {
            return ControlFlow::Continue(());
        }
        match room.room.visitor_data(frame) {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => close(fault),
        }
    }

    async fn hears(&mut self, text: &str) -> Flow {
        self.spend(|visitor| &mut visitor.messages, 1);
        let message = match FromVisitor::read(text) {
            Ok(message) => message,
            Err(fault) => return close(fault),
        };
        if let FromVisitor::Page(url) = &message {
            // Before anybody hears of it: what they do next must find it in the trail.
            self.spend(|visitor| &mut visitor.writes, 1);
            if let Err(error) = self.visits(url.clone()).await {
                tracing::debug!(%error, "a page is not noted");
            }
        }
        let act = match (self.showing(), message) {
            (Some(Showing { room, feed, .. }), message) if room.room.is_shown_by(feed) => {
                room.room.visitor_says(message)
            }
            // A newer connection speaks for the visitor: this one is about to be told.
            (Some(_), _) => VisitorAct::Done,
            (None, FromVisitor::Profile(profile)) => VisitorAct::Profile(profile),
            (None, FromVisitor::End { .. }) => VisitorAct::End,
            (None, FromVisitor::Consent { accepted, .. }) => VisitorAct::Consent(accepted),
            (
                None,
                FromVisitor::Hello { .. }
                | FromVisitor::Page(_)
                | FromVisitor::Control { .. }
                | FromVisitor::Viewport { .. },
            ) => VisitorAct::Done,
        };
        if !matches!(act, VisitorAct::Done | VisitorAct::Page(_)) {
            self.spend(|visitor| &mut visitor.writes, 1);
        }
        self.withdraw(&act);
        match self.act(act).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                tracing::debug!(%error, "what a visitor said could not be written");
                self.line.say(ToVisitor::error(ErrorCode::Unavailable).text()).await
            }
        }
    }

    async fn fed(&mut self, next: Next) -> Flow {
        let end = match next {
            Next::Text(text) => {
                self.line.say(text).await?;
                // The session may have become active.
                if let Err(error) = self.note_page().await {
                    tracing::debug!(%error, "a page is not noted");
                }
                return ControlFlow::Continue(());
            }
            Next::Binary(frame) => return self.line.send(frame).await,
            Next::Close(end) => end,
        };
        let session = self.shown.as_ref().map(|shown| shown.session.clone());
        match (end, session) {
            (FeedEnd::Ended | FeedEnd::Removed, Some(session)) => self.over(session, Close::Ended),
            (FeedEnd::Superseded | FeedEnd::Rehomed, Some(_)) => self.put_aside(),
            (end, _) => close(end),
        }
    }

    async fn leave(mut self: Box<Self>, end: End) {
        let shared = self.line.shared.clone();
        if end == End::Close(Close::Draining)
            && let Some(Showing { room, at, .. }) = self.showing()
        {
            // Another node is to host it: its visitor comes there next, and those who watch follow.
            if let Err(error) = shared.service.let_go(at).await {
                tracing::debug!(%error, "a session is left to its lease");
            }
            shared.rooms.lose(room, at.fence, FeedEnd::Draining);
        } else {
            self.put_down().await;
        }
        if let Some(presence) = self.presence.take() {
            shared.presences.close(&presence);
            shared.metrics.presences.dec();
            let connection = presence.connection;
            let left = shared.visitors.leave(&self.tenant, &presence.visitor, connection).await;
            if let Err(error) = left {
                tracing::debug!(%error, "a visitor is left to its lease");
            }
        }
        self.line.leave(end).await;
    }
}

async fn next(feed: Option<&Feed>) -> Next {
    match feed {
        Some(feed) => feed.next().await,
        None => std::future::pending().await,
    }
}

async fn order(presence: Option<&Presence>) -> Result<PresenceOrder, Overflown> {
    match presence {
        Some(presence) => presence.orders.next().await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
