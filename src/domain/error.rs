//! Trouble with a store, as the rules see it.

use std::{error::Error, time::Duration};

/// A store could not answer.
///
/// Expected results are outcome enums of each call; this is for trouble only.
/// A timed-out call may still have been executed: callers repeat idempotently.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, or the server refuses work for now (loading, read-only, fail-over).
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// No answer in time. The call may have been executed all the same.
    #[error("the store did not answer within {0:?}")]
    Timeout(Duration),
    /// The store answered something this version does not understand.
    #[error("the store answered what this version cannot read")]
    Corrupt(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Timeout(_) => true,
            Self::Corrupt(_) => false,
        }
    }
}
