//! One process, no server: the executable specification of the Lua scripts.
