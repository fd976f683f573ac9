//! Somebody who watches: its mirror must never show what the page was not.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;

use super::{Frame, Kind, Socket, open, socket_url};
use crate::support::in_time;

/// A viewer whose socket is open.
pub(crate) struct Watcher {
    commands: mpsc::UnboundedSender<Message>,
    asleep: watch::Sender<bool>,
    mirror: watch::Receiver<Mirror>,
}

/// What a viewer shows and was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mirror {
    /// What it shows; none before the first snapshot.
    pub(crate) text: Option<Vec<u8>>,
    /// Epoch and sequence of what it shows.
    pub(crate) at: (u32, u64),
    /// Snapshots it got.
    pub(crate) snapshots: usize,
    /// Deltas it got.
    pub(crate) deltas: usize,
    /// Volatile frames it got.
    pub(crate) volatile: usize,
    /// Every message, in order.
    pub(crate) messages: Vec<Value>,
    /// A frame that did not follow the one before, if there was any.
    pub(crate) broken: Option<String>,
    /// The code its socket was closed with; 1006 where the connection broke.
    pub(crate) closed: Option<u16>,
}

impl Mirror {
    /// The last message of a type.
    pub(crate) fn last(&self, kind: &str) -> Option<&Value> {
        self.messages.iter().rev().find(|message| message["type"] == kind)
    }

    /// How many messages of a type there were.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.messages.iter().filter(|message| message["type"] == kind).count()
    }

    fn take(&mut self, frame: Frame) {
        let Frame { kind, epoch, sequence, payload } = frame;
        let follows = self.text.is_some() && (epoch, sequence) == (self.at.0, self.at.1 + 1);
        match kind {
            Kind::Snapshot => {
                self.snapshots += 1;
                self.at = (epoch, sequence);
                self.text = Some(payload);
            }
            Kind::Delta if follows => {
                self.deltas += 1;
                self.at.1 = sequence;
                self.text.get_or_insert_default().extend(payload);
            }
            Kind::Delta => {
                self.broken = Some(format!("delta {epoch}/{sequence} after {:?}", self.at));
            }
            Kind::Volatile => self.volatile += 1,
        }
    }
}

impl Watcher {
    /// Opens a viewer's socket with any of its secrets; the node has to accept.
    pub(crate) async fn open(node: SocketAddr, token: &str) -> Self {
        let opened = Self::try_open(node, token).await;
        opened.unwrap_or_else(|status| panic!("the node refused the viewer with {status}"))
    }

    /// Opens a viewer's socket; a refusal is its status.
    pub(crate) async fn try_open(node: SocketAddr, token: &str) -> Result<Self, u16> {
        let socket = open(&socket_url(node, "viewer", Some(token)), None).await?;
        Ok(Self::over(socket).await)
    }

    /// A viewer whose socket is open already, however it got there.
    pub(crate) async fn over(mut socket: Socket) -> Self {
        let hello = json!({ "type": "hello", "protocol": 1 });
        // The node may be gone again: that is read, not noticed here.
        let _ = socket.send(Message::text(hello.to_string())).await;
        let (commands, orders) = mpsc::unbounded_channel();
        let (told, mirror) = watch::channel(Mirror::default());
        let asleep = watch::Sender::new(false);
        tokio::spawn(run(socket, orders, told, asleep.subscribe()));
        Self { commands, asleep, mirror }
    }

    /// Says something.
    pub(crate) fn say(&self, message: Value) {
        self.raw(Message::text(message.to_string()));
    }

    /// Sends any frame.
    pub(crate) fn raw(&self, message: Message) {
        // A viewer whose socket is closed says nothing.
        let _ = self.commands.send(message);
    }

    /// Reads nothing (a machine that is overloaded), or reads again.
    pub(crate) fn sleep(&self, asleep: bool) {
        self.asleep.send_replace(asleep);
    }

    /// What it shows and was told so far.
    pub(crate) fn mirror(&self) -> Mirror {
        self.mirror.borrow().clone()
    }

    /// Waits until something happened.
    pub(crate) async fn until(&mut self, what: &str, happened: impl Fn(&Mirror) -> bool) -> Mirror {
        let mirror = self.mirror.wait_for(|mirror| happened(mirror));
        let mirror = in_time(what, mirror).await.expect("the viewer lives on").clone();
        assert_eq!(mirror.broken, None, "{what}");
        mirror
    }

    /// Waits until it shows that.
    pub(crate) async fn shows(&mut self, text: &[u8]) -> Mirror {
        self.until("the viewer shows the page", |mirror| mirror.text.as_deref() == Some(text)).await
    }

    /// Waits until the session stands like that.
    pub(crate) async fn status(&mut self, status: &str) -> Value {
        let has =
            |mirror: &Mirror| mirror.last("session").is_some_and(|last| last["status"] == status);
        let mirror = self.until(&format!("the viewer is told {status}"), has).await;
        mirror.last("session").expect("it was told").clone()
    }

    /// Waits for a message of that type.
    pub(crate) async fn told(&mut self, kind: &str) -> Value {
        let mirror = self.until(kind, |mirror| mirror.last(kind).is_some()).await;
        mirror.last(kind).expect("it was told").clone()
    }

    /// Waits until its socket is closed.
    pub(crate) async fn closed(&mut self) -> u16 {
        let is_closed = |mirror: &Mirror| mirror.closed.is_some();
        let mirror = self.until("the viewer's socket is closed", is_closed).await;
        mirror.closed.expect("it is closed")
    }
}

async fn run(
    mut socket: Socket,
    mut orders: mpsc::UnboundedReceiver<Message>,
    told: watch::Sender<Mirror>,
    mut asleep: watch::Receiver<bool>,
) {
    let code = loop {
        if asleep.wait_for(|asleep| !asleep).await.is_err() {
            return;
        }
        tokio::select! {
            biased;
            changed = asleep.changed() => if changed.is_err() { return },
            order = orders.recv() => {
                let Some(order) = order else { return };
                let _ = socket.send(order).await;
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let message = serde_json::from_str(&text).expect("messages are JSON");
                    told.send_modify(|mirror| mirror.messages.push(message));
                }
                Some(Ok(Message::Binary(bytes))) => {
                    told.send_modify(|mirror| mirror.take(Frame::read(&bytes)));
                }
                Some(Ok(Message::Close(frame))) => {
                    let _ = socket.flush().await;
                    break frame.map_or(1005, |frame| frame.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break 1006,
            },
        }
    };
    told.send_modify(|mirror| mirror.closed = Some(code));
    drop(socket);
    while orders.recv().await.is_some() {}
}
