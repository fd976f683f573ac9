//! Co-browse sessions: a visitor's page is mirrored to agents.

pub mod audit;
pub mod credential;
pub mod session;
pub mod store;

pub use audit::{Entry, Event, Page};
pub use credential::Credential;
pub use session::{
    Begun, Branding, End, EndedBy, LinkTerms, Naked, Permissions, Role, Server, Session, Status,
    User,
};
pub use store::{
    Change, ClaimOutcome, CobrowseStore, HostVerdict, Hosting, Life, PutOutcome, SlotOutcome,
    SlotScope, SlotStore, Stored,
};
