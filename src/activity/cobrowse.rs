//! A store of co-browse sessions whose audit events are noted as they are written.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Activity, What};
use crate::domain::{
    cobrowse::{
        Change, ClaimOutcome, CobrowseStore, Entry, Event, HostVerdict, Hosting, Life, PutOutcome,
        Server, Session, Stored,
    },
    error::StoreError,
    ids::{HistoryId, SessionToken},
};

/// A store, and who is told of what is written to it.
pub struct NotedCobrowse {
    /// Answers.
    pub store: Arc<dyn CobrowseStore>,
    /// Is told.
    pub activity: Arc<Activity>,
}

impl NotedCobrowse {
    fn note(&self, session: &Session, events: &[Event]) {
        if self.activity.is_watched() {
            for what in events.iter().filter_map(|event| told(session, event)) {
                self.activity.note(|| what);
            }
        }
    }
}

/// What is told of an event; nothing of those that operators look up in the trail, if ever.
fn told(session: &Session, event: &Event) -> Option<What> {
    let (tenant, session) = (session.tenant.clone(), session.history_id.clone());
    Some(match event {
        Event::Created => What::CobrowseCreated { tenant, session },
        Event::Joined { role, .. } => What::CobrowseJoined { tenant, session, role: *role },
        Event::ConsentGiven => What::CobrowseConsent { tenant, session, given: true },
        Event::ConsentDeclined => What::CobrowseConsent { tenant, session, given: false },
        Event::Ended { by } => What::CobrowseEnded { tenant, session, by: by.into() },
        Event::Left { .. }
        | Event::AuditName { .. }
        | Event::Hosted { .. }
        | Event::VisitorLost
        | Event::ControlRequested { .. }
        | Event::ControlGranted { .. }
        | Event::ControlDeclined { .. }
        | Event::ControlEnded { .. }
        | Event::Page { .. } => return None,
    })
}

#[async_trait]
impl CobrowseStore for NotedCobrowse {
    async fn create(
        &self,
        session: &Session,
        life: Life,
        events: &[Event],
    ) -> Result<bool, StoreError> {
        let is_written = self.store.create(session, life, events).await?;
        if is_written {
            self.note(session, events);
        }
        Ok(is_written)
    }

    async fn get(&self, session: &SessionToken) -> Result<Option<Stored>, StoreError> {
        self.store.get(session).await
    }

    async fn put(&self, change: &Change) -> Result<PutOutcome, StoreError> {
        let outcome = self.store.put(change).await?;
        if matches!(outcome, PutOutcome::Put { .. }) {
            self.note(&change.session, &change.events);
        }
        Ok(outcome)
    }

    async fn claim(
        &self,
        session: &SessionToken,
        host: &Server,
        lease_ms: u64,
        life: Life,
    ) -> Result<ClaimOutcome, StoreError> {
        self.store.claim(session, host, lease_ms, life).await
    }

    async fn renew(&self, hostings: &[Hosting]) -> Vec<Result<HostVerdict, StoreError>> {
        self.store.renew(hostings).await
    }

    async fn let_go(
        &self,
        session: &SessionToken,
        fence: u64,
        life: Life,
    ) -> Result<bool, StoreError> {
        self.store.let_go(session, fence, life).await
    }

    async fn restore(
        &self,
        stored: &Stored,
        lease_ms: u64,
        life: Life,
    ) -> Result<bool, StoreError> {
        self.store.restore(stored, lease_ms, life).await
    }

    async fn events(&self, session: &SessionToken) -> Result<Vec<Entry>, StoreError> {
        self.store.events(session).await
    }

    async fn find(&self, history: &HistoryId) -> Result<Option<SessionToken>, StoreError> {
        self.store.find(history).await
    }
}
