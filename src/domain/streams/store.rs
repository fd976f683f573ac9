//! The contract every stream store keeps. One conformance suite tests all of them.

use async_trait::async_trait;

use super::limits::Policy;
use super::session::{Account, EndReason, Ended, Holder, Pool, Session};
use crate::domain::{
    error::StoreError,
    ids::{DeviceId, Generation, NodeName, SessionId},
};

/// How long a tombstone tells what became of its session.
pub const TOMBSTONE_MS: u64 = 300_000;
/// How long a repeated idempotency key gets the first answer.
pub const IDEMPOTENCY_MS: u64 = 60_000;
/// The most sessions a limit answer names; the rest still counts.
pub const ANSWER_SESSIONS: usize = 100;
/// Tombstones and remembered answers of one account: beyond it creates are refused, so that a
/// client in a loop cannot fill the store.
pub const REMEMBERED_MOST: usize = 4096;
/// The most sessions a listing returns.
pub const LIST_SESSIONS: usize = 1000;

/// What a create call wants beside a new session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// A new session; the id is fresh.
    Create,
    /// The session of this id: created, or kept alive where it lives (client-chosen ids).
    Upsert,
    /// A new session in the place of a running one.
    TakeOver(SessionId),
}

/// A session that is asked for, with the terms it is judged by.
#[derive(Debug, Clone)]
pub struct Create {
    /// Whose.
    pub account: Account,
    /// The id it will have.
    pub session: SessionId,
    /// Where it is counted.
    pub pool: Pool,
    /// What the viewer calls it.
    pub name: Box<str>,
    /// Live sessions of the same device are replaced and use no second slot.
    pub device: Option<DeviceId>,
    /// JSON text, opaque to the engine.
    pub attributes: Option<Box<str>>,
    /// Create, upsert or take over.
    pub goal: Goal,
    /// Life of the session until its first renewal or connect.
    pub first_lease_ms: u64,
    /// Life after each renewal.
    pub lease_ms: u64,
    /// Sessions allowed in the pool.
    pub limit: u32,
    /// Sessions allowed in the whole account.
    pub account_limit: Option<u32>,
    /// What happens at the limit.
    pub policy: Policy,
    /// Repeats of the same key within [`IDEMPOTENCY_MS`] get the first answer.
    pub idempotency_key: Option<Box<str>>,
}

impl Create {
    /// What a repeated idempotency key must repeat: all but the freshly drawn session id.
    pub fn fingerprint(&self) -> String {
        let (goal, target) = match &self.goal {
            Goal::Create => ("create", ""),
            Goal::Upsert => ("upsert", self.session.as_str()),
            Goal::TakeOver(target) => ("takeover", target.as_str()),
        };
        let device = self.device.as_ref().map_or("", DeviceId::as_str);
        serde_json::json!([goal, target, self.pool, self.name, device]).to_string()
    }
}

/// The answer to [`StreamStore::create`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It lives.
    Created {
        /// The new session.
        session: Session,
        /// What had to end for it: taken over, evicted, or replaced by its own device.
        ended: Vec<Ended>,
        /// Nodes that may hold other sockets of the account.
        nodes: Vec<NodeName>,
    },
    /// Upsert only: it lived already and was renewed.
    Renewed(Session),
    /// Upsert only: it lives in another pool; nothing changed.
    OtherPool(Session),
    /// A limit is reached; nothing changed.
    LimitReached {
        /// The oldest live sessions under that limit, at most [`ANSWER_SESSIONS`].
        active: Vec<Session>,
        /// Nodes that may hold sockets of the account.
        nodes: Vec<NodeName>,
    },
    /// Take-over only: the session to take over does not live; nothing changed.
    NoSuchSession,
    /// The idempotency key was used for another request; nothing changed.
    KeyReused,
    /// More than [`REMEMBERED_MOST`] ends and answers are remembered; nothing changed.
    Crowded,
    /// The idempotency key repeats: what the first request was answered.
    Repeated(Box<CreateOutcome>),
}

/// The answer to [`StreamStore::connect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectOutcome {
    /// The socket holds the session now.
    Connected {
        /// The session, with its new generation.
        session: Session,
        /// Who held it before: to be told to let go.
        previous: Option<Holder>,
    },
    /// It was ended.
    Ended(Ended),
    /// No such session: expired, or never there.
    Unknown,
}

/// A holder's wish to keep a session.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// Whose.
    pub account: Account,
    /// Which.
    pub session: SessionId,
    /// The generation the holder was given.
    pub generation: Generation,
    /// The holder.
    pub node: NodeName,
    /// Until when, by the store's clock, the holder believes to have the lease.
    pub held_until_ms: u64,
    /// The store was away from this holder: a lease that lapsed is renewed, if nobody swept it.
    pub store_was_away: bool,
}

/// The answer to one renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Renewed.
    Live {
        /// The new end of the lease, by the store's clock.
        expires_ms: u64,
    },
    /// It was ended.
    Ended(Ended),
    /// A newer generation holds it, or nobody since its socket dropped.
    Superseded(Generation),
    /// Its lease lapsed: it is gone.
    Expired,
    /// The store has never heard of a lease that should still run: it lost data. Re-assert.
    Forgotten,
}

/// The answer to [`StreamStore::heartbeat`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeartbeatOutcome {
    /// Renewed.
    Live(Session),
    /// It lives in another pool; not renewed.
    OtherPool(Session),
    /// It was ended.
    Ended(Ended),
    /// No such session: expired, or never there.
    Unknown,
}

/// The answer to [`StreamStore::park`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParkOutcome {
    /// The session waits for its player to reconnect.
    Parked,
    /// Somebody newer holds it, or it is gone; nothing changed.
    Stale,
}

/// The answer to [`StreamStore::release`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseOutcome {
    /// Its slot is free.
    Released(Ended),
    /// It was over already: how it ended. Repeats of a release land here.
    AlreadyEnded(Ended),
    /// A newer generation holds it; nothing changed.
    Stale,
    /// No such session: expired, or never there.
    Unknown,
}

/// Stream sessions. Every call is atomic within its account; the store's clock decides leases.
///
/// Sessions whose lease has lapsed count nowhere and are shown nowhere, swept or not. `create`
/// sweeps them; until then a holder whose store was away may still renew them.
#[async_trait]
pub trait StreamStore: Send + Sync {
    /// Creates, upserts or takes over: all limits are judged before anything is written.
    ///
    /// Idempotent with an idempotency key.
    async fn create(&self, create: &Create) -> Result<CreateOutcome, StoreError>;

    /// Binds a socket on `node`: raises the generation, starts the lease. The newest socket wins.
    ///
    /// Sessions below `at_least` (a token of another life of the id) are unknown.
    async fn connect(
        &self,
        account: &Account,
        session: &SessionId,
        at_least: Generation,
        node: &NodeName,
    ) -> Result<ConnectOutcome, StoreError>;

    /// Renews what the holders hold. Never creates. One verdict per renewal, in order. Idempotent.
    ///
    /// A generation above the stored one is [`Verdict::Forgotten`]: the store is an older copy.
    async fn renew(&self, renewals: &[Renewal]) -> Vec<Result<Verdict, StoreError>>;

    /// Renews a session without a socket. Never creates. Idempotent.
    ///
    /// With `pool`, only if it lives in that pool.
    async fn heartbeat(
        &self,
        account: &Account,
        session: &SessionId,
        pool: Option<&Pool>,
    ) -> Result<HeartbeatOutcome, StoreError>;

    /// The socket of `generation` dropped: the session waits `grace_ms` for a reconnect. Idempotent.
    async fn park(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Generation,
        grace_ms: u64,
    ) -> Result<ParkOutcome, StoreError>;

    /// Ends a session and leaves a tombstone. With `generation`, only if that still holds it.
    ///
    /// Idempotent: a repeat answers how it ended. A holder's release of an unknown session leaves
    /// a tombstone all the same, for re-assertions that are on their way.
    async fn release(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Option<Generation>,
        why: &EndReason,
    ) -> Result<ReleaseOutcome, StoreError>;

    /// A holder puts back a session the store forgot, or whose lease lapsed while it was away.
    ///
    /// Refused (with the verdict a renewal would get) where a tombstone or a newer generation
    /// knows better. Admits above the limit: what plays already is not stopped. Idempotent.
    async fn reassert(&self, account: &Account, session: &Session) -> Result<Verdict, StoreError>;

    /// The account's live sessions, oldest first, at most [`LIST_SESSIONS`].
    async fn list(&self, account: &Account) -> Result<Vec<Session>, StoreError>;
}
