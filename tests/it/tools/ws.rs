//! The WebSocket client speaks, listens, and plays dead.

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{Message, http::StatusCode, protocol::CloseFrame},
};

use crate::support::{in_time, ws::WsClient};

/// A client, and the server's side of its socket.
async fn pair() -> (WsClient, WebSocketStream<TcpStream>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let accept = async { accept_async(listener.accept().await.unwrap().0).await.unwrap() };
    tokio::join!(WsClient::connect(&url), accept)
}

#[tokio::test]
async fn actions_go_both_ways() {
    let (mut client, mut server) = pair().await;
    client.send_action("REQUESTED").await;
    let asked = server.next().await.unwrap().unwrap();
    assert_eq!(asked, Message::text(r#"{"action":"REQUESTED"}"#));
    server.send(Message::text(r#"{"action":"TAKE_OVER","sessionName":"TV"}"#)).await.unwrap();
    let (action, message) = client.next_action().await;
    assert_eq!((action.as_str(), &message["sessionName"]), ("TAKE_OVER", &"TV".into()));
}

#[tokio::test]
async fn bytes_go_both_ways() {
    let (mut client, mut server) = pair().await;
    client.send_binary(b"in").await;
    assert_eq!(server.next().await.unwrap().unwrap(), Message::binary("in"));
    server.send(Message::binary("out")).await.unwrap();
    assert_eq!(client.next_binary().await, b"out");
}

#[tokio::test]
async fn the_close_code_of_the_server_arrives() {
    let (mut client, mut server) = pair().await;
    let frame = CloseFrame { code: 4001.into(), reason: "come back".into() };
    server.close(Some(frame)).await.unwrap();
    assert_eq!(client.next_close().await, (4001, "come back".to_owned()));
    // The client answers the close frame: the server's side ends properly.
    assert!(matches!(server.next().await, Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn a_broken_connection_is_1006() {
    let (mut client, server) = pair().await;
    drop(server);
    assert_eq!(client.next_close().await.0, 1006);
}

#[tokio::test]
async fn a_client_can_close() {
    let (client, mut server) = pair().await;
    client.close().await;
    assert!(matches!(server.next().await, Some(Ok(Message::Close(None)))));
}

#[tokio::test]
async fn pings_are_answered_unless_the_client_plays_dead() {
    let (client, mut server) = pair().await;
    server.send(Message::Ping("1".into())).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Message::Pong("1".into()));

    client.play_dead(true);
    server.send(Message::Ping("2".into())).await.unwrap();
    let (other, mut its_server) = pair().await;
    other.send_action("PONG").await;
    its_server.next().await.unwrap().unwrap();
    assert!(server.next().now_or_never().is_none(), "the dead do not answer");

    client.play_dead(false);
    let answer = in_time("a late pong", server.next()).await.unwrap().unwrap();
    assert_eq!(answer, Message::Pong("2".into()));
}

#[tokio::test]
async fn a_refused_handshake_is_its_status() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let refuse = async {
        let mut stream = listener.accept().await.unwrap().0;
        let length = stream.read(&mut [0; 4096]).await.unwrap();
        assert!(length > 0);
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream
    };
    let headers = [("origin", "https://elsewhere.example")];
    let (refused, _stream) = tokio::join!(WsClient::try_connect(&url, &headers), refuse);
    assert_eq!(refused.err(), Some(StatusCode::FORBIDDEN));
}
