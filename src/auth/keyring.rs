//! The keys of every tenant, and the verification of bearer tokens with them.

use std::{collections::HashMap, fmt};

use futures_util::future::join_all;
use reqwest::{Client, redirect};

use super::{
    AuthError, DEFAULT_TENANT, Identity, JwksSource, JwksTiming, customer::Claims, fetch::Origin,
    jwks::JwksCache, keys::PinnedKey, token::Unverified,
};
use crate::domain::ids::TenantId;

/// Where a tenant's keys come from.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A shared secret: HS256 only.
    Secret(Vec<u8>),
    /// A published key set.
    Jwks(JwksSource),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret([redacted])"),
            Self::Jwks(source) => write!(f, "Jwks({source})"),
        }
    }
}

/// The keyring cannot be built from this configuration.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Anybody can sign with an empty secret.
    #[error("the secret of tenant `{0}` is empty")]
    EmptySecret(TenantId),
    /// No HTTP client for key sets, e.g. for lack of root certificates.
    #[error("no HTTP client for key sets")]
    Client(#[source] reqwest::Error),
}

/// The keys of all tenants.
///
/// A listed tenant is only ever verified with its own keys; the default source speaks for every
/// other tenant.
pub struct Keyring {
    default: Option<Keys>,
    tenants: HashMap<TenantId, Keys>,
}

/// The keys of one source.
enum Keys {
    Secret(Box<PinnedKey>),
    Jwks(JwksCache),
}

impl Keyring {
    /// Builds the keyring; nothing is fetched yet.
    ///
    /// # Errors
    /// [`KeyringError`] where a secret is empty or no HTTP client can be made.
    pub fn new(
        default: Option<KeySource>,
        tenants: HashMap<TenantId, KeySource>,
        timing: JwksTiming,
    ) -> Result<Self, KeyringError> {
        let mut client = None;
        let mut keys = |tenant: &TenantId, source| match source {
            KeySource::Secret(secret) if secret.is_empty() => {
                Err(KeyringError::EmptySecret(tenant.clone()))
            }
            KeySource::Secret(secret) => Ok(Keys::Secret(Box::new(PinnedKey::secret(&secret)))),
            KeySource::Jwks(source) => {
                Ok(Keys::Jwks(JwksCache::new(origin(source, &mut client)?, timing)))
            }
        };
        let default_tenant = TenantId::from(DEFAULT_TENANT);
        let default = default.map(|source| keys(&default_tenant, source)).transpose()?;
        let listed = tenants.into_iter().map(|(tenant, source)| {
            let keys = keys(&tenant, source)?;
            Ok((tenant, keys))
        });
        Ok(Self { default, tenants: listed.collect::<Result<_, KeyringError>>()? })
    }

    /// Loads every key set once, at start. One that fails is logged and tried again on use.
    pub async fn load(&self) {
        let sets = self.tenants.values().chain(&self.default).filter_map(|keys| match keys {
            Keys::Secret(_) => None,
            Keys::Jwks(cache) => Some(cache.keys(None)),
        });
        join_all(sets).await;
    }

    /// Verifies a token (without its scheme, see [`bearer`](super::bearer)).
    ///
    /// # Errors
    /// Every [`AuthError`]; only [`AuthError::KeysUnavailable`] is worth a repetition.
    pub async fn verify(&self, bearer: &str) -> Result<Identity, AuthError> {
        let token = Unverified::parse(bearer)?;
        let tenant = token.claims::<Claims>()?.tenant()?;
        let keys = self.tenants.get(&tenant).or(self.default.as_ref());
        let verified: Claims = match keys.ok_or(AuthError::UnknownKey)? {
            Keys::Secret(key) => key.verify(&token)?,
            Keys::Jwks(cache) => cache.keys(token.kid.as_deref()).await?.verify(&token)?,
        };
        verified.identity()
    }

    /// Waits for the fetches under way.
    #[cfg(test)]
    pub(super) async fn settle(&self) {
        for keys in self.tenants.values().chain(&self.default) {
            if let Keys::Jwks(cache) = keys {
                cache.settle().await;
            }
        }
    }
}

/// One HTTP client for all URLs, and none where there is no URL: making it needs root certificates.
fn origin(source: JwksSource, client: &mut Option<Client>) -> Result<Origin, KeyringError> {
    match source {
        JwksSource::File(path) => Ok(Origin::File(path)),
        JwksSource::Url(url) => {
            let made = match client.take() {
                Some(client) => client,
                None => Client::builder()
                    .redirect(redirect::Policy::none())
                    .build()
                    .map_err(KeyringError::Client)?,
            };
            Ok(Origin::Url(client.insert(made).clone(), url))
        }
    }
}
