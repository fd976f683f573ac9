//! What a stream session is, and how it ends.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{CustomerId, DeviceId, Generation, NodeName, SessionId, TenantId};

/// Whose sessions are counted together: a customer of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    /// The streaming company.
    pub tenant: TenantId,
    /// Its customer.
    pub customer: CustomerId,
}

/// What a pool is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PoolKind {
    /// An offer the customer bought.
    Offer,
    /// A tag the player chose.
    Tag,
    /// A type of device (Media Play Sessions).
    DeviceType,
}

impl PoolKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Tag => "tag",
            Self::DeviceType => "device_type",
        }
    }
}

/// The sessions of an account that share one limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pool {
    kind: PoolKind,
    name: Box<str>,
}

impl Pool {
    /// The pool of that kind and name.
    pub fn new(kind: PoolKind, name: &str) -> Self {
        Self { kind, name: name.into() }
    }

    /// What it is counted by.
    pub fn kind(&self) -> PoolKind {
        self.kind
    }

    /// The offer, tag or device type.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.name)
    }
}

/// A stored pool name that no version of Baton writes.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a pool: it starts with none of offer:, tag:, device_type:")]
pub struct UnknownPool(String);

impl TryFrom<String> for Pool {
    type Error = UnknownPool;

    fn try_from(text: String) -> Result<Self, UnknownPool> {
        for kind in [PoolKind::Offer, PoolKind::Tag, PoolKind::DeviceType] {
            if let Some(name) = text.strip_prefix(kind.as_str()).and_then(|t| t.strip_prefix(':')) {
                return Ok(Self::new(kind, name));
            }
        }
        Err(UnknownPool(text))
    }
}

impl From<Pool> for String {
    fn from(pool: Pool) -> Self {
        pool.to_string()
    }
}

/// Where the socket of a session is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The node that holds the socket.
    pub node: NodeName,
    /// The generation it was given.
    pub generation: Generation,
}

/// A live session as the store keeps it. Times are milliseconds since 1970, by the store's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Unique within its account.
    pub id: SessionId,
    /// The pool it is counted in.
    pub pool: Pool,
    /// What the viewer calls it (`sessionName`).
    pub name: Box<str>,
    /// The device that plays, where the client names one.
    pub device: Option<DeviceId>,
    /// Fencing token of the present holder.
    pub generation: Generation,
    /// The node its socket is on, if it has one.
    pub holder: Option<NodeName>,
    /// What a dialect keeps beside: JSON text, opaque to the engine.
    pub attributes: Option<Box<str>>,
    /// When it was created.
    pub created_ms: u64,
    /// How far each renewal moves `expires_ms`.
    pub lease_ms: u64,
    /// When it stops counting unless renewed.
    pub expires_ms: u64,
}

/// Why a session is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum EndReason {
    /// The player stopped, or deleted it.
    Finished,
    /// Another session took its place: by the viewer's choice or by `evict_oldest`.
    TakenOver {
        /// The session that plays now.
        by: SessionId,
        /// Its name.
        by_name: Box<str>,
    },
    /// The same device started again.
    Replaced {
        /// The device's new session.
        by: SessionId,
    },
    /// An operator ended it.
    Operator {
        /// What the operator gave as the reason.
        note: Box<str>,
    },
    /// Its socket did not answer a PING in time.
    Unresponsive,
}

/// A session that is over: kept as a tombstone for some minutes, and sent to its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which session.
    pub session: SessionId,
    /// The last generation it had.
    pub generation: Generation,
    /// The node that held its socket when it ended.
    pub holder: Option<NodeName>,
    /// Why.
    #[serde(flatten)]
    pub why: EndReason,
}
