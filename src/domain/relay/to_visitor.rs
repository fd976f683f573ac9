//! What a visitor's page is told.

use serde::Serialize;

use super::{ErrorCode, Gesture, to_viewer::Participant};
use crate::domain::{
    cobrowse::{Credential, Status},
    ids::{NodeName, SessionToken, UserId, VisitorId},
    visitors::LookupCode,
};

/// A message to a visitor's page. No `Debug`: it holds secrets, and what viewers type.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ToVisitor {
    /// The answer to `hello`.
    Welcome {
        /// [`super::PROTOCOL`].
        protocol: u32,
        /// The node that answers.
        node: NodeName,
        /// Its name; none where the page only takes part in a session.
        #[serde(skip_serializing_if = "Option::is_none")]
        visitor_id: Option<VisitorId>,
        /// What to say in the next `hello`.
        #[serde(skip_serializing_if = "Option::is_none")]
        visitor_token: Option<Box<str>>,
        /// Four digits to say on the phone.
        #[serde(skip_serializing_if = "Option::is_none")]
        lookup_code: Option<LookupCode>,
    },
    /// Another connection of this visitor has its seat: stay, but do nothing.
    Standby {},
    /// The whole state of its session.
    Session {
        /// The session.
        session_token: SessionToken,
        /// Where it stands.
        status: Status,
        /// The visitor's own secret of the session.
        customer_token: Credential,
        /// Who is there.
        users: Vec<Participant>,
        /// Who may control the page.
        #[serde(skip_serializing_if = "Option::is_none")]
        control: Option<UserId>,
        /// The newest epoch this node has seen: a new recorder begins above it.
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<u32>,
        /// Once it is over: one word.
        #[serde(skip_serializing_if = "Option::is_none")]
        ended_by: Option<&'static str>,
    },
    /// Somebody asks for control.
    ControlRequest {
        /// Who.
        user_id: UserId,
        /// Under what name.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Box<str>>,
    },
    /// Send a snapshot.
    SnapshotRequest {},
    /// The message before was not obeyed.
    Error {
        /// Why, for machines.
        code: ErrorCode,
        /// Why, for people.
        detail: &'static str,
    },
    /// A viewer did something.
    #[serde(untagged)]
    Gesture(Attributed),
}

/// A gesture, and whose it is.
#[derive(Clone, Serialize)]
pub struct Attributed {
    /// The gesture, whose members stand beside `userId`.
    #[serde(flatten)]
    pub gesture: Gesture,
    /// The viewer.
    #[serde(rename = "userId")]
    pub user: UserId,
}

impl ToVisitor {
    /// As a text frame.
    pub fn text(&self) -> String {
        // Enums of strings and finite numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The refusal of a message.
    pub fn error(code: ErrorCode) -> Self {
        Self::Error { code, detail: code.detail() }
    }
}
