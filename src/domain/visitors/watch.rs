//! Watch links: how an agent gets into a visitor's session.

use std::{sync::Arc, time::Duration};

use super::{
    InviteOutcome, LinkClaims, LinkState, OpenedLink, Seat, Visitor, VisitorService,
    service::{millis, now, today},
};
use crate::domain::{
    cobrowse::{Begun, Created, EndedBy, Joined, Joiner, LinkTerms, Permissions},
    error::StoreError,
    finish::finish,
    ids::{AgentId, SessionToken, TenantId, VisitorId},
};

/// How often a link is tried where others open theirs, or end the session, at the same time.
const OPEN_TRIES: usize = 8;
/// A used link is remembered so much longer than it lives: the clocks of nodes differ a little.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// How often a link may be tried to be opened: somebody who waits for a free session tries it a few
/// times, then asks for another.
const LINK_TURNS: u32 = 16;

/// One try to open a link: an id that is used up, and another one that gives it back.
struct Turn(String);

impl Turn {
    fn of(link: &str, number: u32) -> Self {
        Self(if number == 0 { link.to_owned() } else { format!("{link} {number}") })
    }

    fn given_back(&self) -> String {
        format!("{} given back", self.0)
    }
}

/// Who gets a watch link, and what it says beside whom to watch.
#[derive(Debug, Clone)]
pub struct Watcher {
    /// The person, as the agent's application names it.
    pub agent: AgentId,
    /// The name to show.
    pub name: Box<str>,
    /// What it may do.
    pub permissions: Permissions,
    /// The rest.
    pub terms: LinkTerms,
}

/// The answer to [`VisitorService::link`].
#[derive(Debug)]
pub enum Linked {
    /// What the link says.
    Link(Box<LinkClaims>),
    /// As many sessions are watched as may be.
    TooManyWatched,
    /// Nobody remembers the visitor.
    NoVisitor,
}

impl VisitorService {
    /// A new watch link, if it could be opened now.
    pub async fn link(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        watcher: Watcher,
    ) -> Result<Linked, StoreError> {
        let Some(visitor) = self.find(tenant, visitor).await? else {
            return Ok(Linked::NoVisitor);
        };
        if !self.may_be_watched(tenant, &visitor).await? {
            return Ok(Linked::TooManyWatched);
        }
        let Watcher { agent, name, permissions, terms } = watcher;
        Ok(Linked::Link(Box::new(LinkClaims {
            id: uuid::Uuid::new_v4().to_string().into(),
            tenant: tenant.clone(),
            visitor: visitor.id,
            agent,
            agent_name: name,
            permissions,
            terms,
            expires: (now() + self.link_ttl).as_secs(),
        })))
    }

    /// One more who watches the same session counts for nothing.
    async fn may_be_watched(
        &self,
        tenant: &TenantId,
        visitor: &Visitor,
    ) -> Result<bool, StoreError> {
        Ok(self.cobrowse.may_watch(tenant).await?
            || self.session_of(tenant, visitor).await?.is_some())
    }

    /// Whether a watch link would open now; it is not used up.
    pub async fn look_at_link(&self, link: &LinkClaims) -> Result<LinkState, StoreError> {
        if self.turn(link, Duration::ZERO).await?.is_none() {
            return Ok(LinkState::Used);
        }
        let Some(visitor) = self.find(&link.tenant, &link.visitor).await? else {
            return Ok(LinkState::NoVisitor);
        };
        let may_be_watched = self.may_be_watched(&link.tenant, &visitor).await?;
        Ok(if may_be_watched { LinkState::Opens } else { LinkState::TooManyWatched })
    }

    /// Opens a watch link: its agent joins the visitor's session, or the visitor is invited to one.
    ///
    /// A visitor who is offline is invited as soon as it is back: its entrance tells the session.
    /// A link that could not be opened may be tried again.
    pub async fn open_link(self: &Arc<Self>, link: &LinkClaims) -> Result<OpenedLink, StoreError> {
        let (service, link) = (self.clone(), link.clone());
        finish(async move { service.open_once(&link).await }).await
    }

    async fn open_once(&self, link: &LinkClaims) -> Result<OpenedLink, StoreError> {
        let life = Duration::from_secs(link.expires).saturating_sub(now()) + CLOCKS_DIFFER;
        let Some(turn) = self.turn(link, life).await? else { return Ok(OpenedLink::Used) };
        let opened = self.enter_by(link).await;
        if !matches!(opened, Ok(OpenedLink::In { .. }))
            && let Err(error) = self.visitors.use_up(&turn.given_back(), millis(life)).await
        {
            tracing::debug!(%error, "a link that was not opened is used up");
        }
        opened
    }

    /// The turn to open a link; none where it was opened, or is just being opened. The next turn
    /// comes up when the one before is given back, so two at once never have one. It is taken for
    /// that long; for no time at all, this looks, and takes nothing.
    async fn turn(&self, link: &LinkClaims, life: Duration) -> Result<Option<Turn>, StoreError> {
        for number in 0..LINK_TURNS {
            let turn = Turn::of(&link.id, number);
            if self.visitors.use_up(&turn.0, millis(life)).await? {
                return Ok(Some(turn));
            }
            let is_kept = self.visitors.use_up(&turn.given_back(), 0).await?;
            if is_kept {
                break;
            }
        }
        Ok(None)
    }

    async fn enter_by(&self, link: &LinkClaims) -> Result<OpenedLink, StoreError> {
        let joiner = Joiner::Link {
            agent: link.agent.clone(),
            name: Some(link.agent_name.clone()),
            permissions: link.permissions,
            link: link.terms.clone(),
        };
        for _ in 0..OPEN_TRIES {
            let Some(visitor) = self.find(&link.tenant, &link.visitor).await? else {
                return Ok(OpenedLink::NoVisitor);
            };
            let session = self.session_of(&link.tenant, &visitor).await?;
            let opened = match session {
                Some(session) => self.join(&session.token, &joiner).await?,
                None => self.begin(&link.tenant, &visitor, &joiner).await?,
            };
            if let Some(opened) = opened {
                return Ok(opened);
            }
        }
        Ok(OpenedLink::Over)
    }

    /// Joins the session that is noted; none where it is over by now.
    async fn join(
        &self,
        session: &SessionToken,
        joiner: &Joiner,
    ) -> Result<Option<OpenedLink>, StoreError> {
        Ok(match self.cobrowse.join(session, joiner).await? {
            Joined::In { user, session, version } => {
                Some(OpenedLink::In { session, version, user })
            }
            Joined::Full | Joined::AgentBusy => Some(OpenedLink::TooManyWatched),
            Joined::NotAllowed | Joined::Over | Joined::Unknown => None,
        })
    }

    /// Begins a session with the agent in it and notes it; none where another one was noted since.
    async fn begin(
        &self,
        tenant: &TenantId,
        visitor: &Visitor,
        joiner: &Joiner,
    ) -> Result<Option<OpenedLink>, StoreError> {
        let begun = Begun::WatchLink(visitor.id.clone());
        let Created::New(session) = self.cobrowse.create(tenant, begun).await? else {
            // The last slot may be the very session that somebody begins with this visitor.
            let noted = self.find(tenant, &visitor.id).await?.and_then(|found| found.session);
            let is_noted_since = noted.is_some() && noted != visitor.session;
            return Ok((!is_noted_since).then_some(OpenedLink::TooManyWatched));
        };
        let token = session.token;
        let opened = async {
            let opened = self.join(&token, joiner).await?;
            let noted = visitor.session.as_ref();
            match self.visitors.invite(tenant, &visitor.id, noted, &token).await? {
                InviteOutcome::Invited(seat) => {
                    self.invite(tenant, &visitor.id, seat).await;
                    Ok((true, opened))
                }
                InviteOutcome::Other(_) => Ok((false, None)),
                InviteOutcome::Unknown => Ok((false, Some(OpenedLink::NoVisitor))),
            }
        };
        let opened = opened.await;
        if !matches!(opened, Ok((true, _))) {
            // Nobody will come to it. Where the store is away it lapses by itself.
            drop(self.cobrowse.end(&token, &EndedBy::Operator).await);
        }
        opened.map(|(_, opened)| opened)
    }

    /// Tells the node that holds a visitor's seat, and counts the session.
    async fn invite(&self, tenant: &TenantId, visitor: &VisitorId, seat: Option<Seat>) {
        if let Some(seat) = seat {
            self.nudge(tenant, visitor, &seat);
        }
        if let Err(error) = self.visitors.count_session(tenant, today(), 1).await {
            tracing::debug!(%error, "a watched session was not counted");
        }
    }
}
