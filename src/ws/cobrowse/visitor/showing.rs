//! A visitor shows its page in a session: this node hosts it meanwhile.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Visitor;
use crate::{
    domain::{
        cobrowse::{Changed, ClaimOutcome, Credential, EndedBy, Event, Joined, Joiner, Status},
        error::StoreError,
        ids::SessionToken,
        relay::{Feed, VisitorAct},
        visitors::Profile,
    },
    ws::cobrowse::{
        Close,
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
    pub(super) hosted: Result<(Arc<HostedRoom>, Arc<Feed>), Instant>,
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
            Err(_) => {
                self.later(session);
                ControlFlow::Continue(())
            }
        }
    }

    pub(super) fn later(&mut self, session: SessionToken) {
        self.shown = Some(Shown { session, hosted: Err(Instant::now() + HOST_RETRY) });
    }

    /// Makes this node the host of the session, and shows the page in it.
    pub(super) async fn show(&mut self, session: &SessionToken) -> Flow {
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
    pub(super) fn over(&mut self, session: SessionToken, reason: Close) -> Flow {
        self.shown = None;
        self.over = Some(session);
        if self.presence.is_some() && self.customer.is_none() {
            return ControlFlow::Continue(());
        }
        close(reason)
    }

    pub(super) fn feed(&self) -> Option<Arc<Feed>> {
        self.hosted().map(|(_, feed)| feed.clone())
    }

    pub(super) fn hosted(&self) -> Option<&(Arc<HostedRoom>, Arc<Feed>)> {
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

    pub(super) async fn act(&mut self, act: VisitorAct) -> Result<(), StoreError> {
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
    pub(super) async fn note_page(&mut self) -> Result<(), StoreError> {
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

    pub(super) async fn tell_profile(&mut self) -> Result<(), StoreError> {
        let Some(presence) = &self.presence else { return Ok(()) };
        let (visitor, profile) = (presence.visitor.clone(), self.profile.clone());
        let visitors = self.line.shared.visitors.clone();
        visitors.enter(&self.tenant, visitor, profile, presence.connection).await.map(drop)
    }

    /// Shows its page no longer; the session waits for the visitor.
    pub(super) async fn put_down(&mut self) {
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
}
