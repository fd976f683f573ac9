//! Work of several steps that goes to its end, whoever waits for it.

use std::panic::resume_unwind;

use tracing::Instrument;

use super::error::StoreError;

/// Runs work in a task of its own and waits for it. A client that hangs up has its call dropped
/// half-way; the task goes on, so that nothing is left taken that nobody uses.
pub(super) async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime ends.
            Err(error) => Err(StoreError::Unavailable(error.into())),
        },
    }
}
