//! The page's data on its way from the visitor to the viewers.

use bytes::Bytes;
use tokio::time::Instant;

use super::{ErrorCode, Fault, Header, Kind, Room, state::State, tape::Verdict};

impl Room {
    /// A binary frame of the visitor's page. What does not fit is dropped, and healed by a snapshot.
    pub fn visitor_data(&self, frame: Bytes) -> Result<(), Fault> {
        let header = Header::read(&frame)?;
        let mut state = self.shared.lock();
        state.used = Instant::now();
        if state.closed.is_some() {
            return Ok(());
        }
        if state.is_active() {
            state.pass(header, &frame);
        } else if state.refused_epoch != Some(header.epoch) {
            state.refused_epoch = Some(header.epoch);
            state.refuse_visitor(ErrorCode::NotActive);
        }
        Ok(())
    }
}

impl State {
    fn pass(&mut self, header: Header, frame: &Bytes) {
        let verdict = self.tape.take(header, frame);
        if header.kind == Kind::Snapshot && verdict != Verdict::Old {
            self.asked = false;
        }
        let feeds = self.viewers.iter().map(|viewer| &viewer.feed);
        match verdict {
            Verdict::Snapshot(spread) => feeds.for_each(|feed| feed.snapshot(spread, frame)),
            Verdict::Delta => feeds.for_each(|feed| feed.delta(frame)),
            Verdict::Volatile => feeds.for_each(|feed| feed.volatile(frame)),
            Verdict::Gap => self.request_snapshot(),
            Verdict::Old if !self.told_old => {
                self.told_old = true;
                self.refuse_visitor(ErrorCode::OldEpoch);
            }
            Verdict::Old | Verdict::Stray => {}
        }
    }
}
