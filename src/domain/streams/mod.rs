//! Stream sessions: how many streams one customer plays at once.

pub mod limits;
pub mod service;
pub mod session;
pub mod store;

pub use limits::{LimitRule, Limits, Policy, Terms};
pub use service::{Admission, Lives, LivesBy, StreamRequest, StreamService};
pub use session::{Account, EndReason, Ended, Holder, Pool, PoolKind, Session};
pub use store::{
    ConnectOutcome, Create, CreateOutcome, Goal, HeartbeatOutcome, ParkOutcome, ReleaseOutcome,
    Renewal, StreamStore, Verdict,
};
