//! How many sessions there may be: of one agent, and watched ones of a tenant.
//!
//! A slot is reserved before a record is written, and confirmed after: what fails between costs no
//! more than the reservation. Where all are held, those of sessions that are over are given back;
//! of others nobody can tell a leak from a join under way.

use std::time::Duration;

use super::{
    Begun, CobrowseService, Event, Session, SlotOutcome, SlotScope, User, draft::Draft,
    join::Admission, service::millis,
};
use crate::domain::{
    error::StoreError,
    ids::{SessionToken, TenantId, UserId},
};

/// From a reservation to the record that justifies it: some calls to the store, of 10 s at most.
const RESERVED: Duration = Duration::from_secs(30);

impl CobrowseService {
    /// A slot for a session, before its record tells who holds it.
    pub(super) async fn reserve(
        &self,
        scope: &SlotScope,
        token: &SessionToken,
    ) -> Result<bool, StoreError> {
        self.take(scope, token, RESERVED).await
    }

    /// Keeps a slot, now that the record is written. False where the reservation lapsed before,
    /// and the slot went to another session.
    ///
    /// It is held as long as the session lives that no host keeps: nobody else would renew it.
    pub(super) async fn confirm(&self, scope: &SlotScope, token: &SessionToken) -> bool {
        self.take(scope, token, self.terms.idle).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "a slot waits for the session's host to renew it");
            true
        })
    }

    async fn take(
        &self,
        scope: &SlotScope,
        token: &SessionToken,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let limit = match scope {
            SlotScope::Agent(..) => self.terms.sessions_per_agent,
            SlotScope::Watched(_) => self.terms.watched_most.unwrap_or(u32::MAX),
        };
        let SlotOutcome::Full(holders) =
            self.slots.take(scope, token, limit, millis(lease)).await?
        else {
            return Ok(true);
        };
        self.clear(scope, &holders).await?;
        Ok(self.slots.take(scope, token, limit, millis(lease)).await? == SlotOutcome::Taken)
    }

    /// Gives back the slots of sessions that are over: nobody can join them any more. One that is
    /// unknown may be about to be created.
    async fn clear(&self, scope: &SlotScope, holders: &[SessionToken]) -> Result<(), StoreError> {
        for holder in holders {
            let stored = self.get(holder).await?;
            if stored.is_some_and(|stored| stored.session.end.is_some()) {
                self.slots.free(scope, holder).await?;
            }
        }
        Ok(())
    }

    /// After a join was judged: keeps the slot where somebody of its scope is there. False where
    /// it went to another session: then a newcomer is not in.
    pub(super) async fn settle_slot(
        &self,
        scope: &SlotScope,
        session: &Session,
        admission: Option<&Admission>,
    ) -> Result<bool, StoreError> {
        let token = &session.token;
        if !holds(session, scope) {
            self.free_slot(scope, token).await;
            return Ok(true);
        }
        if self.confirm(scope, token).await {
            return Ok(true);
        }
        if let Some(newcomer) = admission.filter(|admission| admission.is_new) {
            self.send_back(token, &newcomer.user).await?;
            self.free_slot(scope, token).await;
            return Ok(false);
        }
        // Who was in before stays in.
        let lease_ms = millis(self.terms.idle);
        self.slots.take(scope, token, u32::MAX, lease_ms).await.map(|_| true)
    }

    /// Removes somebody who has just come in, and was not told so.
    async fn send_back(&self, token: &SessionToken, user: &UserId) -> Result<(), StoreError> {
        let edit = |draft: &mut Draft| {
            draft.session.users.retain(|known| known.id != *user);
            draft.note(Event::Left { user: user.clone() })
        };
        self.change(token, None, edit).await.map(drop)
    }

    /// Whether one more session may be watched now.
    pub async fn may_watch(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let Some(most) = self.terms.watched_most else { return Ok(true) };
        if self.watched(tenant).await? < u64::from(most) {
            return Ok(true);
        }
        let scope = SlotScope::Watched(tenant.clone());
        // Where none may be held, nobody gets one, but is told who holds them.
        let asked = self.slots.take(&scope, &SessionToken::random(), 0, 0).await?;
        if let SlotOutcome::Full(holders) = asked {
            self.clear(&scope, &holders).await?;
        }
        Ok(self.watched(tenant).await? < u64::from(most))
    }

    /// How many sessions are watched now.
    pub async fn watched(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.slots.held(&SlotScope::Watched(tenant.clone())).await
    }

    /// What a session counts against.
    pub(super) fn slots_of(session: &Session) -> Vec<SlotScope> {
        let agents = session.present().filter_map(|user| agent_slot(&session.tenant, user));
        agents.chain(watched_slot(session)).collect()
    }

    pub(super) async fn free_slots(&self, session: &Session) {
        for scope in Self::slots_of(session) {
            self.free_slot(&scope, &session.token).await;
        }
    }

    /// A store that is away forgets the slot by its lease.
    pub(super) async fn free_slot(&self, scope: &SlotScope, token: &SessionToken) {
        if let Err(error) = self.slots.free(scope, token).await {
            tracing::debug!(%error, "a slot is left to its lease");
        }
    }

    /// Somebody left a session that goes on.
    pub(super) async fn free_agent_slot(&self, session: &Session, user: &User) {
        if let Some(scope) = agent_slot(&session.tenant, user)
            && !holds(session, &scope)
        {
            self.free_slot(&scope, &session.token).await;
        }
    }
}

/// What a watched session is counted by.
pub(super) fn watched_slot(session: &Session) -> Option<SlotScope> {
    let is_watched = matches!(session.begun, Begun::WatchLink(_));
    is_watched.then(|| SlotScope::Watched(session.tenant.clone()))
}

/// What an agent's sessions are counted by; only persons that a tenant's token vouches for count.
fn agent_slot(tenant: &TenantId, user: &User) -> Option<SlotScope> {
    let agent = user.agent.as_ref().filter(|_| user.link.is_none())?;
    Some(SlotScope::Agent(tenant.clone(), agent.clone()))
}

/// Whether somebody in a session counts there: one person may be in it as agent and controller.
fn holds(session: &Session, scope: &SlotScope) -> bool {
    session.end.is_none() && CobrowseService::slots_of(session).contains(scope)
}
