//! Who is online, on whichever node, and how agents get into a visitor's session by a link.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    Beat, BeatOutcome, EnterOutcome, Entrance, InviteOutcome, LinkClaims, LookupCode, OpenedLink,
    Profile, Seat, Visitor, VisitorStore,
};
use crate::domain::{
    cluster::{Bus, Message},
    cobrowse::{Begun, CobrowseService, Created, EndedBy, Joined, Joiner, Session},
    error::StoreError,
    ids::{NodeName, SessionToken, TenantId, VisitorId},
};

/// From a visitor's last beat until it counts as offline.
pub const LEASE: Duration = Duration::from_secs(30);
/// How long a visitor is remembered that went offline.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// Life of a lookup code (the vendor's).
const CODE_LIFE: Duration = Duration::from_secs(3600);
/// Lookup codes tried: while 7,500 of the 10,000 run, a visitor gets one 99 times in 100.
const CODE_TRIES: usize = 16;

/// Visitors in one answer, at most.
pub const LISTED: usize = 1000;
/// Visitors looked at for one answer: a search of a large site ends somewhere.
const LOOKED_AT: u64 = 20_000;
/// Visitors read at a time.
const PAGE: u64 = 500;

/// How often a link is tried where others open theirs, or end the session, at the same time.
const OPEN_TRIES: usize = 8;
/// A used link is remembered so much longer than it lives: the clocks of nodes differ a little.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// What is known of a tenant's use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Visitors who are online.
    pub online_now: u64,
    /// Sessions watched now.
    pub sessions_now: u64,
    /// Watched sessions begun today, by UTC.
    pub sessions_today: u64,
}

/// Visitors, as one node serves them.
pub struct VisitorService {
    visitors: Arc<dyn VisitorStore>,
    cobrowse: Arc<CobrowseService>,
    bus: Arc<dyn Bus>,
    here: NodeName,
}

impl VisitorService {
    /// Visitors of that store, watched in sessions of that engine; `here` is this node.
    pub fn new(
        visitors: Arc<dyn VisitorStore>,
        cobrowse: Arc<CobrowseService>,
        bus: Arc<dyn Bus>,
        here: NodeName,
    ) -> Self {
        Self { visitors, cobrowse, bus, here }
    }

    /// A visitor's page connects to this node, or tells something new.
    pub async fn enter(
        &self,
        tenant: &TenantId,
        visitor: VisitorId,
        profile: Profile,
        connection: u64,
    ) -> Result<EnterOutcome, StoreError> {
        let entrance = Entrance {
            visitor,
            profile,
            seat: Seat { node: self.here.clone(), connection },
            lease_ms: millis(LEASE),
            remember_ms: millis(REMEMBERED),
            codes: std::iter::repeat_with(LookupCode::random).take(CODE_TRIES).collect(),
            code_ms: millis(CODE_LIFE),
        };
        self.visitors.enter(tenant, &entrance).await
    }

    /// Renews presence connections: one outcome each, in order.
    pub async fn beat(
        &self,
        tenant: &TenantId,
        beats: &[Beat],
    ) -> Result<Vec<BeatOutcome>, StoreError> {
        self.visitors.beat(tenant, beats, millis(LEASE), millis(REMEMBERED)).await
    }

    /// A presence connection is gone.
    pub async fn leave(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        connection: u64,
    ) -> Result<(), StoreError> {
        self.visitors.leave(tenant, visitor, connection, millis(REMEMBERED)).await
    }

    /// A visitor, online or remembered.
    pub async fn find(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
    ) -> Result<Option<Visitor>, StoreError> {
        self.visitors.find(tenant, visitor).await
    }

    /// Visitors that a search names, those seen last first: at most `most`, and [`LISTED`].
    pub async fn list(
        &self,
        tenant: &TenantId,
        search: &str,
        most: usize,
    ) -> Result<Vec<Visitor>, StoreError> {
        let most = most.min(LISTED);
        let (mut found, mut skip) = (Vec::new(), 0);
        while skip < LOOKED_AT {
            let page = self.visitors.list(tenant, skip, PAGE).await?;
            found.extend(page.visitors.into_iter().filter(|visitor| visitor.matches(search)));
            match page.next {
                Some(next) if found.len() < most => skip = next,
                Some(_) | None => break,
            }
        }
        found.truncate(most);
        Ok(found)
    }

    /// The session a visitor is in, or invited to: none once it is over.
    pub async fn session_of(
        &self,
        tenant: &TenantId,
        visitor: &Visitor,
    ) -> Result<Option<Session>, StoreError> {
        let Some(noted) = &visitor.session else { return Ok(None) };
        let Some(stored) = self.cobrowse.get(noted).await? else { return Ok(None) };
        // A token that was forgotten may name another session by now.
        let is_theirs = stored.session.tenant == *tenant
            && stored.session.begun == Begun::WatchLink(visitor.id.clone());
        Ok((is_theirs && stored.session.end.is_none()).then_some(stored.session))
    }

    /// Whether a link for this visitor could be opened now.
    pub async fn may_watch(
        &self,
        tenant: &TenantId,
        visitor: &Visitor,
    ) -> Result<bool, StoreError> {
        // One more who watches the same session counts for nothing.
        Ok(self.cobrowse.may_watch(tenant).await?
            || self.session_of(tenant, visitor).await?.is_some())
    }

    /// Ends the session of a visitor, if there is one. None where nobody remembers the visitor.
    pub async fn end_session(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
    ) -> Result<Option<()>, StoreError> {
        let Some(visitor) = self.find(tenant, visitor).await? else { return Ok(None) };
        if let Some(session) = self.session_of(tenant, &visitor).await? {
            self.cobrowse.end(&session.token, &EndedBy::Operator).await?;
        }
        Ok(Some(()))
    }

    /// What is known of a tenant's use.
    pub async fn usage(&self, tenant: &TenantId) -> Result<Usage, StoreError> {
        Ok(Usage {
            online_now: self.visitors.online(tenant).await?,
            sessions_now: self.cobrowse.watched(tenant).await?,
            sessions_today: self.visitors.count_session(tenant, today(), 0).await?,
        })
    }

    /// Opens a watch link: its agent joins the visitor's session, or the visitor is invited to one.
    ///
    /// A visitor who is offline is invited as soon as it is back: its entrance tells the session.
    pub async fn open_link(&self, link: &LinkClaims) -> Result<OpenedLink, StoreError> {
        let life = Duration::from_secs(link.expires).saturating_sub(now()) + CLOCKS_DIFFER;
        if !self.visitors.use_up(&link.id, millis(life)).await? {
            return Ok(OpenedLink::Used);
        }
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
            let invited = Message::Invited { tenant: tenant.clone(), visitor: visitor.clone() };
            self.bus.publish(&seat.node, &invited);
        }
        if let Err(error) = self.visitors.count_session(tenant, today(), 1).await {
            tracing::debug!(%error, "a watched session was not counted");
        }
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Days since 1970, by UTC.
fn today() -> u64 {
    now().as_secs() / 86_400
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
