//! One account: its live sessions, tombstones and remembered answers.

use std::collections::{BTreeSet, HashMap};

use crate::domain::{
    ids::{DeviceId, Generation, NodeName, SessionId},
    streams::{
        ConnectOutcome, CreateOutcome, EndReason, Ended, HeartbeatOutcome, Holder, ParkOutcome,
        Pool, ReleaseOutcome, Renewal, Session, Verdict,
        store::{LIST_SESSIONS, TOMBSTONE_MS},
    },
};

/// A session with the microsecond it was created in, which orders it among its siblings.
#[derive(Debug, Clone)]
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) created_us: u64,
}

/// What a first request was answered, for repeats of its idempotency key.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) fingerprint: String,
    pub(super) outcome: CreateOutcome,
    pub(super) until_ms: u64,
}

/// All that the store knows of one account.
#[derive(Debug, Default)]
pub(super) struct AccountState {
    /// May hold lapsed sessions until the next purge; they count nowhere.
    pub(super) sessions: HashMap<SessionId, Box<Live>>,
    /// Creation order within pools.
    pub(super) order: BTreeSet<(Pool, u64, SessionId)>,
    /// Which session a device plays.
    pub(super) devices: HashMap<DeviceId, SessionId>,
    pub(super) tombstones: HashMap<SessionId, (u64, Ended)>,
    pub(super) answers: HashMap<Box<str>, Remembered>,
    /// Nodes that may hold sockets, and until when.
    nodes: HashMap<NodeName, u64>,
}

impl AccountState {
    /// Forgets everything whose time is over.
    pub(super) fn purge(&mut self, now_ms: u64) {
        let lapsed: Vec<SessionId> = self
            .sessions
            .values()
            .filter(|live| live.session.expires_ms <= now_ms)
            .map(|live| live.session.id.clone())
            .collect();
        for id in lapsed {
            self.remove(&id);
        }
        self.tombstones.retain(|_, (until_ms, _)| *until_ms > now_ms);
        self.answers.retain(|_, answer| answer.until_ms > now_ms);
    }

    /// Whether nothing is left worth keeping.
    pub(super) fn is_idle(&self, now_ms: u64) -> bool {
        self.sessions.is_empty()
            && self.tombstones.is_empty()
            && self.answers.is_empty()
            && self.nodes.values().all(|until_ms| *until_ms <= now_ms)
    }

    pub(super) fn insert(&mut self, live: Live) {
        let session = &live.session;
        self.order.insert((session.pool.clone(), live.created_us, session.id.clone()));
        self.sessions.insert(session.id.clone(), Box::new(live));
    }

    fn remove(&mut self, id: &SessionId) -> Option<Live> {
        let live = self.sessions.remove(id)?;
        self.order.remove(&(live.session.pool.clone(), live.created_us, id.clone()));
        if let Some(device) = &live.session.device
            && self.devices.get(device) == Some(id)
        {
            self.devices.remove(device);
        }
        Some(*live)
    }

    /// The session, if its lease runs.
    pub(super) fn live(&self, id: &SessionId, now_ms: u64) -> Option<&Session> {
        self.sessions
            .get(id)
            .map(|live| &live.session)
            .filter(|session| session.expires_ms > now_ms)
    }

    fn live_mut(&mut self, id: &SessionId, now_ms: u64) -> Option<&mut Session> {
        self.sessions
            .get_mut(id)
            .map(|live| &mut live.session)
            .filter(|session| session.expires_ms > now_ms)
    }

    fn tombstone(&self, id: &SessionId, now_ms: u64) -> Option<&Ended> {
        self.tombstones.get(id).filter(|(until_ms, _)| *until_ms > now_ms).map(|(_, ended)| ended)
    }

    /// Ends a session and leaves a tombstone.
    pub(super) fn end(&mut self, id: &SessionId, why: EndReason, now_ms: u64) -> Option<Ended> {
        let Live { session, .. } = self.remove(id)?;
        let ended = Ended {
            session: session.id,
            generation: session.generation,
            holder: session.holder,
            why,
        };
        self.entomb(ended.clone(), now_ms);
        Some(ended)
    }

    fn entomb(&mut self, ended: Ended, now_ms: u64) {
        self.tombstones.insert(ended.session.clone(), (now_ms + TOMBSTONE_MS, ended));
    }

    /// Nodes that may hold sockets of the account, by name.
    pub(super) fn nodes(&self, now_ms: u64) -> Vec<NodeName> {
        let mut nodes: Vec<_> = self
            .nodes
            .iter()
            .filter(|(_, until_ms)| **until_ms > now_ms)
            .map(|(node, _)| node.clone())
            .collect();
        nodes.sort();
        nodes
    }

    /// A node holds a socket until `expires_ms`; written with a lease to spare, so that only
    /// every other renewal writes.
    fn note_node(&mut self, node: &NodeName, expires_ms: u64, lease_ms: u64, now_ms: u64) {
        if self.nodes.get(node).is_some_and(|until_ms| *until_ms >= expires_ms) {
            return;
        }
        self.nodes.retain(|_, until_ms| *until_ms > now_ms);
        self.nodes.insert(node.clone(), expires_ms + lease_ms);
    }

    pub(super) fn connect(
        &mut self,
        id: &SessionId,
        at_least: Generation,
        node: &NodeName,
        now_ms: u64,
    ) -> ConnectOutcome {
        let Some(session) =
            self.live_mut(id, now_ms).filter(|session| session.generation >= at_least)
        else {
            return self
                .tombstone(id, now_ms)
                .map_or(ConnectOutcome::Unknown, |ended| ConnectOutcome::Ended(ended.clone()));
        };
        let generation = session.generation;
        let previous = session.holder.replace(node.clone());
        session.generation = generation.next();
        session.expires_ms = now_ms + session.lease_ms;
        let session = session.clone();
        self.note_node(node, session.expires_ms, session.lease_ms, now_ms);
        ConnectOutcome::Connected {
            session,
            previous: previous.map(|node| Holder { node, generation }),
        }
    }

    pub(super) fn renew(&mut self, renewal: &Renewal, now_ms: u64) -> Verdict {
        let Some(live) = self.sessions.get_mut(&renewal.session) else {
            return self.absent(renewal, now_ms);
        };
        let session = &mut live.session;
        if session.generation < renewal.generation {
            return Verdict::Forgotten;
        }
        let held = session.holder.as_ref() == Some(&renewal.node);
        if session.generation > renewal.generation || !held {
            return Verdict::Superseded(session.generation);
        }
        if session.expires_ms <= now_ms && !renewal.store_was_away {
            return Verdict::Expired;
        }
        session.expires_ms = now_ms + session.lease_ms;
        let (expires_ms, lease_ms) = (session.expires_ms, session.lease_ms);
        self.note_node(&renewal.node, expires_ms, lease_ms, now_ms);
        Verdict::Live { expires_ms }
    }

    fn absent(&self, renewal: &Renewal, now_ms: u64) -> Verdict {
        match self.tombstone(&renewal.session, now_ms) {
            Some(ended) => Verdict::Ended(ended.clone()),
            None if renewal.held_until_ms > now_ms => Verdict::Forgotten,
            None => Verdict::Expired,
        }
    }

    pub(super) fn heartbeat(
        &mut self,
        id: &SessionId,
        pool: Option<&Pool>,
        now_ms: u64,
    ) -> HeartbeatOutcome {
        let Some(session) = self.live_mut(id, now_ms) else {
            return self
                .tombstone(id, now_ms)
                .map_or(HeartbeatOutcome::Unknown, |ended| HeartbeatOutcome::Ended(ended.clone()));
        };
        if pool.is_some_and(|pool| *pool != session.pool) {
            return HeartbeatOutcome::OtherPool(session.clone());
        }
        session.expires_ms = now_ms + session.lease_ms;
        HeartbeatOutcome::Live(session.clone())
    }

    pub(super) fn park(
        &mut self,
        id: &SessionId,
        generation: Generation,
        grace_ms: u64,
        now_ms: u64,
    ) -> ParkOutcome {
        let Some(session) =
            self.live_mut(id, now_ms).filter(|session| session.generation == generation)
        else {
            return ParkOutcome::Stale;
        };
        session.holder = None;
        session.expires_ms = now_ms + grace_ms;
        ParkOutcome::Parked
    }

    pub(super) fn release(
        &mut self,
        id: &SessionId,
        generation: Option<Generation>,
        why: &EndReason,
        now_ms: u64,
    ) -> ReleaseOutcome {
        let Some(session) = self.live(id, now_ms) else {
            return self.release_absent(id, generation, why, now_ms);
        };
        if generation.is_some_and(|generation| session.generation != generation) {
            return ReleaseOutcome::Stale;
        }
        self.end(id, why.clone(), now_ms).map_or(ReleaseOutcome::Unknown, ReleaseOutcome::Released)
    }

    fn release_absent(
        &mut self,
        id: &SessionId,
        generation: Option<Generation>,
        why: &EndReason,
        now_ms: u64,
    ) -> ReleaseOutcome {
        if let Some(ended) = self.tombstone(id, now_ms) {
            return ReleaseOutcome::AlreadyEnded(ended.clone());
        }
        if let Some(generation) = generation {
            self.entomb(
                Ended { session: id.clone(), generation, holder: None, why: why.clone() },
                now_ms,
            );
        }
        ReleaseOutcome::Unknown
    }

    pub(super) fn reassert(&mut self, session: &Session, now_ms: u64) -> Verdict {
        if let Some(ended) = self.tombstone(&session.id, now_ms) {
            return Verdict::Ended(ended.clone());
        }
        if let Some(present) = self.sessions.get(&session.id)
            && present.session.generation > session.generation
        {
            return Verdict::Superseded(present.session.generation);
        }
        let created_us = match self.remove(&session.id) {
            Some(present) => present.created_us,
            None => session.created_ms * 1000,
        };
        let expires_ms = now_ms + session.lease_ms;
        if let Some(device) = &session.device {
            self.devices.entry(device.clone()).or_insert_with(|| session.id.clone());
        }
        if let Some(node) = &session.holder {
            self.note_node(node, expires_ms, session.lease_ms, now_ms);
        }
        self.insert(Live { session: Session { expires_ms, ..session.clone() }, created_us });
        Verdict::Live { expires_ms }
    }

    pub(super) fn list(&self, now_ms: u64) -> Vec<Session> {
        let mut sessions = self.oldest(self.order.iter(), LIST_SESSIONS);
        sessions.retain(|session| session.expires_ms > now_ms);
        sessions
    }

    /// The sessions behind index entries, oldest first.
    pub(super) fn oldest<'a>(
        &self,
        entries: impl Iterator<Item = &'a (Pool, u64, SessionId)>,
        most: usize,
    ) -> Vec<Session> {
        let mut entries: Vec<_> = entries.take(most).collect();
        entries.sort_by_key(|(_, created_us, id)| (*created_us, id));
        entries
            .into_iter()
            .filter_map(|(_, _, id)| self.sessions.get(id))
            .map(|live| live.session.clone())
            .collect()
    }
}
