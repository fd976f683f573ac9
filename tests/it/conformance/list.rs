//! Listing an account's live sessions.

use baton::domain::streams::{Create, store::LIST_SESSIONS};

use super::steps::*;
use crate::support::stores::Streams;

async fn an_account_nobody_has_used_lists_nothing(store: Streams) {
    assert_eq!(sessions(&store).await, []);
}

async fn sessions_of_all_pools_are_listed_oldest_first(store: Streams) {
    let request = |session, pool| Create { pool: offer(pool), limit: 9, ..ask(session) };
    let order = [
        request("z", "p"),
        request("y", "q"),
        request("a", "p"),
        request("x", "q"),
        request("m", "p"),
    ];
    play_all(&store, &order).await;
    assert_eq!(ids(&sessions(&store).await), ["z", "y", "a", "x", "m"]);
}

async fn renewing_makes_a_session_no_younger(store: Streams) {
    play_all(&store, &[ask("b"), ask("a")]).await;
    attach(&store, "b", "n1").await;
    renew(&store, &renewal("b", 2)).await;
    store.heartbeat(&me(), &id("b"), None).await.unwrap();
    create(&store, &upsert("b")).await;
    assert_eq!(ids(&sessions(&store).await), ["b", "a"]);
}

async fn a_listing_shows_sessions_as_they_are(store: Streams) {
    play(&store, &ask("a")).await;
    let connected = attach(&store, "a", "n1").await;
    let (other, _) = play(&store, &Create { pool: offer("other"), ..ask("b") }).await;
    assert_eq!(sessions(&store).await, [connected, other]);
}

async fn listing_changes_nothing(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    assert_eq!(sessions(&store).await, sessions(&store).await);
}

async fn the_sessions_of_others_are_never_listed(store: Streams) {
    play_all(&store, &[ask("mine")]).await;
    for other in [somebody_else(), account("another streamer", "customer")] {
        play_all(&store, &[Create { account: other.clone(), ..ask("theirs") }]).await;
        assert_eq!(ids(&store.list(&other).await.unwrap()), ["theirs"]);
    }
    assert_eq!(live(&store).await, ["mine"]);
}

async fn a_listing_has_an_end(store: Streams) {
    let wide = Create { limit: 5000, ..ask("") };
    for number in 0..=LIST_SESSIONS {
        let request = Create { session: format!("s{number}").into(), ..wide.clone() };
        create(&store, &request).await;
    }
    assert_eq!(sessions(&store).await.len(), LIST_SESSIONS);
    let full = Create { limit: u32::try_from(LIST_SESSIONS).unwrap() + 1, ..ask("one more") };
    refused(&store, &full).await;
}

for_every_backend!(
    an_account_nobody_has_used_lists_nothing,
    sessions_of_all_pools_are_listed_oldest_first,
    renewing_makes_a_session_no_younger,
    a_listing_shows_sessions_as_they_are,
    listing_changes_nothing,
    the_sessions_of_others_are_never_listed,
    a_listing_has_an_end,
);
