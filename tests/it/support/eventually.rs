//! Waiting for a condition: the only place of the tests that is allowed to wait.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout};

/// How long a condition may take: generous, because it is only ever used up by a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The pause between two looks grows from here ...
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// ... to here.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Polls until `probe` answers `Some`; panics with `what` at the [`DEADLINE`].
pub(crate) async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    let mut pause = FIRST_PAUSE;
    loop {
        // A probe that hangs must fail by name, too.
        if let Some(found) = in_time(what, probe()).await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Awaits one future; panics with `what` at the [`DEADLINE`].
pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("not within {DEADLINE:?}: {what}"),
    }
}
