//! Co-browse sessions from outside: REST calls, a visitor's page, and those who watch it.

mod bad_input;
mod balancer;
mod cluster;
mod codes;
mod control;
mod hosts;
mod interrupted;
mod process;
mod relay;
mod secrets;
pub(crate) mod steps;
mod store;
mod viewers;
mod watch;
