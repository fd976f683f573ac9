//! Baton: session control for streaming and co-browsing.
//!
//! A request travels `http` (or `ws`) → `domain` → `backend` → `lua/`; `app` puts them together.

pub mod auth;
pub mod backend;
pub mod domain;
