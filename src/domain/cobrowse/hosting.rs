//! What only the host of a session does: it holds the visitor's socket, and a fence proves it.

use std::sync::Arc;

use super::{
    ClaimOutcome, CobrowseService, Credential, EndedBy, Event, HostVerdict, Hosting, Life, Session,
    Stored,
    draft::{Draft, Edit},
    service::{Changed, millis},
};
use crate::domain::{
    error::StoreError,
    ids::{SessionToken, UserId},
};

/// A session that this node hosts, with the fence it was given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hosted {
    /// Which.
    pub session: SessionToken,
    /// An older host has a lower one.
    pub fence: u64,
}

impl CobrowseService {
    /// Makes this node the host of a session whose visitor's socket it holds. The newest wins.
    pub async fn claim(&self, session: &SessionToken) -> Result<ClaimOutcome, StoreError> {
        let (lease_ms, life) = (millis(self.terms.lease), self.hosted_life());
        let claimed = self.store.claim(session, &self.here, lease_ms, life).await?;
        if let ClaimOutcome::Claimed { previous: Some(previous), .. } = &claimed
            && previous.name != self.here.name
        {
            self.tell(&previous.name, session);
        }
        Ok(claimed)
    }

    /// Keeps hosted sessions; one verdict each, in order. Their slots are kept as well.
    pub async fn renew(
        &self,
        hosted: &[(Hosted, Arc<Session>)],
    ) -> Vec<Result<HostVerdict, StoreError>> {
        let lease_ms = millis(self.terms.lease);
        let hosting = |(hosted, _): &(Hosted, Arc<Session>)| Hosting {
            session: hosted.session.clone(),
            fence: hosted.fence,
            lease_ms,
            life: self.hosted_life(),
        };
        let hostings: Vec<_> = hosted.iter().map(hosting).collect();
        let verdicts = self.store.renew(&hostings).await;
        let kept = hosted.iter().zip(&verdicts);
        let kept = kept.filter(|(_, verdict)| matches!(verdict, Ok(HostVerdict::Kept { .. })));
        self.keep_slots(kept.map(|((_, session), _)| &**session)).await;
        verdicts
    }

    /// All of them in one round trip; one that was lost while the store was away stays lost.
    async fn keep_slots(&self, sessions: impl Iterator<Item = &Session>) {
        let slots = |session: &Session| {
            let token = session.token.clone();
            Self::slots_of(session).into_iter().map(move |scope| (scope, token.clone()))
        };
        let slots: Vec<_> = sessions.flat_map(slots).collect();
        for kept in self.slots.renew(&slots, self.hosted_life().live_ms).await {
            if let Err(error) = kept {
                tracing::debug!(%error, "a slot was not renewed");
            }
        }
    }

    /// The visitor's socket is gone: the session waits for it, on whatever node it comes back.
    pub async fn let_go(&self, hosted: &Hosted) -> Result<bool, StoreError> {
        let life =
            Life { live_ms: millis(self.terms.reconnect_grace), remember_ms: self.remember_ms() };
        self.store.let_go(&hosted.session, hosted.fence, life).await
    }

    /// Puts back a session that the store forgot. False where somebody else did.
    pub async fn restore(&self, stored: &Stored) -> Result<bool, StoreError> {
        self.store.restore(stored, millis(self.terms.lease), self.hosted_life()).await
    }

    /// The visitor's page is there.
    pub async fn visitor_came(&self, hosted: &Hosted) -> Result<Changed<()>, StoreError> {
        self.change(&hosted.session, Some(hosted.fence), |draft| draft.visitor_came()).await
    }

    /// The visitor accepts or declines to be watched.
    pub async fn consent(
        &self,
        hosted: &Hosted,
        accepted: bool,
    ) -> Result<Changed<()>, StoreError> {
        self.change(&hosted.session, Some(hosted.fence), |draft| draft.consent(accepted)).await
    }

    /// The visitor lets somebody control the page, or does so no longer.
    pub async fn control(
        &self,
        hosted: &Hosted,
        user: &UserId,
        granted: bool,
    ) -> Result<Changed<()>, StoreError> {
        let edit = |draft: &mut Draft| draft.control(user, granted);
        self.change(&hosted.session, Some(hosted.fence), edit).await
    }

    /// Somebody gives control back.
    pub async fn release_control(
        &self,
        hosted: &Hosted,
        user: &UserId,
    ) -> Result<Changed<()>, StoreError> {
        let edit = |draft: &mut Draft| draft.release_control(user);
        self.change(&hosted.session, Some(hosted.fence), edit).await
    }

    /// Notes something for the audit trail.
    pub async fn note(&self, hosted: &Hosted, event: &Event) -> Result<Changed<()>, StoreError> {
        let edit = |draft: &mut Draft| draft.note(event.clone());
        self.change(&hosted.session, Some(hosted.fence), edit).await
    }

    /// The host ends the session: the visitor said so, or nobody uses it.
    pub async fn end_hosted(
        &self,
        hosted: &Hosted,
        by: &EndedBy,
    ) -> Result<Changed<()>, StoreError> {
        let edit = |draft: &mut Draft| draft.end(by.clone());
        self.change(&hosted.session, Some(hosted.fence), edit).await
    }

    /// Somebody who watches ends the session, or leaves it where others go on watching.
    pub async fn leave(
        &self,
        hosted: &Hosted,
        user: &UserId,
        token: &Credential,
    ) -> Result<Changed<()>, StoreError> {
        let edit = |draft: &mut Draft| match draft.session.user(user) {
            Some(user) if draft.session.ends_for_all(user) => {
                let by = EndedBy::Agent(user.id.clone());
                draft.end(by)
            }
            Some(_) => draft.exit(token).map(|_| ()),
            None => Edit::Keep(()),
        };
        let left = self.change(&hosted.session, Some(hosted.fence), edit).await?;
        if let Changed::Done { session, .. } = &left
            && let Some(user) = session.user_of(token)
        {
            self.free_agent_slot(session, user).await;
        }
        Ok(left)
    }

    fn hosted_life(&self) -> Life {
        let live = self.terms.lease + self.terms.reconnect_grace;
        Life { live_ms: millis(live), remember_ms: self.remember_ms() }
    }
}
