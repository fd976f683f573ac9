//! Who is online, on whichever node, and in which session.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    Beat, BeatOutcome, EnterOutcome, Entrance, LookupCode, Profile, Seat, Visitor, VisitorStore,
};
use crate::domain::{
    cluster::{Bus, Message},
    cobrowse::{Begun, CobrowseService, EndedBy, Session},
    error::StoreError,
    ids::{NodeName, TenantId, VisitorId},
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
    pub(super) visitors: Arc<dyn VisitorStore>,
    pub(super) cobrowse: Arc<CobrowseService>,
    pub(super) bus: Arc<dyn Bus>,
    here: NodeName,
    pub(super) link_ttl: Duration,
}

impl VisitorService {
    /// Visitors of that store, watched in sessions of that engine; `here` is this node, and links
    /// can be opened for `link_ttl`.
    pub fn new(
        visitors: Arc<dyn VisitorStore>,
        cobrowse: Arc<CobrowseService>,
        bus: Arc<dyn Bus>,
        here: NodeName,
        link_ttl: Duration,
    ) -> Self {
        Self { visitors, cobrowse, bus, here, link_ttl }
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

    /// What a page tells anew of its visitor; false where another connection has the seat.
    pub async fn tell(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        connection: u64,
        profile: &Profile,
    ) -> Result<bool, StoreError> {
        self.visitors.tell(tenant, visitor, connection, profile).await
    }

    /// Lets a connection look at once whether it still has the seat; else its next beat tells.
    pub fn nudge(&self, tenant: &TenantId, visitor: &VisitorId, seat: &Seat) {
        let invited = Message::Invited { tenant: tenant.clone(), visitor: visitor.clone() };
        self.bus.publish(&seat.node, &invited);
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
}

pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Days since 1970, by UTC.
pub(super) fn today() -> u64 {
    now().as_secs() / 86_400
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
