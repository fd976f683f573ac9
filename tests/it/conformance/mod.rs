//! What a store is: every sentence of its contract as a test, run against every backend.
//!
//! A rule is an async function over a store of its own; `for_every_backend!` at the end of each
//! file makes tests of them, and a rule missing there is dead code, which the build refuses.
//! Leases of 0 ms are over at once, so nothing here waits for time to pass except through
//! `eventually`.

/// Tests of the rules, per backend: `conformance::<noun>::<backend>::<rule>`. Rules are about
/// streams where no other store is named: `for_every_backend!(slots: …)`.
macro_rules! for_every_backend {
    ($store:ident: $($rule:ident),+ $(,)?) => {
        backend!(memory, $store, $($rule),+);
        backend!(redis, $store, $($rule),+);
        backend!(redis_cluster, $store, $($rule),+);
    };
    ($($rule:ident),+ $(,)?) => {
        for_every_backend!(streams: $($rule),+);
    };
}

/// Tests of the rules for one backend.
macro_rules! backend {
    ($backend:ident, $store:ident, $($rule:ident),+) => {
        mod $backend {
            use $crate::support::stores;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    let store = stores::$backend().await.$store;
                    $crate::support::in_time(stringify!($rule), super::$rule(store)).await;
                }
            )+
        }
    };
}

mod account_limit;
mod cobrowse;
mod connect;
mod device;
mod evict;
mod expiry;
mod heartbeat;
mod hosting;
mod idempotency;
mod isolation;
mod list;
mod nodes;
mod park;
mod pool_limit;
mod races;
mod reassert;
mod release;
mod renew;
mod restoring;
mod short_codes;
mod slots;
pub(crate) mod steps;
mod takeover;
mod tombstone;
mod upsert;
mod visitors;
mod visitors_list;
