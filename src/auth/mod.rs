//! Who is asking: bearer tokens of tenants, and the tokens of our own sockets.
//!
//! Knows no HTTP server: the extractors of `http` and `ws` call it and `http/problem.rs` chooses statuses.

mod customer;
mod error;
mod fetch;
mod jwks;
mod keyring;
mod keys;
mod mint;
mod socket_token;
mod token;

#[cfg(test)]
mod tests;

pub use customer::{Identity, Role};
pub use error::AuthError;
pub use fetch::JwksSource;
pub use jwks::JwksTiming;
pub use keyring::{KeySource, Keyring, KeyringError};
pub use mint::mint_token;
pub use socket_token::{SocketClaims, SocketTokens};
pub use token::bearer;

/// The tenant of tokens that name none.
pub const DEFAULT_TENANT: &str = "default";

/// How large a token may be: the header limit of common proxies, and far above any real token.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
