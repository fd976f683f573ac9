//! Identifiers as types, so that a customer can never be passed for a session.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// Defines an identifier: an immutable shared string with a type of its own.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

id! {
    /// A tenant: the `publisherId` of its tokens.
    TenantId
}
id! {
    /// A customer of a tenant: the `customerId` of a token, the `user_id` of a path.
    CustomerId
}
id! {
    /// A stream session, unique within its account.
    SessionId
}
id! {
    /// A device as the client names it; one device holds one session.
    DeviceId
}
id! {
    /// A node of the cluster: `node.name`.
    NodeName
}
id! {
    /// A co-browse session: `sessionToken`, nine digits, unique among those that are remembered.
    SessionToken
}
id! {
    /// The history of a co-browse session: a UUID, and no credential.
    HistoryId
}
id! {
    /// Somebody in a co-browse session: `userId`, unique within it.
    UserId
}
id! {
    /// A visitor of a tenant's site: `short_id`.
    VisitorId
}
id! {
    /// A person who watches, as the tenant names it: the `sub` of a token, the `agent.id` of a link.
    AgentId
}

impl SessionId {
    /// A new random id (UUID v4).
    pub fn random() -> Self {
        Self::from(uuid::Uuid::new_v4().to_string())
    }
}

impl SessionToken {
    /// Digits of a token.
    pub const DIGITS: usize = 9;

    /// Random digits; whether they are free is for the store to say.
    pub fn random() -> Self {
        Self::from(format!("{:09}", rand::random_range(0..1_000_000_000_u32)))
    }

    /// A token as a client names it: none for what no token can be.
    pub fn read(text: &str) -> Option<Self> {
        let is_token = text.len() == Self::DIGITS && text.bytes().all(|b| b.is_ascii_digit());
        is_token.then(|| Self::from(text))
    }
}

impl HistoryId {
    /// A new random id (UUID v4).
    pub fn random() -> Self {
        Self::from(uuid::Uuid::new_v4().to_string())
    }

    /// An id as a client names it: none for what is no UUID in its usual form.
    pub fn read(text: &str) -> Option<Self> {
        let id = uuid::Uuid::try_parse(text).ok()?.to_string();
        id.eq_ignore_ascii_case(text).then(|| Self::from(id))
    }
}

impl UserId {
    /// A new random id.
    pub fn random() -> Self {
        Self::from(format!("{:08x}", rand::random::<u32>()))
    }
}

impl VisitorId {
    /// A new random id: 20 hexadecimal digits.
    pub fn random() -> Self {
        Self::from(format!("{:020x}", rand::random::<u128>() >> 48))
    }
}

/// Fencing token of a session: grows with every connect, older holders are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl Generation {
    /// The generation of a session nobody has connected to yet.
    pub const FIRST: Self = Self(1);

    /// The generation after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
