//! A visitor's page with its recorder: it answers requests for snapshots by itself.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;

use super::{Frame, Kind, SITE, Socket, open, socket_url};
use crate::support::in_time;

/// How a page connects.
#[derive(Default, Clone)]
pub(crate) struct PageOptions {
    /// The customer's secret of a session.
    pub(crate) token: Option<String>,
    /// What `hello` says beside the protocol; `null`: nothing.
    pub(crate) hello: Value,
    /// The page declines or accepts by itself when asked.
    pub(crate) consents: Option<bool>,
    /// The text it shows from the start.
    pub(crate) text: String,
    /// The epoch it begins with; 0 stands for 1.
    pub(crate) epoch: u32,
}

/// A page whose socket is open.
pub(crate) struct Page {
    commands: mpsc::UnboundedSender<Command>,
    seen: watch::Receiver<Seen>,
    done: watch::Receiver<usize>,
    commanded: usize,
}

enum Command {
    Append(Vec<u8>),
    Skip,
    Volatile(Vec<u8>),
    Say(Value),
    Raw(Message),
    Drop,
}

/// What happened to the page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// What it shows.
    pub(crate) text: Vec<u8>,
    /// Its epoch.
    pub(crate) epoch: u32,
    /// The snapshots it was asked for.
    pub(crate) requests: usize,
    /// Every message, in order.
    pub(crate) messages: Vec<Value>,
    /// The code its socket was closed with; 1006 where the connection broke.
    pub(crate) closed: Option<u16>,
}

impl Seen {
    /// The last message of a type.
    pub(crate) fn last(&self, kind: &str) -> Option<&Value> {
        self.messages.iter().rev().find(|message| message["type"] == kind)
    }
}

impl Page {
    /// A page that shows itself in a session it has the customer's secret of, and accepts.
    pub(crate) async fn of_session(node: SocketAddr, token: &str) -> Self {
        let token = Some(token.to_owned());
        Self::open(node, PageOptions { token, consents: Some(true), ..PageOptions::default() })
            .await
    }

    /// A page of a visitor who is online, and accepts.
    pub(crate) async fn of_visitor(node: SocketAddr, visitor: Value) -> Self {
        let hello = json!({ "visitor": visitor });
        Self::open(node, PageOptions { hello, consents: Some(true), ..PageOptions::default() })
            .await
    }

    /// Opens the page's socket; the node has to accept.
    pub(crate) async fn open(node: SocketAddr, options: PageOptions) -> Self {
        let opened = Self::try_open(node, options, Some(SITE)).await;
        opened.unwrap_or_else(|status| panic!("the node refused the page with {status}"))
    }

    /// Opens the page's socket; a refusal is its status.
    pub(crate) async fn try_open(
        node: SocketAddr,
        options: PageOptions,
        origin: Option<&str>,
    ) -> Result<Self, u16> {
        let url = socket_url(node, "visitor", options.token.as_deref());
        Ok(Self::over(open(&url, origin).await?, options).await)
    }

    /// A page whose socket is open already, however it got there.
    pub(crate) async fn over(mut socket: Socket, options: PageOptions) -> Self {
        let mut hello = json!({ "type": "hello", "protocol": 1 });
        if let (Some(hello), Some(more)) = (hello.as_object_mut(), options.hello.as_object()) {
            hello.extend(more.clone());
        }
        // The node may be gone again: that is read, not noticed here.
        let _ = socket.send(Message::text(hello.to_string())).await;
        let (commands, orders) = mpsc::unbounded_channel();
        let epoch = options.epoch.max(1);
        let seen = Seen { text: options.text.into_bytes(), epoch, ..Seen::default() };
        let (told, seen) = watch::channel(seen);
        let (finished, done) = watch::channel(0);
        let consents = options.consents;
        let recorder = Recorder { told, finished, consents, sequence: 0, has_begun: false };
        tokio::spawn(recorder.run(socket, orders));
        Self { commands, seen, done, commanded: 0 }
    }

    fn command(&mut self, command: Command) {
        self.commanded += 1;
        // A page whose socket is closed says nothing.
        let _ = self.commands.send(command);
    }

    /// The page changes: a delta.
    pub(crate) fn append(&mut self, text: &str) {
        self.command(Command::Append(text.as_bytes().to_vec()));
    }

    /// Leaves one sequence number out.
    pub(crate) fn skip(&mut self) {
        self.command(Command::Skip);
    }

    /// The mouse moves.
    pub(crate) fn volatile(&mut self, payload: &[u8]) {
        self.command(Command::Volatile(payload.to_vec()));
    }

    /// Says something.
    pub(crate) fn say(&mut self, message: Value) {
        self.command(Command::Say(message));
    }

    /// Sends any frame.
    pub(crate) fn raw(&mut self, message: Message) {
        self.command(Command::Raw(message));
    }

    /// The connection breaks.
    pub(crate) fn drop_line(&mut self) {
        self.command(Command::Drop);
    }

    /// Waits until everything that was commanded was written to the socket.
    pub(crate) async fn flushed(&mut self) {
        let commanded = self.commanded;
        let done = self.done.wait_for(|done| *done >= commanded);
        // A page that was closed flushes nothing any more.
        drop(in_time("the page's commands are done", done).await);
    }

    /// What happened so far.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// What it shows.
    pub(crate) async fn text(&mut self) -> Vec<u8> {
        self.flushed().await;
        self.seen.borrow().text.clone()
    }

    /// Waits until something happened.
    pub(crate) async fn until(&mut self, what: &str, happened: impl Fn(&Seen) -> bool) -> Seen {
        let seen = self.seen.wait_for(|seen| happened(seen));
        in_time(what, seen).await.expect("the page lives on").clone()
    }

    /// Waits until the session stands like that for the visitor.
    pub(crate) async fn status(&mut self, status: &str) -> Value {
        let has = |seen: &Seen| seen.last("session").is_some_and(|last| last["status"] == status);
        let seen = self.until(&format!("the page is told {status}"), has).await;
        seen.last("session").expect("it was told").clone()
    }

    /// Waits for a message of that type.
    pub(crate) async fn told(&mut self, kind: &str) -> Value {
        let seen = self.until(kind, |seen| seen.last(kind).is_some()).await;
        seen.last(kind).expect("it was told").clone()
    }

    /// Waits until its socket is closed.
    pub(crate) async fn closed(&mut self) -> u16 {
        let seen = self.until("the page's socket is closed", |seen| seen.closed.is_some()).await;
        seen.closed.expect("it is closed")
    }
}

/// The task that owns the socket.
struct Recorder {
    told: watch::Sender<Seen>,
    finished: watch::Sender<usize>,
    consents: Option<bool>,
    sequence: u64,
    /// It has sent something of its epoch, which is what the node tells it from then on.
    has_begun: bool,
}

impl Recorder {
    async fn run(mut self, mut socket: Socket, mut orders: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    if matches!(order, Command::Drop) {
                        break;
                    }
                    self.obey(&mut socket, order).await;
                    self.finished.send_modify(|done| *done += 1);
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.heard(&mut socket, &text).await,
                    Some(Ok(Message::Close(frame))) => {
                        let _ = socket.flush().await;
                        let code = frame.map_or(1005, |frame| frame.code.into());
                        self.told.send_modify(|seen| seen.closed = Some(code));
                        break;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => {
                        self.told.send_modify(|seen| seen.closed = Some(1006));
                        break;
                    }
                },
            }
        }
        self.finished.send_replace(usize::MAX);
        drop(socket);
        // What was seen stays to be looked at.
        while orders.recv().await.is_some() {}
    }

    async fn obey(&mut self, socket: &mut Socket, order: Command) {
        let epoch = self.told.borrow().epoch;
        let message = match order {
            Command::Append(text) => {
                self.told.send_modify(|seen| seen.text.extend(&text));
                (self.sequence, self.has_begun) = (self.sequence + 1, true);
                let sequence = self.sequence;
                frame(Frame { kind: Kind::Delta, epoch, sequence, payload: text })
            }
            Command::Volatile(payload) => {
                let sequence = self.sequence;
                frame(Frame { kind: Kind::Volatile, epoch, sequence, payload })
            }
            Command::Skip => {
                self.sequence += 1;
                return;
            }
            Command::Say(message) => Message::text(message.to_string()),
            Command::Raw(message) => message,
            Command::Drop => return,
        };
        // The node may have closed the socket; that is read.
        let _ = socket.send(message).await;
    }

    async fn heard(&mut self, socket: &mut Socket, text: &str) {
        let message: Value = serde_json::from_str(text).expect("messages are JSON");
        match message["type"].as_str().expect("messages have a type") {
            "snapshotRequest" => {
                self.told.send_modify(|seen| seen.requests += 1);
                self.has_begun = true;
                let Seen { text, epoch, .. } = self.told.borrow().clone();
                let sequence = self.sequence;
                let frame = frame(Frame { kind: Kind::Snapshot, epoch, sequence, payload: text });
                let _ = socket.send(frame).await;
            }
            "session" => {
                if let Some(newest) = message["epoch"].as_u64() {
                    let newest = u32::try_from(newest).expect("an epoch");
                    // Another recorder was here before: this one begins a new epoch above it.
                    if !self.has_begun {
                        self.told.send_modify(|seen| seen.epoch = seen.epoch.max(newest + 1));
                    }
                }
                if let (Some(accepted), "pendingRequest") =
                    (self.consents, message["status"].as_str().unwrap_or_default())
                {
                    let answer = json!({ "type": "consent", "accepted": accepted });
                    let _ = socket.send(Message::text(answer.to_string())).await;
                }
            }
            _ => {}
        }
        self.told.send_modify(|seen| seen.messages.push(message));
    }
}

fn frame(frame: Frame) -> Message {
    Message::binary(frame.bytes())
}
