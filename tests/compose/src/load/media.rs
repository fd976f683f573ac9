//! A client of Media Play Sessions: one session, kept alive by heartbeats.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};

use crate::{
    answer::{Answer, Retries, Trouble},
    cluster::Cluster,
};

/// Between two heartbeats: far more often than a client has to.
const PACE: Duration = Duration::from_millis(250);
/// The limit of each user.
const LIMIT: u32 = 1;

/// The session's client.
pub(crate) struct Beating {
    /// The user, and the session's id.
    pub(crate) user: String,
    /// Heartbeats that were answered well.
    pub(crate) beats: u64,
    cluster: Cluster,
    bearer: String,
    path: String,
    retries: Arc<Retries>,
}

impl Beating {
    /// Begins the session of a user, whose id is that of the user.
    pub(crate) async fn begin(
        cluster: &Cluster,
        user: &str,
        retries: &Arc<Retries>,
    ) -> Result<Self, Trouble> {
        let path = format!("/api/v1/media/users/{user}/media_play_sessions/{user}");
        let (cluster, retries) = (cluster.clone(), Arc::clone(retries));
        let bearer = cluster.customer(user, LIMIT);
        let user = user.to_owned();
        let beating = Self { user, beats: 0, cluster, bearer, path, retries };
        beating.call(Method::PUT).await?.only(201)?;
        Ok(beating)
    }

    /// Sends heartbeats until it is stopped. One that is not answered well is the end.
    pub(crate) async fn beat(mut self, stop: watch::Receiver<bool>) -> Result<Self, Trouble> {
        while !*stop.borrow() {
            sleep(PACE).await;
            self.call(Method::PATCH).await?.only(200)?;
            self.beats += 1;
        }
        Ok(self)
    }

    /// Ends the session.
    pub(crate) async fn end(self) -> Result<(), Trouble> {
        self.call(Method::DELETE).await?.only(204).map(drop)
    }

    async fn call(&self, method: Method) -> Result<Answer, Trouble> {
        let body = match method {
            Method::DELETE => Value::Null,
            _ => json!({ "data": {
                "type": "MediaPlaySession",
                "attributes": { "device_type": "tv", "service": "vod" },
            } }),
        };
        let headers = [("authorization", self.bearer.as_str())];
        let Self { cluster, path, .. } = self;
        let call = || cluster.call(cluster.public, method.clone(), path, &headers, &body);
        self.retries.insist("a heartbeat", call).await
    }
}
