//! Short codes: a few digits, read out on the phone, that bring two people into one session.

pub mod service;
pub mod store;

pub use service::{Issued, Names, Redeemed, ShortCodeService, ShortCodeTerms};
pub use store::{CodeEntry, Guess, GuessBudget, RedeemAs, ShortCode, ShortCodeStore};
