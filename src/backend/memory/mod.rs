//! One process, no server: the executable specification of the Lua scripts.

mod account;
mod admission;
mod bus;
mod clock;
mod cobrowse;
mod kept;
mod nodes;
mod presence;
mod short_codes;
mod slots;
mod streams;
mod sweep;
mod visitors;

pub use bus::MemoryBus;
pub use cobrowse::MemoryCobrowse;
pub use nodes::MemoryNodes;
pub use short_codes::MemoryShortCodes;
pub use slots::MemorySlots;
pub use streams::MemoryStreams;
pub use visitors::MemoryVisitors;
