//! Sends requests over some connections as fast as answers come.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{Result, http::Client, stats};

/// What a load brought about.
pub(crate) struct Outcome {
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Of each request, in microseconds, ascending.
    pub(crate) latencies_us: Vec<f64>,
    /// Bodies of the answers, in no order.
    pub(crate) bodies: Vec<Box<[u8]>>,
}

impl Outcome {
    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        self.latencies_us.len() as f64 / self.took.as_secs_f64()
    }

    /// The latency that a share of the requests stayed below.
    pub(crate) fn quantile_us(&self, share: f64) -> f64 {
        stats::quantile(&self.latencies_us, share)
    }
}

/// Sends every request once. Each answer must be 200: a refusal is no load.
pub(crate) async fn send_all(
    address: SocketAddr,
    connections: usize,
    requests: Vec<Vec<u8>>,
) -> Result<Outcome> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(Client::connect(address).await?);
    }
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(drive(client, requests.clone(), next.clone()));
    }
    let mut outcome = Outcome {
        took: Duration::ZERO,
        latencies_us: Vec::with_capacity(requests.len()),
        bodies: Vec::with_capacity(requests.len()),
    };
    while let Some(driven) = tasks.join_next().await {
        let (latencies_us, bodies) = driven??;
        outcome.latencies_us.extend(latencies_us);
        outcome.bodies.extend(bodies);
    }
    outcome.took = started.elapsed();
    outcome.latencies_us.sort_by(f64::total_cmp);
    Ok(outcome)
}

async fn drive(
    mut client: Client,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
) -> Result<(Vec<f64>, Vec<Box<[u8]>>)> {
    let (mut latencies_us, mut bodies) = (Vec::new(), Vec::new());
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let sent = Instant::now();
        let answer = client.send(request).await?;
        latencies_us.push(sent.elapsed().as_secs_f64() * 1e6);
        if answer.status != 200 {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("answered {}: {text}", answer.status).into());
        }
        bodies.push(answer.body);
    }
    Ok((latencies_us, bodies))
}
