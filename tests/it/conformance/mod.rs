//! What a stream store is: every sentence of its contract as a test, run against every backend.
//!
//! A rule is an async function over a store of its own; `for_every_backend!` at the end of each
//! file makes tests of them, and a rule missing there is dead code, which the build refuses.
//! Leases of 0 ms are over at once, so nothing here waits for time to pass except through
//! `eventually`.

/// Tests of the rules, per backend: `conformance::<noun>::<backend>::<rule>`.
macro_rules! for_every_backend {
    ($($rule:ident),+ $(,)?) => {
        backend!(memory, stores::memory_streams().await, $($rule),+);
        backend!(redis, stores::shared_redis_streams().await, $($rule),+);
        backend!(redis_cluster, stores::shared_cluster_streams().await, $($rule),+);
    };
}

/// Tests of the rules for one backend.
macro_rules! backend {
    ($backend:ident, $store:expr, $($rule:ident),+) => {
        mod $backend {
            use $crate::support::stores;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    $crate::support::in_time(stringify!($rule), super::$rule($store)).await;
                }
            )+
        }
    };
}

mod account_limit;
mod connect;
mod device;
mod evict;
mod expiry;
mod heartbeat;
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
pub(crate) mod steps;
mod takeover;
mod tombstone;
mod upsert;
