//! Short codes: made for a session of their own, redeemed by its two sides, guessed by nobody.

use std::{net::IpAddr, sync::Arc, time::Duration};

use super::{CodeEntry, Guess, GuessBudget, RedeemAs, ShortCode, ShortCodeStore};
use crate::domain::{
    cobrowse::{
        Begun, CobrowseService, Created, Credential, EndedBy, Event, Joined, Joiner, Session, User,
    },
    error::StoreError,
    ids::TenantId,
};

/// How many codes are tried: while half of all codes live, so many are taken together once in
/// four thousand million.
const CODE_TRIES: usize = 32;
/// Failed tries of one address: somebody who mistypes needs three or four.
const TRIES_PER_ADDRESS: u32 = 10;
/// Failed tries of all addresses together are the codes there may be, divided by this: whoever
/// guesses from a thousand addresses hits one live code once in 10,000 minutes on average.
const CODES_PER_TRY: u64 = 10_000;
/// They are no fewer, however short codes are: two people who mistype lock nobody out.
const LEAST_TRIES_IN_ALL: u32 = 20;
/// Both are counted by the minute.
const TRIES_WINDOW_MS: u64 = 60_000;
/// Sessions and codes that one address creates in a minute: each needs no credentials and is kept
/// for half an hour. A contact centre, or a provider's customers, may be behind one address: ten a
/// second are more than any of these begin.
const CREATIONS: GuessBudget =
    GuessBudget { per_address: 600, in_all: u32::MAX, window_ms: TRIES_WINDOW_MS };
/// No address: it never spends anything.
const NOBODY: &str = "nobody";

/// The terms of all short codes.
#[derive(Debug, Clone)]
pub struct ShortCodeTerms {
    /// Digits.
    pub length: usize,
    /// How long a code can be redeemed.
    pub ttl: Duration,
    /// How many tries may fail.
    pub budget: GuessBudget,
}

impl ShortCodeTerms {
    /// Terms with the budget that fits the length.
    pub fn new(length: usize, ttl: Duration) -> Self {
        let digits = u32::try_from(length).unwrap_or(u32::MAX);
        let codes = 10_u64.saturating_pow(digits);
        let in_all = u32::try_from(codes / CODES_PER_TRY).unwrap_or(u32::MAX);
        let budget = GuessBudget {
            per_address: TRIES_PER_ADDRESS,
            in_all: in_all.max(LEAST_TRIES_IN_ALL),
            window_ms: TRIES_WINDOW_MS,
        };
        Self { length, ttl, budget }
    }
}

/// The answer to [`ShortCodeService::create`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issued {
    /// The new code.
    Code(ShortCode),
    /// Of the codes that were tried, none was free.
    AllTaken,
}

/// What somebody who redeems a code says of itself. All of it is the page's word.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The name to show to agents.
    pub display: Option<Box<str>>,
    /// The name for the audit trail.
    pub audit: Option<Box<str>>,
}

/// The answer to [`ShortCodeService::redeem`].
#[derive(Debug)]
pub enum Redeemed {
    /// A consumer is in the session, as its customer.
    Consumer {
        /// The session.
        session: Box<Session>,
        /// The customer.
        user: Box<User>,
    },
    /// What an agent joins with.
    Agent {
        /// `cid`.
        cid: Credential,
    },
    /// No such code, or one that is of no use: nothing more is told.
    Refused,
    /// Too many tries failed.
    Limited {
        /// When the next one may be made.
        retry: Duration,
    },
}

/// Short codes of one node.
pub struct ShortCodeService {
    codes: Arc<dyn ShortCodeStore>,
    cobrowse: Arc<CobrowseService>,
    terms: ShortCodeTerms,
}

impl ShortCodeService {
    /// Short codes for sessions of that engine.
    pub fn new(
        codes: Arc<dyn ShortCodeStore>,
        cobrowse: Arc<CobrowseService>,
        terms: ShortCodeTerms,
    ) -> Self {
        Self { codes, cobrowse, terms }
    }

    /// Creates a session and a code for it that no other live session has.
    pub async fn create(
        &self,
        tenant: &TenantId,
        audit_name: Option<Box<str>>,
    ) -> Result<Issued, StoreError> {
        let Created::New(session) = self.cobrowse.create(tenant, Begun::ShortCode).await? else {
            return Ok(Issued::AllTaken);
        };
        let issued = self.issue(&session).await;
        match (&issued, audit_name) {
            (Ok(Issued::Code(_)), Some(name)) => {
                self.note(&session, name).await;
            }
            (Ok(Issued::Code(_)), None) => {}
            // Nobody can enter it. Where the store is away it lapses by itself.
            (Ok(Issued::AllTaken) | Err(_), _) => {
                drop(self.cobrowse.end(&session.token, &EndedBy::Operator).await);
            }
        }
        issued
    }

    async fn issue(&self, session: &Session) -> Result<Issued, StoreError> {
        let Some(cid) = session.cid.clone() else { return Ok(Issued::AllTaken) };
        let entry = CodeEntry { customer_token: session.customer_token.clone(), cid };
        let ttl_ms = u64::try_from(self.terms.ttl.as_millis()).unwrap_or(u64::MAX);
        for _ in 0..CODE_TRIES {
            let code = ShortCode::random(self.terms.length);
            if self.codes.create(&code, &entry, ttl_ms).await? {
                return Ok(Issued::Code(code));
            }
        }
        Ok(Issued::AllTaken)
    }

    /// Counts a session, or a code, that an address is about to create: how long it must wait where
    /// it created too many.
    pub async fn count_creation(&self, address: IpAddr) -> Result<Option<Duration>, StoreError> {
        let address = format!("creates {}", guesser(address));
        if let Guess::Limited { retry_ms } = self.codes.spend(&address, CREATIONS).await? {
            return Ok(Some(Duration::from_millis(retry_ms)));
        }
        // The store counts what all spend as well. That is for guesses: this one is given back, by
        // nobody, so that it still counts against the address.
        if let Err(error) = self.codes.refund(NOBODY).await {
            tracing::debug!(%error, "something created counts as a guess");
        }
        Ok(None)
    }

    /// Redeems a code as it was typed. A try that is refused, whatever for, counts against its
    /// address.
    pub async fn redeem(
        &self,
        code: &str,
        by: RedeemAs,
        names: Names,
        address: IpAddr,
    ) -> Result<Redeemed, StoreError> {
        let address = guesser(address);
        if let Guess::Limited { retry_ms } = self.codes.spend(&address, self.terms.budget).await? {
            return Ok(Redeemed::Limited { retry: Duration::from_millis(retry_ms) });
        }
        let redeemed = self.try_out(code, by, names).await;
        // What was redeemed is answered, come what may: a code is redeemed once.
        if !matches!(redeemed, Ok(Redeemed::Refused))
            && let Err(error) = self.codes.refund(&address).await
        {
            tracing::debug!(%error, "a try that was not refused counts as one that was");
        }
        redeemed
    }

    async fn try_out(
        &self,
        code: &str,
        by: RedeemAs,
        names: Names,
    ) -> Result<Redeemed, StoreError> {
        let Some(code) = ShortCode::read(code) else { return Ok(Redeemed::Refused) };
        // As an agent: that uses nothing up.
        let Some(entry) = self.codes.redeem(&code, RedeemAs::Agent).await? else {
            return Ok(Redeemed::Refused);
        };
        match by {
            RedeemAs::Consumer => self.enter(&code, entry, names).await,
            RedeemAs::Agent => {
                let stored = self.cobrowse.get(&entry.cid.session()).await?;
                let is_live = stored.is_some_and(|stored| {
                    stored.session.end.is_none() && stored.session.cid.as_ref() == Some(&entry.cid)
                });
                Ok(if is_live { Redeemed::Agent { cid: entry.cid } } else { Redeemed::Refused })
            }
        }
    }

    /// The consumer joins as the customer, of whom there is one, and then uses the code up. Of many
    /// who get so far one is told. What fails before, or whoever hangs up, costs no code: a repeat
    /// finds the customer there.
    async fn enter(
        &self,
        code: &ShortCode,
        entry: CodeEntry,
        names: Names,
    ) -> Result<Redeemed, StoreError> {
        let token = entry.customer_token.session();
        let customer_token = Some(entry.customer_token.clone());
        let joiner = Joiner::Customer { token: customer_token, name: names.display };
        let Joined::In { user, session, .. } = self.cobrowse.join(&token, &joiner).await? else {
            return Ok(Redeemed::Refused);
        };
        // It may have expired and stand for another session by now.
        if self.codes.redeem(code, RedeemAs::Consumer).await? != Some(entry) {
            return Ok(Redeemed::Refused);
        }
        if let Some(name) = names.audit {
            self.note(&session, name).await;
        }
        Ok(Redeemed::Consumer { session, user })
    }

    /// A code that is used up is not lost for want of a note.
    async fn note(&self, session: &Session, name: Box<str>) {
        let noted = self.cobrowse.annotate(&session.token, Event::AuditName { name }).await;
        if let Err(error) = noted {
            tracing::warn!(history = %session.history_id, %error, "the audit trail lacks a name");
        }
    }
}

/// What tries are counted by. A subscriber to the Internet has 2^64 IPv6 addresses (RFC 6177) and
/// one IPv4 address.
fn guesser(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_of_all_grows_with_the_codes_there_may_be() {
        let in_all = |length| ShortCodeTerms::new(length, Duration::ZERO).budget.in_all;
        assert_eq!([4, 5, 6, 12].map(in_all), [20, 20, 100, 100_000_000]);
    }

    #[test]
    fn addresses_of_one_subscriber_count_as_one() {
        let of = |text: &str| guesser(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
