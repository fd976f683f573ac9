//! The page as the node holds it for late joiners: the newest snapshot, and a short tail.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Header, Kind, queue::Spread};

/// The most deltas that are kept since a snapshot: a viewer replays them in a moment.
pub(super) const TAIL_FRAMES: usize = 200;

/// The most bytes of them.
pub(super) const TAIL_BYTES: usize = 256 << 10;

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A snapshot to pass on.
    Snapshot(Spread),
    /// A delta to pass on.
    Delta,
    /// A volatile frame to pass on.
    Volatile,
    /// Something is missing before it, or it repeats: only a snapshot helps.
    Gap,
    /// It belongs to an epoch that was replaced.
    Old,
    /// A volatile frame of another moment.
    Stray,
}

/// A snapshot and the deltas since.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    snapshot: &'a Bytes,
    tail: &'a VecDeque<Bytes>,
}

impl<'a> Page<'a> {
    /// Both of it.
    pub(super) fn parts(self) -> (&'a Bytes, impl Iterator<Item = &'a Bytes>) {
        (self.snapshot, self.tail.iter())
    }
}

/// Follows the frames of a recorder.
#[derive(Default)]
pub(super) struct Tape {
    /// Epoch and sequence of the last frame that was passed on.
    at: Option<(u32, u64)>,
    /// Nothing is missing up to there.
    intact: bool,
    snapshot: Option<Bytes>,
    tail: VecDeque<Bytes>,
    tail_bytes: usize,
}

impl Tape {
    /// The newest epoch.
    pub(super) fn epoch(&self) -> Option<u32> {
        self.at.map(|(epoch, _)| epoch)
    }

    /// The page as of the last frame, if it can still be put together.
    pub(super) fn page(&self) -> Option<Page<'_>> {
        let snapshot = self.snapshot.as_ref().filter(|_| self.intact)?;
        Some(Page { snapshot, tail: &self.tail })
    }

    /// Frames are missing: nothing but a snapshot can follow.
    pub(super) fn interrupt(&mut self) {
        self.intact = false;
        self.forget();
    }

    /// Judges a frame, and keeps what late joiners need.
    pub(super) fn take(&mut self, header: Header, frame: &Bytes) -> Verdict {
        let at = (header.epoch, header.sequence);
        if self.at.is_some_and(|(epoch, _)| header.epoch < epoch) {
            return Verdict::Old;
        }
        match header.kind {
            Kind::Snapshot => self.snapshot(at, frame),
            Kind::Delta => self.delta(at, frame),
            Kind::Volatile if self.intact && self.at == Some(at) => Verdict::Volatile,
            Kind::Volatile => Verdict::Stray,
        }
    }

    fn snapshot(&mut self, at: (u32, u64), frame: &Bytes) -> Verdict {
        let before = self.at.filter(|(epoch, _)| *epoch == at.0);
        let spread = match before {
            None => Spread::NewEpoch,
            Some(_) if !self.intact => Spread::Everybody,
            Some((_, sequence)) if at.1 < sequence => {
                self.interrupt();
                return Verdict::Gap;
            }
            Some((_, sequence)) if at.1 == sequence => Spread::Joiners,
            Some(_) => Spread::Everybody,
        };
        self.forget();
        self.at = Some(at);
        self.intact = true;
        self.snapshot = Some(frame.clone());
        Verdict::Snapshot(spread)
    }

    fn delta(&mut self, at: (u32, u64), frame: &Bytes) -> Verdict {
        let next = self.at.and_then(|(epoch, last)| Some((epoch, last.checked_add(1)?)));
        if !self.intact || next != Some(at) {
            self.interrupt();
            return Verdict::Gap;
        }
        self.at = Some(at);
        if self.snapshot.is_some() {
            self.tail_bytes += frame.len();
            self.tail.push_back(frame.clone());
            if self.tail.len() > TAIL_FRAMES || self.tail_bytes > TAIL_BYTES {
                self.forget();
            }
        }
        Verdict::Delta
    }

    fn forget(&mut self) {
        self.snapshot = None;
        self.tail = VecDeque::new();
        self.tail_bytes = 0;
    }
}
