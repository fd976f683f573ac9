//! A cluster of nodes behind Redis or Valkey: standalone, Sentinel or Cluster.
//!
//! `link` carries every command, `bus` the messages between nodes; both rebuild
//! themselves. Rules live in `domain`, atomic operations in `lua/`.

mod backoff;
mod batch;
pub mod bus;
pub mod cobrowse;
mod cobrowse_codec;
mod cobrowse_scripts;
mod dial;
mod echo;
mod inbox;
pub mod keys;
pub mod link;
mod live;
pub mod nodes;
mod outbox;
pub mod reply;
pub mod script;
mod sentinel;
mod server;
pub mod short_codes;
pub mod slots;
mod stream_codec;
mod stream_replies;
mod stream_scripts;
pub mod streams;
mod strict;
mod supervisor;
pub mod tls;
mod trouble;
mod visitor_codec;
pub mod visitors;
mod wire;
