//! What one socket is to be sent: bounded, pulled by the socket's task.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{
    queue::{Queue, Slot, Spread, Taken},
    state::Shared,
    tape::Page,
};

/// The next thing to send. `Debug` hides the content.
#[derive(Clone, PartialEq, Eq)]
pub enum Next {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Bytes),
    /// Close the socket. Returned again by every later call.
    Close(FeedEnd),
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(frame) => write!(f, "Binary({} bytes)", frame.len()),
            Self::Close(end) => write!(f, "Close({end:?})"),
        }
    }
}

/// Why a feed is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedEnd {
    /// The session is over.
    Ended,
    /// A newer socket of the same visitor, or of the same user, took its place.
    Superseded,
    /// Another node hosts the session now.
    Rehomed,
    /// This node goes away.
    Draining,
    /// The socket does not take what it is sent.
    TooSlow,
    /// Its user is no longer in the session.
    Removed,
}

/// The queue of one socket. It has one reader.
pub struct Feed {
    queue: Mutex<Queue>,
    arrived: Notify,
    room: Weak<Shared>,
}

impl Feed {
    pub(super) fn new(room: &Arc<Shared>) -> Arc<Self> {
        let (queue, room) = (Mutex::new(Queue::new()), Arc::downgrade(room));
        Arc::new(Self { queue, arrived: Notify::new(), room })
    }

    /// The next thing to send, as soon as there is one. Cancel-safe.
    ///
    /// A call says that everything before was sent: only then does one that fell behind get more.
    pub async fn next(&self) -> Next {
        loop {
            let taken = self.lock().take();
            match taken {
                Taken::Next(next) => return next,
                Taken::Heal => match self.room.upgrade() {
                    Some(room) => room.heal(self),
                    None => return Next::Close(FeedEnd::Rehomed),
                },
                Taken::Nothing => self.arrived.notified().await,
            }
        }
    }

    /// Nothing more of the page; what waits of control messages is still sent, then the end.
    /// The first end stays.
    pub fn close(&self, end: FeedEnd) {
        self.change(|queue| queue.close(end));
    }

    /// Queues a control message: never dropped; overflow closes with [`FeedEnd::TooSlow`].
    pub fn push_text(&self, text: String) {
        self.change(|queue| queue.text(text));
    }

    /// A viewer's doing: false where the queue is too full for it.
    pub(super) fn gesture(&self, text: String) -> bool {
        self.change(|queue| queue.gesture(text))
    }

    /// A message that replaces one that waits in the same slot.
    pub(super) fn latest(&self, slot: Slot, text: String) {
        self.change(|queue| queue.latest(slot, text));
    }

    pub(super) fn snapshot(&self, spread: Spread, frame: &Bytes) {
        self.change(|queue| queue.snapshot(spread, frame));
    }

    pub(super) fn delta(&self, frame: &Bytes) {
        self.change(|queue| queue.delta(frame));
    }

    pub(super) fn volatile(&self, frame: &Bytes) {
        self.change(|queue| queue.volatile(frame));
    }

    /// It lost track of the page; it is given a new start once it has taken what waits.
    pub(super) fn fall_behind(&self) {
        self.change(Queue::fall_behind);
    }

    /// Gives a waiting one the page as of now.
    pub(super) fn join(&self, page: Option<Page<'_>>) {
        self.change(|queue| queue.join(page.map(Page::parts)));
    }

    /// Gives one that fell behind and has taken everything a new start.
    pub(super) fn heal(&self, page: Option<Page<'_>>) {
        self.change(|queue| queue.heal(page.map(Page::parts)));
    }

    /// Whether it waits for a snapshot.
    pub(super) fn waits(&self) -> bool {
        self.lock().flow() == super::queue::Flow::Waiting
    }

    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let result = change(&mut self.lock());
        self.arrived.notify_one();
        result
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
