//! The stream store on a Redis in a bad state.

use baton::domain::streams::ReleaseOutcome;

use crate::{
    conformance::steps::{ask, attach, create, live, release, renew, renewal},
    support::{
        redis::RedisServer,
        stores::{Streams, redis_streams},
    },
};

/// Holds `a` on `n1` as generation 2.
async fn playing(server: &RedisServer) -> Streams {
    let store = redis_streams(server, "t").await;
    create(&store, &ask("a")).await;
    attach(&store, "a", "n1").await;
    store
}

#[tokio::test]
async fn a_full_server_refuses_creates_and_still_frees() {
    let server = RedisServer::start().await;
    let store = playing(&server).await;
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let refused = store.create(&ask("b")).await.unwrap_err();
    assert!(refused.is_transient(), "{refused:?}");
    assert_eq!(live(&store).await, ["a"]);
    renew(&store, &renewal("a", 2)).await;
    assert!(matches!(release(&store, "a").await, ReleaseOutcome::Released(_)));
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]).await;
    create(&store, &ask("b")).await;
    assert_eq!(live(&store).await, ["b"]);
}

#[tokio::test]
async fn a_deleted_key_bricks_no_account() {
    for part in ["l", "r", "p"] {
        let server = RedisServer::start().await;
        let store = playing(&server).await;
        let redis::Value::Array(keys) = server.cli(&["KEYS", &format!("t:s:*:{part}")]).await
        else {
            panic!("a list of keys");
        };
        let [key] = keys.try_into().unwrap();
        let key: String = redis::from_redis_value(key).unwrap();
        server.cli(&["DEL", &key]).await;
        // Whatever each answers, it is an answer.
        live(&store).await;
        renew(&store, &renewal("a", 2)).await;
        release(&store, "a").await;
        for number in 0..3 {
            create(&store, &ask(&format!("b{number}"))).await;
        }
        let left = live(&store).await;
        assert!(left.contains(&"b0".to_owned()), "{part}: {left:?}");
    }
}
