//! Players behind a balancer: any node takes any of their calls and sockets.

use serde_json::json;

use super::{Site, each_product};
use crate::support::{front::Product, node::Ask, ws::WsClient};

each_product! { a_takeover_reaches_the_player }

async fn a_takeover_reaches_the_player(product: Product) {
    let cluster = crate::support::front::nodes().with("streams.limit", 1).start().await;
    let site = Site::of(product, cluster).await;
    // Enough rounds that victim and successor are at different nodes in one of them.
    let mut playing: Option<(WsClient, String)> = None;
    for round in 0..4 {
        let name = format!("Device {round}");
        let running = playing.as_ref().map(|(_, session)| session.clone());
        let body = json!({ "sessionName": name, "offerId": "basic", "sessionId": running });
        let path = if running.is_some() { "/takeover" } else { "/sessions" };
        let body = if running.is_some() {
            body
        } else {
            json!({ "sessionName": name, "offerId": "basic" })
        };
        let ticket = site.ask("alice", path, &body).answer().await.ok();
        if let Some((mut victim, _)) = playing.take() {
            let (action, told) = victim.next_action().await;
            assert_eq!((action.as_str(), &told["sessionName"]), ("TAKE_OVER", &json!(name)));
            assert_eq!(victim.next_close().await.0, 4001, "the node's own close code arrives");
        }
        let endpoint = ticket["endpoint"].as_str().expect("an endpoint");
        let socket = site.front.socket(endpoint, None).await.expect("the socket opens");
        let mut player = WsClient::over(socket);
        player.send_action("REQUESTED").await;
        assert_eq!(player.next_action().await.0, "OK");
        let log = site.front.log();
        let token = endpoint.split_once("token=").expect("a token").1;
        assert!(!log.contains(token), "a token is in the log:\n{log}");
        playing = Some((player, ticket["sessionId"].as_str().expect("an id").to_owned()));
    }
}
