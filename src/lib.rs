//! Baton: session control for streaming and co-browsing.
//!
//! A request travels `http` (or `ws`) → `domain` → `backend` → `lua/`; `app` puts them together.

pub mod activity;
pub mod app;
pub mod auth;
pub mod backend;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod health;
pub mod http;
pub mod metrics;
pub mod node;
pub mod telemetry;
pub mod ws;
