//! Settings: one TOML file, overridden by `BATON_` variables, checked before anything starts.
//!
//! `table` is the one place that knows each setting's name, default, bounds and meaning. `load`
//! layers defaults, file and environment by that table; `check` holds the rules between settings.
//! Nothing here opens a socket, and no secret ever reaches a message.

mod address;
mod check;
mod error;
mod file;
mod form;
mod kind;
mod limits;
mod load;
mod origin;
mod pattern;
mod secret;
mod settings;
mod show;
mod store_url;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use address::http_url;
pub use error::{ConfigError, Problem, Source};
pub use limits::TenantLimits;
pub use origin::OriginRule;
pub use pattern::Pattern;
pub use secret::{JwksSource, Secret};
pub use settings::{
    Admin, Auth, Cluster, Cobrowse, Cookie, CookieAttributes, Log, LogFormat, MediaSessions, Node,
    OnFailure, SameSite, Settings, ShortCodes, Store, StreamRule, Streams, Tenant, Watch, Web,
};
pub use store_url::StoreUrl;
pub use table::{SettingDoc, reference};
