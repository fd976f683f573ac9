//! Co-browse sessions from outside: REST calls, a visitor's page, and those who watch it.

mod cluster;
mod hosts;
mod interrupted;
mod relay;
mod secrets;
pub(crate) mod steps;
