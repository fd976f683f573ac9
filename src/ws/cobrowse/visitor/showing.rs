//! A visitor shows its page in a session: this node hosts it meanwhile.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Visitor;
use crate::{
    domain::{
        cobrowse::{
            Begun, Changed, ClaimOutcome, Credential, EndedBy, Event, Hosted, Joined, Joiner,
            Session, Status,
        },
        error::StoreError,
        ids::SessionToken,
        relay::{Feed, VisitorAct},
        visitors::Profile,
    },
    ws::cobrowse::{
        Close, Wish,
        line::{Flow, close},
        rooms::HostedRoom,
    },
};

/// Between two tries to host a session while the store is away.
const HOST_RETRY: Duration = Duration::from_secs(1);

/// The session this socket shows its page in.
pub(super) struct Shown {
    pub(super) session: SessionToken,
    /// None while the store does not let this node host it: tried again then.
    pub(super) hosted: Result<Showing, Instant>,
}

/// A session that this socket's claim made this node the host of.
#[derive(Clone)]
pub(super) struct Showing {
    pub(super) room: Arc<HostedRoom>,
    pub(super) feed: Arc<Feed>,
    /// The session, and the fence of this socket's own claim.
    pub(super) at: Hosted,
}

impl Visitor {
    /// The customer of a session that its page, or a short code, began.
    pub(super) async fn take_part(&mut self, customer: &Credential) -> Flow {
        let session = customer.session();
        let joiner = Joiner::Customer { token: Some(customer.clone()), name: None };
        match self.line.shared.service.join(&session, &joiner).await {
            Ok(Joined::In { .. }) => self.show(&session).await,
            Ok(Joined::Over) => close(Close::Ended),
            Ok(Joined::Unknown | Joined::NotAllowed | Joined::AgentBusy | Joined::Full) => {
                close(Close::Unknown)
            }
            Err(error) => {
                tracing::debug!(%error, "a visitor waits for the store");
                self.later(session);
                ControlFlow::Continue(())
            }
        }
    }

    /// A session the visitor is invited to; never one of others whose token was given again.
    pub(super) async fn follow(&mut self, session: &SessionToken) -> Flow {
        match self.line.shared.service.get(session).await {
            Ok(Some(stored)) if self.is_invited_to(&stored.session) => self.show(session).await,
            Ok(_) => {
                self.over = Some(session.clone());
                ControlFlow::Continue(())
            }
            // The next beat tells of it again.
            Err(_) => ControlFlow::Continue(()),
        }
    }

    fn is_invited_to(&self, session: &Session) -> bool {
        let visitor = self.presence.as_ref().map(|presence| presence.visitor.clone());
        session.tenant == self.tenant
            && session.end.is_none()
            && visitor.is_some_and(|visitor| session.begun == Begun::WatchLink(visitor))
    }

    /// Tries again soon; what is shown already stays.
    fn later(&mut self, session: SessionToken) {
        let is_shown = |shown: &Shown| shown.session == session && shown.hosted.is_ok();
        if !self.shown.as_ref().is_some_and(is_shown) {
            self.shown = Some(Shown { session, hosted: Err(Instant::now() + HOST_RETRY) });
        }
    }

    /// Makes this node the host of the session, and shows the page in it.
    pub(super) async fn show(&mut self, session: &SessionToken) -> Flow {
        if self.shown.as_ref().is_some_and(|shown| shown.session != *session) {
            self.put_down().await;
        }
        match self.claim(session).await {
            Ok(Ok(Some(showing))) => {
                let at = showing.at.clone();
                self.shown = Some(Shown { session: session.clone(), hosted: Ok(showing) });
                self.end_as_wished(&at).await;
                ControlFlow::Continue(())
            }
            // A newer connection of this visitor, on this very node, was quicker.
            Ok(Ok(None)) => self.put_aside(),
            Ok(Err(reason)) => self.over(session.clone(), reason),
            Err(error) => {
                tracing::debug!(%error, "a session waits for the store");
                self.later(session.clone());
                ControlFlow::Continue(())
            }
        }
    }

    async fn claim(
        &mut self,
        session: &SessionToken,
    ) -> Result<Result<Option<Showing>, Close>, StoreError> {
        let shared = self.line.shared.clone();
        let stored = match shared.service.claim(session).await? {
            ClaimOutcome::Claimed { stored, .. } => stored,
            ClaimOutcome::Over => return Ok(Err(Close::Ended)),
            ClaimOutcome::Unknown => return Ok(Err(Close::Unknown)),
        };
        let at = Hosted { session: session.clone(), fence: stored.fence };
        let room = shared.rooms.host(&stored);
        let changed = shared.service.visitor_came(&at).await?;
        shared.rooms.apply(&room, at.fence, changed);
        let feed = room.visitor_here(at.fence);
        Ok(Ok(feed.map(|feed| Showing { room, feed, at })))
    }

    /// What the visitor ended while nobody hosted it.
    async fn end_as_wished(&mut self, at: &Hosted) {
        if let (Some(by), Some(showing)) = (self.wish.take(), self.showing().cloned()) {
            showing.room.room.halt();
            showing.room.wish(Wish::End(by));
            self.line.shared.rooms.look(&at.session);
        }
    }

    /// Its session is over: a visitor who is online stays so.
    pub(super) fn over(&mut self, session: SessionToken, reason: Close) -> Flow {
        self.over = Some(session);
        self.leave_session(reason)
    }

    /// Another connection shows its page in the session.
    pub(super) fn put_aside(&mut self) -> Flow {
        self.leave_session(Close::Superseded)
    }

    fn leave_session(&mut self, reason: Close) -> Flow {
        (self.shown, self.wish) = (None, None);
        if self.presence.is_some() && self.customer.is_none() {
            return ControlFlow::Continue(());
        }
        close(reason)
    }

    pub(super) fn feed(&self) -> Option<Arc<Feed>> {
        self.showing().map(|showing| showing.feed.clone())
    }

    pub(super) fn showing(&self) -> Option<&Showing> {
        self.shown.as_ref()?.hosted.as_ref().ok()
    }

    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.shown.as_ref()?.hosted.as_ref().err().copied()
    }

    pub(super) async fn retry(&mut self) -> Flow {
        match (self.customer.clone(), self.shown.take()) {
            (Some(customer), _) => self.take_part(&customer).await,
            (None, Some(shown)) => self.show(&shown.session).await,
            (None, None) => ControlFlow::Continue(()),
        }
    }

    /// Withdraws at once what the visitor withdraws; the store is told as soon as it answers.
    pub(super) fn withdraw(&mut self, act: &VisitorAct) {
        let wish = match act {
            VisitorAct::End => Wish::End(EndedBy::Customer),
            VisitorAct::Control { user, granted: false } => Wish::Revoke(user.clone()),
            VisitorAct::Done
            | VisitorAct::Consent(_)
            | VisitorAct::Control { .. }
            | VisitorAct::Page(_)
            | VisitorAct::Profile(_) => return,
        };
        let Some(Showing { room, .. }) = self.showing() else { return };
        match &wish {
            Wish::End(_) => room.room.halt(),
            Wish::Revoke(user) => room.room.revoke(user),
        }
    }

    pub(super) async fn act(&mut self, act: VisitorAct) -> Result<(), StoreError> {
        let service = self.line.shared.service.clone();
        let Some(Showing { room, at, .. }) = self.showing().cloned() else {
            return self.act_alone(act).await;
        };
        let changed = match &act {
            VisitorAct::Consent(true) => self.accept(&at).await,
            VisitorAct::Consent(false) => service.consent(&at, false).await,
            VisitorAct::Control { user, granted } => service.control(&at, user, *granted).await,
            VisitorAct::End => service.end_hosted(&at, &EndedBy::Customer).await,
            VisitorAct::Page(_) | VisitorAct::Profile(_) | VisitorAct::Done => {
                return self.act_alone(act).await;
            }
        };
        match (changed, act) {
            (Ok(changed), _) => {
                self.line.shared.rooms.apply(&room, at.fence, changed);
                Ok(())
            }
            (Err(_), VisitorAct::End) => {
                room.wish(Wish::End(EndedBy::Customer));
                Ok(())
            }
            (Err(_), VisitorAct::Control { user, granted: false }) => {
                room.wish(Wish::Revoke(user));
                Ok(())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// What concerns the visitor's presence, or is said while no session is hosted.
    async fn act_alone(&mut self, act: VisitorAct) -> Result<(), StoreError> {
        match act {
            VisitorAct::Profile(profile) => {
                let last_url = profile.last_url.or(self.profile.last_url.take());
                self.profile = Profile { last_url, ..profile };
                self.tell_profile().await
            }
            VisitorAct::End => {
                self.wish = self.shown.is_some().then_some(EndedBy::Customer);
                Ok(())
            }
            VisitorAct::Consent(false) => {
                self.wish = self.shown.is_some().then_some(EndedBy::Declined);
                Ok(())
            }
            VisitorAct::Consent(true)
            | VisitorAct::Control { .. }
            | VisitorAct::Page(_)
            | VisitorAct::Done => Ok(()),
        }
    }

    /// The visitor is on that page.
    pub(super) async fn visits(&mut self, url: Box<str>) -> Result<(), StoreError> {
        self.profile.last_url = Some(url);
        self.note_page().await?;
        self.tell_profile().await
    }

    /// The visitor accepts: with that the page it is on belongs to the audit trail.
    async fn accept(&mut self, at: &Hosted) -> Result<Changed<()>, StoreError> {
        let service = self.line.shared.service.clone();
        let accepted = service.consent(at, true).await?;
        let is_active = matches!(
            &accepted,
            Changed::Done { session, .. } if session.status() == Status::Active
        );
        let Some(url) = self.profile.last_url.clone().filter(|_| is_active) else {
            return Ok(accepted);
        };
        match service.note(at, &Event::Page { url: url.clone() }).await {
            Ok(noted) => {
                self.noted = Some(url);
                Ok(noted)
            }
            Err(_) => Ok(accepted),
        }
    }

    /// The audit trail tells of pages while they may be seen, and of none before.
    pub(super) async fn note_page(&mut self) -> Result<(), StoreError> {
        let Some(Showing { room, at, .. }) = self.showing().cloned() else { return Ok(()) };
        let is_active = room.room.session().status() == Status::Active;
        let page = self.profile.last_url.clone().filter(|_| is_active);
        let Some(url) = page.filter(|url| self.noted.as_ref() != Some(url)) else { return Ok(()) };
        let shared = self.line.shared.clone();
        let noted = shared.service.note(&at, &Event::Page { url: url.clone() }).await?;
        self.noted = Some(url);
        shared.rooms.apply(&room, at.fence, noted);
        Ok(())
    }

    /// Tells what the page says of the visitor, unless another connection speaks for it.
    async fn tell_profile(&mut self) -> Result<(), StoreError> {
        let Some(presence) = self.presence.clone().filter(|_| !self.stands_by) else {
            return Ok(());
        };
        let (profile, visitors) = (self.profile.clone(), self.line.shared.visitors.clone());
        let (visitor, connection) = (&presence.visitor, presence.connection);
        visitors.tell(&self.tenant, visitor, connection, &profile).await.map(drop)
    }

    /// Shows its page no longer; the session waits for the visitor.
    pub(super) async fn put_down(&mut self) {
        let shown = self.shown.take().and_then(|shown| shown.hosted.ok());
        let Some(Showing { room, feed, at }) = shown else { return };
        if room.visitor_gone(&feed) {
            let shared = self.line.shared.clone();
            let noted = shared.service.note(&at, &Event::VisitorLost).await;
            if let Ok(changed @ (Changed::Done { .. } | Changed::Fenced)) = noted {
                shared.rooms.apply(&room, at.fence, changed);
            }
        }
    }
}
