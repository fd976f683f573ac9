//! The subscription of a node to its own channel, on a connection of its own.
//!
//! Never shares a connection with commands: replies and messages would mix.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt};
use redis::{Msg, aio::PubSub};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    backoff::Backoff,
    bus::decode,
    link::{Link, LinkState},
    trouble,
};
use crate::domain::{cluster::Delivery, error::StoreError};

/// Why a subscription ended.
enum End {
    /// Nobody listens any more.
    Unwanted,
    /// It is to be rebuilt.
    Lost(&'static str),
}

/// The listening end of a bus.
pub(super) struct Inbox {
    link: Arc<Link>,
    channel: String,
    deliveries: mpsc::Sender<Delivery>,
    renewals: watch::Receiver<u64>,
    state: watch::Receiver<LinkState>,
    complained: bool,
}

impl Inbox {
    pub(super) fn new(
        link: Arc<Link>,
        channel: String,
        deliveries: mpsc::Sender<Delivery>,
        renewals: watch::Receiver<u64>,
    ) -> Self {
        let state = link.state();
        Self { link, channel, deliveries, renewals, state, complained: false }
    }

    /// Listens until shutdown, or until the receiver is gone.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.listen() => {}
        }
    }

    async fn listen(&mut self) {
        let mut backoff = Backoff::new();
        while !self.deliveries.is_closed() {
            // Wishes from before this attempt are fulfilled by it.
            self.renewals.mark_unchanged();
            let incarnation = self.state.borrow_and_update().incarnation;
            match self.connect().await {
                Ok(subscription) => {
                    info!(channel = self.channel, "subscribed");
                    self.complained = false;
                    let since = Instant::now();
                    let messages = subscription.into_on_message();
                    match self.pump(messages, incarnation).await {
                        End::Unwanted => return,
                        End::Lost(cause) => self.lost(cause),
                    }
                    backoff.lived(since.elapsed());
                }
                Err(error) => {
                    self.complain(&error);
                }
            }
            tokio::time::sleep(backoff.next()).await;
        }
    }

    /// Returns when the server has confirmed the subscription.
    async fn connect(&self) -> Result<PubSub, StoreError> {
        let client = self.link.subscriber()?;
        let subscribe = async {
            let mut subscription = client.get_async_pubsub().await?;
            subscription.subscribe(&self.channel).await?;
            Ok(subscription)
        };
        let within: Duration = self.link.timeout();
        let ended = tokio::time::timeout(within, subscribe).await;
        ended.unwrap_or_else(|_| Err(trouble::timed_out())).map_err(|e| self.link.store_error(e))
    }

    /// Hands messages on. Never waits for the receiver: what does not fit is replaced
    /// by one `Resumed` when there is room again, so the socket is always read.
    async fn pump(&mut self, mut messages: impl Stream<Item = Msg> + Unpin, since: u64) -> End {
        let Self { deliveries, renewals, state, .. } = self;
        let mut owes_resumed = true;
        loop {
            tokio::select! {
                biased;
                permit = deliveries.reserve(), if owes_resumed => match permit {
                    Ok(permit) => {
                        permit.send(Delivery::Resumed);
                        owes_resumed = false;
                    }
                    Err(_) => return End::Unwanted,
                },
                Ok(()) = renewals.changed() => return End::Lost("another one was asked for"),
                // Another server may be the master now.
                () = rebuilt(state, since) => return End::Lost("the link to redis was rebuilt"),
                () = deliveries.closed() => return End::Unwanted,
                message = messages.next() => match message {
                    Some(message) if owes_resumed => drop(message),
                    Some(message) => owes_resumed = !deliver(deliveries, &message),
                    None => return End::Lost("the connection was closed"),
                },
            }
        }
    }

    /// That Redis is away is said elsewhere; that it refuses this user is said here, once.
    fn complain(&mut self, error: &StoreError) {
        let is_denied = trouble::is_denial(error);
        let error = error as &dyn std::error::Error;
        if is_denied && !std::mem::replace(&mut self.complained, true) {
            warn!(error, channel = self.channel, "this user may not subscribe");
        } else {
            debug!(error, channel = self.channel, "no subscription");
        }
    }

    fn lost(&self, cause: &str) {
        warn!(channel = self.channel, cause, "the subscription is lost");
        // No room for it: the receiver is behind, and `Resumed` will tell it the same.
        let _ = self.deliveries.try_send(Delivery::Lost);
    }
}

/// Returns when the link is of another incarnation.
async fn rebuilt(state: &mut watch::Receiver<LinkState>, since: u64) {
    // An error would mean that the link is gone, but the inbox holds it.
    let _ = state.wait_for(|state| state.incarnation != since).await;
}

/// `false`: the receiver is too slow, and the message is dropped.
fn deliver(deliveries: &mpsc::Sender<Delivery>, message: &Msg) -> bool {
    match decode(message.get_payload_bytes()) {
        Some(message) => deliveries.try_send(Delivery::Message(message)).is_ok(),
        None => true,
    }
}
