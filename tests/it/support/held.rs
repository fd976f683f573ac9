//! A store of co-browse sessions whose calls are held up, or fail, on command.

use std::sync::Arc;

use async_trait::async_trait;
use baton::domain::{
    cobrowse::{
        Change, ClaimOutcome, CobrowseStore, Entry, Event, HostVerdict, Hosting, Life, PutOutcome,
        Server, Session, Stored,
    },
    error::StoreError,
    ids::{HistoryId, SessionToken},
};
use tokio::sync::watch;

use super::{in_time, stores::Cobrowse};

/// What becomes of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// They pass.
    Open,
    /// Reads wait.
    NoReads,
    /// Writes of changed records wait.
    NoWrites,
    /// Reads and writes fail.
    Away,
}

/// The store.
pub(crate) struct Held {
    inner: Cobrowse,
    gate: watch::Sender<Gate>,
    waiting: watch::Sender<usize>,
}

impl Held {
    /// That store, its gate open.
    pub(crate) fn new(inner: Cobrowse) -> Arc<Self> {
        let (gate, waiting) = (watch::Sender::new(Gate::Open), watch::Sender::new(0));
        Arc::new(Self { inner, gate, waiting })
    }

    /// Opens or closes the gate.
    pub(crate) fn set(&self, gate: Gate) {
        self.gate.send_replace(gate);
    }

    /// Waits until that many calls have come to a closed gate, those that went on included.
    pub(crate) async fn until_waiting(&self, calls: usize) {
        let mut waiting = self.waiting.subscribe();
        let waiting = waiting.wait_for(|waiting| *waiting >= calls);
        in_time("calls wait", waiting).await.expect("the store is there");
    }

    async fn pass(&self, closed: Gate) -> Result<(), StoreError> {
        let mut gate = self.gate.subscribe();
        if *gate.borrow() == closed {
            self.waiting.send_modify(|waiting| *waiting += 1);
        }
        match *gate.wait_for(|gate| *gate != closed).await.expect("the store is there") {
            Gate::Away => Err(StoreError::Unavailable("away, for a test".into())),
            Gate::Open | Gate::NoReads | Gate::NoWrites => Ok(()),
        }
    }
}

#[async_trait]
impl CobrowseStore for Held {
    async fn create(
        &self,
        session: &Session,
        life: Life,
        events: &[Event],
    ) -> Result<bool, StoreError> {
        self.pass(Gate::NoWrites).await?;
        self.inner.create(session, life, events).await
    }

    async fn get(&self, session: &SessionToken) -> Result<Option<Stored>, StoreError> {
        self.pass(Gate::NoReads).await?;
        self.inner.get(session).await
    }

    async fn put(&self, change: &Change) -> Result<PutOutcome, StoreError> {
        self.pass(Gate::NoWrites).await?;
        self.inner.put(change).await
    }

    async fn claim(
        &self,
        session: &SessionToken,
        host: &Server,
        lease_ms: u64,
        life: Life,
    ) -> Result<ClaimOutcome, StoreError> {
        self.inner.claim(session, host, lease_ms, life).await
    }

    async fn renew(&self, hostings: &[Hosting]) -> Vec<Result<HostVerdict, StoreError>> {
        self.inner.renew(hostings).await
    }

    async fn let_go(
        &self,
        session: &SessionToken,
        fence: u64,
        life: Life,
    ) -> Result<bool, StoreError> {
        self.inner.let_go(session, fence, life).await
    }

    async fn restore(
        &self,
        stored: &Stored,
        lease_ms: u64,
        life: Life,
    ) -> Result<bool, StoreError> {
        self.inner.restore(stored, lease_ms, life).await
    }

    async fn events(&self, session: &SessionToken) -> Result<Vec<Entry>, StoreError> {
        self.inner.events(session).await
    }

    async fn find(&self, history: &HistoryId) -> Result<Option<SessionToken>, StoreError> {
        self.inner.find(history).await
    }
}
