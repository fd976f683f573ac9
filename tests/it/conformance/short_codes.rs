//! Short codes are redeemed, and guessed at.

use baton::domain::{
    cobrowse::Credential,
    ids::SessionToken,
    short_codes::{CodeEntry, Guess, GuessBudget, RedeemAs, ShortCode},
};

use super::races::{count, race};
use crate::support::{clock::HOUR_MS, eventually, stores::ShortCodes};

/// Three tries from an address, five in all.
const BUDGET: GuessBudget = GuessBudget { per_address: 3, in_all: 5, window_ms: HOUR_MS };

fn entry() -> CodeEntry {
    let session = SessionToken::random();
    let credential = || Credential::random(&session);
    CodeEntry { customer_token: credential(), cid: credential() }
}

/// A code that runs.
async fn created(store: &ShortCodes) -> (ShortCode, CodeEntry) {
    let (code, entry) = (ShortCode::random(12), entry());
    assert!(store.create(&code, &entry, HOUR_MS).await.unwrap());
    (code, entry)
}

async fn redeem(store: &ShortCodes, code: &ShortCode, by: RedeemAs) -> Option<CodeEntry> {
    store.redeem(code, by).await.unwrap()
}

async fn spend(store: &ShortCodes, address: &str) -> Guess {
    store.spend(address, BUDGET).await.unwrap()
}

fn is_limited(guess: &Guess) -> bool {
    matches!(guess, Guess::Limited { retry_ms } if (1..=HOUR_MS).contains(retry_ms))
}

async fn a_code_is_redeemed_for_what_it_stands_for(store: ShortCodes) {
    let (code, entry) = created(&store).await;
    created(&store).await;
    assert_eq!(redeem(&store, &code, RedeemAs::Consumer).await, Some(entry.clone()));
    assert_eq!(redeem(&store, &code, RedeemAs::Agent).await, Some(entry));
}

async fn a_consumer_redeems_a_code_once(store: ShortCodes) {
    let (code, _) = created(&store).await;
    assert!(redeem(&store, &code, RedeemAs::Consumer).await.is_some());
    assert_eq!(redeem(&store, &code, RedeemAs::Consumer).await, None);
}

async fn agents_redeem_a_code_as_often_as_they_come(store: ShortCodes) {
    let (code, entry) = created(&store).await;
    for _ in 0..3 {
        assert_eq!(redeem(&store, &code, RedeemAs::Agent).await, Some(entry.clone()));
    }
    assert_eq!(redeem(&store, &code, RedeemAs::Consumer).await, Some(entry), "one is left");
}

async fn of_many_consumers_one_gets_the_code(store: ShortCodes) {
    let (code, entry) = created(&store).await;
    let outcomes = race(&store, 50, move |store, number| {
        let code = code.clone();
        let by = if number < 40 { RedeemAs::Consumer } else { RedeemAs::Agent };
        async move { redeem(&store, &code, by).await }
    })
    .await;
    assert_eq!(count(&outcomes, |found| found.as_ref() == Some(&entry)), 1 + 10);
    assert_eq!(count(&outcomes, Option::is_none), 39);
}

async fn a_taken_code_is_refused(store: ShortCodes) {
    let (code, first) = created(&store).await;
    assert!(!store.create(&code, &entry(), HOUR_MS).await.unwrap());
    assert_eq!(redeem(&store, &code, RedeemAs::Consumer).await, Some(first));
    assert!(!store.create(&code, &entry(), HOUR_MS).await.unwrap(), "redeemed or not");
}

async fn racing_creates_of_a_code_write_it_once(store: ShortCodes) {
    let code = ShortCode::random(4);
    let outcomes = race(&store, 30, move |store, _| {
        let code = code.clone();
        async move { store.create(&code, &entry(), HOUR_MS).await.unwrap() }
    })
    .await;
    assert_eq!(count(&outcomes, |created| *created), 1);
}

async fn an_expired_code_is_worth_nothing_and_free_again(store: ShortCodes) {
    let code = ShortCode::random(4);
    assert!(store.create(&code, &entry(), 0).await.unwrap());
    for by in [RedeemAs::Consumer, RedeemAs::Agent] {
        assert_eq!(redeem(&store, &code, by).await, None);
    }
    assert!(store.create(&code, &entry(), 1).await.unwrap());
    redeem(&store, &code, RedeemAs::Consumer).await;
    eventually("it expires", async || {
        store.create(&code, &entry(), HOUR_MS).await.unwrap().then_some(())
    })
    .await;
    assert!(redeem(&store, &code, RedeemAs::Consumer).await.is_some(), "it begins anew");
}

async fn an_unknown_code_is_worth_nothing(store: ShortCodes) {
    assert_eq!(redeem(&store, &ShortCode::random(12), RedeemAs::Agent).await, None);
}

async fn an_address_has_so_many_tries(store: ShortCodes) {
    for _ in 0..3 {
        assert_eq!(spend(&store, "a").await, Guess::Allowed);
    }
    assert!(is_limited(&spend(&store, "a").await));
    assert_eq!(spend(&store, "b").await, Guess::Allowed, "others have theirs");
}

async fn all_together_have_so_many_tries(store: ShortCodes) {
    for number in 0..5 {
        assert_eq!(spend(&store, &format!("a{number}")).await, Guess::Allowed);
    }
    assert!(is_limited(&spend(&store, "another").await));
}

async fn a_limited_try_takes_nothing(store: ShortCodes) {
    for _ in 0..3 {
        spend(&store, "a").await;
    }
    for _ in 0..9 {
        assert!(is_limited(&spend(&store, "a").await));
    }
    // Two are left of those of all, and the one given back is the next one's.
    assert_eq!(spend(&store, "b").await, Guess::Allowed);
    assert_eq!(spend(&store, "b").await, Guess::Allowed);
    assert!(is_limited(&spend(&store, "b").await));
    store.refund("a").await.unwrap();
    assert_eq!(spend(&store, "b").await, Guess::Allowed);
}

async fn a_try_given_back_is_there_again(store: ShortCodes) {
    for _ in 0..20 {
        assert_eq!(spend(&store, "a").await, Guess::Allowed);
        store.refund("a").await.unwrap();
    }
}

async fn nobody_saves_tries_up(store: ShortCodes) {
    for _ in 0..9 {
        store.refund("a").await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(spend(&store, "a").await, Guess::Allowed);
    }
    assert!(is_limited(&spend(&store, "a").await));
}

async fn a_window_ends(store: ShortCodes) {
    let short = GuessBudget { per_address: 1, in_all: 1, window_ms: 50 };
    assert_eq!(store.spend("a", short).await.unwrap(), Guess::Allowed);
    eventually("the window ends", async || {
        (store.spend("a", short).await.unwrap() == Guess::Allowed).then_some(())
    })
    .await;
}

async fn no_budget_allows_nothing(store: ShortCodes) {
    let none = GuessBudget { per_address: 0, ..BUDGET };
    assert_eq!(store.spend("a", none).await.unwrap(), Guess::Limited { retry_ms: HOUR_MS });
}

async fn racing_tries_never_overdraw(store: ShortCodes) {
    let outcomes = race(&store, 40, |store, _| async move { spend(&store, "{a}").await }).await;
    assert_eq!(count(&outcomes, |guess| *guess == Guess::Allowed), 3);
    assert_eq!(count(&outcomes, is_limited), 37);
    let outcomes =
        race(&store, 40, |store, number| async move { spend(&store, &format!("b{number}")).await })
            .await;
    assert_eq!(count(&outcomes, |guess| *guess == Guess::Allowed), 2);
}

for_every_backend!(short_codes:
    a_code_is_redeemed_for_what_it_stands_for,
    a_consumer_redeems_a_code_once,
    agents_redeem_a_code_as_often_as_they_come,
    of_many_consumers_one_gets_the_code,
    a_taken_code_is_refused,
    racing_creates_of_a_code_write_it_once,
    an_expired_code_is_worth_nothing_and_free_again,
    an_unknown_code_is_worth_nothing,
    an_address_has_so_many_tries,
    all_together_have_so_many_tries,
    a_limited_try_takes_nothing,
    a_try_given_back_is_there_again,
    nobody_saves_tries_up,
    a_window_ends,
    no_budget_allows_nothing,
    racing_tries_never_overdraw,
);
