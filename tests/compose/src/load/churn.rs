//! Customers with a limit of one, who create a stream session, end it, and create the next one.
//!
//! A session that was lost, or counted twice, shows at once: the next create is refused.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::Value;
use tokio::{sync::watch, time::sleep};

use crate::{
    answer::{Retries, Trouble},
    cluster::Cluster,
};

/// Between two calls of a customer: the rate of the load.
const PACE: Duration = Duration::from_millis(100);

/// What came of one customer.
#[derive(Debug, Default)]
pub(crate) struct Churned {
    /// Sessions that were created and ended.
    pub(crate) rounds: u64,
}

/// Goes on until it is stopped; the account is empty then.
pub(crate) async fn churn(
    cluster: Cluster,
    customer: String,
    retries: Arc<Retries>,
    stop: watch::Receiver<bool>,
) -> Result<Churned, Trouble> {
    let bearer = cluster.customer(&customer, 1);
    let mut churned = Churned::default();
    while !*stop.borrow() {
        let key = format!("{customer}-{}", churned.rounds);
        let create = || cluster.create(cluster.public, &bearer, "Kitchen", &key);
        let created = retries.insist("a create", create).await?.only(200)?;
        let id = created.text("sessionId").to_owned();
        sleep(PACE).await;
        expect(&cluster, &bearer, &retries, &[&id]).await?;
        sleep(PACE).await;
        end(&cluster, &bearer, &retries, &id).await?;
        expect(&cluster, &bearer, &retries, &[]).await?;
        churned.rounds += 1;
    }
    Ok(churned)
}

/// The account lists these sessions, and no other.
async fn expect(
    cluster: &Cluster,
    bearer: &str,
    retries: &Retries,
    ids: &[&str],
) -> Result<(), Trouble> {
    let headers = [("authorization", bearer)];
    let list = || cluster.call(cluster.public, Method::GET, "/sessions", &headers, &Value::Null);
    let answer = retries.insist("a list", list).await?.only(200)?;
    let listed = answer.json["activeSessions"].as_array().ok_or("no list of sessions")?.iter();
    let listed: Vec<_> = listed.filter_map(|session| session["sessionId"].as_str()).collect();
    if listed == ids { Ok(()) } else { Err(format!("{listed:?} run, and not {ids:?}").into()) }
}

/// Ends it. A repeat of a call whose answer was lost finds nothing more to end.
async fn end(cluster: &Cluster, bearer: &str, retries: &Retries, id: &str) -> Result<(), Trouble> {
    let headers = [("authorization", bearer)];
    let path = format!("/sessions/{id}");
    let delete = || cluster.call(cluster.public, Method::DELETE, &path, &headers, &Value::Null);
    let answer = retries.insist("an end", delete).await?;
    if answer.status == 404 { Ok(()) } else { answer.only(204).map(drop) }
}
