//! The contract of the stores of visitors.

use async_trait::async_trait;

use super::{LookupCode, Profile, Seat, Visitor};
use crate::domain::{
    error::StoreError,
    ids::{SessionToken, TenantId, VisitorId},
};

/// How long the sessions of a day are told after they were last counted.
pub const DAY_COUNT_MS: u64 = 3 * 86_400_000;

/// A visitor's page connects, or tells something new.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// Who.
    pub visitor: VisitorId,
    /// What its page tells.
    pub profile: Profile,
    /// Where it is connected.
    pub seat: Seat,
    /// From now until it counts as offline.
    pub lease_ms: u64,
    /// From then on it is remembered.
    pub remember_ms: u64,
    /// Codes to try, in order, where it has none that still runs.
    pub codes: Vec<LookupCode>,
    /// Life of a new code.
    pub code_ms: u64,
}

/// The answer to [`VisitorStore::enter`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterOutcome {
    /// Its code; none where all that were tried are taken.
    pub lookup_code: Option<LookupCode>,
    /// The session it was last invited to.
    pub session: Option<SessionToken>,
    /// The connection that had its seat before, on whatever node.
    pub previous: Option<Seat>,
}

/// A presence connection that is still there.
#[derive(Debug, Clone)]
pub struct Beat {
    /// Whose.
    pub visitor: VisitorId,
    /// Which connection.
    pub connection: u64,
}

/// The answer to one beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeatOutcome {
    /// Renewed.
    Present {
        /// The session it was last invited to.
        session: Option<SessionToken>,
    },
    /// Another connection has the visitor's seat.
    Standby,
    /// Nobody has the seat, or the store forgot the visitor: enter again.
    Unknown,
}

/// The answer to [`VisitorStore::invite`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InviteOutcome {
    /// The session is noted: tell the node that holds the seat, if there is one.
    Invited(Option<Seat>),
    /// Another session is noted than was expected.
    Other(SessionToken),
    /// No such visitor.
    Unknown,
}

/// Some visitors, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitorsPage {
    /// The visitors: those seen last come first.
    pub visitors: Vec<Visitor>,
    /// What to pass as `skip` for more; none at the end.
    pub next: Option<u64>,
}

/// Who is online, on whichever node. Every call is atomic within its tenant.
///
/// A visitor is online while its seat's lease runs, and remembered for a while after that.
#[async_trait]
pub trait VisitorStore: Send + Sync {
    /// Seats a visitor, or updates the profile of one that is seated. The newest connection wins.
    async fn enter(
        &self,
        tenant: &TenantId,
        entrance: &Entrance,
    ) -> Result<EnterOutcome, StoreError>;

    /// Updates the profile where that connection has the visitor's seat and its lease runs; false,
    /// and nothing changes, otherwise. It renews nothing: neither the lease nor when the visitor was
    /// last seen. Idempotent.
    async fn tell(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        connection: u64,
        profile: &Profile,
    ) -> Result<bool, StoreError>;

    /// Renews seats. Never seats anybody. One outcome per beat, in order. Idempotent.
    async fn beat(
        &self,
        tenant: &TenantId,
        beats: &[Beat],
        lease_ms: u64,
        remember_ms: u64,
    ) -> Result<Vec<BeatOutcome>, StoreError>;

    /// The connection is gone: the visitor is offline, if no other has its seat. Idempotent.
    async fn leave(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        connection: u64,
        remember_ms: u64,
    ) -> Result<(), StoreError>;

    /// A visitor, online or remembered.
    async fn find(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
    ) -> Result<Option<Visitor>, StoreError>;

    /// Visitors, those seen last first: skips so many, returns at most so many.
    async fn list(
        &self,
        tenant: &TenantId,
        skip: u64,
        most: u64,
    ) -> Result<VisitorsPage, StoreError>;

    /// How many are online.
    async fn online(&self, tenant: &TenantId) -> Result<u64, StoreError>;

    /// Notes the session a visitor is invited to, if the one noted now is the one expected.
    async fn invite(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        expected: Option<&SessionToken>,
        session: &SessionToken,
    ) -> Result<InviteOutcome, StoreError>;

    /// Uses up an id that may be used once, for `ttl_ms` (0: only looks): false where it was used
    /// before.
    async fn use_up(&self, id: &str, ttl_ms: u64) -> Result<bool, StoreError>;

    /// Counts a watched session on a day (days since 1970), and returns how many it has now.
    async fn count_session(&self, tenant: &TenantId, day: u64, add: u64)
    -> Result<u64, StoreError>;
}
