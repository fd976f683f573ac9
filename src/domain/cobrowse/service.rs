//! The co-browse engine: who may join, stop and leave, and how long sessions live.
//!
//! Any node answers any call: the record is in the store. `hosting` holds what only the host does.

use std::{cmp::Ordering, sync::Arc, time::Duration};

use super::{
    Begun, Change, CobrowseStore, Credential, EndedBy, Entry, Event, Life, PutOutcome, Role,
    Server, Session, SlotStore, Stored,
    draft::{Draft, Edit},
    join::{Joined, Joiner},
    slots::watched_slot,
};
use crate::domain::{
    cluster::{Bus, Message},
    error::StoreError,
    finish::finish,
    ids::{HistoryId, NodeName, SessionToken, TenantId},
};

/// Nine random digits are taken as often as a thousandth of all tokens live: so many tries fail
/// together once in 10^24.
const TOKEN_TRIES: usize = 8;
/// How often a record that others change at the same time is read again.
const CHANGE_TRIES: usize = 32;

/// The terms of all co-browse sessions.
#[derive(Debug, Clone)]
pub struct CobrowseTerms {
    /// A session nobody uses ends.
    pub idle: Duration,
    /// How long a session waits for its visitor, or for those who watched it.
    pub reconnect_grace: Duration,
    /// How long a session is remembered.
    pub history: Duration,
    /// From a host's last renewal until others take it for dead.
    pub lease: Duration,
    /// Sessions one agent holds at a time.
    pub sessions_per_agent: u32,
    /// Watched sessions of a tenant at a time.
    pub watched_most: Option<u32>,
    /// The visitor must accept.
    pub consent_required: bool,
    /// Everybody who knows a session's token may join it.
    pub open_join: bool,
}

/// The answer to [`CobrowseService::create`].
#[derive(Debug)]
pub enum Created {
    /// The new session.
    New(Box<Session>),
    /// So many sessions are watched already.
    TooManyWatched,
}

/// The answer to a call with somebody's `userToken`.
#[derive(Debug)]
pub enum Said {
    /// Done, now or before: the session as it is now.
    Done(Box<Session>),
    /// Its role may not.
    NotAllowed,
    /// Nobody has that token.
    Unknown,
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed<T> {
    /// It was judged, and written where it changes anything.
    Done {
        /// How it was judged.
        outcome: T,
        /// The record as it is now.
        session: Box<Session>,
        /// Its version.
        version: u64,
    },
    /// A newer host has the session.
    Fenced,
    /// No such session.
    Unknown,
}

/// A record that never stays as it was read.
#[derive(Debug, thiserror::Error)]
#[error("the record changed each of {CHANGE_TRIES} times it was to be written")]
struct Contended;

/// The co-browse engine of one node.
pub struct CobrowseService {
    pub(super) store: Arc<dyn CobrowseStore>,
    pub(super) slots: Arc<dyn SlotStore>,
    bus: Arc<dyn Bus>,
    pub(super) here: Server,
    pub(super) terms: CobrowseTerms,
}

impl CobrowseService {
    /// An engine on these stores; `here` is this node.
    pub fn new(
        store: Arc<dyn CobrowseStore>,
        slots: Arc<dyn SlotStore>,
        bus: Arc<dyn Bus>,
        here: Server,
        terms: CobrowseTerms,
    ) -> Self {
        Self { store, slots, bus, here, terms }
    }

    /// The terms of all sessions.
    pub fn terms(&self) -> &CobrowseTerms {
        &self.terms
    }

    /// This node.
    pub fn here(&self) -> &Server {
        &self.here
    }

    /// Creates a session that nobody has joined.
    pub async fn create(&self, tenant: &TenantId, begun: Begun) -> Result<Created, StoreError> {
        for _ in 0..TOKEN_TRIES {
            let session = Session::new(
                tenant.clone(),
                begun.clone(),
                self.here.clone(),
                self.terms.consent_required,
            );
            let scope = watched_slot(&session);
            if let Some(scope) = &scope
                && !self.reserve(scope, &session.token).await?
            {
                return Ok(Created::TooManyWatched);
            }
            let created = self.store.create(&session, self.idle_life(), &[Event::Created]).await;
            if matches!(created, Ok(true)) {
                if let Some(scope) = &scope
                    && !self.confirm(scope, &session.token).await
                {
                    self.end(&session.token, &EndedBy::Operator).await?;
                    return Ok(Created::TooManyWatched);
                }
                return Ok(Created::New(Box::new(session)));
            }
            self.free_slots(&session).await;
            created?;
        }
        Err(StoreError::Unavailable("no session token is free".into()))
    }

    /// A session, also one that is over but remembered: then its record has an end.
    pub async fn get(&self, token: &SessionToken) -> Result<Option<Stored>, StoreError> {
        let stored = self.store.get(token).await?;
        Ok(stored.map(|mut stored| {
            stored.session = Draft::of(&stored).session;
            stored
        }))
    }

    /// A session and what happened in it, by the name of its history.
    pub async fn history(
        &self,
        id: &HistoryId,
    ) -> Result<Option<(Stored, Vec<Entry>)>, StoreError> {
        let Some(token) = self.store.find(id).await? else { return Ok(None) };
        let audited = self.audit(&token).await?;
        Ok(audited.filter(|(stored, _)| stored.session.history_id == *id))
    }

    /// A session and what happened in it.
    pub async fn audit(
        &self,
        token: &SessionToken,
    ) -> Result<Option<(Stored, Vec<Entry>)>, StoreError> {
        let Some(stored) = self.get(token).await? else { return Ok(None) };
        let events = self.store.events(token).await?;
        Ok(Some((stored, events)))
    }

    /// Lets somebody in, or back in.
    pub async fn join(
        self: &Arc<Self>,
        token: &SessionToken,
        joiner: &Joiner,
    ) -> Result<Joined, StoreError> {
        let (service, token, joiner) = (self.clone(), token.clone(), joiner.clone());
        finish(async move { service.let_in(&token, &joiner).await }).await
    }

    async fn let_in(&self, token: &SessionToken, joiner: &Joiner) -> Result<Joined, StoreError> {
        let scope = joiner.slot();
        if let Some(scope) = &scope
            && !self.reserve(scope, token).await?
        {
            return Ok(Joined::AgentBusy);
        }
        let judged = self.change(token, None, |draft| joiner.join(draft, &self.terms)).await?;
        let Changed::Done { outcome, session, version } = judged else {
            if let Some(scope) = &scope {
                self.free_slot(scope, token).await;
            }
            return Ok(Joined::Unknown);
        };
        if let Some(scope) = &scope
            && !self.settle_slot(scope, &session, outcome.as_ref().ok()).await?
        {
            return Ok(Joined::AgentBusy);
        }
        Ok(match outcome {
            Ok(admitted) => match session.user(&admitted.user).cloned() {
                Some(user) => Joined::In { user: Box::new(user), session, version },
                None => Joined::Unknown,
            },
            Err(refusal) => refusal.into(),
        })
    }

    /// Somebody leaves: with the customer, or the last who watched, the session ends.
    pub async fn exit(&self, user: &Credential) -> Result<Said, StoreError> {
        let gone = self.change(&user.session(), None, |draft| draft.exit(user)).await?;
        Ok(match gone {
            Changed::Done { outcome: Some(gone), session, .. } => {
                self.free_agent_slot(&session, &gone).await;
                Said::Done(session)
            }
            Changed::Done { outcome: None, .. } | Changed::Unknown | Changed::Fenced => {
                Said::Unknown
            }
        })
    }

    /// A controller stops the session; a repeat is answered alike.
    pub async fn stop(&self, user: &Credential) -> Result<Said, StoreError> {
        let token = user.session();
        let stopped = self.change(&token, None, |draft| {
            let Some(by) = draft.session.user_of(user).cloned() else {
                return Edit::Keep(None);
            };
            let may = by.role == Role::Controller && (!by.left || draft.session.end.is_some());
            if !may {
                return Edit::Keep(Some(false));
            }
            draft.end(EndedBy::Agent(by.id)).map(|()| Some(true))
        });
        Ok(match stopped.await? {
            Changed::Done { outcome: Some(true), session, .. } => Said::Done(session),
            Changed::Done { outcome: Some(false), .. } => Said::NotAllowed,
            Changed::Done { outcome: None, .. } | Changed::Unknown | Changed::Fenced => {
                Said::Unknown
            }
        })
    }

    /// Ends a session, whatever it does; a repeat is answered alike. None where it is unknown.
    pub async fn end(
        &self,
        token: &SessionToken,
        by: &EndedBy,
    ) -> Result<Option<Session>, StoreError> {
        let ended = self.change(token, None, |draft| draft.end(by.clone())).await?;
        Ok(match ended {
            Changed::Done { session, .. } => Some(*session),
            Changed::Unknown | Changed::Fenced => None,
        })
    }

    /// Notes something in the trail of a session that is not over, whoever hosts it.
    pub async fn annotate(&self, token: &SessionToken, event: Event) -> Result<(), StoreError> {
        self.change(token, None, |draft| draft.note(event.clone())).await.map(drop)
    }

    /// Changes a record: reads it, lets `edit` judge and edit it, and writes it if nobody else did.
    ///
    /// With `fence`, for its host only. Others' changes are told to the host.
    pub(super) async fn change<T>(
        &self,
        token: &SessionToken,
        fence: Option<u64>,
        edit: impl Fn(&mut Draft) -> Edit<T> + Send + Sync,
    ) -> Result<Changed<T>, StoreError> {
        for _ in 0..CHANGE_TRIES {
            let Some(stored) = self.store.get(token).await? else { return Ok(Changed::Unknown) };
            let mut draft = match fence.map(|fence| fence.cmp(&stored.fence)) {
                None => Draft::of(&stored),
                Some(Ordering::Equal) => Draft::of_host(&stored),
                Some(Ordering::Less) => return Ok(Changed::Fenced),
                // An older copy of the store: the host is about to put its record back.
                Some(Ordering::Greater) => return Ok(Changed::Unknown),
            };
            let outcome = match edit(&mut draft) {
                Edit::Write(outcome) => outcome,
                Edit::Keep(outcome) => {
                    let (session, version) = (Box::new(draft.session), stored.version);
                    return Ok(Changed::Done { outcome, session, version });
                }
            };
            draft.settle();
            let has_ended = draft.session.end.is_some();
            let change = Change {
                session: draft.session,
                version: stored.version,
                fence,
                life: has_ended.then(|| Life { live_ms: 0, remember_ms: self.remember_ms() }),
                events: draft.events,
            };
            match self.store.put(&change).await? {
                PutOutcome::Put { version } => {
                    let session = Box::new(change.session);
                    if has_ended {
                        self.free_slots(&session).await;
                    }
                    if let (Some(owner), None) = (stored.owner, fence) {
                        self.tell(&owner.name, token);
                    }
                    return Ok(Changed::Done { outcome, session, version });
                }
                PutOutcome::Changed => {}
                PutOutcome::Fenced => return Ok(Changed::Fenced),
                PutOutcome::Unknown => return Ok(Changed::Unknown),
            }
        }
        Err(StoreError::Unavailable(Contended.into()))
    }

    /// Tells a node to look at a session.
    pub(super) fn tell(&self, node: &NodeName, session: &SessionToken) {
        self.bus.publish(node, &Message::Cobrowse { session: session.clone() });
    }

    /// Life of a session without a host.
    fn idle_life(&self) -> Life {
        Life { live_ms: millis(self.terms.idle), remember_ms: self.remember_ms() }
    }

    pub(super) fn remember_ms(&self) -> u64 {
        millis(self.terms.history)
    }
}

/// A duration as the stores take it.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
