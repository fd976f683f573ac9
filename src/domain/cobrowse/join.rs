//! Who may join a session, and as what.

use super::{
    Begun, Credential, LinkTerms, Permissions, Role, Session, SlotScope, User,
    draft::{Draft, Edit},
    service::CobrowseTerms,
    session::USERS,
};
use crate::domain::ids::{AgentId, TenantId, UserId};

/// Somebody at the door.
#[derive(Debug, Clone)]
pub enum Joiner {
    /// The visitor, with the `customerToken`.
    Customer {
        /// What it shows.
        token: Option<Credential>,
        /// The name to show.
        name: Option<Box<str>>,
    },
    /// An agent or controller.
    Agent {
        /// Which of the two.
        role: Role,
        /// The name to show.
        name: Option<Box<str>>,
        /// What its token says.
        vouched: Option<Vouched>,
    },
    /// An agent who got the `cid` by a short code.
    Cid {
        /// The secret.
        cid: Credential,
        /// The name to show: nobody vouches for it but who redeemed the code.
        name: Option<Box<str>>,
    },
    /// An agent with a watch link, which was verified.
    Link {
        /// The person, as the agent's application names it.
        agent: AgentId,
        /// The name to show.
        name: Option<Box<str>>,
        /// What it may do.
        permissions: Permissions,
        /// The rest of what the link says.
        link: LinkTerms,
    },
}

/// What a tenant's token says of an agent.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// The tenant.
    pub tenant: TenantId,
    /// The person, where the token names one.
    pub agent: Option<AgentId>,
}

/// The answer to somebody who wants to join.
#[derive(Debug)]
pub enum Joined {
    /// In, now or before.
    In {
        /// Who it is in the session.
        user: Box<User>,
        /// The session.
        session: Box<Session>,
        /// The version of its record.
        version: u64,
    },
    /// It has not shown what it must show, to a session that goes on.
    NotAllowed,
    /// The agent holds as many other sessions as it may.
    AgentBusy,
    /// There are as many users as there may be.
    Full,
    /// The session is over.
    Over,
    /// No such session, or another tenant's.
    Unknown,
}

/// Somebody is in.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    pub(super) user: UserId,
    /// Not there before.
    pub(super) is_new: bool,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    NotAllowed,
    Full,
    Over,
    Unknown,
}

impl From<Refusal> for Joined {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAllowed => Self::NotAllowed,
            Refusal::Full => Self::Full,
            Refusal::Over => Self::Over,
            Refusal::Unknown => Self::Unknown,
        }
    }
}

impl Joiner {
    /// What the joiner's sessions are counted by.
    pub(super) fn slot(&self) -> Option<SlotScope> {
        let Self::Agent { vouched: Some(vouched), .. } = self else { return None };
        Some(SlotScope::Agent(vouched.tenant.clone(), vouched.agent.clone()?))
    }

    pub(super) fn join(
        &self,
        draft: &mut Draft,
        terms: &CobrowseTerms,
    ) -> Edit<Result<Admission, Refusal>> {
        if let Err(refusal) = self.check(&draft.session, terms) {
            return Edit::Keep(Err(refusal));
        }
        if let Some(user) = self.known(&draft.session) {
            return Edit::Keep(Ok(Admission { user: user.id.clone(), is_new: false }));
        }
        if draft.session.users.len() >= USERS {
            draft.session.users.retain(|user| !user.left);
        }
        if draft.session.users.len() >= USERS {
            return Edit::Keep(Err(Refusal::Full));
        }
        let user = self.user(&draft.session);
        draft.enter(user).map(|user| Ok(Admission { user, is_new: true }))
    }

    fn check(&self, session: &Session, terms: &CobrowseTerms) -> Result<(), Refusal> {
        // For migrations from the original, which knows no other sessions.
        let is_open = terms.open_join && session.begun == Begun::Live;
        let allowed = match self {
            Self::Customer { token, .. } => {
                is_open || token.as_ref() == Some(&session.customer_token)
            }
            Self::Agent { vouched: Some(vouched), .. } if vouched.tenant != session.tenant => {
                return Err(Refusal::Unknown);
            }
            Self::Agent { vouched, .. } => vouched.is_some() || is_open,
            Self::Cid { cid, .. } => session.cid.as_ref() == Some(cid),
            Self::Link { .. } => matches!(session.begun, Begun::WatchLink(_)),
        };
        match (allowed, &session.end) {
            (false, None) => Err(Refusal::NotAllowed),
            // Whoever shows nothing is not told either that it ever was.
            (false, Some(_)) => Err(Refusal::Unknown),
            (true, Some(_)) => Err(Refusal::Over),
            (true, None) => Ok(()),
        }
    }

    /// A repeat: the visitor, and a person that is vouched for, are in a session once.
    fn known<'a>(&self, session: &'a Session) -> Option<&'a User> {
        match self {
            Self::Customer { .. } => session.customer(),
            Self::Agent { role, vouched, .. } => {
                let agent = vouched.as_ref()?.agent.as_ref()?;
                let is_known =
                    |user: &&User| user.role == *role && user.agent.as_ref() == Some(agent);
                session.present().find(is_known)
            }
            Self::Cid { .. } | Self::Link { .. } => None,
        }
    }

    fn user(&self, session: &Session) -> User {
        let user = |role, name: &Option<Box<str>>, agent: Option<AgentId>| User {
            id: UserId::random(),
            token: Credential::random(&session.token),
            role,
            name: name.clone(),
            agent,
            permissions: Permissions::default(),
            link: None,
            left: false,
        };
        match self {
            Self::Customer { name, .. } => user(Role::Customer, name, None),
            Self::Agent { role, name, vouched } => {
                let agent = vouched.as_ref().and_then(|vouched| vouched.agent.clone());
                user(*role, name, agent)
            }
            Self::Cid { name, .. } => user(Role::Agent, name, None),
            Self::Link { agent, name, permissions, link } => User {
                permissions: *permissions,
                link: Some(Box::new(link.clone())),
                ..user(Role::Agent, name, Some(agent.clone()))
            },
        }
    }
}
