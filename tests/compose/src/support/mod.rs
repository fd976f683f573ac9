//! The tools of the integration tests (`tests/it/support`), as far as these tests need them.
//!
//! They are taken by their paths: what both speak is one wire, so there is one client of it.

#![allow(dead_code, reason = "the integration tests use the rest")]

#[path = "../../../it/support/clock.rs"]
pub(crate) mod clock;
pub(crate) mod cobrowse;
#[path = "../../../it/support/eventually.rs"]
pub(crate) mod eventually;
#[path = "../../../it/support/tokens.rs"]
pub(crate) mod tokens;
#[path = "../../../it/support/ws.rs"]
pub(crate) mod ws;

pub(crate) use eventually::{DEADLINE, eventually, in_time};
