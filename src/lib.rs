//! Baton: session control for streaming and co-browsing.
//!
//! A request travels `http` (or `ws`) → `domain` → `backend` → `lua/`; `app` puts them together.

pub mod backend;
pub mod config;
pub mod domain;
