//! A co-browse session and who takes part in it, as the rules see it.

use serde::{Deserialize, Serialize};

use super::Credential;
use crate::domain::ids::{AgentId, HistoryId, NodeName, SessionToken, TenantId, UserId, VisitorId};

/// How a session came into being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begun {
    /// By the customer's page (Genesys REST).
    Live,
    /// By a short code.
    ShortCode,
    /// By a watch link of that visitor.
    WatchLink(VisitorId),
}

/// What somebody is in a session; the numbers are those of the Genesys API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The visitor whose page is shown.
    Customer,
    /// Watches, and controls where it is let.
    Agent,
    /// An agent who may also stop the session.
    Controller,
}

impl Role {
    /// The number on the wire.
    pub fn number(self) -> u8 {
        match self {
            Self::Customer => 1,
            Self::Agent => 2,
            Self::Controller => 3,
        }
    }

    /// The role of a number on the wire.
    pub fn of(number: u64) -> Option<Self> {
        [Self::Customer, Self::Agent, Self::Controller]
            .into_iter()
            .find(|role| u64::from(role.number()) == number)
    }

    /// Agents and controllers look at the page, the customer shows it.
    pub fn watches(self) -> bool {
        matches!(self, Self::Agent | Self::Controller)
    }
}

/// What a viewer may do; the visitor's consent comes on top. Names are those of watch links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// Click on the page.
    pub allow_click: bool,
    /// Draw on the page.
    pub allow_draw: bool,
    /// Scroll the page.
    pub allow_scroll: bool,
    /// Type into fields.
    pub allow_type: bool,
    /// Send the visitor to another page.
    pub allow_agent_redirect: bool,
    /// See the page's console.
    pub allow_console: bool,
    /// Talk.
    pub allow_audio: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            allow_click: true,
            allow_draw: true,
            allow_scroll: true,
            allow_type: true,
            allow_agent_redirect: true,
            allow_console: false,
            allow_audio: false,
        }
    }
}

/// How much of the viewer's own frame is shown around the page: `branding.naked`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value", into = "serde_json::Value")]
pub enum Naked {
    /// All of it: `false`.
    #[default]
    Full,
    /// No header: `true`.
    NoHeader,
    /// Nothing but the page: `"page_only"`.
    PageOnly,
}

/// A value of `naked` that nobody knows.
#[derive(Debug, thiserror::Error)]
#[error("must be false, true or \"page_only\"")]
pub struct UnknownNaked;

impl TryFrom<serde_json::Value> for Naked {
    type Error = UnknownNaked;

    fn try_from(value: serde_json::Value) -> Result<Self, UnknownNaked> {
        let known = [Self::Full, Self::NoHeader, Self::PageOnly];
        known.into_iter().find(|naked| value == serde_json::Value::from(*naked)).ok_or(UnknownNaked)
    }
}

impl From<Naked> for serde_json::Value {
    fn from(naked: Naked) -> Self {
        match naked {
            Naked::Full => false.into(),
            Naked::NoHeader => true.into(),
            Naked::PageOnly => "page_only".into(),
        }
    }
}

/// What the viewer's page looks like and does at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Branding {
    /// How much is shown around the page.
    pub naked: Naked,
    /// Where to ask for a new link when this one is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_url: Option<Box<str>>,
    /// Where to go when the session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_end_url: Option<Box<str>>,
}

/// What a watch link says of the session it opens, beside who and whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkTerms {
    /// For the viewer's page.
    pub branding: Branding,
    /// The agent's application's own notes, flat.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// The only origin whose messages the viewer's page takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<str>>,
}

/// Somebody who joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Unique within the session.
    pub id: UserId,
    /// Its secret: `userToken`.
    pub token: Credential,
    /// What it is.
    pub role: Role,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// The person, where a token or a link vouches for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// What it may do.
    #[serde(default)]
    pub permissions: Permissions,
    /// What its watch link says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Box<LinkTerms>>,
    /// It left; kept so that its repeats are answered.
    #[serde(default)]
    pub left: bool,
}

/// A node as clients and peers reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// `sessionServerName`, the value of the cookie.
    pub name: NodeName,
    /// `sessionServerUrl`, where the node has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Box<str>>,
    /// How other nodes reach it.
    pub internal_url: Box<str>,
}

/// Who, or what, ended a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The visitor.
    Customer,
    /// An agent or controller.
    Agent(UserId),
    /// The tenant's backend, or an operator.
    Operator,
    /// The visitor declined to be watched.
    Declined,
    /// Nobody used it, or the visitor did not come back.
    Timeout,
    /// All who watched have gone.
    Deserted,
}

/// The end of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// By whom.
    pub by: EndedBy,
}

/// Where a session stands. The words are those of the viewer's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Nobody watches yet.
    Created,
    /// Somebody watches; the visitor's page is not there yet.
    Waiting,
    /// The visitor is asked.
    PendingRequest,
    /// The page may be shown.
    Active,
    /// It is over.
    Terminated,
}

/// A session's record: everything that must survive its node. Holds no page content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name.
    pub token: SessionToken,
    /// The name of its history.
    pub history_id: HistoryId,
    /// Whose site it is on.
    pub tenant: TenantId,
    /// How it came into being.
    pub begun: Begun,
    /// What the customer joins with.
    pub customer_token: Credential,
    /// What agents join with who got it by a short code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cid: Option<Credential>,
    /// The node it was created at: there its customer is expected.
    pub home: Server,
    /// Everybody who joined, at most [`USERS`].
    #[serde(default)]
    pub users: Vec<User>,
    /// The visitor's page has been connected.
    #[serde(default)]
    pub visitor_came: bool,
    /// The visitor must accept.
    pub consent_required: bool,
    /// The visitor accepted.
    #[serde(default)]
    pub consented: bool,
    /// Pages in its audit trail, at most [`PAGES`].
    #[serde(default)]
    pub pages: u32,
    /// Who may control the page now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<UserId>,
    /// When it became active, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_ms: Option<u64>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// Users of one session, those who left included: a room of trainees fits, a loop does not.
pub const USERS: usize = 200;

/// Pages in the audit trail of one session: half of it, so that nobody who hurries through pages
/// pushes out who joined and what was consented to.
pub const PAGES: u32 = 500;

impl Session {
    /// A session nobody has joined.
    pub fn new(tenant: TenantId, begun: Begun, home: Server, consent_required: bool) -> Self {
        let token = SessionToken::random();
        let by_code = begun == Begun::ShortCode;
        Self {
            history_id: HistoryId::random(),
            customer_token: Credential::random(&token),
            cid: by_code.then(|| Credential::random(&token)),
            token,
            tenant,
            begun,
            home,
            users: Vec::new(),
            visitor_came: false,
            consent_required,
            consented: false,
            pages: 0,
            control: None,
            activated_ms: None,
            end: None,
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        if self.end.is_some() {
            Status::Terminated
        } else if !self.present().any(|user| user.role.watches()) {
            Status::Created
        } else if !self.visitor_came {
            Status::Waiting
        } else if self.consent_required && !self.consented {
            Status::PendingRequest
        } else {
            Status::Active
        }
    }

    /// Those who are there now.
    pub fn present(&self) -> impl Iterator<Item = &User> {
        self.users.iter().filter(|user| !user.left)
    }

    /// The user of that id, if it is there now.
    pub fn user(&self, id: &UserId) -> Option<&User> {
        self.present().find(|user| user.id == *id)
    }

    /// The user of that secret, also one who left.
    pub fn user_of(&self, token: &Credential) -> Option<&User> {
        self.users.iter().find(|user| user.token == *token)
    }

    /// Whether this user's leaving ends the session for all: controllers, and agents of sessions
    /// that began for them alone (a code, a link).
    pub fn ends_for_all(&self, user: &User) -> bool {
        user.role == Role::Controller || self.begun != Begun::Live
    }

    /// The customer, once joined.
    pub fn customer(&self) -> Option<&User> {
        self.users.iter().find(|user| user.role == Role::Customer)
    }
}
