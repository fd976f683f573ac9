//! Replies that must belong to their question: behind its word each echoes what was asked about.

use redis::Value;

use super::{
    link::Link,
    reply::Reply,
    script::{Arg, Call, Script},
};
use crate::domain::error::StoreError;

/// A reply that is not the answer to the question asked: the connection is out of step.
#[derive(Debug, thiserror::Error)]
#[error("asked about {asked:?}, answered about {answered:?}")]
struct OutOfStep {
    asked: String,
    answered: String,
}

/// Reads the word and the echo behind it, which must be what was asked about.
pub(super) fn open(value: Value, asked: &str) -> Result<Reply, StoreError> {
    let mut reply = Reply::read(value)?;
    let answered: String = reply.field()?;
    if answered == asked {
        return Ok(reply);
    }
    // The question may have been answered to somebody else: as uncertain as no answer at all.
    let error = OutOfStep { asked: asked.to_owned(), answered };
    Err(StoreError::Unavailable(Box::new(error)))
}

/// Whether the connection that answered must not be used any more.
fn is_out_of_step(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable(cause) => cause.is::<OutOfStep>(),
        StoreError::Timeout(_) | StoreError::Corrupt(_) => false,
    }
}

impl Link {
    /// Gives connections up whose replies belong to other questions.
    pub(super) fn checked<T>(&self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        read.inspect_err(|error| {
            if is_out_of_step(error) {
                tracing::error!(%error, "Redis replies are out of step");
                self.distrust("replies out of step");
            }
        })
    }

    /// Runs a script whose first argument is what it is asked about.
    pub(super) async fn ask(
        &self,
        script: &Script,
        keys: &[String],
        args: &[Arg],
    ) -> Result<Reply, StoreError> {
        self.checked(open(self.run(script, keys, args).await?, &asked(args)))
    }

    /// [`Link::ask`], confirmed by replicas where they are wanted.
    pub(super) async fn ask_admitted(
        &self,
        script: &Script,
        keys: &[String],
        args: &[Arg],
    ) -> Result<Reply, StoreError> {
        self.checked(open(self.run_admitted(script, keys, args).await?, &asked(args)))
    }

    /// [`Link::ask`] many times in one round trip.
    pub(super) async fn ask_many(
        &self,
        script: &Script,
        calls: &[Call],
    ) -> Vec<Result<Reply, StoreError>> {
        let values = self.run_many(script, calls).await;
        let read = |(value, call): (Result<Value, StoreError>, &Call)| {
            self.checked(open(value?, &asked(&call.args)))
        };
        values.into_iter().zip(calls).map(read).collect()
    }
}

/// What a call is about: its first argument.
fn asked(args: &[Arg]) -> String {
    match args.first() {
        Some(Arg::Text(text)) => text.clone(),
        Some(Arg::Int(number)) => number.to_string(),
        Some(Arg::Uint(number)) => number.to_string(),
        Some(Arg::Bytes(_)) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_about_another_session_is_no_answer() {
        let reply = ["parked", "b"].map(|text| Value::BulkString(text.into())).to_vec();
        let error = open(Value::Array(reply), "a").unwrap_err();
        assert!(is_out_of_step(&error));
        assert!(error.is_transient());
    }
}
