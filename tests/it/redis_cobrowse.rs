//! The stores of co-browse sessions, short codes and visitors on a Redis: life of the keys, and
//! servers in a bad state.

use std::time::Duration;

use baton::{
    backend::redis::{cobrowse::RedisCobrowse, keys::Keys, link::Target, slots::RedisSlots},
    domain::{
        cobrowse::{
            Begun, Change, ClaimOutcome, CobrowseStore, Credential, End, EndedBy, Event,
            HostVerdict, Hosting, Life, PutOutcome, Server, Session, SlotScope, SlotStore,
        },
        short_codes::{CodeEntry, GuessBudget, RedeemAs, ShortCode},
        visitors::{Beat, BeatOutcome, Entrance, LookupCode, Profile, Seat},
    },
};
use redis::from_redis_value;

use crate::support::{
    clock::HOUR_MS,
    linked::LinkedNode,
    redis::RedisServer,
    stores::{Stores, stores_at},
};

const LONG: Life = Life { live_ms: HOUR_MS, remember_ms: HOUR_MS };

async fn stores(server: &RedisServer) -> Stores {
    stores_at(Target::Single(server.url()), "t").await
}

fn home() -> Server {
    Server { name: "n1".into(), url: None, internal_url: "http://n1.test".into() }
}

fn fresh() -> Session {
    Session::new("tenant".into(), Begun::ShortCode, home(), false)
}

fn entrance(visitor: &str) -> Entrance {
    Entrance {
        visitor: visitor.into(),
        profile: Profile::default(),
        seat: Seat { node: "n1".into(), connection: 1 },
        lease_ms: HOUR_MS,
        remember_ms: HOUR_MS,
        codes: vec![LookupCode("0001".into())],
        code_ms: HOUR_MS,
    }
}

fn entry(session: &Session) -> CodeEntry {
    let cid = Credential::random(&session.token);
    CodeEntry { customer_token: session.customer_token.clone(), cid }
}

fn hosting(session: &Session, life: Life) -> Hosting {
    Hosting { session: session.token.clone(), fence: 1, lease_ms: HOUR_MS, life }
}

async fn keys(server: &RedisServer, pattern: &str) -> Vec<String> {
    from_redis_value(server.cli(&["KEYS", pattern]).await).unwrap()
}

async fn ttl_ms(server: &RedisServer, key: &str) -> i64 {
    from_redis_value(server.cli(&["PTTL", key]).await).unwrap()
}

/// Something of everything. Answers the session, which `n1` hosts.
async fn fill(stores: &Stores, code: &ShortCode) -> Session {
    let (session, tenant) = (fresh(), "{tenant}".into());
    assert!(stores.cobrowse.create(&session, LONG, &[Event::Created]).await.unwrap());
    let claim = stores.cobrowse.claim(&session.token, &home(), HOUR_MS, LONG).await.unwrap();
    assert!(matches!(claim, ClaimOutcome::Claimed { .. }));
    let agent = SlotScope::Agent("{tenant".into(), "}agent".into());
    for scope in [SlotScope::Watched("{tenant}".into()), agent] {
        stores.slots.take(&scope, &session.token, 1, HOUR_MS).await.unwrap();
    }
    assert!(stores.short_codes.create(code, &entry(&session), HOUR_MS).await.unwrap());
    let budget = GuessBudget { per_address: 1, in_all: 1, window_ms: HOUR_MS };
    stores.short_codes.spend("{address}", budget).await.unwrap();
    stores.visitors.enter(&tenant, &entrance("{v}")).await.unwrap();
    stores.visitors.use_up("{link}", HOUR_MS).await.unwrap();
    stores.visitors.count_session(&tenant, 1, 1).await.unwrap();
    session
}

#[tokio::test]
async fn every_key_has_a_life_and_nothing_from_outside_in_its_name() {
    let server = RedisServer::start().await;
    let stores = stores(&server).await;
    fill(&stores, &ShortCode::random(6)).await;
    let keys = keys(&server, "*").await;
    assert_eq!(keys.len(), 3 + 2 + 1 + 2 + 4 + 1 + 1, "{keys:?}");
    for key in keys {
        assert!(ttl_ms(&server, &key).await > 0, "{key}");
        assert!(key.matches(['{', '}']).count() % 2 == 0 && key.matches('{').count() <= 1, "{key}");
        assert!(!["tenant", "agent", "address", "link"].iter().any(|id| key.contains(id)), "{key}");
    }
}

#[tokio::test]
async fn a_history_id_outlives_its_session_however_long_that_lives() {
    let server = RedisServer::start().await;
    let stores = stores(&server).await;
    let session = fill(&stores, &ShortCode::random(6)).await;
    let [history] = keys(&server, "t:ch:*").await.try_into().unwrap();
    let day = Duration::from_hours(24).as_millis() as u64;
    for days in [1, 3, 30] {
        let life = Life { live_ms: days * day, remember_ms: days * day };
        let kept = stores.cobrowse.renew(&[hosting(&session, life)]).await.remove(0).unwrap();
        assert_eq!(kept, HostVerdict::Kept { version: 1 });
        let record = ttl_ms(&server, &format!("t:c:{{{}}}:r", session.token)).await;
        assert!(ttl_ms(&server, &history).await > record, "{days}");
    }
    server.cli(&["DEL", &history]).await;
    let change = Change {
        session: session.clone(),
        version: 1,
        fence: None,
        life: Some(Life { live_ms: 90 * day, remember_ms: day }),
        events: Vec::new(),
    };
    stores.cobrowse.put(&change).await.unwrap();
    assert_eq!(stores.cobrowse.find(&session.history_id).await.unwrap(), Some(session.token));
}

#[tokio::test]
async fn a_full_server_refuses_what_is_new_and_still_keeps_and_ends() {
    let server = RedisServer::start().await;
    let stores = stores(&server).await;
    let code = ShortCode::random(6);
    let session = fill(&stores, &code).await;
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let refused = [
        stores.cobrowse.create(&fresh(), LONG, &[]).await.unwrap_err(),
        stores.short_codes.create(&ShortCode::random(7), &entry(&session), 1).await.unwrap_err(),
        stores.visitors.enter(&"tenant".into(), &entrance("w")).await.unwrap_err(),
        stores.visitors.use_up("another", HOUR_MS).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|error| error.is_transient()), "{refused:?}");
    let kept = stores.cobrowse.renew(&[hosting(&session, LONG)]).await.remove(0).unwrap();
    assert_eq!(kept, HostVerdict::Kept { version: 1 });
    assert!(stores.cobrowse.let_go(&session.token, 1, LONG).await.unwrap());
    let claim = stores.cobrowse.claim(&session.token, &home(), HOUR_MS, LONG).await.unwrap();
    assert!(matches!(claim, ClaimOutcome::Claimed { .. }), "a visitor comes back");
    let scope = SlotScope::Watched("{tenant}".into());
    let renewed = stores.slots.renew(&[(scope, session.token.clone())], HOUR_MS).await;
    assert!(renewed.iter().all(Result::is_ok), "{renewed:?}");
    let end = Some(End { at_ms: 0, by: EndedBy::Customer });
    let ended = Session { end, ..session.clone() };
    let events = vec![Event::Ended { by: EndedBy::Customer }];
    let change = Change { session: ended, version: 1, fence: Some(2), life: None, events };
    let put = stores.cobrowse.put(&change).await.unwrap();
    assert_eq!(put, PutOutcome::Put { version: 2 });
    assert!(stores.short_codes.redeem(&code, RedeemAs::Consumer).await.unwrap().is_some());
    let beat = [Beat { visitor: "{v}".into(), connection: 1 }];
    let beaten = stores.visitors.beat(&"{tenant}".into(), &beat, HOUR_MS, HOUR_MS).await.unwrap();
    assert_eq!(beaten, [BeatOutcome::Present { session: None }]);
}

#[tokio::test]
async fn only_what_is_new_waits_for_replicas() {
    let server = RedisServer::start().await;
    let session = fill(&stores(&server).await, &ShortCode::random(6)).await;
    // There is no replica that could confirm.
    let node = LinkedNode::with(&server, 1);
    node.until_up().await;
    let cobrowse = RedisCobrowse::new(node.link.clone(), Keys::new("t"));
    let slots = RedisSlots::new(node.link.clone(), Keys::new("t"));
    let scope = SlotScope::Watched("{tenant}".into());
    let refused = [
        cobrowse.create(&fresh(), LONG, &[]).await.unwrap_err(),
        slots.take(&scope, &"1".into(), 9, HOUR_MS).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|error| error.is_transient()), "{refused:?}");
    cobrowse.claim(&session.token, &home(), HOUR_MS, LONG).await.unwrap();
    let newest = Hosting { fence: 2, ..hosting(&session, LONG) };
    let kept = cobrowse.renew(&[newest]).await.remove(0).unwrap();
    assert_eq!(kept, HostVerdict::Kept { version: 1 });
    let renewed = slots.renew(&[(scope, session.token.clone())], HOUR_MS).await;
    assert!(renewed.iter().all(Result::is_ok), "{renewed:?}");
}

#[tokio::test]
async fn a_replica_that_missed_the_last_claim_gives_way_to_the_host() {
    let server = RedisServer::start().await;
    let Stores { cobrowse, .. } = stores(&server).await;
    let session = fresh();
    cobrowse.create(&session, LONG, &[Event::Created]).await.unwrap();
    let record = format!("t:c:{{{}}}:r", session.token);
    server.cli(&["COPY", &record, "replica"]).await;
    cobrowse.claim(&session.token, &home(), HOUR_MS, LONG).await.unwrap();
    let known = cobrowse.get(&session.token).await.unwrap().unwrap();
    server.cli(&["COPY", "replica", &record, "REPLACE"]).await;
    let renewed = cobrowse.renew(&[hosting(&session, LONG)]).await.remove(0).unwrap();
    assert_eq!(renewed, HostVerdict::Unknown);
    assert!(cobrowse.restore(&known, HOUR_MS, LONG).await.unwrap());
    let renewed = cobrowse.renew(&[hosting(&session, LONG)]).await.remove(0).unwrap();
    assert_eq!(renewed, HostVerdict::Kept { version: 2 });
    assert!(ttl_ms(&server, &record).await > 0);
    assert_eq!(cobrowse.get(&session.token).await.unwrap().unwrap().owner, Some(home()));
}

#[tokio::test]
async fn a_deleted_key_bricks_no_tenant() {
    for part in ["l", "s", "k", "r"] {
        let server = RedisServer::start().await;
        let visitors = stores(&server).await.visitors;
        let tenant = "tenant".into();
        visitors.enter(&tenant, &entrance("v")).await.unwrap();
        let [key] = keys(&server, &format!("t:v:*:{part}")).await.try_into().unwrap();
        server.cli(&["DEL", &key]).await;
        // Whatever each answers, it is an answer.
        visitors.find(&tenant, &"v".into()).await.unwrap();
        visitors.list(&tenant, 0, 10).await.unwrap();
        let beat = [Beat { visitor: "v".into(), connection: 1 }];
        visitors.beat(&tenant, &beat, HOUR_MS, HOUR_MS).await.unwrap();
        visitors.invite(&tenant, &"v".into(), None, &"1".into()).await.unwrap();
        visitors.tell(&tenant, &"v".into(), 1, &Profile::default()).await.unwrap();
        let entered = visitors.enter(&tenant, &entrance("v")).await.unwrap();
        assert_eq!(entered.lookup_code, Some(LookupCode("0001".into())), "{part}");
        assert_eq!(visitors.online(&tenant).await.unwrap(), 1, "{part}");
        let page = visitors.list(&tenant, 0, 10).await.unwrap();
        assert_eq!(page.visitors.len(), 1, "{part}");
        assert!(page.visitors[0].seat.is_some(), "{part}");
    }
}
