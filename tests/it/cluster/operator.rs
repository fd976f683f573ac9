//! Somebody ends a session from elsewhere.

use reqwest::{Method, StatusCode};

use crate::support::cluster::{Cluster, Player, TENANT};

#[tokio::test]
async fn an_operator_ends_a_session_through_any_node() {
    let cluster = Cluster::of(3).start().await;
    let jane = cluster.customer("jane");
    let (ticket, player) = jane.plays(0, 1, "Kitchen").await;
    let path = format!("/api/v1/accounts/{TENANT}/jane/sessions/{}", ticket.session);
    let ended = cluster.admin(2, Method::DELETE, &path).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    player.sent_away("TERMINATE", 4003).await;
    assert!(jane.names(0).await.is_empty());

    // It stays ended, wherever its player comes back.
    let back = Player::asks(&cluster, 0, &ticket).await;
    back.sent_away("TERMINATE", 4003).await;
    let again = cluster.admin(0, Method::DELETE, &path).await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    let unknown = cluster.admin(0, Method::DELETE, &format!("{path}x")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

/// Told `EXPIRED`, the player would ask for a new session and take the slot again.
#[tokio::test]
async fn a_customer_ends_a_session_that_plays_elsewhere() {
    let cluster = Cluster::of(2).start().await;
    let jane = cluster.customer("jane");
    let (ticket, player) = jane.plays(0, 1, "Kitchen").await;
    let joe = cluster.customer("joe");
    assert_eq!(joe.end(0, &ticket.session).await, StatusCode::NOT_FOUND);
    assert_eq!(jane.end(0, &ticket.session).await, StatusCode::NO_CONTENT);
    player.sent_away("TERMINATE", 4003).await;
    assert_eq!(jane.end(1, &ticket.session).await, StatusCode::NO_CONTENT);

    // A page that is loaded again may ask again: nobody is in its way.
    let back = Player::asks(&cluster, 0, &ticket).await;
    back.sent_away("EXPIRED", 4004).await;
}
