//! Many calls in one round trip.

use std::{pin::pin, time::Duration};

use futures_util::future;
use redis::{Pipeline, RedisResult, Value};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    link::{Link, crowded, not_connected},
    live::Live,
    script::{Call, Script},
    trouble,
    wire::sound,
};
use crate::domain::error::StoreError;

/// Calls in one pipeline: about 8 ms of the server's time at 15 µs each, so that
/// others are not kept waiting. More calls travel in pipelines side by side.
const PIPELINE_CALLS: usize = 512;

/// Calls of a batch in flight at once in a cluster, where each goes its own way.
const CLUSTER_CALLS: usize = 64;

/// A call of a batch without an answer by then waits beside the others: a shard that is frozen must
/// not hold up the calls to healthy ones for its whole time-out. Those answer within milliseconds.
const CLUSTER_PATIENCE: Duration = Duration::from_millis(50);

impl Link {
    /// Runs a script many times; the results are in the order of the calls.
    ///
    /// Not atomic together: each call succeeds or fails alone.
    pub async fn run_many(
        &self,
        script: &Script,
        calls: &[Call],
    ) -> Vec<Result<Value, StoreError>> {
        match self.live() {
            Ok(live) if live.is_cluster() => {
                let places = Semaphore::new(CLUSTER_CALLS);
                let runs = calls.iter().map(|call| self.run_placed(&places, script, call));
                future::join_all(runs).await
            }
            Ok(live) => {
                let chunks = calls.chunks(PIPELINE_CALLS);
                let runs = chunks.map(|chunk| self.run_chunk(&live, script, chunk));
                future::join_all(runs).await.into_iter().flatten().collect()
            }
            Err(_) => calls.iter().map(|_| Err(not_connected())).collect(),
        }
    }

    /// Runs a call once there is a place for it, and gives the place up when the answer is late.
    async fn run_placed(
        &self,
        places: &Semaphore,
        script: &Script,
        call: &Call,
    ) -> Result<Value, StoreError> {
        let place = places.acquire().await;
        let mut run = pin!(self.run(script, &call.keys, &call.args));
        match timeout(CLUSTER_PATIENCE, run.as_mut()).await {
            Ok(result) => result,
            Err(_) => {
                drop(place);
                run.await
            }
        }
    }

    async fn run_chunk(
        &self,
        live: &Live,
        script: &Script,
        calls: &[Call],
    ) -> Vec<Result<Value, StoreError>> {
        let Ok(_permits) = self.permits(calls.len()) else {
            return calls.iter().map(|_| Err(crowded())).collect();
        };
        let results = run_pipelined(live, script, calls).await;
        results.into_iter().map(|result| result.map_err(|e| self.store_error(e))).collect()
    }

    /// Publishes messages (channel, payload) in one round trip. At most once each.
    pub async fn publish_many(&self, messages: &[(String, String)]) -> Result<(), StoreError> {
        let _permits = self.permits(messages.len())?;
        let mut pipeline = Pipeline::with_capacity(messages.len());
        for (channel, payload) in messages {
            pipeline.cmd("PUBLISH").arg(channel).arg(payload);
        }
        let replies = self.live()?.send_all(pipeline).await;
        let refused = replies.and_then(|all| all.into_iter().try_for_each(|r| sound(r).map(drop)));
        refused.map_err(|error| self.store_error(error))
    }
}

/// One round trip; a second one for the calls that found the script missing.
async fn run_pipelined(live: &Live, script: &Script, calls: &[Call]) -> Vec<RedisResult<Value>> {
    let mut results = send_calls(live, script, calls, false).await;
    let missing: Vec<usize> = (0..results.len()).filter(|&at| is_missing(&results, at)).collect();
    if missing.is_empty() {
        return results;
    }
    let again: Vec<Call> = missing.iter().filter_map(|&at| calls.get(at).cloned()).collect();
    let repeated = send_calls(live, script, &again, true).await;
    for (at, result) in missing.into_iter().zip(repeated) {
        if let Some(place) = results.get_mut(at) {
            *place = result;
        }
    }
    results
}

fn is_missing(results: &[RedisResult<Value>], at: usize) -> bool {
    matches!(results.get(at), Some(Err(error)) if trouble::is_noscript(error))
}

async fn send_calls(
    live: &Live,
    script: &Script,
    calls: &[Call],
    load: bool,
) -> Vec<RedisResult<Value>> {
    let headed = live.dialled.headed;
    let mut pipeline = Pipeline::with_capacity(calls.len() + 1);
    if load {
        pipeline.add_command(script.load(headed));
    }
    for call in calls {
        pipeline.add_command(script.evalsha(headed, &call.keys, &call.args));
    }
    match live.send_all(pipeline).await {
        Ok(replies) => replies.into_iter().skip(usize::from(load)).map(sound).collect(),
        Err(error) => calls.iter().map(|_| Err(error.clone())).collect(),
    }
}
