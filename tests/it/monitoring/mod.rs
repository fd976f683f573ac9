//! Alerts and dashboard: what they ask for is what nodes tell.

mod dashboard;
mod exposed;
mod promql;
mod rules;
mod runbooks;
