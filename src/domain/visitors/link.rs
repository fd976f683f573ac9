//! What a watch link says, and what becomes of one that is opened.

use crate::domain::{
    cobrowse::{LinkTerms, Permissions, Session, User},
    ids::{AgentId, TenantId, VisitorId},
};

/// What a watch link says. Whoever holds this has verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkClaims {
    /// Tells it from every other link: it can be opened once.
    pub id: Box<str>,
    /// Whose site.
    pub tenant: TenantId,
    /// Whom to watch.
    pub visitor: VisitorId,
    /// The person who watches, as the agent's application names it.
    pub agent: AgentId,
    /// The name to show.
    pub agent_name: Box<str>,
    /// What the agent may do.
    pub permissions: Permissions,
    /// The rest.
    pub terms: LinkTerms,
    /// Until when it can be opened, in seconds since 1970.
    pub expires: u64,
}

/// The answer to [`super::VisitorService::look_at_link`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It would open now.
    Opens,
    /// It was opened, or is just being opened.
    Used,
    /// Nobody remembers the visitor.
    NoVisitor,
    /// As many sessions are watched as may be.
    TooManyWatched,
}

/// The answer to [`super::VisitorService::open_link`].
#[derive(Debug)]
pub enum OpenedLink {
    /// The agent is in the visitor's session.
    In {
        /// The session.
        session: Box<Session>,
        /// The version of its record.
        version: u64,
        /// The agent.
        user: Box<User>,
    },
    /// It was opened before.
    Used,
    /// Nobody remembers the visitor.
    NoVisitor,
    /// So many sessions, or so many agents in this one, are there already.
    TooManyWatched,
    /// The session was over whenever it was to be entered.
    Over,
}
