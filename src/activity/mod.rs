//! What happens at this node, for whoever watches it live. Nothing is kept.
//!
//! It is noted where the stores' answers arrive (`streams`, `cobrowse`), so that every dialect,
//! socket and operator is seen alike. It knows no HTTP and no sockets, and the domain knows
//! nothing of it. Tokens, pages and what they contain are never part of it.

mod cobrowse;
mod event;
mod streams;

pub use cobrowse::NotedCobrowse;
pub use event::{Event, What};
pub use streams::NotedStreams;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, broadcast::error::RecvError};

use crate::{clock::wall_clock_ms, domain::ids::NodeName};

/// Events that wait for a watcher who is slow, at most; then it is told how many it missed. All
/// watchers share them.
const WAITING: usize = 256;
/// Watchers at a time: operators, each with a tab or two. Each costs a read of the registry a
/// second.
pub const WATCHERS: usize = 16;

/// The activity of one node.
#[derive(Debug)]
pub struct Activity {
    node: NodeName,
    events: broadcast::Sender<Arc<Event>>,
    places: Arc<Semaphore>,
}

/// What a watcher hears.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Something happened.
    Event(Arc<Event>),
    /// The watcher was too slow for so many events.
    Missed(u64),
}

/// Somebody who watches, until dropped.
#[derive(Debug)]
pub struct Watch {
    events: broadcast::Receiver<Arc<Event>>,
    _place: OwnedSemaphorePermit,
}

impl Activity {
    /// Of that node, which nobody watches yet.
    pub fn new(node: NodeName) -> Self {
        let (events, _) = broadcast::channel(WAITING);
        Self { node, events, places: Arc::new(Semaphore::new(WATCHERS)) }
    }

    /// Tells the watchers. Where nobody watches, `what` is not even asked.
    pub fn note(&self, what: impl FnOnce() -> What) {
        if self.is_watched() {
            // All of them may have gone since: then nobody is to be told.
            let _ = self.events.send(Arc::new(self.event(what())));
        }
    }

    /// Whether anybody watches.
    pub fn is_watched(&self) -> bool {
        self.events.receiver_count() > 0
    }

    /// Something that happened here, now.
    pub fn event(&self, what: What) -> Event {
        Event { at_ms: wall_clock_ms(), node: self.node.clone(), what }
    }

    /// Watches from now on; none where [`WATCHERS`] do already.
    pub fn watch(&self) -> Option<Watch> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(Watch { events: self.events.subscribe(), _place: place })
    }
}

impl Watch {
    /// The next thing that happens. May be dropped while it waits. None when the node is gone.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.events.recv().await {
            Ok(event) => Some(Heard::Event(event)),
            Err(RecvError::Lagged(missed)) => Some(Heard::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watcher_who_is_slow_is_told_how_much_it_missed() {
        let activity = Activity::new("n".into());
        let mut watch = activity.watch().unwrap();
        for _ in 0..WAITING + 3 {
            activity.note(|| What::Store { up: true });
        }
        assert!(matches!(watch.next().await, Some(Heard::Missed(3))));
        for _ in 0..WAITING {
            assert!(matches!(watch.next().await, Some(Heard::Event(_))));
        }
    }

    #[tokio::test]
    async fn nothing_is_made_for_nobody() {
        let activity = Activity::new("n".into());
        activity.note(|| panic!("nobody watches"));
        drop(activity.watch());
        activity.note(|| panic!("nobody watches any more"));
    }

    #[tokio::test]
    async fn places_are_bounded_and_given_back() {
        let activity = Activity::new("n".into());
        let mut watching: Vec<_> = (0..WATCHERS).map(|_| activity.watch().unwrap()).collect();
        assert!(activity.watch().is_none());
        watching.pop();
        assert!(activity.watch().is_some());
    }
}
