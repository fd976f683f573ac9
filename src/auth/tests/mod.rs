//! Tokens from the outside: signed by the library, verified by a [`Keyring`].

mod claims;
mod forgery;
mod jwks;
mod support;
