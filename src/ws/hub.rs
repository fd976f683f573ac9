//! The stream sockets of this node: found by account, renewed by lease.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::time::Instant;

use super::{outbox::Outbox, protocol::CloseReason};
use crate::domain::{
    cluster::Message,
    ids::{Generation, SessionId},
    streams::{Account, Ended, Session},
};

/// What a socket's task is told by others.
#[derive(Debug, Clone)]
pub enum Order {
    /// Ask the player whether it is there.
    Ping,
    /// Its session ended; only meant for that generation.
    Ended(Ended),
    /// This generation holds the session: let go if yours is older.
    Superseded(Generation),
    /// The lease lapsed.
    Expired,
    /// Close.
    Close(CloseReason),
}

/// What the hub knows of a session that a socket holds.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The session; `expires_ms` is the end of the lease as last heard.
    pub session: Session,
    /// A renewal failed since: the store was away, not the player.
    pub store_was_away: bool,
    /// The store's epoch when the lease was last known to run.
    pub epoch: u64,
}

/// One socket as the rest of the node sees it.
#[derive(Debug)]
pub struct SocketHandle {
    /// Whose.
    pub account: Account,
    /// The session its token names.
    pub session: SessionId,
    /// Orders to its task.
    pub orders: Outbox<Order>,
    bound: Mutex<Option<Box<Bound>>>,
}

impl SocketHandle {
    /// What it holds, once `REQUESTED` was answered.
    pub fn bound(&self) -> Option<Bound> {
        self.lock().as_deref().cloned()
    }

    /// The generation it holds.
    pub fn generation(&self) -> Option<Generation> {
        self.lock().as_ref().map(|bound| bound.session.generation)
    }

    /// The lease was renewed, in that epoch of the store.
    pub fn renewed(&self, expires_ms: u64, epoch: u64) {
        if let Some(bound) = self.lock().as_mut() {
            bound.session.expires_ms = expires_ms;
            bound.store_was_away = false;
            bound.epoch = epoch;
        }
    }

    /// It holds nothing any more: neither renewals nor re-assertions may speak for it.
    pub fn unbind(&self) {
        self.lock().take();
    }

    /// A renewal got no answer.
    pub fn not_renewed(&self) {
        if let Some(bound) = self.lock().as_mut() {
            bound.store_was_away = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<Bound>>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sockets of one session at a time. Each newer one tells the older ones to go; a client that opens
/// more than this before they have gone is in a loop.
const SOCKETS_PER_SESSION: usize = 8;

/// All stream sockets of a node.
#[derive(Debug)]
pub struct Hub {
    state: Mutex<State>,
    renew_every: Duration,
}

#[derive(Debug, Default)]
struct State {
    sockets: HashMap<Account, HashMap<SessionId, Vec<Arc<SocketHandle>>>>,
    /// When each bound socket is to be renewed; the number keeps equal times apart.
    due: BTreeMap<(Instant, u64), Weak<SocketHandle>>,
    counter: u64,
    open: usize,
}

impl Hub {
    /// A hub that wants every bound session renewed that often.
    pub fn new(renew_every: Duration) -> Self {
        Self { state: Mutex::default(), renew_every }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a socket, before its session is looked up: no message about it can be missed.
    pub fn open(&self, account: Account, session: SessionId) -> Arc<SocketHandle> {
        let socket = Arc::new(SocketHandle {
            account: account.clone(),
            session: session.clone(),
            orders: Outbox::default(),
            bound: Mutex::default(),
        });
        let mut state = self.lock();
        state.open += 1;
        let of_session = state.sockets.entry(account).or_default().entry(session).or_default();
        if of_session.len() >= SOCKETS_PER_SESSION
            && let Some(oldest) = of_session.first()
        {
            oldest.orders.push(Order::Close(CloseReason::Superseded));
        }
        of_session.push(socket.clone());
        socket
    }

    /// The socket holds that session from now on, as of that epoch of the store.
    pub fn bind(&self, socket: &Arc<SocketHandle>, session: Session, epoch: u64) {
        *socket.lock() = Some(Box::new(Bound { session, store_was_away: false, epoch }));
        self.renew_at(socket, Instant::now() + self.renew_every);
    }

    /// The socket is gone.
    pub fn close(&self, socket: &Arc<SocketHandle>) {
        socket.unbind();
        let mut state = self.lock();
        let Some(of_account) = state.sockets.get_mut(&socket.account) else { return };
        let Some(of_session) = of_account.get_mut(&socket.session) else { return };
        of_session.retain(|other| !Arc::ptr_eq(other, socket));
        if of_session.is_empty() {
            of_account.remove(&socket.session);
        }
        if of_account.is_empty() {
            state.sockets.remove(&socket.account);
        }
        state.open -= 1;
    }

    /// How many sockets are open.
    pub fn len(&self) -> usize {
        self.lock().open
    }

    /// Whether no socket is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every socket.
    pub fn all(&self) -> Vec<Arc<SocketHandle>> {
        self.lock().sockets.values().flat_map(HashMap::values).flatten().cloned().collect()
    }

    /// Passes a message of the bus to the sockets it is about.
    pub fn deliver(&self, message: &Message) {
        match message {
            Message::Ping { account } => {
                for socket in self.sockets_of(account, None) {
                    socket.orders.push(Order::Ping);
                }
            }
            Message::Ended { account, ended } => {
                for socket in self.sockets_of(account, Some(&ended.session)) {
                    socket.orders.push(Order::Ended(ended.clone()));
                }
            }
            Message::Superseded { account, session, generation } => {
                for socket in self.sockets_of(account, Some(session)) {
                    socket.orders.push(Order::Superseded(*generation));
                }
            }
            Message::Probe { .. }
            | Message::Drain
            | Message::Cobrowse { .. }
            | Message::Invited { .. } => {}
        }
    }

    fn sockets_of(&self, account: &Account, session: Option<&SessionId>) -> Vec<Arc<SocketHandle>> {
        let state = self.lock();
        let Some(of_account) = state.sockets.get(account) else { return Vec::new() };
        match session {
            Some(session) => of_account.get(session).cloned().unwrap_or_default(),
            None => of_account.values().flatten().cloned().collect(),
        }
    }

    /// Wants a socket renewed at that time.
    pub fn renew_at(&self, socket: &Arc<SocketHandle>, at: Instant) {
        let mut state = self.lock();
        state.counter += 1;
        let key = (at, state.counter);
        state.due.insert(key, Arc::downgrade(socket));
    }

    /// Wants a renewed socket renewed again after the usual time.
    pub fn renew_again(&self, socket: &Arc<SocketHandle>) {
        self.renew_at(socket, Instant::now() + self.renew_every);
    }

    /// Wants every bound socket checked against the store now.
    pub fn recheck(&self) {
        let now = Instant::now();
        let mut state = self.lock();
        let due = std::mem::take(&mut state.due);
        state.due =
            due.into_iter().map(|((at, number), socket)| ((at.min(now), number), socket)).collect();
    }

    /// Takes at most `most` sockets whose renewal is due.
    pub fn take_due(&self, most: usize) -> Vec<Arc<SocketHandle>> {
        let now = Instant::now();
        let mut state = self.lock();
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(first) = state.due.first_entry()
            && first.key().0 <= now
        {
            if let Some(socket) = first.remove().upgrade() {
                taken.push(socket);
            }
        }
        taken
    }
}
