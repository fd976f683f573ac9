//! One process, no server: the executable specification of the Lua scripts.

mod account;
mod admission;
mod bus;
mod clock;
mod nodes;
mod streams;

pub use bus::MemoryBus;
pub use nodes::MemoryNodes;
pub use streams::MemoryStreams;
