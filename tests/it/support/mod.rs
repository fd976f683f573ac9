//! The tools of the tests. None of them knows how Baton works inside.

pub(crate) mod acl;
pub(crate) mod balancer;
pub(crate) mod clock;
pub(crate) mod cluster;
pub(crate) mod cobrowse;
pub(crate) mod eventually;
pub(crate) mod front;
pub(crate) mod held;
pub(crate) mod linked;
pub(crate) mod monitor;
pub(crate) mod node;
pub(crate) mod process;
pub(crate) mod prometheus;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod servant;
pub(crate) mod stores;
pub(crate) mod tls;
pub(crate) mod tokens;
pub(crate) mod topology;
pub(crate) mod watching;
pub(crate) mod ws;

pub(crate) use eventually::{DEADLINE, eventually, in_time};
