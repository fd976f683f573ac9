//! Three nodes on one Redis: what the cluster promises, tested over its own interfaces.
//!
//! Nothing here asks the clock. Where a rule speaks of time, the test waits for the event and
//! looks at the order of events, or counts.

mod admission;
mod bus;
mod cobrowse;
mod cost;
mod drain;
mod growth;
mod load;
mod node;
mod operator;
mod ping;
mod scripts;
mod short_codes;
mod socket;
mod store_away;
mod store_lost;
mod takeover;
