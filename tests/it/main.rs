//! One integration binary: what Baton promises, tested from outside.
//!
//! `support` holds the tools; every other module is named after what it tests.

// The tests-only exceptions of clippy.toml reach `#[test]` functions, but not the helpers below them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod balancers;
mod cluster;
mod cobrowse;
mod conformance;
mod env_file;
mod histories;
mod monitoring;
mod redis_acl;
mod redis_bus;
mod redis_cobrowse;
mod redis_failover;
mod redis_link;
mod redis_nodes;
mod redis_streams;
mod redis_tls;
mod redis_topology;
mod support;
mod tidy;
mod tools;
mod watch_links;
