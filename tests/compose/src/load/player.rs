//! A player that comes back: whatever breaks its socket, it connects to the same endpoint again.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

use crate::support::in_time;

/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a handshake, or the answer to `REQUESTED`, may take before the player tries again.
const PATIENCE: Duration = Duration::from_secs(5);
/// Close codes that say: do not come back.
const FINAL: std::ops::RangeInclusive<u16> = 4000..=4499;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What happened to a player.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ride {
    /// It was told to play, and its socket is open.
    pub(crate) is_playing: bool,
    /// Times it was told so.
    pub(crate) starts: u32,
    /// Handshakes that failed.
    pub(crate) refusals: u32,
    /// Codes that its sockets were closed with; 1006 where the connection broke.
    pub(crate) codes: Vec<u16>,
    /// The longest time without a socket.
    pub(crate) longest_gap: Duration,
    /// Why it plays no more: `FINISHED` where it wanted that.
    pub(crate) over: Option<String>,
}

/// A player; its connection breaks when it is dropped.
pub(crate) struct Player {
    ride: watch::Receiver<Ride>,
    finish: mpsc::Sender<()>,
}

/// How one connection ended.
enum End {
    /// With a code after which one comes back.
    Back(u16),
    /// For good.
    Over(String),
    /// The player was dropped.
    Left,
}

impl Player {
    /// Starts to play at an endpoint; waits for nothing.
    pub(crate) fn begin(endpoint: String) -> Self {
        let (told, ride) = watch::channel(Ride::default());
        let (finish, wanted) = mpsc::channel(1);
        tokio::spawn(play(endpoint, told, wanted));
        Self { ride, finish }
    }

    /// What happened so far.
    pub(crate) fn ride(&self) -> Ride {
        self.ride.borrow().clone()
    }

    /// Waits until it plays, or cannot any more.
    pub(crate) async fn plays(&mut self) -> Result<Ride, String> {
        let settled = self.ride.wait_for(|ride| ride.is_playing || ride.over.is_some());
        let ride = in_time("the player plays", settled).await.map_err(|error| error.to_string())?;
        match &ride.over {
            Some(why) => Err(format!("the player was sent away: {why}")),
            None => Ok(ride.clone()),
        }
    }

    /// The stream is over: waits until the cluster knows. For times at which nothing breaks.
    pub(crate) async fn finish(mut self) -> Result<Ride, String> {
        // A player that is over takes no orders.
        let _ = self.finish.send(()).await;
        let over = self.ride.wait_for(|ride| ride.over.is_some());
        let ride = in_time("the player ends", over).await.map_err(|error| error.to_string())?;
        match ride.over.as_deref() {
            Some("FINISHED") => Ok(ride.clone()),
            why => Err(format!("the player ended otherwise: {why:?}")),
        }
    }
}

async fn play(endpoint: String, told: watch::Sender<Ride>, mut finish: mpsc::Receiver<()>) {
    let mut without = Instant::now();
    loop {
        let Some(socket) = open(&endpoint).await else {
            told.send_modify(|ride| ride.refusals += 1);
            if told.is_closed() {
                return;
            }
            sleep(PAUSE).await;
            continue;
        };
        let gap = || without.elapsed();
        let end = hold(socket, &told, &mut finish, gap).await;
        without = Instant::now();
        told.send_modify(|ride| ride.is_playing = false);
        match end {
            End::Back(code) => told.send_modify(|ride| ride.codes.push(code)),
            End::Over(why) => {
                told.send_modify(|ride| ride.over = Some(why));
                return;
            }
            End::Left => return,
        }
    }
}

/// A socket on which `REQUESTED` was said.
async fn open(endpoint: &str) -> Option<Socket> {
    let (mut socket, _) = timeout(PATIENCE, connect_async(endpoint)).await.ok()?.ok()?;
    socket.send(action("REQUESTED")).await.ok()?;
    Some(socket)
}

/// Plays until the socket ends.
async fn hold(
    mut socket: Socket,
    told: &watch::Sender<Ride>,
    finish: &mut mpsc::Receiver<()>,
    gap: impl Fn() -> Duration,
) -> End {
    let opened = Instant::now();
    let (mut is_playing, mut last_word) = (false, None);
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            wish = finish.recv(), if is_playing => {
                if wish.is_none() {
                    return End::Left;
                }
                // A socket that is closed is read as closed.
                let _ = socket.send(action("FINISHED")).await;
                last_word = Some("FINISHED".to_owned());
                continue;
            }
            () = sleep(PATIENCE.saturating_sub(opened.elapsed())), if !is_playing => {
                return End::Back(1006);
            }
        };
        let said = match heard(message) {
            Ok(Some(said)) => said,
            Ok(None) => continue,
            Err(code) => return end(code, last_word),
        };
        match said["action"].as_str().unwrap_or_default() {
            "OK" => {
                is_playing = true;
                told.send_modify(|ride| {
                    // The first start is no gap.
                    if ride.starts > 0 {
                        ride.longest_gap = ride.longest_gap.max(gap());
                    }
                    (ride.is_playing, ride.starts) = (true, ride.starts + 1);
                });
            }
            "PING" => drop(socket.send(action("PONG")).await),
            _ => last_word = Some(said.to_string()),
        }
    }
}

fn end(code: u16, last_word: Option<String>) -> End {
    match last_word {
        Some(word) if word == "FINISHED" && code == 4000 => End::Over(word),
        _ if !FINAL.contains(&code) => End::Back(code),
        word => End::Over(format!("{code} {word:?}")),
    }
}

/// What was said, nothing that matters, or the code that the socket was closed with.
fn heard(message: Option<Result<Message, Error>>) -> Result<Option<Value>, u16> {
    match message {
        Some(Ok(Message::Text(text))) => {
            Ok(Some(serde_json::from_str(&text).map_err(|_| 4006_u16)?))
        }
        Some(Ok(Message::Close(frame))) => Err(frame.map_or(1005, |frame| frame.code.into())),
        Some(Ok(_)) => Ok(None),
        Some(Err(_)) | None => Err(1006),
    }
}

fn action(action: &str) -> Message {
    Message::text(json!({ "action": action }).to_string())
}
