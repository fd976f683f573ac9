//! Which limit and policy a request is judged by.

use serde_json::{Value, json};

use crate::support::{
    node::{Caller, Drisc, PUBLISHER, SECRET, TestNode},
    tokens::Claims,
};

/// How many sessions of a pool are admitted before the answer is 409.
async fn admitted(caller: &Caller<'_>, member: &str, pool: &str) -> usize {
    for count in 0..20 {
        let mut body = json!({ "sessionName": count.to_string() });
        body[member] = pool.into();
        let answer = caller.post("/sessions", &body).await;
        if answer.status != 200 {
            answer.problem(409, "LimitExceeded");
            return count;
        }
    }
    panic!("no limit")
}

#[tokio::test]
async fn the_first_matching_rule_decides_then_the_default() {
    let rules = "
        [[streams.rules]]
        offer = 'S*_US'
        limit = 3
        [[streams.rules]]
        offer = 'S*'
        limit = 4
        [[streams.rules]]
        tag = 'kids-*'
        limit = 0
        [[streams.rules]]
        tag = '*'
        limit = 1
    ";
    let node = TestNode::with_file(rules, &[]).await;
    let alice = node.customer("alice");
    let mut counts = Vec::new();
    for (member, pool) in [
        ("offerId", "S1_US"),
        ("offerId", "S1_DE"),
        ("offerId", "T1"),
        ("tag", "kids-1"),
        ("tag", "S1_US"),
    ] {
        counts.push(admitted(&alice, member, pool).await);
    }
    assert_eq!(counts, [3, 4, 2, 0, 1]);
}

#[tokio::test]
async fn the_limit_claim_beats_rule_and_default() {
    let node = TestNode::with_file("[[streams.rules]]\noffer = 'R'\nlimit = 1", &[]).await;
    let with = |customer: &str, limit: Value| {
        node.bearer(Claims::of(PUBLISHER, customer).with("limit", limit).sign(SECRET))
    };
    assert_eq!(admitted(&with("alice", json!(3)), "offerId", "S").await, 3);
    assert_eq!(admitted(&with("alice", json!(3)), "offerId", "R").await, 3);
    assert_eq!(admitted(&with("bob", json!(0)), "offerId", "S").await, 0);
    for limit in [json!(-1), json!("3"), json!(1.5), json!(1_000_001)] {
        with("carol", limit).ask("TV").await.problem(401, "InvalidToken");
    }
}

#[tokio::test]
async fn the_account_limit_counts_over_all_pools() {
    let node = TestNode::start(&[("BATON_STREAMS__ACCOUNT_LIMIT", "3")]).await;
    let alice = node.customer("alice");
    assert_eq!(admitted(&alice, "offerId", "A").await, 2);
    assert_eq!(admitted(&alice, "offerId", "B").await, 1);
    let refused = alice.ask("more").await;
    let listed = &refused.problem(409, "LimitExceeded")["details"]["activeSessions"];
    assert_eq!(listed.as_array().map(Vec::len), Some(3), "all pools are named: {listed}");
}

#[tokio::test]
async fn reject_names_nobody_and_offers_no_takeover() {
    let node = TestNode::start(&[("BATON_STREAMS__POLICY", "reject")]).await;
    let alice = node.customer("alice");
    let first = alice.session("TV").await;
    alice.session("Phone").await;
    let refused = alice.ask("Tablet").await;
    let details = &refused.problem(409, "LimitExceeded")["details"];
    assert_eq!(details, &json!({ "takeOverEnabled": false, "activeSessions": [] }));
    let body = json!({ "sessionId": first.id, "sessionName": "Tablet", "offerId": "S1" });
    alice.post("/takeover", &body).await.problem(403, "TakeOverDisabled");
}

#[tokio::test]
async fn evict_oldest_ends_the_oldest_and_tells_its_player() {
    let node = TestNode::start(&[("BATON_STREAMS__POLICY", "evict_oldest")]).await;
    let alice = node.customer("alice");
    let oldest = alice.session("TV").await;
    let mut socket = oldest.play().await;
    alice.session("Phone").await;
    assert_eq!(socket.next_action().await.0, "PING");
    alice.session("Tablet").await;
    let (action, message) = socket.next_action().await;
    assert_eq!((action.as_str(), &message["sessionName"]), ("TAKE_OVER", &json!("Tablet")));
    assert_eq!(socket.next_close().await.0, 4001);
    assert_eq!(alice.count().await, 2);
}

#[tokio::test]
async fn a_rules_policy_is_for_its_pools_only() {
    let rules = "[[streams.rules]]\ntag = 'free'\nlimit = 1\npolicy = 'evict_oldest'";
    let node = TestNode::with_file(rules, &[("BATON_STREAMS__LIMIT", "1")]).await;
    let alice = node.customer("alice");
    let free = json!({ "sessionName": "TV", "tag": "free" });
    let first = Drisc::of(alice.post("/sessions", &free).await);
    assert_ne!(Drisc::of(alice.post("/sessions", &free).await), first);
    alice.session("TV").await;
    alice.ask("Phone").await.problem(409, "LimitExceeded");
    assert_eq!(alice.count().await, 2);
}

#[tokio::test]
async fn a_tenants_own_limit_and_policy_are_for_its_customers_only() {
    let file = "[[tenants]]\npublisher_id = 'big'\nsecret = 'another secret of 32 characters'\n\
                limit = 5\npolicy = 'reject'";
    let node = TestNode::with_file(file, &[]).await;
    let big = node.bearer(Claims::of("big", "alice").sign("another secret of 32 characters"));
    assert_eq!(admitted(&big, "offerId", "S1").await, 5);
    let refused = big.ask("TV").await;
    assert_eq!(refused.problem(409, "LimitExceeded")["details"]["takeOverEnabled"], false);
    assert_eq!(admitted(&node.customer("alice"), "offerId", "S1").await, 2);
}
