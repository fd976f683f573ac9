//! Who is asking: bearer tokens of tenants, and tokens of our own: for sockets, watch links, visitors.
//!
//! Knows no HTTP server: the extractors of `http` and `ws` call it and `http/problem.rs` chooses statuses.

mod customer;
mod error;
mod fetch;
mod jwks;
mod keyring;
mod keys;
mod link_token;
mod mint;
mod own_token;
mod socket_token;
mod token;
mod visitor_token;

#[cfg(test)]
mod tests;

pub use customer::{Identity, Role};
pub use error::AuthError;
pub use fetch::JwksSource;
pub use jwks::JwksTiming;
pub use keyring::{KeySource, Keyring, KeyringError};
pub use link_token::LinkTokens;
pub use mint::mint_token;
pub use socket_token::{SocketClaims, SocketTokens};
pub use token::bearer;
pub use visitor_token::{VisitorClaims, VisitorTokens};

/// The tenant of tokens that name none.
pub const DEFAULT_TENANT: &str = "default";

/// How large a token may be: the header limit of common proxies, and far above any real token.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The audiences of our own tokens: a tenant's token with one of them is refused.
const OWN_AUDIENCES: [&str; 3] =
    [socket_token::PURPOSE.audience, link_token::PURPOSE.audience, visitor_token::PURPOSE.audience];
