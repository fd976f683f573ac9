//! Co-browse sessions: a visitor's page is mirrored to agents.

pub mod audit;
pub mod credential;
mod draft;
pub mod hosting;
pub mod join;
pub mod service;
pub mod session;
mod slots;
pub mod store;

pub use audit::{Entry, Event, Page};
pub use credential::Credential;
pub use hosting::Hosted;
pub use join::{Joined, Joiner, Vouched};
pub use service::{Changed, CobrowseService, CobrowseTerms, Created, Said};
pub use session::{
    Begun, Branding, End, EndedBy, LinkTerms, Naked, Permissions, Role, Server, Session, Status,
    User,
};
pub use store::{
    Change, ClaimOutcome, CobrowseStore, HostVerdict, Hosting, Life, PutOutcome, SlotOutcome,
    SlotScope, SlotStore, Stored,
};
