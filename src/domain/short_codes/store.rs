//! The contract of the stores of short codes.

use std::fmt;

use async_trait::async_trait;

use crate::domain::{cobrowse::Credential, error::StoreError};

/// A short code: 4 to 12 digits. Whoever knows it may join, so it is shown nowhere.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ShortCode(Box<str>);

impl ShortCode {
    /// The most digits of a code.
    pub const MOST_DIGITS: usize = 12;

    /// A random code of so many digits.
    pub fn random(digits: usize) -> Self {
        let digit = || char::from(b'0' + rand::random_range(0..10_u8));
        Self(std::iter::repeat_with(digit).take(digits).collect::<String>().into())
    }

    /// A code as somebody typed it: none for what no code can be.
    pub fn read(text: &str) -> Option<Self> {
        let is_code = (1..=Self::MOST_DIGITS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(text.into()))
    }

    /// The digits.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShortCode(…)")
    }
}

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeEntry {
    /// What the consumer joins with.
    pub customer_token: Credential,
    /// What agents join with.
    pub cid: Credential,
}

/// Who redeems a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedeemAs {
    /// The consumer: once.
    Consumer,
    /// An agent: as often as agents come.
    Agent,
}

/// How many failed tries there may be within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessBudget {
    /// From one address.
    pub per_address: u32,
    /// From all of them.
    pub in_all: u32,
    /// From the first try of a window to its end.
    pub window_ms: u64,
}

/// The answer to [`ShortCodeStore::spend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// Within the budget.
    Allowed,
    /// Too many tries failed: wait so long.
    Limited {
        /// Until the window ends.
        retry_ms: u64,
    },
}

/// Short codes, and how often they are guessed at. Every call is atomic.
#[async_trait]
pub trait ShortCodeStore: Send + Sync {
    /// Writes a code for `ttl_ms`; false where it is taken.
    async fn create(
        &self,
        code: &ShortCode,
        entry: &CodeEntry,
        ttl_ms: u64,
    ) -> Result<bool, StoreError>;

    /// Redeems a code that has not expired: a consumer's second try gets none. Of many consumers
    /// at once, one gets it.
    async fn redeem(&self, code: &ShortCode, by: RedeemAs)
    -> Result<Option<CodeEntry>, StoreError>;

    /// Takes one try off the budgets of an address (any text) and of everybody, before it is
    /// known whether it fails: tries at once cannot overdraw. A limited one takes nothing.
    async fn spend(&self, address: &str, budget: GuessBudget) -> Result<Guess, StoreError>;

    /// Gives a try back that did not fail.
    async fn refund(&self, address: &str) -> Result<(), StoreError>;
}
