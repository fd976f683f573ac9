//! The co-browse scripts of `lua/`, each joined with the parts it needs.

use super::script::{Script, lua};

macro_rules! script {
    ($new:ident $name:literal $(, $part:literal)*) => {
        Script::$new($name, &[lua!("cobrowse_prelude"), $(lua!($part),)* lua!($name)])
    };
}

/// One script per call of the store.
#[derive(Debug)]
pub(super) struct CobrowseScripts {
    pub(super) create: Script,
    pub(super) restore: Script,
    pub(super) get: Script,
    pub(super) put: Script,
    /// The same, of a record with an end: it must be possible to end a session at any time.
    pub(super) put_end: Script,
    pub(super) claim: Script,
    pub(super) renew: Script,
    pub(super) let_go: Script,
    pub(super) events: Script,
    pub(super) keep_history: Script,
    pub(super) read_history: Script,
}

impl CobrowseScripts {
    pub(super) fn new() -> Self {
        let history = |name, source| Script::when_full(name, &[source]);
        Self {
            create: script!(new "cobrowse_create", "cobrowse_write"),
            restore: script!(new "cobrowse_restore", "cobrowse_write"),
            get: script!(when_full "cobrowse_get", "cobrowse_show"),
            put: script!(new "cobrowse_put", "cobrowse_write"),
            put_end: script!(when_full "cobrowse_put", "cobrowse_write"),
            claim: script!(when_full "cobrowse_claim", "cobrowse_write", "cobrowse_show"),
            renew: script!(when_full "cobrowse_renew", "cobrowse_write"),
            let_go: script!(when_full "cobrowse_let_go", "cobrowse_write"),
            events: script!(when_full "cobrowse_events"),
            keep_history: history("cobrowse_history_keep", lua!("cobrowse_history_keep")),
            read_history: history("cobrowse_history_read", lua!("cobrowse_history_read")),
        }
    }
}
