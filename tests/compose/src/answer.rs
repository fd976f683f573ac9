//! Answers, and calls that are repeated until they succeed.

use std::{
    fmt,
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use reqwest::{Response, header::SET_COOKIE};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{cluster::COOKIE, support::DEADLINE};

/// Between two tries of a client whose call did not succeed.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a call did not succeed.
pub(crate) struct Trouble(String);

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: fmt::Display> From<T> for Trouble {
    fn from(cause: T) -> Self {
        Self(cause.to_string())
    }
}

/// An answer that came to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body; a text where it is no JSON.
    pub(crate) json: Value,
    cookies: Vec<String>,
}

impl Answer {
    /// Reads it to its end.
    pub(crate) async fn of(response: Response) -> Result<Self, Trouble> {
        let status = response.status().as_u16();
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        let cookies = cookies.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Self { status, json, cookies })
    }

    /// This answer if it has that status.
    pub(crate) fn only(self, status: u16) -> Result<Self, Trouble> {
        if self.status == status { Ok(self) } else { Err(format!("{self:?}").into()) }
    }

    /// A member of the body that is a text.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.json[member].as_str().unwrap_or_else(|| panic!("no {member}: {self:?}"))
    }

    /// The node that the cookie of this answer names; it sets one at most.
    pub(crate) fn server(&self) -> Option<&str> {
        let mut values = self.cookies.iter().filter_map(|cookie| {
            let (name, rest) = cookie.split_once('=')?;
            (name == COOKIE).then(|| rest.split(';').next().unwrap_or(rest))
        });
        let first = values.next();
        assert_eq!(values.next(), None, "one cookie of that name: {:?}", self.cookies);
        first
    }
}

/// How often clients had to ask again.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    calls: AtomicU64,
    retries: AtomicU64,
    most: AtomicU64,
}

impl Retries {
    /// Calls until there is an answer that is not 502, 503 or 504; an error at the deadline.
    pub(crate) async fn insist<F>(
        &self,
        what: &str,
        call: impl Fn() -> F,
    ) -> Result<Answer, Trouble>
    where
        F: Future<Output = Result<Answer, Trouble>>,
    {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let (began, mut tries) = (Instant::now(), 0);
        loop {
            let outcome = call().await;
            if let Ok(answer) = &outcome
                && !matches!(answer.status, 502..=504)
            {
                return outcome;
            }
            tries += 1;
            self.retries.fetch_add(1, Ordering::Relaxed);
            self.most.fetch_max(tries, Ordering::Relaxed);
            if began.elapsed() > DEADLINE {
                return Err(format!("{what}: in vain after {tries} tries: {outcome:?}").into());
            }
            sleep(PAUSE).await;
        }
    }
}

impl fmt::Display for Retries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [calls, retries, most] =
            [&self.calls, &self.retries, &self.most].map(|count| count.load(Ordering::Relaxed));
        write!(f, "{calls} calls, {retries} repeats, {most} at most of one")
    }
}
