//! Drivers of whole clusters: three nodes, Redis and a load balancer, as containers or processes.
//!
//! [`Cluster`] is what clients see of one, [`Machines`] what is done to it. The scenarios need no
//! more than these, so that each runs wherever a cluster does.

// Tests: what fails, fails loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answer;
pub mod cluster;
pub mod compose;
mod load;
pub mod machines;
pub mod processes;
pub mod scenarios;
mod support;

pub use self::{cluster::Cluster, load::Size, machines::Machines};
