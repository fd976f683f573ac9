//! A link to Redis as a node has it, without the node.

use std::{sync::Arc, time::Duration};

use baton::backend::redis::{
    link::{Link, LinkOptions, LinkState, Target},
    tls::Tls,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{DEADLINE, in_time, redis::RedisServer};

/// Short enough that a frozen server is noticed soon, long enough for a busy machine.
const CALL_TIMEOUT: Duration = Duration::from_millis(500);

/// A debug build takes long to read the authorities of the system, for each connection anew.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// A link whose tasks end with it.
pub(crate) struct LinkedNode {
    pub(crate) link: Arc<Link>,
    pub(crate) tracker: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

impl LinkedNode {
    pub(crate) fn on(server: &RedisServer) -> Self {
        Self::with(server, 0)
    }

    pub(crate) fn with(server: &RedisServer, wait_replicas: u32) -> Self {
        Self::reaching(Target::Single(server.url()), wait_replicas)
    }

    pub(crate) fn at(target: Target) -> Self {
        Self::open(target, 0, CALL_TIMEOUT)
    }

    /// One whose admissions replicas must confirm.
    pub(crate) fn reaching(target: Target, wait_replicas: u32) -> Self {
        Self::open(target, wait_replicas, CALL_TIMEOUT)
    }

    /// One whose calls to a frozen server last longer than any test waits.
    pub(crate) fn patient(target: Target) -> Self {
        Self::open(target, 0, DEADLINE * 2)
    }

    /// One that shows and believes these certificates.
    pub(crate) fn by_tls(target: Target, wait_replicas: u32, tls: Tls) -> Self {
        let (connections, timeout) = (2, HANDSHAKE_TIMEOUT);
        Self::with_options(LinkOptions { target, connections, timeout, wait_replicas, tls })
    }

    fn open(target: Target, wait_replicas: u32, timeout: Duration) -> Self {
        let tls = Tls::default();
        Self::with_options(LinkOptions { target, connections: 2, timeout, wait_replicas, tls })
    }

    fn with_options(options: LinkOptions) -> Self {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let link = Link::open(options, &tracker, shutdown.clone()).unwrap();
        Self { link, tracker, shutdown }
    }

    /// Waits for a state of the link.
    pub(crate) async fn until(
        &self,
        what: &str,
        wanted: impl FnMut(&LinkState) -> bool,
    ) -> LinkState {
        let mut state = self.link.state();
        *in_time(what, state.wait_for(wanted)).await.unwrap()
    }

    pub(crate) async fn until_up(&self) -> LinkState {
        self.until("the link is up", |state| state.up).await
    }

    pub(crate) async fn until_down(&self) {
        self.until("the link is down", |state| !state.up).await;
    }
}

impl Drop for LinkedNode {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
