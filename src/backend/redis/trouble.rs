//! What an error of Redis means: for the caller, and for the connection it came by.

use std::{io, time::Duration};

use redis::{ErrorKind, RedisError};

use crate::domain::error::StoreError;

/// The server cannot serve writes for now, or is not the right one: dial again.
const DIAL_AGAIN: [&str; 7] =
    ["READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "NOAUTH"];

/// The server refuses, but another connection would change nothing.
const REFUSED: [&str; 6] = ["OOM", "MISCONF", "BUSY", "WRONGPASS", "MOVED", "ASK"];

/// What an error says about the connection it came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The connection works; the command failed on its own account.
    Sound,
    /// No answer in time: once is chance, several times is a frozen server.
    Silent,
    /// The connection is lost or leads to the wrong server.
    Broken,
}

/// Judges the connection by an error.
pub(super) fn verdict(error: &RedisError) -> Verdict {
    if error.is_timeout() {
        return Verdict::Silent;
    }
    let kind = error.kind();
    let lost = error.is_io_error()
        || kind == ErrorKind::Parse
        || kind == ErrorKind::AuthenticationFailed
        || kind == ErrorKind::ClusterConnectionNotFound;
    if lost || says(error, &DIAL_AGAIN) { Verdict::Broken } else { Verdict::Sound }
}

/// The server does not have the script (any more); nothing was executed.
pub(super) fn is_noscript(error: &RedisError) -> bool {
    error.code() == Some("NOSCRIPT")
}

/// The ACL forbids the command.
///
/// Of a command inside a script Redis 7.2 and Valkey say so without the code, and Redis 6 in words
/// of its own.
pub(super) fn is_denied(error: &RedisError) -> bool {
    const INSIDE: [&str; 2] = ["ACL failure in script", "can't run this command or subcommand"];
    let inside = |text: &str| INSIDE.iter().any(|part| text.contains(part));
    match error.code() {
        Some("NOPERM") => true,
        Some("ERR") => error.detail().is_some_and(inside),
        Some(_) | None => false,
    }
}

/// The same of an error that has become one of the store.
pub(super) fn is_denial(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable(cause) => cause.downcast_ref().is_some_and(is_denied),
        StoreError::Timeout(_) | StoreError::Corrupt(_) => false,
    }
}

/// The error of a call that had no answer in time.
pub(super) fn timed_out() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

/// The error of a call whose connection answers other questions than it was asked.
///
/// The call may have been executed, as after a time-out.
pub(super) fn distrusted() -> RedisError {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was out of step").into()
}

/// The same trouble as callers of a store see it.
pub(super) fn store_error(error: RedisError, timeout: Duration) -> StoreError {
    match verdict(&error) {
        Verdict::Silent => StoreError::Timeout(timeout),
        Verdict::Broken => StoreError::Unavailable(error.into()),
        Verdict::Sound if says(&error, &REFUSED) || is_denied(&error) => {
            StoreError::Unavailable(error.into())
        }
        Verdict::Sound => StoreError::Corrupt(error.into()),
    }
}

/// Whether the error carries one of the codes.
///
/// Redis 6 wraps what a call inside a script raised: `ERR Error running script … -READONLY …`.
fn says(error: &RedisError, codes: &[&str]) -> bool {
    let wrapped = |code: &&str| {
        error.detail().is_some_and(|text| {
            text.contains("running script") && text.contains(&format!("-{code} "))
        })
    };
    match error.code() {
        Some("ERR") => codes.iter().any(wrapped),
        Some(code) => codes.contains(&code),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use redis::ServerErrorKind;

    use super::*;

    fn server(kind: ServerErrorKind, detail: &str) -> RedisError {
        (kind.into(), "", detail.to_owned()).into()
    }

    #[test]
    fn a_demoted_primary_is_dialled_again_also_from_inside_a_script_of_redis_6() {
        let plain = server(ServerErrorKind::ReadOnly, "You can't write against a replica");
        assert_eq!(verdict(&plain), Verdict::Broken);
        let wrapped = server(
            ServerErrorKind::ResponseError,
            "Error running script (call to f_1): @user_script:3: -READONLY You can't write",
        );
        assert_eq!(verdict(&wrapped), Verdict::Broken);
        assert!(store_error(wrapped, Duration::ZERO).is_transient());
    }

    #[test]
    fn what_the_acl_forbids_inside_a_script_is_refused_in_the_words_of_every_release() {
        for detail in [
            "ACL failure in script: User b has no permissions to run the 'decr' command",
            "Error running script (call to f_1): @user_script:3: The user executing the script \
             can't run this command or subcommand",
        ] {
            let error = server(ServerErrorKind::ResponseError, detail);
            assert!(is_denied(&error), "{detail}");
            assert!(is_denial(&store_error(error, Duration::ZERO)), "{detail}");
        }
        assert!(is_denied(&server(ServerErrorKind::NoPerm, "no permissions to run 'x'")));
    }

    #[test]
    fn an_error_of_a_script_is_corrupt_and_keeps_the_connection() {
        let bug = server(ServerErrorKind::ResponseError, "attempt to index a nil value");
        assert_eq!(verdict(&bug), Verdict::Sound);
        assert!(!store_error(bug, Duration::ZERO).is_transient());
    }

    #[test]
    fn no_answer_is_a_time_out() {
        assert_eq!(verdict(&timed_out()), Verdict::Silent);
        let error = store_error(timed_out(), Duration::from_secs(1));
        assert!(matches!(error, StoreError::Timeout(_)));
    }
}
