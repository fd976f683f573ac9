//! What waits for one socket: control messages, of which none is dropped, and the page's data, of
//! which all or nothing is.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{FeedEnd, Next, ToViewer};
use crate::domain::ids::UserId;

/// The most control messages that wait: a healthy socket takes them at once.
pub(super) const TEXTS: usize = 64;

/// From so many on, a visitor's page gets no more of what viewers do: the rest is for the node.
pub(super) const GESTURE_TEXTS: usize = 48;

/// The most deltas and volatile frames that wait.
pub(super) const FRAMES: usize = 512;

/// The most bytes of them, beside a snapshot.
pub(super) const FRAME_BYTES: usize = 4 << 20;

/// Messages of which only the newest counts.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// The page's address.
    Page,
    /// The viewport.
    Viewport,
    /// A viewer's mouse.
    Cursor(UserId),
    /// A viewer's spotlight.
    Pointer(UserId),
    /// A viewer's scrolling.
    Scroll(UserId),
}

/// To whom a snapshot goes beside those who wait for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spread {
    /// To nobody: the others have the same page.
    Joiners,
    /// To everybody: frames are missing.
    Everybody,
    /// To everybody: it is another page.
    NewEpoch,
}

/// How the socket stands to the page's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// It needs a snapshot; nothing is queued until one comes.
    Waiting,
    /// It was queued a snapshot and all deltas since.
    Following,
    /// It fell behind; nothing is queued until it has taken everything.
    Lagging,
}

enum Item {
    Text(String),
    Latest(Slot, String),
    Resync,
    Snapshot(Bytes),
    Delta(Bytes),
    Volatile(Bytes),
}

/// What [`Queue::take`] finds.
pub(super) enum Taken {
    /// Something to send.
    Next(Next),
    /// Nothing, and data were left out: ask the room.
    Heal,
    /// Nothing.
    Nothing,
}

pub(super) struct Queue {
    items: VecDeque<Item>,
    texts: usize,
    frames: usize,
    bytes: usize,
    flow: Flow,
    end: Option<FeedEnd>,
}

impl Queue {
    pub(super) fn new() -> Self {
        let items = VecDeque::new();
        Self { items, texts: 0, frames: 0, bytes: 0, flow: Flow::Waiting, end: None }
    }

    pub(super) fn flow(&self) -> Flow {
        self.flow
    }

    /// A control message: overflow ends the feed.
    pub(super) fn text(&mut self, text: String) {
        if self.end.is_some() {
            return;
        }
        if self.texts >= TEXTS {
            return self.close(FeedEnd::TooSlow);
        }
        self.texts += 1;
        self.items.push_back(Item::Text(text));
    }

    /// A viewer's doing: false where the queue is too full for it.
    pub(super) fn gesture(&mut self, text: String) -> bool {
        let fits = self.texts < GESTURE_TEXTS;
        if fits {
            self.text(text);
        }
        fits
    }

    /// Replaces what waits in the same slot, and goes to the end.
    pub(super) fn latest(&mut self, slot: Slot, text: String) {
        if self.end.is_some() {
            return;
        }
        self.items.retain(|item| !matches!(item, Item::Latest(held, _) if *held == slot));
        self.items.push_back(Item::Latest(slot, text));
    }

    pub(super) fn snapshot(&mut self, spread: Spread, frame: &Bytes) {
        if self.end.is_some() {
            return;
        }
        match (self.flow, spread) {
            (Flow::Lagging, _) | (Flow::Following, Spread::Joiners) => return,
            (Flow::Waiting, _) => {}
            (Flow::Following, Spread::Everybody) => {
                self.drop_data();
                self.items.push_back(Item::Resync);
            }
            (Flow::Following, Spread::NewEpoch) => self.drop_data(),
        }
        self.flow = Flow::Following;
        self.items.push_back(Item::Snapshot(frame.clone()));
    }

    pub(super) fn delta(&mut self, frame: &Bytes) {
        if self.flow != Flow::Following || self.end.is_some() {
            return;
        }
        if !self.has_room(frame) {
            self.drop_volatile();
        }
        if self.has_room(frame) {
            self.count(frame);
            self.items.push_back(Item::Delta(frame.clone()));
        } else {
            self.fall_behind();
        }
    }

    pub(super) fn volatile(&mut self, frame: &Bytes) {
        if self.flow == Flow::Following && self.end.is_none() && self.has_room(frame) {
            self.count(frame);
            self.items.push_back(Item::Volatile(frame.clone()));
        }
    }

    /// Leaves out what waits, and all that comes until the queue is empty.
    pub(super) fn fall_behind(&mut self) {
        if self.flow == Flow::Following && self.end.is_none() {
            self.drop_data();
            self.flow = Flow::Lagging;
        }
    }

    /// An end to lagging: what follows is a snapshot and its tail, now or when it comes.
    pub(super) fn heal<'a>(&mut self, page: Option<(&Bytes, impl Iterator<Item = &'a Bytes>)>) {
        if self.flow == Flow::Lagging && self.end.is_none() {
            self.flow = Flow::Waiting;
            self.items.push_back(Item::Resync);
            self.join(page);
        }
    }

    /// The page as of now, for one that waits.
    pub(super) fn join<'a>(&mut self, page: Option<(&Bytes, impl Iterator<Item = &'a Bytes>)>) {
        if let Some((snapshot, tail)) = page {
            self.snapshot(Spread::Joiners, snapshot);
            tail.for_each(|frame| self.delta(frame));
        }
    }

    /// Nothing more of the page; control messages that wait are still sent. The first reason stays.
    pub(super) fn close(&mut self, end: FeedEnd) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(end);
        self.drop_data();
        if end == FeedEnd::TooSlow {
            self.items.clear();
        }
    }

    pub(super) fn take(&mut self) -> Taken {
        let Some(item) = self.items.pop_front() else {
            return match self.end {
                Some(end) => Taken::Next(Next::Close(end)),
                None if self.flow == Flow::Lagging => Taken::Heal,
                None => Taken::Nothing,
            };
        };
        if self.items.is_empty() && self.items.capacity() > TEXTS {
            // A burst must not be paid for as long as the socket lives.
            self.items = VecDeque::new();
        }
        Taken::Next(match item {
            Item::Text(text) => {
                self.texts = self.texts.saturating_sub(1);
                Next::Text(text)
            }
            Item::Latest(_, text) => Next::Text(text),
            Item::Resync => Next::Text(ToViewer::Resync {}.text()),
            Item::Snapshot(frame) => Next::Binary(frame),
            Item::Delta(frame) | Item::Volatile(frame) => {
                self.frames = self.frames.saturating_sub(1);
                self.bytes = self.bytes.saturating_sub(frame.len());
                Next::Binary(frame)
            }
        })
    }

    fn has_room(&self, frame: &Bytes) -> bool {
        self.frames < FRAMES && self.bytes + frame.len() <= FRAME_BYTES
    }

    fn count(&mut self, frame: &Bytes) {
        self.frames += 1;
        self.bytes += frame.len();
    }

    fn drop_volatile(&mut self) {
        let (mut frames, mut bytes) = (0, 0);
        self.items.retain(|item| {
            if let Item::Volatile(frame) = item {
                frames += 1;
                bytes += frame.len();
                return false;
            }
            true
        });
        self.frames -= frames;
        self.bytes -= bytes;
    }

    fn drop_data(&mut self) {
        self.items.retain(|item| matches!(item, Item::Text(_) | Item::Latest(..)));
        (self.frames, self.bytes) = (0, 0);
    }
}
