//! When a memory store looks for what is over: seldom enough to cost next to nothing.

/// After this many writes everything is looked at once: a constant cost per write.
const EVERY: u32 = 1024;

/// Counts the writes of a store.
#[derive(Debug, Default)]
pub(super) struct Sweeper {
    writes: u32,
}

impl Sweeper {
    /// Counts one write; true where it is time to sweep.
    pub(super) fn is_due(&mut self) -> bool {
        self.writes = (self.writes + 1) % EVERY;
        self.writes == 0
    }
}
