//! A store of stream sessions whose answers are noted.
//!
//! What the engine is answered is what happened: a repeat under an idempotency key, or a release
//! of what was over, is told apart here and nowhere else.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Activity, What};
use crate::{
    domain::{
        error::StoreError,
        ids::{Generation, NodeName, SessionId},
        streams::{
            Account, ConnectOutcome, Create, CreateOutcome, EndReason, Ended, HeartbeatOutcome,
            ParkOutcome, Pool, ReleaseOutcome, Renewal, Session, StreamStore, Verdict,
        },
    },
    metrics::Metrics,
};

/// A store, and who is told of its answers.
pub struct NotedStreams {
    /// Answers.
    pub store: Arc<dyn StreamStore>,
    /// Is told.
    pub activity: Arc<Activity>,
    /// Counts the ends.
    pub metrics: Arc<Metrics>,
}

impl NotedStreams {
    fn ended(&self, account: &Account, ended: &Ended) {
        Metrics::count(&self.metrics.stream_ends, word(&ended.why));
        self.activity.note(|| What::StreamEnded {
            account: account.clone(),
            session: ended.session.clone(),
            why: ended.why.clone(),
        });
    }

    fn created(&self, create: &Create, session: &Session) {
        self.activity.note(|| What::StreamCreated {
            account: create.account.clone(),
            session: session.id.clone(),
            name: session.name.clone(),
            pool: session.pool.clone(),
        });
    }

    fn refused(&self, create: &Create) {
        self.activity.note(|| What::StreamRefused {
            account: create.account.clone(),
            name: create.name.clone(),
            pool: create.pool.clone(),
        });
    }
}

fn word(why: &EndReason) -> &'static str {
    match why {
        EndReason::Finished => "finished",
        EndReason::TakenOver { .. } => "taken_over",
        EndReason::Replaced { .. } => "replaced",
        EndReason::Operator { .. } => "operator",
        EndReason::Unresponsive => "unresponsive",
    }
}

#[async_trait]
impl StreamStore for NotedStreams {
    async fn create(&self, create: &Create) -> Result<CreateOutcome, StoreError> {
        let outcome = self.store.create(create).await?;
        match &outcome {
            CreateOutcome::Created { session, ended, .. } => {
                self.created(create, session);
                ended.iter().for_each(|ended| self.ended(&create.account, ended));
            }
            CreateOutcome::LimitReached { .. } => self.refused(create),
            CreateOutcome::Renewed(_)
            | CreateOutcome::OtherPool(_)
            | CreateOutcome::NoSuchSession
            | CreateOutcome::KeyReused
            | CreateOutcome::Crowded
            | CreateOutcome::Repeated(_) => {}
        }
        Ok(outcome)
    }

    async fn connect(
        &self,
        account: &Account,
        session: &SessionId,
        at_least: Generation,
        node: &NodeName,
    ) -> Result<ConnectOutcome, StoreError> {
        self.store.connect(account, session, at_least, node).await
    }

    async fn renew(&self, renewals: &[Renewal]) -> Vec<Result<Verdict, StoreError>> {
        self.store.renew(renewals).await
    }

    async fn heartbeat(
        &self,
        account: &Account,
        session: &SessionId,
        pool: Option<&Pool>,
    ) -> Result<HeartbeatOutcome, StoreError> {
        self.store.heartbeat(account, session, pool).await
    }

    async fn park(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Generation,
        grace_ms: u64,
    ) -> Result<ParkOutcome, StoreError> {
        self.store.park(account, session, generation, grace_ms).await
    }

    async fn release(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Option<Generation>,
        why: &EndReason,
    ) -> Result<ReleaseOutcome, StoreError> {
        let outcome = self.store.release(account, session, generation, why).await?;
        if let ReleaseOutcome::Released(ended) = &outcome {
            self.ended(account, ended);
        }
        Ok(outcome)
    }

    async fn reassert(&self, account: &Account, session: &Session) -> Result<Verdict, StoreError> {
        self.store.reassert(account, session).await
    }

    async fn list(&self, account: &Account) -> Result<Vec<Session>, StoreError> {
        self.store.list(account).await
    }
}
