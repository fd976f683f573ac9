//! Which limit and policy a session is judged by.

use globset::GlobMatcher;
use serde::{Deserialize, Serialize};

use super::session::{Pool, PoolKind};

/// What happens when a limit is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The answer lists the running sessions, one of which may be taken over.
    #[default]
    Ask,
    /// The answer is no.
    Reject,
    /// The oldest session ends and the new one plays.
    EvictOldest,
}

/// A limit for the pools whose name matches.
#[derive(Debug, Clone)]
pub struct LimitRule {
    /// Which kind of pool.
    pub kind: PoolKind,
    /// Which names.
    pub names: GlobMatcher,
    /// Sessions allowed per customer and pool; absent: the default.
    pub limit: Option<u32>,
    /// Policy; absent: the default.
    pub policy: Option<Policy>,
}

/// The limits of one tenant: the first matching rule wins, then the defaults.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// In the order of the configuration.
    pub rules: Vec<LimitRule>,
    /// Sessions per customer and pool where no rule says otherwise.
    pub limit: u32,
    /// Sessions per customer over all pools.
    pub account_limit: Option<u32>,
    /// Policy where no rule says otherwise.
    pub policy: Policy,
    /// Whether a running session may be taken over by choice.
    pub takeover: bool,
}

/// What one request is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Sessions allowed in the pool.
    pub limit: u32,
    /// Sessions allowed in the account.
    pub account_limit: Option<u32>,
    /// What happens at the limit.
    pub policy: Policy,
    /// Whether the answer offers a take-over, and a take-over is accepted.
    pub takeover: bool,
}

impl Limits {
    /// The terms for a pool; `claimed` is the limit the token carries, which beats every rule.
    pub fn terms(&self, pool: &Pool, claimed: Option<u32>) -> Terms {
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.kind == pool.kind() && rule.names.is_match(pool.name()));
        let limit = claimed.or_else(|| rule.and_then(|rule| rule.limit)).unwrap_or(self.limit);
        let policy = rule.and_then(|rule| rule.policy).unwrap_or(self.policy);
        Terms {
            limit,
            account_limit: self.account_limit,
            policy,
            takeover: self.takeover && policy != Policy::Reject,
        }
    }
}

#[cfg(test)]
mod tests {
    use globset::Glob;

    use super::*;

    fn limits() -> Limits {
        let rule = |kind, names: &str, limit, policy| LimitRule {
            kind,
            names: Glob::new(names).expect("a glob").compile_matcher(),
            limit,
            policy,
        };
        Limits {
            rules: vec![
                rule(PoolKind::Offer, "S*_US", Some(5), None),
                rule(PoolKind::Offer, "S1*", Some(7), Some(Policy::Reject)),
                rule(PoolKind::Tag, "*", None, Some(Policy::EvictOldest)),
            ],
            limit: 2,
            account_limit: Some(9),
            policy: Policy::Ask,
            takeover: true,
        }
    }

    #[test]
    fn the_first_matching_rule_wins() {
        let terms = limits().terms(&Pool::new(PoolKind::Offer, "S1_US"), None);
        assert_eq!((terms.limit, terms.policy, terms.account_limit), (5, Policy::Ask, Some(9)));
    }

    #[test]
    fn the_limit_claim_of_the_token_beats_rules() {
        assert_eq!(limits().terms(&Pool::new(PoolKind::Offer, "S1_US"), Some(1)).limit, 1);
    }

    #[test]
    fn a_rule_for_offers_says_nothing_about_tags() {
        let terms = limits().terms(&Pool::new(PoolKind::Tag, "S1_US"), None);
        assert_eq!((terms.limit, terms.policy), (2, Policy::EvictOldest));
    }

    #[test]
    fn reject_offers_no_takeover() {
        assert!(!limits().terms(&Pool::new(PoolKind::Offer, "S1"), None).takeover);
    }
}
