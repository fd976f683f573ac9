//! What one node promises over HTTP and WebSocket, row by row of the wire descriptions.

mod admin;
mod auth;
mod bad_input;
mod cobrowse_admin;
mod cobrowse_cookie;
mod cobrowse_cors;
mod cobrowse_ends;
mod cobrowse_history;
mod cobrowse_sessions;
mod cobrowse_tenants;
mod cobrowse_users;
mod cors;
mod events;
mod limits;
mod media_ends;
mod media_limits;
mod media_sessions;
mod openapi;
mod process;
mod sessions;
mod short_codes;
mod socket_refusals;
mod sockets;
mod takeover;
mod trouble;
mod visitors;
