//! Whatever happens, each viewer sees a snapshot followed by contiguous deltas.

use proptest::prelude::*;

use super::*;

const VIEWERS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Snapshot {
        next_epoch: bool,
    },
    Deltas {
        count: u16,
        large: bool,
    },
    Volatiles(u16),
    /// The recorder's numbers jump: frames were lost.
    Lose(u8),
    /// Any frame at all.
    Stray {
        kind: u8,
        epoch: u32,
        sequence: u64,
    },
    Attach(usize),
    Detach(usize),
    Read {
        viewer: usize,
        frames: u16,
    },
    Resync(usize),
    Reconnect,
    Pause,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let viewer = 0..VIEWERS;
    let step = prop_oneof![
        3 => any::<bool>().prop_map(|next_epoch| Step::Snapshot { next_epoch }),
        6 => (1..300_u16, any::<bool>()).prop_map(|(count, large)| Step::Deltas { count, large }),
        3 => (1..300_u16).prop_map(Step::Volatiles),
        1 => (1..5_u8).prop_map(Step::Lose),
        1 => (1..4_u8, 0..5_u32, 0..20_u64)
            .prop_map(|(kind, epoch, sequence)| Step::Stray { kind, epoch, sequence }),
        2 => viewer.clone().prop_map(Step::Attach),
        1 => viewer.clone().prop_map(Step::Detach),
        6 => (viewer.clone(), 0..600_u16)
            .prop_map(|(viewer, frames)| Step::Read { viewer, frames }),
        1 => viewer.prop_map(Step::Resync),
        1 => Just(Step::Reconnect),
        1 => Just(Step::Pause),
    ];
    prop::collection::vec(step, 1..40)
}

/// One viewer and what it has seen.
#[derive(Default)]
struct Watcher {
    feed: Option<Arc<Feed>>,
    at: Option<(u32, u64)>,
}

impl Watcher {
    /// Takes at most so many; false at the end of what is there.
    fn read(&mut self, frames: u16) -> bool {
        let Some(feed) = self.feed.clone() else { return false };
        for _ in 0..frames {
            match next(&feed) {
                None => return false,
                Some(Next::Text(_)) => {}
                Some(Next::Binary(frame)) => self.see(&frame),
                Some(Next::Close(end)) => panic!("closed: {end:?}"),
            }
        }
        true
    }

    fn see(&mut self, frame: &[u8]) {
        let Header { kind, epoch, sequence, .. } = Header::read(frame).unwrap();
        match kind {
            Kind::Snapshot => self.at = Some((epoch, sequence)),
            Kind::Delta => {
                let (seen, last) = self.at.expect("a snapshot comes first");
                assert_eq!((epoch, sequence), (seen, last + 1), "deltas are contiguous");
                self.at = Some((epoch, sequence));
            }
            Kind::Volatile => assert_eq!(self.at, Some((epoch, sequence)), "of this moment"),
        }
    }
}

/// The recorder, which answers every request it reads.
struct Recorder {
    feed: Arc<Feed>,
    epoch: u32,
    sequence: u64,
}

impl Recorder {
    fn snapshot(&self, room: &Room) {
        send(room, [snapshot(self.epoch, self.sequence)]);
    }

    fn read(&mut self, room: &Room) {
        for told in drain(&self.feed) {
            match told.as_str() {
                "snapshotRequest" => self.snapshot(room),
                // A stray frame was taken for a newer page than this.
                "error oldEpoch" => {
                    self.epoch += 10;
                    self.snapshot(room);
                }
                _ => {}
            }
        }
    }

    fn step(&mut self, room: &Room, watchers: &mut [Watcher], step: Step) {
        match step {
            Step::Snapshot { next_epoch } => {
                if next_epoch {
                    (self.epoch, self.sequence) = (self.epoch + 1, 0);
                }
                self.snapshot(room);
            }
            Step::Deltas { count, large } => {
                for _ in 0..count {
                    self.sequence += 1;
                    let payload = if large { 30_000 } else { 10 };
                    send(room, [frame(Kind::Delta, self.epoch, self.sequence, payload)]);
                }
            }
            Step::Volatiles(count) => {
                (0..count).for_each(|_| send(room, [volatile(self.epoch, self.sequence)]));
            }
            Step::Lose(count) => self.sequence += u64::from(count),
            Step::Stray { kind, epoch, sequence } => {
                let kinds = [Kind::Snapshot, Kind::Delta, Kind::Volatile];
                send(room, [frame(kinds[usize::from(kind) - 1], epoch, sequence, 10)]);
            }
            Step::Attach(at) => {
                watchers[at] = Watcher { feed: room.attach_viewer(&user(at), 0), at: None };
            }
            Step::Detach(at) => {
                if let Some(feed) = watchers[at].feed.take() {
                    room.detach_viewer(&feed);
                }
            }
            Step::Read { viewer, frames } => drop(watchers[viewer].read(frames)),
            Step::Resync(at) => {
                if let Some(feed) = &watchers[at].feed {
                    says(room, at, feed, json!({"type": "resync"}));
                }
            }
            Step::Reconnect => {
                room.detach_visitor(&self.feed);
                self.feed = room.attach_visitor();
                (self.epoch, self.sequence) = (self.epoch + 1, 0);
                self.snapshot(room);
            }
            Step::Pause => self.read(room),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_viewer_sees_a_snapshot_and_contiguous_deltas_and_catches_up(steps in steps()) {
        let room = room(&session(VIEWERS));
        let mut recorder = Recorder { feed: room.attach_visitor(), epoch: 1, sequence: 0 };
        let mut watchers: [Watcher; VIEWERS] = Default::default();
        for step in steps {
            recorder.step(&room, &mut watchers, step);
        }
        // Once everybody reads, everybody has the page as of the last frame.
        for _ in 0..4 {
            recorder.sequence += 1;
            send(&room, [delta(recorder.epoch, recorder.sequence)]);
            recorder.read(&room);
            watchers.iter_mut().for_each(|watcher| while watcher.read(100) {});
            recorder.read(&room);
            watchers.iter_mut().for_each(|watcher| while watcher.read(100) {});
        }
        for watcher in watchers.iter().filter(|watcher| watcher.feed.is_some()) {
            prop_assert_eq!(watcher.at, Some((recorder.epoch, recorder.sequence)));
        }
    }
}
