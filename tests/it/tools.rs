//! The tests' own tools do what they say: a tool that breaks nothing proves nothing.

mod proxy;
mod redis;
mod tokens;
mod ws;
