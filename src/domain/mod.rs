//! The rules of Baton: types, decisions and the contracts stores must keep.
//!
//! Knows no axum, no redis and no environment. Everything above speaks to it
//! through services, everything below implements its store traits.

pub mod cluster;
pub mod cobrowse;
pub mod error;
mod finish;
pub mod ids;
pub mod origins;
pub mod relay;
pub mod short_codes;
pub mod streams;
pub mod tenants;
pub mod visitors;
