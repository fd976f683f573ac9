//! Sockets of this node: who holds them, what is said on them, how they end.

pub mod cobrowse;
pub mod hub;
pub mod outbox;
pub mod protocol;
pub mod stream;
