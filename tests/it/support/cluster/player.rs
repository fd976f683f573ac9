//! A player with its socket, well-behaved: it answers each PING.

use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use super::{super::ws::WsClient, Cluster, Ticket};

/// A player whose socket is open.
pub(crate) struct Player {
    socket: WsClient,
}

impl Player {
    /// Opens the socket of a session on a node and is told to play.
    pub(crate) async fn starts(cluster: &Cluster, node: usize, ticket: &Ticket) -> Self {
        let mut player = Self::asks(cluster, node, ticket).await;
        player.is_told("OK").await;
        player
    }

    /// Opens the socket of a session on a node and asks to play.
    pub(crate) async fn asks(cluster: &Cluster, node: usize, ticket: &Ticket) -> Self {
        match Self::connects(cluster, node, ticket).await {
            Ok(player) => {
                player.socket.send_action("REQUESTED").await;
                player
            }
            Err(status) => panic!("the node refused the socket with {status}"),
        }
    }

    /// Opens the socket of a session on a node.
    pub(crate) async fn connects(
        cluster: &Cluster,
        node: usize,
        ticket: &Ticket,
    ) -> Result<Self, StatusCode> {
        let socket = WsClient::try_connect(&at(cluster, node, &ticket.endpoint), &[]).await;
        socket.map(|socket| Self { socket })
    }

    /// What it is told next, PINGs aside.
    async fn next(&mut self) -> (String, Value) {
        loop {
            let (action, message) = self.socket.next_action().await;
            if action != "PING" {
                return (action, message);
            }
            self.socket.send_action("PONG").await;
        }
    }

    /// Is told that, before anything else.
    pub(crate) async fn is_told(&mut self, action: &str) -> Value {
        let (told, message) = self.next().await;
        assert_eq!(told, action, "{message}");
        message
    }

    /// Plays on: nothing else was said to it, and its session is still there.
    pub(crate) async fn plays_on(&mut self) {
        self.socket.send_action("REQUESTED").await;
        self.is_told("OK").await;
    }

    /// Is told that and sent away with that close code.
    pub(crate) async fn sent_away(mut self, action: &str, code: u16) -> Value {
        let message = self.is_told(action).await;
        self.closed(code).await;
        message
    }

    /// Is closed with that code, and nothing is said before.
    pub(crate) async fn closed(mut self, code: u16) {
        let (closed, reason) = self.socket.next_close().await;
        assert_eq!(closed, code, "{reason}");
    }

    /// The viewer leaves the page.
    pub(crate) async fn leaves(self) {
        self.socket.close().await;
    }

    /// The bare socket, for players that do not behave.
    pub(crate) fn socket(&mut self) -> &mut WsClient {
        &mut self.socket
    }
}

/// The endpoint at that node, whatever node made it out.
fn at(cluster: &Cluster, node: usize, endpoint: &str) -> String {
    let mut url = Url::parse(endpoint).expect("the endpoint is a URL");
    let address = cluster.node(node).public;
    url.set_ip_host(address.ip()).expect("a host");
    url.set_port(Some(address.port())).expect("a port");
    url.into()
}
