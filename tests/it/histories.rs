//! Random histories: every backend gives the same answers, and no answer breaks a limit.
//!
//! A history is a list of operations on a small world. Each backend lives through it on its own;
//! after each step the outcomes must agree, stripped of times. The memory backend comes first and
//! is the one the others are compared with.
//!
//! The contract leaves open when a lapsed record is swept, yet a renewal of one that is still
//! there may revive it. Histories expect backends to agree on that, too.
//!
//! Always the same histories, unless `PROPTEST_RNG_SEED` (a number) or `PROPTEST_CASES` say
//! otherwise.

mod operations;
mod outcome;
mod world;

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::{
    collection::vec,
    test_runner::{Config, RngSeed, TestCaseError, TestRunner},
};

use self::{
    operations::{Operation, operation},
    world::World,
};
use crate::support::stores::{Streams, every_streams};

/// Histories per run: a few seconds with a real Redis.
const CASES: u32 = 48;
/// Operations per history: enough to fill, empty and fill a pool again.
const OPERATIONS: std::ops::Range<usize> = 1..50;
/// Attempts at making a failing history shorter: within a minute.
const SHRINKS: u32 = 500;
/// Any number; this one makes runs repeatable.
const SEED: u64 = 0x0BA7_0001;

#[test]
fn every_backend_answers_random_histories_alike() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let stores = runtime.block_on(every_streams());
    let mut config = Config { failure_persistence: None, ..Config::default() };
    config.max_shrink_iters = SHRINKS;
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    let result = TestRunner::new(config).run(&vec(operation(), OPERATIONS), |history| {
        runtime.block_on(live_through(&stores, &history)).map_err(TestCaseError::fail)
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

/// Runs a history against every store; the first disagreement is the error.
async fn live_through(
    stores: &[(&'static str, Streams)],
    history: &[Operation],
) -> Result<(), String> {
    // A world of its own for each case: stores are shared, tenants are not.
    static CASE: AtomicU32 = AtomicU32::new(0);
    let tenant = format!("history {}", CASE.fetch_add(1, Ordering::Relaxed));
    let mut worlds: Vec<World> =
        stores.iter().map(|(name, store)| World::new(name, store.clone(), &tenant)).collect();
    for (step, operation) in history.iter().enumerate() {
        let mut expected: Option<(&str, Vec<String>)> = None;
        for world in &mut worlds {
            let name = world.backend();
            let outcome = world
                .live(step, operation)
                .await
                .map_err(|broken| format!("step {step}, {name}, {operation:?}: {broken}"))?;
            let (first, expected) = expected.get_or_insert_with(|| (name, outcome.clone()));
            if *expected != outcome {
                return Err(format!(
                    "step {step}, {operation:?}:\n{first}: {expected:#?}\n{name}: {outcome:#?}"
                ));
            }
        }
        // The next session is younger by any clock.
        crate::support::clock::tick().await;
    }
    Ok(())
}
