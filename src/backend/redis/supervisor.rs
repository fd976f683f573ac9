//! Keeps a link connected: dials, probes, and dials again.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    backoff::Backoff, dial::Dialer, link::Link, live::Live, sentinel::Lookout, server::Server,
};

/// How often the connections are probed: with the time-out, the bound within
/// which a frozen or demoted server is noticed when nothing is sent.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Runs until shutdown. The last connections stay with the link: a node that
/// leaves still has something to say.
pub(super) async fn supervise(link: Arc<Link>, dialer: Dialer, shutdown: CancellationToken) {
    let mut supervisor = Supervisor { link, dialer, announced: None, warned: false };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = supervisor.run() => {}
    }
}

struct Supervisor {
    link: Arc<Link>,
    dialer: Dialer,
    /// The state last logged, so that only changes are.
    announced: Option<bool>,
    /// The warning about eviction has been given.
    warned: bool,
}

impl Supervisor {
    async fn run(&mut self) {
        let mut backoff = Backoff::new();
        loop {
            match self.dialer.dial().await {
                Ok((mut dialled, server)) => {
                    let lookout = dialled.lookout.take();
                    let since = Instant::now();
                    let (live, causes) = Live::new(dialled, self.link.timeout());
                    let live = Arc::new(live);
                    self.up(Arc::clone(&live), &server);
                    let cause = watch(&live, causes, lookout).await;
                    self.lost(&live, &cause);
                    backoff.lived(since.elapsed());
                }
                Err(error) => self.down(&error.to_string()),
            }
            tokio::time::sleep(backoff.next()).await;
        }
    }

    fn up(&mut self, live: Arc<Live>, server: &Server) {
        let incarnation = self.link.install(live);
        if self.announced.replace(true) != Some(true) {
            info!(redis = %self.link.place(), incarnation, "redis is up");
        }
        match server.eviction.as_deref() {
            Some("noeviction") | None => {}
            Some(policy) => {
                if !std::mem::replace(&mut self.warned, true) {
                    warn!(
                        policy,
                        "redis evicts keys when its memory is full: sessions may vanish; \
                         set maxmemory-policy to noeviction"
                    );
                }
            }
        }
    }

    /// The old connections of a cluster still serve its healthy shards, so they stay
    /// until their successors stand or cannot be had. Those nobody believes serve nothing.
    fn lost(&mut self, live: &Live, cause: &str) {
        if live.is_cluster() && live.is_trusted() {
            debug!(cause, "dialling the cluster again");
        } else {
            self.down(cause);
        }
    }

    fn down(&mut self, cause: &str) {
        self.link.uninstall();
        if self.announced.replace(false) == Some(false) {
            debug!(redis = %self.link.place(), cause, "redis is still down");
        } else {
            warn!(redis = %self.link.place(), cause, "redis is down");
        }
    }
}

/// Returns why the connections are to be replaced.
async fn watch(
    live: &Live,
    mut causes: mpsc::Receiver<String>,
    mut lookout: Option<Lookout>,
) -> String {
    let mut ticks = tokio::time::interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // `live` holds the sender, so there is always something to hear.
            Some(cause) = causes.recv() => return cause,
            _ = ticks.tick() => {
                if let Err(cause) = live.probe().await {
                    return cause;
                }
                if let Some(lookout) = &mut lookout
                    && lookout.sees_another_master().await
                {
                    return "the sentinels name another master".to_owned();
                }
            }
        }
    }
}
