//! What a node does beside answering: proves its liveness, renews what it holds, hears its inbox,
//! drains.

pub mod drain;
pub mod hosting;
pub mod inbox;
pub mod load;
pub mod presence;
pub mod probes;
pub mod pulse;
pub mod renewals;
