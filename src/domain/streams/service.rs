//! The stream engine: judges requests by the tenant's terms, and tells nodes what they must know.

use std::{sync::Arc, time::Duration};

use super::{
    Account, ConnectOutcome, Create, CreateOutcome, EndReason, Ended, Goal, HeartbeatOutcome,
    ParkOutcome, Pool, ReleaseOutcome, Renewal, Session, StreamStore, Terms, Verdict,
};
use crate::domain::{
    cluster::{Bus, Message},
    error::StoreError,
    ids::{DeviceId, Generation, NodeName, SessionId},
    tenants::Tenants,
};

/// How long sessions live between signs of life.
#[derive(Debug, Clone, Copy)]
pub struct Lives {
    /// From the create call to the first socket.
    pub connect_grace: Duration,
    /// Of a session whose socket a node holds and renews.
    pub lease: Duration,
    /// After the socket dropped.
    pub reconnect_grace: Duration,
    /// Of a session that lives by heartbeats.
    pub heartbeat: Duration,
}

/// What keeps a session alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LivesBy {
    /// A socket, whose node renews the lease.
    Socket,
    /// Heartbeats of its own.
    Heartbeats,
}

/// A player's wish for a session.
#[derive(Debug, Clone)]
pub struct StreamRequest {
    /// Whose.
    pub account: Account,
    /// The id it shall have.
    pub session: SessionId,
    /// Where it counts.
    pub pool: Pool,
    /// What the viewer calls it.
    pub name: Box<str>,
    /// The device that plays.
    pub device: Option<DeviceId>,
    /// JSON text of the dialect.
    pub attributes: Option<Box<str>>,
    /// Create, upsert or take over.
    pub goal: Goal,
    /// Socket or heartbeats.
    pub lives_by: LivesBy,
    /// The limit its token carries.
    pub claimed_limit: Option<u32>,
    /// Repeats get the first answer.
    pub idempotency_key: Option<Box<str>>,
}

/// The answer to a [`StreamRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Play: a new session.
    Admitted(Session),
    /// Play: the session lived already and was renewed.
    Renewed(Session),
    /// Play: nobody counts now.
    Untracked,
    /// A limit is reached.
    LimitReached {
        /// The sessions under it; none where the policy is to reject.
        active: Vec<Session>,
        /// Whether one of them may be taken over.
        takeover: bool,
    },
    /// The id lives in another pool.
    OtherPool(Session),
    /// The session to take over does not live.
    NoSuchSession,
    /// The idempotency key was used for another request.
    KeyReused,
    /// The account asks for so much that nothing more can be remembered for it.
    Crowded,
    /// Take-over is switched off.
    TakeoverOff,
}

/// The stream engine of one node.
pub struct StreamService {
    store: Arc<dyn StreamStore>,
    bus: Arc<dyn Bus>,
    tenants: Arc<Tenants>,
    lives: Lives,
    enabled: bool,
}

impl StreamService {
    /// An engine on that store and bus. Not `enabled`: everybody plays, nobody is counted.
    pub fn new(
        store: Arc<dyn StreamStore>,
        bus: Arc<dyn Bus>,
        tenants: Arc<Tenants>,
        lives: Lives,
        enabled: bool,
    ) -> Self {
        Self { store, bus, tenants, lives, enabled }
    }

    /// How long sessions live.
    pub fn lives(&self) -> Lives {
        self.lives
    }

    /// Asks for a session. While the store is away the tenant's choice decides for players with
    /// sockets; players with heartbeats always get the error, on which they play.
    pub async fn request(&self, request: StreamRequest) -> Result<Admission, StoreError> {
        if !self.enabled && request.lives_by == LivesBy::Socket {
            return Ok(Admission::Untracked);
        }
        let tenant = self.tenants.get(&request.account.tenant);
        let terms = tenant.limits.terms(&request.pool, request.claimed_limit);
        if matches!(request.goal, Goal::TakeOver(_)) && !terms.takeover {
            return Ok(Admission::TakeoverOff);
        }
        let untracked_when_away = tenant.untracked_when_away && request.lives_by == LivesBy::Socket;
        let create = self.create(request, terms);
        match self.store.create(&create).await {
            Ok(outcome) => Ok(self.settle(&create, outcome, terms)),
            Err(error) if untracked_when_away && error.is_transient() => {
                tracing::warn!(%error, "the store is away: a player plays untracked");
                Ok(Admission::Untracked)
            }
            Err(error) => Err(error),
        }
    }

    fn create(&self, request: StreamRequest, terms: Terms) -> Create {
        let (first, lease) = match request.lives_by {
            LivesBy::Socket => (self.lives.connect_grace, self.lives.lease),
            LivesBy::Heartbeats => (self.lives.heartbeat, self.lives.heartbeat),
        };
        Create {
            account: request.account,
            session: request.session,
            pool: request.pool,
            name: request.name,
            device: request.device,
            attributes: request.attributes,
            goal: request.goal,
            first_lease_ms: millis(first),
            lease_ms: millis(lease),
            limit: terms.limit,
            account_limit: terms.account_limit,
            policy: terms.policy,
            idempotency_key: request.idempotency_key,
        }
    }

    /// Tells the nodes what the outcome means for them, once; a repeat tells nobody.
    fn settle(&self, create: &Create, outcome: CreateOutcome, terms: Terms) -> Admission {
        match &outcome {
            CreateOutcome::Created { ended, nodes, .. } => {
                self.announce(&create.account, ended);
                // A take-over has chosen its victim: nobody dead is to be found.
                if !matches!(create.goal, Goal::TakeOver(_)) {
                    self.ping(&create.account, nodes);
                }
            }
            CreateOutcome::LimitReached { nodes, .. } => self.ping(&create.account, nodes),
            CreateOutcome::Renewed(_)
            | CreateOutcome::OtherPool(_)
            | CreateOutcome::NoSuchSession
            | CreateOutcome::KeyReused
            | CreateOutcome::Crowded
            | CreateOutcome::Repeated(_) => {}
        }
        admission(outcome, terms)
    }

    fn ping(&self, account: &Account, nodes: &[NodeName]) {
        for node in nodes {
            self.bus.publish(node, &Message::Ping { account: account.clone() });
        }
    }

    fn announce(&self, account: &Account, ended: &[Ended]) {
        for ended in ended {
            if let Some(node) = &ended.holder {
                let message = Message::Ended { account: account.clone(), ended: ended.clone() };
                self.bus.publish(node, &message);
            }
        }
    }

    /// Binds a socket on `node` and tells the previous holder to let go.
    pub async fn connect(
        &self,
        account: &Account,
        session: &SessionId,
        at_least: Generation,
        node: &NodeName,
    ) -> Result<ConnectOutcome, StoreError> {
        let outcome = self.store.connect(account, session, at_least, node).await?;
        if let ConnectOutcome::Connected { session, previous: Some(previous) } = &outcome {
            let message = Message::Superseded {
                account: account.clone(),
                session: session.id.clone(),
                generation: session.generation,
            };
            self.bus.publish(&previous.node, &message);
        }
        Ok(outcome)
    }

    /// Renews what this node holds.
    pub async fn renew(&self, renewals: &[Renewal]) -> Vec<Result<Verdict, StoreError>> {
        self.store.renew(renewals).await
    }

    /// Puts back a session this node holds and the store forgot.
    pub async fn reassert(
        &self,
        account: &Account,
        session: &Session,
    ) -> Result<Verdict, StoreError> {
        self.store.reassert(account, session).await
    }

    /// A heartbeat of a session without a socket.
    pub async fn heartbeat(
        &self,
        account: &Account,
        session: &SessionId,
        pool: Option<&Pool>,
    ) -> Result<HeartbeatOutcome, StoreError> {
        self.store.heartbeat(account, session, pool).await
    }

    /// The socket of a generation dropped: its player may reconnect for a while.
    pub async fn park(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Generation,
    ) -> Result<ParkOutcome, StoreError> {
        let grace_ms = millis(self.lives.reconnect_grace);
        self.store.park(account, session, generation, grace_ms).await
    }

    /// The holder of a generation ends its session.
    pub async fn finish(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Generation,
        why: &EndReason,
    ) -> Result<ReleaseOutcome, StoreError> {
        self.store.release(account, session, Some(generation), why).await
    }

    /// Ends a session, whoever holds it, and tells the holder.
    pub async fn end(
        &self,
        account: &Account,
        session: &SessionId,
        why: &EndReason,
    ) -> Result<ReleaseOutcome, StoreError> {
        let outcome = self.store.release(account, session, None, why).await?;
        if let ReleaseOutcome::Released(ended) = &outcome {
            self.announce(account, std::slice::from_ref(ended));
        }
        Ok(outcome)
    }

    /// The account's live sessions, oldest first.
    pub async fn list(&self, account: &Account) -> Result<Vec<Session>, StoreError> {
        self.store.list(account).await
    }
}

fn admission(outcome: CreateOutcome, terms: Terms) -> Admission {
    match outcome {
        CreateOutcome::Created { session, .. } => Admission::Admitted(session),
        CreateOutcome::Renewed(session) => Admission::Renewed(session),
        CreateOutcome::OtherPool(session) => Admission::OtherPool(session),
        CreateOutcome::LimitReached { active, .. } => Admission::LimitReached {
            active: if terms.policy == super::Policy::Reject { Vec::new() } else { active },
            takeover: terms.takeover,
        },
        CreateOutcome::NoSuchSession => Admission::NoSuchSession,
        CreateOutcome::KeyReused => Admission::KeyReused,
        CreateOutcome::Crowded => Admission::Crowded,
        CreateOutcome::Repeated(first) => admission(*first, terms),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
