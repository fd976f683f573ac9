//! What a viewer is told.

use serde::Serialize;

use super::{ErrorCode, PROTOCOL};
use crate::domain::{
    cobrowse::{Credential, EndedBy, LinkTerms, Permissions, Role, Session, Status, User},
    ids::{HistoryId, NodeName, SessionToken, UserId},
};

/// Somebody who is in the session, as the others see them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Unique within the session.
    pub user_id: UserId,
    /// What they are.
    pub role: Role,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
}

impl Participant {
    /// Everybody who is there now.
    pub fn all(session: &Session) -> Vec<Self> {
        session.present().map(Self::from).collect()
    }
}

impl From<&User> for Participant {
    fn from(user: &User) -> Self {
        Self { user_id: user.id.clone(), role: user.role, name: user.name.clone() }
    }
}

/// The word of `endedBy`; none while the session goes on.
pub fn ended_by(session: &Session) -> Option<&'static str> {
    session.end.as_ref().map(|end| match end.by {
        EndedBy::Customer => "customer",
        EndedBy::Agent(_) => "agent",
        EndedBy::Operator => "operator",
        EndedBy::Declined => "declined",
        EndedBy::Timeout => "timeout",
        EndedBy::Deserted => "deserted",
    })
}

/// A message to a viewer. No `Debug`: it holds secrets.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ToViewer {
    /// What follows is the session as a node hosts it; everything before is void.
    Welcome {
        /// [`super::PROTOCOL`].
        protocol: u32,
        /// The host.
        node: NodeName,
        /// The session.
        session_token: SessionToken,
        /// Its history.
        history_id: HistoryId,
        /// Who the viewer is.
        user_id: UserId,
        /// Its own secret of the session.
        user_token: Credential,
        /// What it may do.
        permissions: Permissions,
        /// What its watch link says.
        #[serde(skip_serializing_if = "Option::is_none")]
        link: Option<Box<LinkTerms>>,
    },
    /// The whole state of the session.
    Session {
        /// Where it stands.
        status: Status,
        /// Who is there.
        users: Vec<Participant>,
        /// Who may control the page.
        #[serde(skip_serializing_if = "Option::is_none")]
        control: Option<UserId>,
        /// The visitor's page is connected.
        visitor_connected: bool,
        /// How long it has to come back.
        #[serde(skip_serializing_if = "Option::is_none")]
        back_in_seconds: Option<u64>,
        /// Once it is over: one word.
        #[serde(skip_serializing_if = "Option::is_none")]
        ended_by: Option<&'static str>,
    },
    /// The visitor is on this page.
    Page {
        /// Its host and path.
        url: Box<str>,
    },
    /// The size of the visitor's viewport in CSS pixels.
    Viewport {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// Frames were left out: the next one is a snapshot.
    Resync {},
    /// The visitor declined to let this viewer control the page.
    ControlDeclined {},
    /// The message before was not obeyed.
    Error {
        /// Why, for machines.
        code: ErrorCode,
        /// Why, for people.
        detail: &'static str,
    },
}

impl ToViewer {
    /// What a viewer is told first, by whatever node answers it.
    pub fn welcome(session: &Session, user: &User, node: &NodeName) -> Self {
        Self::Welcome {
            protocol: PROTOCOL,
            node: node.clone(),
            session_token: session.token.clone(),
            history_id: session.history_id.clone(),
            user_id: user.id.clone(),
            user_token: user.token.clone(),
            permissions: user.permissions,
            link: user.link.clone(),
        }
    }

    /// The state of a session whose visitor's page is, or is not, connected.
    pub fn session(
        session: &Session,
        visitor_connected: bool,
        back_in_seconds: Option<u64>,
    ) -> Self {
        Self::Session {
            status: session.status(),
            users: Participant::all(session),
            control: session.control.clone(),
            visitor_connected,
            back_in_seconds,
            ended_by: ended_by(session),
        }
    }

    /// As a text frame.
    pub fn text(&self) -> String {
        // Enums of strings, numbers and JSON always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The refusal of a message.
    pub fn error(code: ErrorCode) -> Self {
        Self::Error { code, detail: code.detail() }
    }
}
