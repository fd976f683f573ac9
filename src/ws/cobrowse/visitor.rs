//! One visitor's socket: presence, and the session it shows its page in.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::extract::ws::WebSocket;
use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::{
    Close, CobrowseSockets, PresenceOrder,
    line::{End, Flow, Heard, Line, close},
    presences::Presence,
    rooms::HostedRoom,
};
use crate::{
    auth::VisitorClaims,
    domain::{
        cobrowse::{Changed, ClaimOutcome, Credential, EndedBy, Event, Joined, Joiner, Status},
        error::StoreError,
        ids::{SessionToken, TenantId, VisitorId},
        relay::{
            Budget, ErrorCode, Feed, FeedEnd, FromVisitor, Next, PROTOCOL, ToVisitor, VisitorAct,
        },
        visitors::Profile,
    },
    ws::outbox::Overflown,
};

/// Between two tries to host a session while the store is away.
const HOST_RETRY: Duration = Duration::from_secs(1);
/// Messages that write to the store: a person who hurries through pages sends one a second.
const STORE_MESSAGES: Budget = Budget::new(2, 30);

/// What was checked before the socket was opened.
pub struct VisitorTicket {
    /// Whose site.
    pub tenant: TenantId,
    /// The customer's own secret of the session it takes part in, where it shows one.
    pub customer: Option<Credential>,
}

/// The session this socket shows its page in.
struct Shown {
    session: SessionToken,
    /// None while the store does not let this node host it: tried again then.
    hosted: Result<(Arc<HostedRoom>, Arc<Feed>), Instant>,
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
    /// Waits for `hello`, enters the visitor, and takes up the session it is in.
    async fn greet(&mut self) -> Flow {
        let text = match self.line.greeting().await {
            ControlFlow::Continue(text) => text,
            ControlFlow::Break(end) => return ControlFlow::Break(end),
        };
        let hello = match FromVisitor::read(&text) {
            Ok(FromVisitor::Hello { profile, token }) => (profile, token),
            Ok(_) => return close(Close::NotGreeted),
            Err(fault) => return close(fault),
        };
        match hello {
            (Some(profile), token) => self.enter(profile, token.as_deref()).await?,
            (None, _) if self.customer.is_some() => self.welcome(None).await?,
            (None, _) => return close(Close::BadMessage),
        }
        match self.customer.clone() {
            Some(customer) => self.take_part(&customer).await,
            None => ControlFlow::Continue(()),
        }
    }

    async fn enter(&mut self, profile: Profile, token: Option<&str>) -> Flow {
        let shared = self.line.shared.clone();
        let known = token.and_then(|token| shared.visitor_tokens.verify(token).ok());
        let known = known.filter(|known| known.tenant == self.tenant).map(|known| known.visitor);
        let visitor = known.unwrap_or_else(VisitorId::random);
        self.profile = profile;
        self.presence = Some(shared.presences.open(self.tenant.clone(), visitor));
        self.sit().await
    }

    /// Takes the visitor's seat, greets it, and takes up the session it is invited to.
    async fn sit(&mut self) -> Flow {
        let Some(presence) = self.presence.clone() else { return ControlFlow::Continue(()) };
        self.stands_by = false;
        let visitors = self.line.shared.visitors.clone();
        let profile = self.profile.clone();
        let entered =
            visitors.enter(&self.tenant, presence.visitor.clone(), profile, presence.connection);
        match entered.await {
            Ok(entered) => {
                self.welcome(entered.lookup_code).await?;
                match entered.session {
                    Some(session) if self.customer.is_none() => self.show(&session).await,
                    Some(_) | None => ControlFlow::Continue(()),
                }
            }
            Err(error) => {
                // The next beat finds the seat empty, and asks to enter again.
                tracing::debug!(%error, "a visitor waits for the store");
                self.welcome(None).await
            }
        }
    }

    async fn welcome(&mut self, lookup_code: Option<crate::domain::visitors::LookupCode>) -> Flow {
        let shared = self.line.shared.clone();
        let visitor = self.presence.as_ref().map(|presence| presence.visitor.clone());
        let token = visitor.as_ref().map(|id| {
            let (tenant, visitor) = (self.tenant.clone(), id.clone());
            shared.visitor_tokens.mint(&VisitorClaims { tenant, visitor })
        });
        let welcome = ToVisitor::Welcome {
            protocol: PROTOCOL,
            node: shared.service.here().name.clone(),
            visitor_id: visitor,
            visitor_token: token.map(Into::into),
            lookup_code,
        };
        self.line.say(welcome.text()).await
    }

    /// The customer of a session that its page, or a short code, began.
    async fn take_part(&mut self, customer: &Credential) -> Flow {
        let session = customer.session();
        let joiner = Joiner::Customer { token: Some(customer.clone()), name: None };
        match self.line.shared.service.join(&session, &joiner).await {
            Ok(Joined::In { .. }) => self.show(&session).await,
            Ok(Joined::Over) => close(Close::Ended),
            Ok(Joined::Unknown | Joined::NotAllowed | Joined::AgentBusy | Joined::Full) => {
                close(Close::Unknown)
            }
            Err(_) => {
                self.later(session);
                ControlFlow::Continue(())
            }
        }
    }

    fn later(&mut self, session: SessionToken) {
        self.shown = Some(Shown { session, hosted: Err(Instant::now() + HOST_RETRY) });
    }

    /// Makes this node the host of the session, and shows the page in it.
    async fn show(&mut self, session: &SessionToken) -> Flow {
        let shared = self.line.shared.clone();
        if self.shown.as_ref().is_some_and(|shown| shown.session != *session) {
            self.put_down().await;
        }
        match shared.service.claim(session).await {
            Ok(ClaimOutcome::Claimed { stored, .. }) => {
                let room = shared.rooms.host(&stored);
                match shared.service.visitor_came(&room.hosted()).await {
                    Ok(changed) => shared.rooms.apply(&room, changed),
                    Err(_) => {
                        self.later(session.clone());
                        return ControlFlow::Continue(());
                    }
                }
                let feed = room.visitor_here();
                self.shown = Some(Shown { session: session.clone(), hosted: Ok((room, feed)) });
                ControlFlow::Continue(())
            }
            Ok(ClaimOutcome::Over) => self.over(session.clone(), Close::Ended),
            Ok(ClaimOutcome::Unknown) => self.over(session.clone(), Close::Unknown),
            Err(error) => {
                tracing::debug!(%error, "a session waits for the store");
                self.later(session.clone());
                ControlFlow::Continue(())
            }
        }
    }

    /// Its session is over, or another connection's: a visitor who is online stays so.
    fn over(&mut self, session: SessionToken, reason: Close) -> Flow {
        self.shown = None;
        self.over = Some(session);
        if self.presence.is_some() && self.customer.is_none() {
            return ControlFlow::Continue(());
        }
        close(reason)
    }

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

    fn feed(&self) -> Option<Arc<Feed>> {
        self.hosted().map(|(_, feed)| feed.clone())
    }

    fn hosted(&self) -> Option<&(Arc<HostedRoom>, Arc<Feed>)> {
        self.shown.as_ref()?.hosted.as_ref().ok()
    }

    fn retry_at(&self) -> Option<Instant> {
        self.shown.as_ref()?.hosted.as_ref().err().copied()
    }

    async fn retry(&mut self) -> Flow {
        match (self.customer.clone(), self.shown.take()) {
            (Some(customer), _) => self.take_part(&customer).await,
            (None, Some(shown)) => self.show(&shown.session).await,
            (None, None) => ControlFlow::Continue(()),
        }
    }

    /// Takes so much off a budget; over it, the socket is not read for a while.
    fn spend(&mut self, budget: fn(&mut Self) -> &mut Budget, amount: u64) {
        let now = Instant::now();
        if let Err(wait) = budget(self).spend(amount, now) {
            let wait = wait.min(Duration::from_secs(1));
            self.read_at = Some(self.read_at.map_or(now + wait, |at| at.max(now + wait)));
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
        let Some((hosted, _)) = self.hosted() else { return ControlFlow::Continue(()) };
        match hosted.room.visitor_data(frame) {
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
        let act = match (self.hosted(), message) {
            (Some((hosted, _)), message) => hosted.room.visitor_says(message),
            (None, FromVisitor::Profile(profile)) => VisitorAct::Profile(profile),
            (None, FromVisitor::Page(url)) => VisitorAct::Page(url),
            // Said while the session ended, or before it is hosted.
            (None, _) => return ControlFlow::Continue(()),
        };
        if !matches!(act, VisitorAct::Done) {
            self.spend(|visitor| &mut visitor.writes, 1);
        }
        match self.act(act).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                tracing::debug!(%error, "what a visitor said could not be written");
                self.line.say(ToVisitor::error(ErrorCode::Unavailable).text()).await
            }
        }
    }

    async fn act(&mut self, act: VisitorAct) -> Result<(), StoreError> {
        let shared = self.line.shared.clone();
        let hosted = self.hosted().map(|(hosted, _)| hosted.clone());
        let changed = match (act, &hosted) {
            (VisitorAct::Profile(profile), _) => {
                let last_url = profile.last_url.or(self.profile.last_url.take());
                self.profile = Profile { last_url, ..profile };
                return self.tell_profile().await;
            }
            (VisitorAct::Page(url), _) => {
                self.profile.last_url = Some(url);
                self.tell_profile().await?;
                return self.note_page().await;
            }
            (VisitorAct::Consent(accepted), Some(hosted)) => {
                shared.service.consent(&hosted.hosted(), accepted).await?
            }
            (VisitorAct::Control { user, granted }, Some(hosted)) => {
                shared.service.control(&hosted.hosted(), &user, granted).await?
            }
            (VisitorAct::End, Some(hosted)) => {
                shared.service.end_hosted(&hosted.hosted(), &EndedBy::Customer).await?
            }
            (VisitorAct::Done, _) | (_, None) => return Ok(()),
        };
        if let Some(hosted) = hosted {
            shared.rooms.apply(&hosted, changed);
        }
        Ok(())
    }

    /// The audit trail tells of pages while they may be seen, and of none before.
    async fn note_page(&mut self) -> Result<(), StoreError> {
        let Some((hosted, _)) = self.hosted().cloned() else { return Ok(()) };
        let is_active = hosted.room.session().status() == Status::Active;
        let page = self.profile.last_url.clone().filter(|_| is_active);
        let Some(url) = page.filter(|url| self.noted.as_ref() != Some(url)) else { return Ok(()) };
        self.noted = Some(url.clone());
        let shared = self.line.shared.clone();
        let noted = shared.service.note(&hosted.hosted(), &Event::Page { url }).await?;
        shared.rooms.apply(&hosted, noted);
        Ok(())
    }

    async fn tell_profile(&mut self) -> Result<(), StoreError> {
        let Some(presence) = &self.presence else { return Ok(()) };
        let (visitor, profile) = (presence.visitor.clone(), self.profile.clone());
        let visitors = self.line.shared.visitors.clone();
        visitors.enter(&self.tenant, visitor, profile, presence.connection).await.map(drop)
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
            (FeedEnd::Superseded | FeedEnd::Rehomed, Some(session)) => {
                self.over(session, Close::Superseded)
            }
            (end, _) => close(end),
        }
    }

    async fn ordered(&mut self, order: Result<PresenceOrder, Overflown>) -> Flow {
        let session = match order {
            Err(Overflown) => return close(Close::TooSlow),
            Ok(PresenceOrder::Enter) => return self.sit().await,
            Ok(PresenceOrder::Standby) if self.stands_by => return ControlFlow::Continue(()),
            Ok(PresenceOrder::Standby) => {
                self.stands_by = true;
                self.put_down().await;
                return self.line.say(ToVisitor::Standby {}.text()).await;
            }
            Ok(PresenceOrder::Session(session)) => Some(session),
            Ok(PresenceOrder::Look) => self.invitation().await,
        };
        let shown = self.shown.as_ref().map(|shown| &shown.session);
        match session {
            Some(session)
                if self.customer.is_none()
                    && shown != Some(&session)
                    && self.over.as_ref() != Some(&session) =>
            {
                self.show(&session).await
            }
            Some(_) | None => ControlFlow::Continue(()),
        }
    }

    /// The session the visitor was invited to; where the store is away, a beat tells it later.
    async fn invitation(&mut self) -> Option<SessionToken> {
        let presence = self.presence.as_ref()?;
        let (visitor, visitors) = (presence.visitor.clone(), self.line.shared.visitors.clone());
        let found = visitors.find(&self.tenant, &visitor).await;
        found.ok().flatten()?.session
    }

    /// Shows its page no longer; the session waits for the visitor.
    async fn put_down(&mut self) {
        let Some((hosted, feed)) = self.shown.take().and_then(|shown| shown.hosted.ok()) else {
            return;
        };
        if hosted.visitor_gone(&feed) {
            let service = self.line.shared.service.clone();
            let noted = service.note(&hosted.hosted(), &Event::VisitorLost).await;
            if let Ok(changed @ (Changed::Done { .. } | Changed::Fenced)) = noted {
                self.line.shared.rooms.apply(&hosted, changed);
            }
        }
    }

    async fn leave(mut self: Box<Self>, end: End) {
        let shared = self.line.shared.clone();
        if end == End::Close(Close::Draining)
            && let Some((hosted, _)) = self.hosted()
        {
            // Another node is to host it: its visitor comes there next, and those who watch follow.
            if let Err(error) = shared.service.let_go(&hosted.hosted()).await {
                tracing::debug!(%error, "a session is left to its lease");
            }
            shared.rooms.lose(hosted, FeedEnd::Draining);
        } else {
            self.put_down().await;
        }
        if let Some(presence) = self.presence.take() {
            shared.presences.close(&presence);
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
