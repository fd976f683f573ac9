//! What a verified token says: claims become an [`Identity`].

use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use super::{AuthError, DEFAULT_TENANT, OWN_AUDIENCES};
use crate::domain::ids::{CustomerId, TenantId};

/// How long an id or a name may be, in characters; they become keys of the store and labels.
const MAX_TEXT_CHARS: usize = 200;

/// The largest `limit` a token may carry.
const MAX_LIMIT: u64 = 1_000_000;

/// What the bearer may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// A viewer: acts for itself only.
    #[default]
    Customer,
    /// A backend: acts for any customer of its tenant.
    Service,
    /// A person of the tenant who watches a co-browse session.
    Agent,
    /// A person of the tenant who also controls and stops it.
    Controller,
}

impl Role {
    /// The role as the `role` claim writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Service => "service",
            Self::Agent => "agent",
            Self::Controller => "controller",
        }
    }
}

impl Identity {
    /// Somebody of that tenant and role of whom nothing else is known.
    pub fn new(tenant: TenantId, role: Role) -> Self {
        Self { tenant, customer: None, role, subject: None, name: None, limit: None }
    }
}

impl FromStr for Role {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        [Self::Customer, Self::Service, Self::Agent, Self::Controller]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(AuthError::ClaimInvalid {
                claim: "role",
                reason: "must be customer, service, agent or controller",
            })
    }
}

/// Who is asking, vouched for by the tenant's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The tenant: `publisherId`, or the default tenant.
    pub tenant: TenantId,
    /// The customer: `customerId`. Always there for [`Role::Customer`].
    pub customer: Option<CustomerId>,
    /// What it may do.
    pub role: Role,
    /// The person or system behind the token: `sub`.
    pub subject: Option<String>,
    /// A name to show: `name`.
    pub name: Option<String>,
    /// The stream limit the tenant grants this customer.
    pub limit: Option<u32>,
}

/// The claims we read. `exp` and `nbf` are judged where the signature is.
#[derive(Deserialize)]
pub(super) struct Claims {
    #[serde(rename = "publisherId")]
    publisher_id: Option<Value>,
    #[serde(rename = "customerId")]
    customer_id: Option<Value>,
    role: Option<Value>,
    sub: Option<Value>,
    name: Option<Value>,
    limit: Option<Value>,
    aud: Option<Value>,
}

impl Claims {
    /// Whose token it is: the one claim that counts before the signature does, as it chooses keys.
    pub(super) fn tenant(&self) -> Result<TenantId, AuthError> {
        let id = text("publisherId", self.publisher_id.as_ref())?;
        Ok(id.map_or_else(|| DEFAULT_TENANT.into(), TenantId::from))
    }

    /// Who is asking, once the signature is checked.
    pub(super) fn identity(&self) -> Result<Identity, AuthError> {
        refuse_own_audiences(self.aud.as_ref())?;
        let role = role(self.role.as_ref())?;
        let customer = text("customerId", self.customer_id.as_ref())?.map(CustomerId::from);
        if role == Role::Customer && customer.is_none() {
            return Err(AuthError::ClaimInvalid {
                claim: "customerId",
                reason: "is required unless `role` is service, agent or controller",
            });
        }
        Ok(Identity {
            tenant: self.tenant()?,
            customer,
            role,
            subject: label("sub", self.sub.as_ref())?,
            name: label("name", self.name.as_ref())?,
            limit: limit(self.limit.as_ref())?,
        })
    }
}

/// Keeps tokens of our own apart even from a tenant whose secret equals a derived key.
///
/// Other audiences are the tenant's affair: no setting says what they should be.
fn refuse_own_audiences(aud: Option<&Value>) -> Result<(), AuthError> {
    let is_own = |value: &Value| value.as_str().is_some_and(|aud| OWN_AUDIENCES.contains(&aud));
    let refused = aud.is_some_and(|aud| {
        is_own(aud) || aud.as_array().is_some_and(|many| many.iter().any(is_own))
    });
    if refused {
        let reason = "is that of a token for a socket, a watch link or a visitor";
        return Err(AuthError::ClaimInvalid { claim: "aud", reason });
    }
    Ok(())
}

fn role(value: Option<&Value>) -> Result<Role, AuthError> {
    // Anything but a text is a role nobody knows.
    value.map_or(Ok(Role::default()), |value| value.as_str().unwrap_or_default().parse())
}

fn limit(value: Option<&Value>) -> Result<Option<u32>, AuthError> {
    let invalid =
        AuthError::ClaimInvalid { claim: "limit", reason: "must be an integer from 0 to 1000000" };
    let Some(value) = value else { return Ok(None) };
    let limit = value.as_u64().filter(|limit| *limit <= MAX_LIMIT).ok_or(invalid)?;
    u32::try_from(limit).map(Some).map_err(|_| invalid)
}

/// Like [`text`], but an empty one is as good as none: nothing is looked up by it.
fn label(claim: &'static str, value: Option<&Value>) -> Result<Option<String>, AuthError> {
    if value.and_then(Value::as_str) == Some("") { Ok(None) } else { text(claim, value) }
}

/// A text, or an integer written as text: publishers send both.
fn text(claim: &'static str, value: Option<&Value>) -> Result<Option<String>, AuthError> {
    let invalid = |reason| AuthError::ClaimInvalid { claim, reason };
    let text = match value {
        None => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        // A float has no one spelling (1.0, 1e0), so it cannot be an id.
        Some(Value::Number(number)) if !number.is_f64() => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_))
        | Some(Value::Object(_)) => return Err(invalid("must be a text or an integer")),
    };
    if text.is_empty() {
        return Err(invalid("must not be empty"));
    }
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(invalid("must not be longer than 200 characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid("must not contain control characters"));
    }
    Ok(Some(text))
}
