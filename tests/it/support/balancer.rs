//! A TCP balancer that knows nothing of sessions: each connection goes to the next node.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The balancer. Dropping it cuts every connection.
pub(crate) struct Balancer {
    /// Where clients reach it.
    pub(crate) at: SocketAddr,
    _stop: DropGuard,
}

impl Balancer {
    /// A balancer on a free port in front of those nodes. The first connection goes to the first.
    pub(crate) async fn start(nodes: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let at = listener.local_addr().expect("it is bound");
        let stop = CancellationToken::new();
        let accepting = stop.clone();
        let nodes: Arc<[SocketAddr]> = nodes.into();
        tokio::spawn(async move {
            let accept = accept(listener, nodes, accepting.clone());
            accepting.run_until_cancelled(accept).await
        });
        Self { at, _stop: stop.drop_guard() }
    }
}

async fn accept(listener: TcpListener, nodes: Arc<[SocketAddr]>, stop: CancellationToken) {
    for turn in 0.. {
        let (client, _) = listener.accept().await.expect("the listener stands");
        let (nodes, stop) = (nodes.clone(), stop.clone());
        tokio::spawn(async move { stop.run_until_cancelled(carry(client, &nodes, turn)).await });
    }
}

/// Carries a connection to the node whose turn it is, or to the next that takes it.
async fn carry(mut client: TcpStream, nodes: &[SocketAddr], turn: usize) {
    for skipped in 0..nodes.len() {
        if let Ok(mut node) = TcpStream::connect(nodes[(turn + skipped) % nodes.len()]).await {
            // Either end may break the connection: the other one is told by its own.
            drop(copy_bidirectional(&mut client, &mut node).await);
            return;
        }
    }
}
