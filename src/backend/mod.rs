//! The stores and buses behind the traits of `domain`: in memory, or in Redis.

pub mod memory;
pub mod redis;
