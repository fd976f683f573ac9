//! Integration tests: one binary, one file per noun.

// Helpers outside of `#[test]` functions may fail a test as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod redis_bus;
mod redis_link;
mod redis_nodes;
mod redis_server;
