//! The co-browse relay of one session on its host node: what may pass, to whom, and in what order.
//!
//! Pure rules: knows no sockets and no stores. What pages contain is opaque, lives here only, and is
//! never logged: types that hold it have no `Debug`, or one that hides it. The protocol is written
//! down in `docs/relay-protocol.md`.

pub mod address;
pub mod budget;
mod data;
pub mod feed;
pub mod frame;
pub mod from_viewer;
pub mod from_visitor;
mod queue;
pub mod room;
mod says;
mod state;
mod tape;
pub mod to_viewer;
pub mod to_visitor;

#[cfg(test)]
mod tests;

pub use address::host_and_path;
pub use budget::Budget;
pub use feed::{Feed, FeedEnd, Next};
pub use frame::{Header, Kind, VIEWER_MESSAGE_BYTES, VISITOR_MESSAGE_BYTES};
pub use from_viewer::{FromViewer, Gesture};
pub use from_visitor::FromVisitor;
pub use room::{Room, ViewerAct, VisitorAct};
pub use to_viewer::{Participant, ToViewer, ended_by};
pub use to_visitor::ToVisitor;

use serde::Serialize;

/// The version of the protocol.
pub const PROTOCOL: u32 = 1;

/// A breach of the protocol: the socket that committed it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A text frame that is no message of the protocol, or out of its bounds.
    #[error("bad message: {0}")]
    BadMessage(&'static str),
    /// A binary frame whose header cannot be.
    #[error("bad frame: {0}")]
    BadFrame(&'static str),
    /// A frame over the limit of its kind.
    #[error("too large")]
    TooLarge,
    /// A version of the protocol that this node does not speak.
    #[error("this version of the protocol is not supported")]
    Protocol,
}

/// Why a well-formed message was not obeyed: `error.code`. The socket stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// The session is not active.
    NotActive,
    /// The sender does not have the control grant.
    NoControl,
    /// The sender's permissions do not include this.
    NotPermitted,
    /// The visitor's page is not connected.
    VisitorAway,
    /// The visitor's page takes no more for the moment.
    VisitorBusy,
    /// `resync` again within a second.
    TooSoon,
    /// Nobody of that `userId` watches.
    UnknownUser,
    /// A frame of an epoch that a newer one replaced.
    OldEpoch,
    /// The message has no place here, such as a second `hello`.
    Unexpected,
    /// Not possible now, through no fault of the sender: try again.
    Unavailable,
}

impl ErrorCode {
    /// All codes, for the documentation.
    pub const ALL: [Self; 10] = [
        Self::NotActive,
        Self::NoControl,
        Self::NotPermitted,
        Self::VisitorAway,
        Self::VisitorBusy,
        Self::TooSoon,
        Self::UnknownUser,
        Self::OldEpoch,
        Self::Unexpected,
        Self::Unavailable,
    ];

    /// A sentence for people: `error.detail`.
    pub fn detail(self) -> &'static str {
        match self {
            Self::NotActive => "the session is not active",
            Self::NoControl => "the visitor has not granted control",
            Self::NotPermitted => "not among the permissions of this viewer",
            Self::VisitorAway => "the visitor's page is not connected",
            Self::VisitorBusy => "the visitor's page takes no more for the moment",
            Self::TooSoon => "one resync per second",
            Self::UnknownUser => "nobody of this userId watches",
            Self::OldEpoch => "begin an epoch above the newest one with a snapshot",
            Self::Unexpected => "this message has no place here",
            Self::Unavailable => "not possible now: try again",
        }
    }
}

/// Reads one JSON object. serde would take an array of the members for the object as well.
fn read_object<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Fault> {
    if !text.trim_start().starts_with('{') {
        return Err(Fault::BadMessage("not a JSON object"));
    }
    serde_json::from_str(text)
        .map_err(|_| Fault::BadMessage("unknown type, or a member is missing or wrong"))
}

/// Refuses what is out of bounds.
fn bound(holds: bool, otherwise: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::BadMessage(otherwise)) }
}

/// No more than so many characters.
fn short(text: &str, most: usize) -> bool {
    // A character has at least one byte: most texts need no count.
    text.len() <= most || text.chars().count() <= most
}
