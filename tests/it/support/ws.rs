//! A WebSocket client that speaks as the players do: JSON text frames with an `action`.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue, StatusCode},
        protocol::CloseFrame,
    },
};

use super::in_time;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How many received messages may wait for a test to look at them.
const INBOX: usize = 1024;

/// A client's socket. A task reads it, and so answers transport pings, unless it plays dead.
pub(crate) struct WsClient {
    to_send: mpsc::Sender<Message>,
    received: mpsc::Receiver<Received>,
    dead: watch::Sender<bool>,
}

/// What arrived.
#[derive(Debug)]
enum Received {
    Text(String),
    Binary(Vec<u8>),
    /// Status and reason; 1005 where the server gave none, 1006 where the connection broke.
    Closed(u16, String),
}

impl WsClient {
    /// Connects; the server has to accept.
    pub(crate) async fn connect(url: &str) -> Self {
        match Self::try_connect(url, &[]).await {
            Ok(client) => client,
            Err(status) => panic!("the server refused the socket with {status}"),
        }
    }

    /// Connects with headers of one's own (such as `origin`); a refusal is its status.
    pub(crate) async fn try_connect(
        url: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, StatusCode> {
        let mut request = url.into_client_request().expect("a URL of a socket");
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
        }
        match in_time("a WebSocket handshake", connect_async(request)).await {
            Ok((socket, _)) => Ok(Self::over(socket)),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("no WebSocket handshake: {error}"),
        }
    }

    /// A client whose socket is open already, however it got there.
    pub(crate) fn over(socket: Socket) -> Self {
        let (to_send, sending) = mpsc::channel(INBOX);
        let (inbox, received) = mpsc::channel(INBOX);
        let dead = watch::Sender::new(false);
        tokio::spawn(run(socket, sending, inbox, dead.subscribe()));
        Self { to_send, received, dead }
    }

    /// Sends `{"action": action}`.
    pub(crate) async fn send_action(&self, action: &str) {
        self.send_text(&json!({ "action": action }).to_string()).await;
    }

    /// Sends any text.
    pub(crate) async fn send_text(&self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends any bytes.
    pub(crate) async fn send_binary(&self, bytes: &[u8]) {
        self.send(Message::binary(bytes.to_vec())).await;
    }

    /// Closes properly, as a page that is left does.
    pub(crate) async fn close(&self) {
        self.send(Message::Close(None)).await;
    }

    /// The server may have closed the socket meanwhile: that is read, not noticed here.
    async fn send(&self, message: Message) {
        let _ = self.to_send.send(message).await;
    }

    /// Plays dead (a machine that sleeps): reads nothing, sends nothing, not even pongs.
    pub(crate) fn play_dead(&self, dead: bool) {
        self.dead.send_replace(dead);
    }

    /// The next message's action, and the whole message.
    pub(crate) async fn next_action(&mut self) -> (String, Value) {
        let Received::Text(text) = self.next("a message").await else {
            panic!("an action comes as text");
        };
        let message: Value = serde_json::from_str(&text).expect("an action is JSON");
        let action = message["action"].as_str().expect("an action has a name").to_owned();
        (action, message)
    }

    /// The next message, which is binary.
    pub(crate) async fn next_binary(&mut self) -> Vec<u8> {
        match self.next("a binary message").await {
            Received::Binary(bytes) => bytes,
            other @ (Received::Text(_) | Received::Closed(..)) => panic!("binary, not {other:?}"),
        }
    }

    /// The close code and reason, which are to come next.
    pub(crate) async fn next_close(&mut self) -> (u16, String) {
        match self.next("the end of the socket").await {
            Received::Closed(code, reason) => (code, reason),
            other @ (Received::Text(_) | Received::Binary(_)) => panic!("the end, not {other:?}"),
        }
    }

    /// The close code, if the server closes next; none if it says something, PINGs aside.
    pub(crate) async fn next_end(&mut self) -> Option<u16> {
        loop {
            match self.next("a message or the end").await {
                Received::Text(text) if text.contains("PING") => {}
                Received::Text(_) | Received::Binary(_) => return None,
                Received::Closed(code, _) => return Some(code),
            }
        }
    }

    async fn next(&mut self, what: &str) -> Received {
        in_time(what, self.received.recv()).await.expect("the end was read already")
    }
}

/// Reads and writes the socket until it ends, or the test drops the client (the line goes dead).
async fn run(
    mut socket: Socket,
    mut sending: mpsc::Receiver<Message>,
    inbox: mpsc::Sender<Received>,
    mut dead: watch::Receiver<bool>,
) {
    loop {
        if dead.wait_for(|dead| !dead).await.is_err() {
            return;
        }
        tokio::select! {
            biased;
            changed = dead.changed() => if changed.is_err() { return },
            message = sending.recv() => {
                let Some(message) = message else { return };
                // A write to a socket the server has closed; what it said is read below.
                let _ = socket.send(message).await;
            }
            message = socket.next() => {
                let Some(received) = read(message) else { continue };
                let over = matches!(received, Received::Closed(..));
                if over {
                    // Sends the answer to the server's close frame.
                    let _ = socket.flush().await;
                }
                if inbox.send(received).await.is_err() || over {
                    return;
                }
            }
        }
    }
}

/// What a test cares about: no pings and pongs.
fn read(message: Option<Result<Message, Error>>) -> Option<Received> {
    let broken = || Received::Closed(1006, String::new());
    Some(match message {
        None | Some(Err(_)) => broken(),
        Some(Ok(Message::Text(text))) => Received::Text(text.to_string()),
        Some(Ok(Message::Binary(bytes))) => Received::Binary(bytes.to_vec()),
        Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
            Received::Closed(code.into(), reason.to_string())
        }
        Some(Ok(Message::Close(None))) => Received::Closed(1005, String::new()),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return None,
    })
}
