//! What may happen, in the words operators read.

use serde::Serialize;

use crate::domain::{
    cobrowse::{EndedBy, Role},
    ids::{HistoryId, NodeName, SessionId, TenantId},
    streams::{Account, EndReason, Pool},
};

/// Something that happened at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Milliseconds since 1970, by that node's clock.
    pub at_ms: u64,
    /// Where.
    pub node: NodeName,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened. Co-browse sessions go by the name of their history: their tokens let people in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A stream session was admitted.
    StreamCreated {
        /// Whose.
        #[serde(flatten)]
        account: Account,
        /// Which.
        session: SessionId,
        /// Its name.
        name: Box<str>,
        /// Where it counts.
        pool: Pool,
    },
    /// A stream session was refused, for a limit is reached.
    StreamRefused {
        /// Whose.
        #[serde(flatten)]
        account: Account,
        /// What it would have been called.
        name: Box<str>,
        /// Where it would have counted.
        pool: Pool,
    },
    /// A stream session was ended.
    StreamEnded {
        /// Whose.
        #[serde(flatten)]
        account: Account,
        /// Which.
        session: SessionId,
        /// Why; taken over is one of the reasons.
        #[serde(flatten)]
        why: EndReason,
    },
    /// A stream session that was held here lapsed.
    StreamExpired {
        /// Whose.
        #[serde(flatten)]
        account: Account,
        /// Which.
        session: SessionId,
    },
    /// A co-browse session was created.
    CobrowseCreated {
        /// Whose site.
        tenant: TenantId,
        /// The name of its history.
        session: HistoryId,
    },
    /// Somebody joined a co-browse session.
    CobrowseJoined {
        /// Whose site.
        tenant: TenantId,
        /// The name of its history.
        session: HistoryId,
        /// As what.
        role: Role,
    },
    /// The visitor of a co-browse session was asked to be watched, and answered.
    CobrowseConsent {
        /// Whose site.
        tenant: TenantId,
        /// The name of its history.
        session: HistoryId,
        /// Whether the visitor accepted.
        given: bool,
    },
    /// A co-browse session ended.
    CobrowseEnded {
        /// Whose site.
        tenant: TenantId,
        /// The name of its history.
        session: HistoryId,
        /// By whom.
        by: Ender,
    },
    /// The store answers this node again, or no longer.
    Store {
        /// Whether it answers.
        up: bool,
    },
    /// A node joined the cluster.
    NodeJoined {
        /// Its name.
        name: NodeName,
    },
    /// A node drains.
    NodeDraining {
        /// Its name.
        name: NodeName,
    },
    /// A node left, or its lease ran out.
    NodeLeft {
        /// Its name.
        name: NodeName,
    },
}

/// Who ended a co-browse session, without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ender {
    /// The visitor.
    Customer,
    /// An agent or controller.
    Agent,
    /// The tenant's backend, or an operator.
    Operator,
    /// The visitor, who declined to be watched.
    Declined,
    /// Nobody: it was not used.
    Timeout,
    /// All who watched have gone.
    Deserted,
}

impl From<&EndedBy> for Ender {
    fn from(by: &EndedBy) -> Self {
        match by {
            EndedBy::Customer => Self::Customer,
            EndedBy::Agent(_) => Self::Agent,
            EndedBy::Operator => Self::Operator,
            EndedBy::Declined => Self::Declined,
            EndedBy::Timeout => Self::Timeout,
            EndedBy::Deserted => Self::Deserted,
        }
    }
}
