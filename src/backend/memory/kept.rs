//! One co-browse session as the memory store keeps it, and what each call does to it.

use std::{cmp::Ordering, collections::VecDeque, mem};

use crate::domain::cobrowse::{
    Change, ClaimOutcome, Entry, Event, HostVerdict, Hosting, Life, PutOutcome, Server, Session,
    Stored, audit::EVENTS,
};

/// A session that is remembered.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) session: Session,
    version: u64,
    created_ms: u64,
    expires_ms: u64,
    /// How long it is remembered once it is over.
    remember_ms: u64,
    until_ms: u64,
    /// The host and the end of its lease.
    owner: Option<(Server, u64)>,
    fence: u64,
    events: VecDeque<Entry>,
}

impl Kept {
    /// A new session.
    pub(super) fn new(session: &Session, life: Life, events: &[Event], now_ms: u64) -> Self {
        let mut kept = Self {
            session: session.clone(),
            version: 1,
            created_ms: now_ms,
            expires_ms: now_ms + life.live_ms,
            remember_ms: life.remember_ms,
            until_ms: now_ms + life.live_ms + life.remember_ms,
            owner: None,
            fence: 0,
            events: VecDeque::new(),
        };
        kept.end_if_ended(now_ms);
        kept.note(events, now_ms);
        kept
    }

    /// A session as its host knows it. What happened in it is lost.
    pub(super) fn restored(stored: &Stored, lease_ms: u64, life: Life, now_ms: u64) -> Self {
        let owner = stored.owner.clone().map(|host| (host, now_ms + lease_ms));
        let mut kept = Self {
            version: stored.version,
            created_ms: stored.created_ms,
            owner,
            fence: stored.fence,
            ..Self::new(&stored.session, life, &[], now_ms)
        };
        kept.end_if_ended(now_ms);
        kept
    }

    /// An older copy gives way to what the host knows, but for what happened. False where it is no
    /// older, has an end, or is another session under that token.
    pub(super) fn restore(
        &mut self,
        stored: &Stored,
        lease_ms: u64,
        life: Life,
        now_ms: u64,
    ) -> bool {
        let is_it = self.session.history_id == stored.session.history_id;
        let is_older = (self.fence, self.version) < (stored.fence, stored.version);
        let gives_way = is_it && is_older && self.session.end.is_none();
        if gives_way {
            let version = self.version.max(stored.version) + 1;
            let events = mem::take(&mut self.events);
            *self = Self { version, events, ..Self::restored(stored, lease_ms, life, now_ms) };
        }
        gives_way
    }

    /// Whether the store still knows it.
    pub(super) fn is_remembered(&self, now_ms: u64) -> bool {
        self.until_ms > now_ms
    }

    fn is_over(&self, now_ms: u64) -> bool {
        self.session.end.is_some() || self.expires_ms <= now_ms
    }

    fn owner(&self, now_ms: u64) -> Option<&Server> {
        self.owner.as_ref().filter(|(_, lease_ms)| *lease_ms > now_ms).map(|(host, _)| host)
    }

    /// Gives it a life. What is over stays over: it is only remembered longer.
    fn live(&mut self, life: Life, now_ms: u64) {
        if !self.is_over(now_ms) {
            self.expires_ms = now_ms + life.live_ms;
        }
        self.remember_ms = life.remember_ms;
        self.until_ms = self.expires_ms.max(now_ms) + life.remember_ms;
    }

    /// A record with an end has no host, and is remembered from now on.
    fn end_if_ended(&mut self, now_ms: u64) {
        if self.session.end.is_some() {
            self.owner = None;
            self.expires_ms = self.expires_ms.min(now_ms);
            self.until_ms = now_ms + self.remember_ms;
        }
    }

    fn note(&mut self, events: &[Event], now_ms: u64) {
        self.events
            .extend(events.iter().map(|event| Entry { at_ms: now_ms, event: event.clone() }));
        self.events.drain(..self.events.len().saturating_sub(EVENTS));
    }

    pub(super) fn stored(&self, now_ms: u64) -> Stored {
        Stored {
            session: self.session.clone(),
            version: self.version,
            created_ms: self.created_ms,
            now_ms,
            expires_ms: self.expires_ms,
            owner: self.owner(now_ms).cloned(),
            fence: self.fence,
        }
    }

    pub(super) fn events(&self) -> Vec<Entry> {
        self.events.iter().cloned().collect()
    }

    pub(super) fn put(&mut self, change: &Change, now_ms: u64) -> PutOutcome {
        match change.fence.map(|fence| fence.cmp(&self.fence)) {
            Some(Ordering::Greater) => return PutOutcome::Unknown,
            Some(Ordering::Less) => return PutOutcome::Fenced,
            Some(Ordering::Equal) | None => {}
        }
        if change.version != self.version {
            return PutOutcome::Changed;
        }
        if let Some(life) = change.life {
            self.live(life, now_ms);
        }
        self.session = change.session.clone();
        self.version += 1;
        self.end_if_ended(now_ms);
        self.note(&change.events, now_ms);
        PutOutcome::Put { version: self.version }
    }

    pub(super) fn claim(
        &mut self,
        host: &Server,
        lease_ms: u64,
        life: Life,
        now_ms: u64,
    ) -> ClaimOutcome {
        if self.is_over(now_ms) {
            return ClaimOutcome::Over;
        }
        let previous = self.owner(now_ms).cloned();
        self.fence += 1;
        self.owner = Some((host.clone(), now_ms + lease_ms));
        self.live(life, now_ms);
        self.note(&[Event::Hosted { node: host.name.clone(), fence: self.fence }], now_ms);
        ClaimOutcome::Claimed { stored: Box::new(self.stored(now_ms)), previous }
    }

    pub(super) fn renew(&mut self, hosting: &Hosting, now_ms: u64) -> HostVerdict {
        if self.session.end.is_some() {
            return HostVerdict::Over;
        }
        if hosting.fence > self.fence {
            return HostVerdict::Unknown;
        }
        let is_over = self.is_over(now_ms);
        match &mut self.owner {
            // Who let it go does not host it any more.
            None if is_over => HostVerdict::Over,
            None => HostVerdict::Fenced,
            Some(_) if hosting.fence < self.fence => HostVerdict::Fenced,
            Some((_, lease_ms)) => {
                *lease_ms = now_ms + hosting.lease_ms;
                // Also of one that lapsed.
                self.expires_ms = now_ms + hosting.life.live_ms;
                self.live(hosting.life, now_ms);
                HostVerdict::Kept { version: self.version }
            }
        }
    }

    pub(super) fn let_go(&mut self, fence: u64, life: Life, now_ms: u64) -> bool {
        if fence != self.fence {
            return false;
        }
        // A repeat changes nothing: it must not prolong the life.
        if self.owner.take().is_some() {
            self.live(life, now_ms);
            self.note(&[Event::VisitorLost], now_ms);
        }
        true
    }
}
