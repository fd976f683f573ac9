//! A cluster of nodes behind Redis or Valkey: standalone, Sentinel or Cluster.
//!
//! `link` carries every command, `bus` the messages between nodes; both rebuild
//! themselves. Rules live in `domain`, atomic operations in `lua/`.

mod backoff;
pub mod bus;
mod dial;
pub mod keys;
pub mod link;
mod live;
pub mod nodes;
pub mod reply;
pub mod script;
mod server;
mod supervisor;
mod trouble;
mod wire;
