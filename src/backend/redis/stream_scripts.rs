//! The stream scripts of `lua/`, each joined with the parts it needs.

use super::script::Script;

const PRELUDE: &str = include_str!("../../../lua/stream_prelude.lua");
const ENDS: &str = include_str!("../../../lua/stream_ends.lua");
const NODES: &str = include_str!("../../../lua/stream_nodes.lua");
const REQUEST: &str = include_str!("../../../lua/stream_request.lua");
const VICTIMS: &str = include_str!("../../../lua/stream_victims.lua");
const ADMISSION: &str = include_str!("../../../lua/stream_admission.lua");

macro_rules! script {
    ($new:ident $name:literal $(, $part:expr)*) => {
        Script::$new(
            $name,
            &[PRELUDE, $($part,)* include_str!(concat!("../../../lua/", $name, ".lua"))],
        )
    };
}

/// One script per call of the store.
#[derive(Debug)]
pub(super) struct StreamScripts {
    pub(super) create: Script,
    pub(super) takeover: Script,
    pub(super) connect: Script,
    pub(super) renew: Script,
    pub(super) heartbeat: Script,
    pub(super) park: Script,
    pub(super) release: Script,
    pub(super) reassert: Script,
    pub(super) list: Script,
}

impl StreamScripts {
    pub(super) fn new() -> Self {
        Self {
            create: script!(new "stream_create", ENDS, NODES, REQUEST, VICTIMS, ADMISSION),
            takeover: script!(new "stream_takeover", ENDS, NODES, REQUEST, VICTIMS, ADMISSION),
            connect: script!(when_full "stream_connect", NODES),
            renew: script!(when_full "stream_renew", NODES),
            heartbeat: script!(when_full "stream_heartbeat"),
            park: script!(when_full "stream_park"),
            release: script!(when_full "stream_release", ENDS),
            reassert: script!(new "stream_reassert", NODES),
            list: script!(when_full "stream_list"),
        }
    }
}
