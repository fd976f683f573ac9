//! Visitors of a tenant's site: who is online, who is watched, and by which link.

pub mod link;
pub mod service;
pub mod store;
pub mod visitor;
pub mod watch;

pub use link::{LinkClaims, LinkState, OpenedLink};
pub use service::{Usage, VisitorService};
pub use store::{
    Beat, BeatOutcome, EnterOutcome, Entrance, InviteOutcome, VisitorStore, VisitorsPage,
};
pub use visitor::{LookupCode, Profile, Seat, Visitor};
pub use watch::{Linked, Watcher};
