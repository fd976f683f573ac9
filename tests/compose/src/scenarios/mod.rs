//! What a cluster must survive, and what its clients see of it.

mod clean_up;
mod crowd;
mod cut_off;
mod death;
mod hosts;
mod rolling;
mod store_away;
mod takeover;

pub use self::{
    clean_up::{UNTIL_KILLED, a_killed_run_leaves_nothing, wait_to_be_killed},
    cut_off::a_node_is_cut_off,
    death::the_host_dies,
    hosts::{agents_come_by_any_url, the_cookie_leads_to_the_host},
    rolling::{Rolling, rolling_restart},
    store_away::the_store_stands_still,
    takeover::takeover_across_nodes,
};
