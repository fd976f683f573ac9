//! Ten thousand racing requests: never a third session, and every repeat gets the first answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::cluster::{Cluster, Customer};

const ACCOUNTS: usize = 100;
const LIMIT: usize = 2;
/// Different requests; with the repeats they are ten thousand.
const FRESH: usize = 9_500;
/// Every so many requests one is repeated: 500, 5 % of all.
const REPEATED: usize = 19;
const AT_ONCE: usize = 64;
const NODES: usize = 3;

/// Status and session, or status and the sessions in the way.
type Said = (StatusCode, Value);

/// The requests in their order. Half of the repeats race with the first, half come at the end.
fn requests() -> Vec<usize> {
    let mut requests = Vec::new();
    let mut late = Vec::new();
    for fresh in 0..FRESH {
        requests.push(fresh);
        if fresh.is_multiple_of(2 * REPEATED) {
            requests.push(fresh);
        } else if is_repeated(fresh) {
            late.push(fresh);
        }
    }
    requests.extend(late);
    requests
}

/// All requests of an account are neighbours, so that they race.
fn account_of(request: usize) -> usize {
    request * ACCOUNTS / FRESH
}

fn is_repeated(request: usize) -> bool {
    request.is_multiple_of(REPEATED)
}

async fn ask(customers: &[Customer<'_>], place: usize, request: usize) -> Said {
    let customer = &customers[account_of(request)];
    let (node, name) = (place % NODES, format!("request {request}"));
    let answer = if is_repeated(request) {
        customer.ask_once(node, &name, &format!("key {request}")).await
    } else {
        customer.ask(node, &name).await
    };
    let said = match answer.status {
        StatusCode::OK => answer.body["sessionId"].clone(),
        StatusCode::CONFLICT => answer.body["details"]["activeSessions"].clone(),
        other => panic!("{other}: {}", answer.body),
    };
    (answer.status, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_requests_never_exceed_the_limit_and_repeats_get_the_first_answer() {
    let cluster = Cluster::of(NODES).with("streams.limit", LIMIT).start().await;
    let customers: Vec<_> =
        (0..ACCOUNTS).map(|account| cluster.customer(&format!("customer {account}"))).collect();
    let requests = requests();
    assert_eq!(requests.len(), 10_000);
    let next = AtomicUsize::new(0);
    let said: Mutex<BTreeMap<usize, Vec<Said>>> = Mutex::default();
    join_all((0..AT_ONCE).map(async |_| {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = requests.get(place) else { return };
            let answer = ask(&customers, place, *request).await;
            said.lock().unwrap().entry(*request).or_default().push(answer);
        }
    }))
    .await;

    let said = said.into_inner().unwrap();
    let mut admitted = vec![BTreeSet::new(); ACCOUNTS];
    for (request, answers) in &said {
        assert_eq!(answers.len(), if is_repeated(*request) { 2 } else { 1 });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{request}: {answers:?}");
        if answers[0].0 == StatusCode::OK {
            admitted[account_of(*request)].insert(answers[0].1.to_string());
        }
    }
    for (customer, admitted) in customers.iter().zip(&admitted) {
        let listed: BTreeSet<_> =
            customer.list(0).await.iter().map(|session| session["sessionId"].to_string()).collect();
        assert_eq!((admitted.len(), &listed), (LIMIT, admitted), "{}", customer.id);
    }
}
