//! The contract of the stores of co-browse sessions. One conformance suite tests all of them.

use async_trait::async_trait;

use super::{Entry, Event, Server, Session};
use crate::domain::{
    error::StoreError,
    ids::{AgentId, HistoryId, SessionToken, TenantId},
};

/// A session as the store holds it. Times are milliseconds since 1970, by the store's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The record.
    pub session: Session,
    /// Grows with every change of the record.
    pub version: u64,
    /// When it was created.
    pub created_ms: u64,
    /// Now.
    pub now_ms: u64,
    /// When it is over unless it is kept alive.
    pub expires_ms: u64,
    /// The node that hosts it, while that node's lease runs.
    pub owner: Option<Server>,
    /// How often the host has changed; an older host is refused.
    pub fence: u64,
}

/// How long a session is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// From now until it is over.
    pub live_ms: u64,
    /// From then on it is remembered.
    pub remember_ms: u64,
}

/// A change of a record that was read before.
#[derive(Debug, Clone)]
pub struct Change {
    /// The new record.
    pub session: Session,
    /// The version that was read: a record that changed since is not written.
    pub version: u64,
    /// Of a host: its fence, which must still be the newest.
    pub fence: Option<u64>,
    /// The new life, where the change gives one.
    pub life: Option<Life>,
    /// What happened, for the audit trail.
    pub events: Vec<Event>,
}

/// The answer to [`CobrowseStore::put`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// Written, under this new version.
    Put {
        /// The new version.
        version: u64,
    },
    /// The record changed meanwhile: read it again.
    Changed,
    /// A newer host has the session.
    Fenced,
    /// No such session; or the fence is higher than the store's, which is an older copy: restore.
    Unknown,
}

/// The answer to [`CobrowseStore::claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The node hosts it now, under the fence in the record.
    Claimed {
        /// The session.
        stored: Box<Stored>,
        /// Who hosted it before, where its lease still ran.
        previous: Option<Server>,
    },
    /// It is over: `expires_ms` has passed, or the record says so.
    Over,
    /// No such session.
    Unknown,
}

/// A host's wish to keep a session.
#[derive(Debug, Clone)]
pub struct Hosting {
    /// Which.
    pub session: SessionToken,
    /// The fence it was given.
    pub fence: u64,
    /// From now until others take the host for dead.
    pub lease_ms: u64,
    /// How long the session lives from now.
    pub life: Life,
}

/// The answer to [`CobrowseStore::renew`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostVerdict {
    /// It is kept.
    Kept {
        /// The version of the record: another than known means that it changed.
        version: u64,
    },
    /// A newer host has the session, or this one let it go.
    Fenced,
    /// It is over, and stays so.
    Over,
    /// The store forgot it, or is an older copy that never heard of this fence: restore.
    Unknown,
}

/// Co-browse sessions. Every call is atomic within its session; the store's clock decides.
///
/// A session is over when its record has an end or `expires_ms` has passed, swept or not; it is
/// remembered for a while after that, and its token is not given to another meanwhile. What lapsed
/// without an end lives again when its host renews it, or restores it over an older copy.
///
/// After a fail-over the store may be an older copy, which missed the last claim or changes. Fences
/// and versions only grow, so a host that knows a higher one knows better: it restores.
#[async_trait]
pub trait CobrowseStore: Send + Sync {
    /// Writes a new session with its first events; false where its token is taken.
    async fn create(
        &self,
        session: &Session,
        life: Life,
        events: &[Event],
    ) -> Result<bool, StoreError>;

    /// The session, also one that is over but remembered.
    async fn get(&self, session: &SessionToken) -> Result<Option<Stored>, StoreError>;

    /// Writes a changed record and appends its events, if nobody changed it since it was read.
    ///
    /// A record with an end clears the host. Of a host, a lower fence than the newest is
    /// [`PutOutcome::Fenced`], a higher one [`PutOutcome::Unknown`], whatever the version.
    /// Not idempotent: a repeat is [`PutOutcome::Changed`].
    async fn put(&self, change: &Change) -> Result<PutOutcome, StoreError>;

    /// Makes a node the host of a session that is not over: raises the fence, starts the lease,
    /// notes [`Event::Hosted`]. The newest claim wins.
    async fn claim(
        &self,
        session: &SessionToken,
        host: &Server,
        lease_ms: u64,
        life: Life,
    ) -> Result<ClaimOutcome, StoreError>;

    /// Keeps hosted sessions: lease and life start anew, also where they ran out, as long as the
    /// session is remembered. Never creates. One verdict per session, in order. Idempotent.
    ///
    /// The first that fits: [`HostVerdict::Unknown`] what is forgotten; [`HostVerdict::Over`] a
    /// record with an end; `Unknown` a fence higher than the newest; of a session that was let go
    /// `Over` once it lapsed and [`HostVerdict::Fenced`] before; `Fenced` a lower fence; else kept.
    async fn renew(&self, hostings: &[Hosting]) -> Vec<Result<HostVerdict, StoreError>>;

    /// The host lets a session go (its visitor dropped): it has no host, and lives for `life`.
    /// Notes [`Event::VisitorLost`]. False, and nothing changes, where the fence is not the newest.
    async fn let_go(
        &self,
        session: &SessionToken,
        fence: u64,
        life: Life,
    ) -> Result<bool, StoreError>;

    /// A host puts back a session under the fence it holds. Notes nothing.
    ///
    /// What the store forgot is written with the host's version. An older copy (a lower fence, or
    /// the same with a lower version) is overwritten but for its events; the version is then one
    /// more than the greater of both, so that none which this host or readers of the copy have
    /// seen names other contents. A repeat of that is false.
    ///
    /// False, and nothing changes, where the session is there and is no older, or its record has
    /// an end, or it is another session under that token (it has another history id).
    async fn restore(&self, stored: &Stored, lease_ms: u64, life: Life)
    -> Result<bool, StoreError>;

    /// What happened in a session: the oldest first, at most [`super::audit::EVENTS`].
    async fn events(&self, session: &SessionToken) -> Result<Vec<Entry>, StoreError>;

    /// The session of a history id, as long as it is remembered.
    async fn find(&self, history: &HistoryId) -> Result<Option<SessionToken>, StoreError>;
}

/// The most sessions that [`SlotOutcome::Full`] names.
pub const FULL_SESSIONS: usize = 100;

/// What sessions are counted against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SlotScope {
    /// The sessions one agent holds.
    Agent(TenantId, AgentId),
    /// The watched sessions of a tenant.
    Watched(TenantId),
}

/// The answer to [`SlotStore::take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotOutcome {
    /// The session has its slot, or had it before.
    Taken,
    /// It has none, and so many others have theirs; some of them, at most [`FULL_SESSIONS`].
    Full(Vec<SessionToken>),
}

/// How many sessions there may be of a kind. Each holds a slot with a lease.
#[async_trait]
pub trait SlotStore: Send + Sync {
    /// Takes a slot for `lease_ms`, if fewer than `limit` sessions hold one. Idempotent: who holds
    /// one keeps it and renews it, also where a limit that was lowered is full without it.
    async fn take(
        &self,
        scope: &SlotScope,
        session: &SessionToken,
        limit: u32,
        lease_ms: u64,
    ) -> Result<SlotOutcome, StoreError>;

    /// Renews slots for `lease_ms` from now where they are held. Never takes: one that was given
    /// back, or whose lease ran out, stays free, and that is no error. One result per slot, in
    /// order. Idempotent.
    async fn renew(
        &self,
        slots: &[(SlotScope, SessionToken)],
        lease_ms: u64,
    ) -> Vec<Result<(), StoreError>>;

    /// Gives a slot back. Idempotent.
    async fn free(&self, scope: &SlotScope, session: &SessionToken) -> Result<(), StoreError>;

    /// How many slots are held now.
    async fn held(&self, scope: &SlotScope) -> Result<u64, StoreError>;
}
