//! The sessions this node hosts.

use std::{
    cmp,
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::domain::{
    cobrowse::{Changed, EndedBy, Hosted, Server, Stored},
    ids::{SessionToken, UserId},
    relay::{Feed, FeedEnd, Room},
};

/// A session while this node hosts it.
pub struct HostedRoom {
    /// Its relay.
    pub room: Room,
    session: SessionToken,
    created_ms: u64,
    fence: AtomicU64,
    /// To be looked up in the store before its time.
    due: AtomicBool,
    clock: Mutex<Clock>,
}

#[derive(Debug)]
struct Clock {
    renewed: Instant,
    /// Since when no visitor's socket is here.
    visitor_gone: Option<Instant>,
    /// The store did not answer the last renewal: nobody can be expected to be back.
    store_away: bool,
    /// What the visitor wanted and could not be written yet.
    wishes: Vec<Wish>,
}

/// What a visitor withdraws: it counts at once, and is written as soon as the store answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The session is to end.
    End(EndedBy),
    /// That user is to control the page no longer.
    Revoke(UserId),
}

impl HostedRoom {
    /// Which session, and the fence this node was given.
    pub fn hosted(&self) -> Hosted {
        Hosted { session: self.session.clone(), fence: self.fence.load(Ordering::Relaxed) }
    }

    /// The session as it is to be put back where the store forgot it.
    pub fn stored(&self, here: &Server) -> Stored {
        Stored {
            session: (*self.room.session()).clone(),
            version: self.room.version(),
            created_ms: self.created_ms,
            now_ms: 0,
            expires_ms: 0,
            owner: Some(here.clone()),
            fence: self.fence.load(Ordering::Relaxed),
        }
    }

    /// The visitor's socket that claimed under this fence is here; none where a newer one is.
    pub fn visitor_here(&self, fence: u64) -> Option<Arc<Feed>> {
        let mut clock = self.clock();
        if fence < self.fence.load(Ordering::Relaxed) {
            return None;
        }
        clock.visitor_gone = None;
        Some(self.room.attach_visitor())
    }

    /// A visitor's socket is gone. True where it was the one that counts.
    pub fn visitor_gone(&self, feed: &Arc<Feed>) -> bool {
        let mut clock = self.clock();
        let was_current = self.room.detach_visitor(feed);
        if was_current {
            clock.visitor_gone = Some(Instant::now());
        }
        was_current
    }

    /// For how long the visitor has been away, while it could come back.
    pub fn visitor_away(&self) -> Option<Duration> {
        let clock = self.clock();
        clock.visitor_gone.filter(|_| !clock.store_away).map(|since| since.elapsed())
    }

    /// The store answered a renewal, or did not. After a silence visitors have their grace anew.
    pub fn store_answered(&self, answered: bool) {
        let mut clock = self.clock();
        if answered && clock.store_away && clock.visitor_gone.is_some() {
            clock.visitor_gone = Some(Instant::now());
        }
        clock.store_away = !answered;
    }

    /// Notes what could not be written.
    pub fn wish(&self, wish: Wish) {
        let mut clock = self.clock();
        if !clock.wishes.contains(&wish) {
            clock.wishes.push(wish);
        }
    }

    /// Takes what could not be written.
    pub fn take_wishes(&self) -> Vec<Wish> {
        std::mem::take(&mut self.clock().wishes)
    }

    /// Whether it is to be renewed: after `every`, or at once where something changed.
    pub fn take_due(&self, every: Duration) -> bool {
        let mut clock = self.clock();
        let is_due = self.due.swap(false, Ordering::Relaxed) || clock.renewed.elapsed() >= every;
        if is_due {
            clock.renewed = Instant::now();
        }
        is_due
    }

    /// Wants a renewal that failed to be tried again.
    pub fn try_again(&self) {
        self.due.store(true, Ordering::Relaxed);
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All sessions a node hosts.
pub struct Rooms {
    rooms: Mutex<HashMap<SessionToken, Arc<HostedRoom>>>,
    here: Server,
    reconnect_grace: Duration,
    changed: Notify,
}

impl Rooms {
    /// None yet. `here` is this node; sessions wait for their visitors as long as the grace.
    pub fn new(here: Server, reconnect_grace: Duration) -> Self {
        let (rooms, changed) = (Mutex::default(), Notify::new());
        Self { rooms, here, reconnect_grace, changed }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionToken, Arc<HostedRoom>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hosts a session that was claimed: those who watch it here go on.
    pub fn host(&self, stored: &Stored) -> Arc<HostedRoom> {
        let mut rooms = self.lock();
        let session = &stored.session.token;
        if let Some(known) = rooms.get(session) {
            known.fence.fetch_max(stored.fence, Ordering::Relaxed);
            let known = known.clone();
            drop(rooms);
            known.room.update(stored.session.clone(), stored.version);
            return known;
        }
        let node = self.here.name.clone();
        // Until its visitor's socket is attached.
        let visitor_gone = Some(Instant::now());
        let (renewed, wishes) = (Instant::now(), Vec::new());
        let clock = Clock { renewed, visitor_gone, store_away: false, wishes };
        let hosted = Arc::new(HostedRoom {
            room: Room::new(&stored.session, stored.version, node, self.reconnect_grace),
            session: session.clone(),
            created_ms: stored.created_ms,
            fence: AtomicU64::new(stored.fence),
            due: AtomicBool::new(false),
            clock: Mutex::new(clock),
        });
        rooms.insert(session.clone(), hosted.clone());
        hosted
    }

    /// The session, if this node hosts it.
    pub fn get(&self, session: &SessionToken) -> Option<Arc<HostedRoom>> {
        self.lock().get(session).cloned()
    }

    /// Every session.
    pub fn all(&self) -> Vec<Arc<HostedRoom>> {
        self.lock().values().cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Another node may have changed the session: it is looked up soon.
    pub fn look(&self, session: &SessionToken) {
        if let Some(hosted) = self.get(session) {
            hosted.try_again();
            self.changed.notify_one();
        }
    }

    /// Everything may have changed: the store, or the bus, was away.
    pub fn look_at_all(&self) {
        for hosted in self.all() {
            hosted.try_again();
        }
        self.changed.notify_one();
    }

    /// Waits until a session is to be looked up before its time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes over what became of a change that was made under that fence.
    pub fn apply<T>(&self, hosted: &Arc<HostedRoom>, fence: u64, changed: Changed<T>) {
        match changed {
            Changed::Done { session, version, .. } => {
                let is_over = session.end.is_some();
                hosted.room.update(*session, version);
                if is_over {
                    self.remove(hosted, u64::MAX);
                }
            }
            Changed::Fenced => self.lose(hosted, fence, FeedEnd::Rehomed),
            // Forgotten, or over for long: the next renewal tells which.
            Changed::Unknown => self.look(&hosted.session),
        }
    }

    /// Takes over the record as it was read.
    pub fn take_over(&self, hosted: &Arc<HostedRoom>, stored: Stored) {
        let fence = hosted.hosted().fence;
        match stored.fence.cmp(&fence) {
            cmp::Ordering::Equal => {
                let (session, version) = (Box::new(stored.session), stored.version);
                self.apply(hosted, fence, Changed::Done { outcome: (), session, version });
            }
            cmp::Ordering::Greater => self.lose(hosted, fence, FeedEnd::Rehomed),
            // An older copy of the store, or one that was read before this node's newest claim.
            cmp::Ordering::Less => self.look(&hosted.session),
        }
    }

    /// This node hosts the session no longer under that fence: whoever is attached looks for it
    /// elsewhere. Where it has claimed the session anew meanwhile, nothing is lost.
    pub fn lose(&self, hosted: &Arc<HostedRoom>, fence: u64, why: FeedEnd) {
        if self.remove(hosted, fence) {
            hosted.room.close(why);
        }
    }

    /// Forgets a room, unless it was claimed under a newer fence than that. False where it was.
    fn remove(&self, hosted: &Arc<HostedRoom>, fence: u64) -> bool {
        // Claims raise the fence under this lock.
        let mut rooms = self.lock();
        if hosted.fence.load(Ordering::Relaxed) > fence {
            return false;
        }
        if rooms.get(&hosted.session).is_some_and(|known| Arc::ptr_eq(known, hosted)) {
            rooms.remove(&hosted.session);
        }
        true
    }
}
