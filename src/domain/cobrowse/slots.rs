//! How many sessions there may be: of one agent, and watched ones of a tenant.

use super::{Begun, CobrowseService, Session, SlotOutcome, SlotScope, User, service::millis};
use crate::domain::{
    error::StoreError,
    ids::{SessionToken, TenantId},
};

impl CobrowseService {
    /// A slot for a session that is to be watched, before it is created.
    pub(super) async fn take_watched_slot(&self, session: &Session) -> Result<bool, StoreError> {
        if !matches!(session.begun, Begun::WatchLink(_)) {
            return Ok(true);
        }
        let (scope, limit) = (watched(session), self.terms.watched_most.unwrap_or(u32::MAX));
        let taken = self.slots.take(&scope, &session.token, limit, millis(self.terms.idle)).await?;
        Ok(taken == SlotOutcome::Taken)
    }

    /// Whether one more session may be watched now.
    pub async fn may_watch(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let Some(most) = self.terms.watched_most else { return Ok(true) };
        Ok(self.watched(tenant).await? < u64::from(most))
    }

    /// How many sessions are watched now.
    pub async fn watched(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.slots.held(&SlotScope::Watched(tenant.clone())).await
    }

    /// Takes a slot of an agent; sessions that are over may still hold one.
    pub(super) async fn take_agent_slot(
        &self,
        scope: &SlotScope,
        token: &SessionToken,
    ) -> Result<bool, StoreError> {
        let (limit, lease_ms) = (self.terms.sessions_per_agent, millis(self.terms.idle));
        let SlotOutcome::Full(holders) = self.slots.take(scope, token, limit, lease_ms).await?
        else {
            return Ok(true);
        };
        for holder in holders {
            let stored = self.get(&holder).await?;
            if stored.is_none_or(|stored| stored.session.end.is_some()) {
                self.slots.free(scope, &holder).await?;
            }
        }
        Ok(self.slots.take(scope, token, limit, lease_ms).await? == SlotOutcome::Taken)
    }

    /// What a session counts against.
    pub(super) fn slots_of(session: &Session) -> Vec<SlotScope> {
        let agents = session.present().filter_map(|user| agent_slot(&session.tenant, user));
        let watch = matches!(session.begun, Begun::WatchLink(_)).then(|| watched(session));
        agents.chain(watch).collect()
    }

    /// A store that is away forgets the slots by their leases.
    pub(super) async fn free_slots(&self, session: &Session) {
        for scope in Self::slots_of(session) {
            if let Err(error) = self.slots.free(&scope, &session.token).await {
                tracing::debug!(%error, "a slot is left to its lease");
            }
        }
    }

    /// Somebody left a session that goes on.
    pub(super) async fn free_agent_slot(&self, session: &Session, user: &User) {
        if let Some(scope) = agent_slot(&session.tenant, user)
            && !holds(session, &scope)
            && let Err(error) = self.slots.free(&scope, &session.token).await
        {
            tracing::debug!(%error, "a slot is left to its lease");
        }
    }
}

fn watched(session: &Session) -> SlotScope {
    SlotScope::Watched(session.tenant.clone())
}

/// What an agent's sessions are counted by; only persons that a tenant's token vouches for count.
fn agent_slot(tenant: &TenantId, user: &User) -> Option<SlotScope> {
    let agent = user.agent.as_ref().filter(|_| user.link.is_none())?;
    Some(SlotScope::Agent(tenant.clone(), agent.clone()))
}

/// Whether somebody in a session counts there: one person may be in it as agent and controller.
pub(super) fn holds(session: &Session, scope: &SlotScope) -> bool {
    session.end.is_none() && CobrowseService::slots_of(session).contains(scope)
}
