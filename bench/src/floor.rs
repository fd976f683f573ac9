//! The floor of P1: an axum handler that makes one script call, and nothing that Baton is for.
//!
//! No token is verified, no limit judged, nothing counted: what is left is HTTP, JSON and Redis.

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use redis::{Script, aio::MultiplexedConnection};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Result;

const SCRIPT: &str = "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) \
                      redis.call('ZADD', KEYS[2], 1, ARGV[1]) \
                      redis.call('PEXPIRE', KEYS[1], 60000) return ARGV[1]";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    session_name: String,
    device_id: String,
}

type Store = (MultiplexedConnection, Script);

async fn create(
    State((mut connection, script)): State<Store>,
    Json(wanted): Json<Wanted>,
) -> std::result::Result<Json<Value>, StatusCode> {
    let mut call = script.prepare_invoke();
    call.key(format!("f:{{{}}}:h", wanted.device_id)).key(format!("f:{{{}}}:z", wanted.device_id));
    call.arg(&wanted.device_id).arg(&wanted.session_name);
    let id: String =
        call.invoke_async(&mut connection).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(Json(json!({ "sessionId": id })))
}

/// Serves until killed.
pub(crate) async fn serve(redis_url: &str) -> Result<()> {
    let client = redis::Client::open(redis_url)?;
    let connection = client.get_multiplexed_async_connection().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let routes = Router::new().route("/sessions", post(create));
    axum::serve(listener, routes.with_state((connection, Script::new(SCRIPT)))).await?;
    Ok(())
}
