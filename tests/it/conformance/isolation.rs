//! Ids and names are opaque: no text in them means anything to a store.

use baton::domain::streams::{Create, CreateOutcome, EndReason, Pool, PoolKind, Renewal, Verdict};
use serde_json::json;

use super::steps::*;
use crate::support::stores::Streams;

/// Texts that have a meaning somewhere: in Redis keys, JSON, Lua patterns, C strings, shells.
const ODD: [&str; 19] = [
    " ",
    "Wohnzimmer-Fernseher äöü ß",
    "日本語 📺 e\u{301}",
    "\"quoted\" and 'quoted'",
    "back\\slash \\u0000 \\n",
    "line\nline\r\nline\ttab",
    "nul\0nul",
    "\u{1}\u{1f}\u{7f}\u{85}\u{2028}",
    "{tag}",
    "}",
    "{",
    "}{",
    "{}",
    "a:b:c|d;e,f/g",
    "%s %d %1 %%",
    "* ? [a-z] .*",
    "null",
    "-1",
    "1e999",
];

async fn any_text_comes_back_as_it_was(store: Streams) {
    for odd in ODD {
        let request = Create {
            account: account(odd, odd),
            session: id(&format!("s{odd}")),
            pool: Pool::new(PoolKind::Tag, odd),
            name: odd.into(),
            device: Some(format!("d{odd}").as_str().into()),
            attributes: Some(format!(" {{\"odd\" :\t{} }}\n", json!(odd)).into()),
            ..ask("")
        };
        let (created, _) = play(&store, &request).await;
        assert_eq!(created.id, request.session);
        assert_eq!(created.pool, request.pool);
        assert_eq!((&created.name, &created.device), (&request.name, &request.device));
        assert_eq!(created.attributes, request.attributes);
        assert_eq!(store.list(&request.account).await.unwrap(), [created], "of {odd:?}");
    }
}

async fn accounts_of_any_text_are_apart(store: Streams) {
    let limited = |tenant, customer| Create {
        account: account(tenant, customer),
        limit: 1,
        ..ask(&format!("of {tenant} {customer}"))
    };
    for odd in ODD {
        play_all(&store, &[limited("streamer", odd), limited(odd, "customer")]).await;
    }
    for odd in ODD {
        let again = Create { session: id("again"), ..limited("streamer", odd) };
        assert_eq!(refused(&store, &again).await, [format!("of streamer {odd}")]);
    }
}

async fn accounts_whose_ids_join_to_the_same_text_are_apart(store: Streams) {
    for separator in [":", "/", "|", "\0", "\n", " ", "}", "\u{1f}", ""] {
        let left = account(&format!("a{separator}b"), "c");
        let right = account("a", &format!("b{separator}c"));
        play_all(&store, &[Create { account: left, limit: 1, ..ask("left") }]).await;
        play_all(&store, &[Create { account: right.clone(), limit: 1, ..ask("right") }]).await;
        let listed = store.list(&right).await.unwrap();
        assert_eq!(ids(&listed), ["right"], "with {separator:?}");
        store.release(&right, &id("right"), None, &EndReason::Finished).await.unwrap();
    }
}

async fn pools_of_any_text_are_apart(store: Streams) {
    for (number, odd) in ODD.into_iter().enumerate() {
        let pool = Pool::new(PoolKind::Offer, odd);
        let request = Create { pool, limit: 1, ..ask(&format!("s{number}")) };
        play_all(&store, &[request]).await;
    }
    let joined = Pool::new(PoolKind::Tag, "offer:basic");
    play_all(&store, &[ask("offer's"), Create { pool: joined, limit: 1, ..ask("tag's") }]).await;
}

async fn session_ids_of_any_text_are_apart(store: Streams) {
    let wide = |session: &str| Create { limit: 99, ..upsert(session) };
    for odd in ODD {
        play_all(&store, &[wide(odd)]).await;
        assert!(matches!(create(&store, &wide(odd)).await, CreateOutcome::Renewed(_)));
    }
    let mut expected = ODD.map(str::to_owned);
    expected.sort();
    assert_eq!(live(&store).await, expected);
    for odd in ODD {
        attach(&store, odd, odd).await;
        let held = Renewal { node: node(odd), ..renewal(odd, 2) };
        assert!(matches!(renew(&store, &held).await, Verdict::Live { .. }));
        release(&store, odd).await;
        let told = ended(&store, odd).await;
        assert_eq!((told.session, told.holder), (id(odd), Some(node(odd))));
    }
}

async fn a_takeover_tells_names_of_any_text(store: Streams) {
    for (number, odd) in ODD.into_iter().enumerate() {
        let (target, next) = (format!("t{number}"), format!("n{number}"));
        play_all(&store, &[ask(&target)]).await;
        let request = Create { name: odd.into(), ..take_over(&target, &next) };
        play(&store, &request).await;
        let why = EndReason::TakenOver { by: id(&next), by_name: odd.into() };
        assert_eq!(ended(&store, &target).await.why, why);
        release(&store, &next).await;
    }
}

async fn keys_and_devices_of_any_text_are_apart(store: Streams) {
    let request = |odd: &str, session: String| Create {
        device: Some(odd.into()),
        idempotency_key: Some(odd.into()),
        limit: 99,
        name: "name".into(),
        ..ask(&session)
    };
    for (number, odd) in ODD.into_iter().enumerate() {
        play_all(&store, &[request(odd, format!("s{number}"))]).await;
    }
    for odd in ODD {
        let outcome = create(&store, &request(odd, "again".into())).await;
        assert!(matches!(outcome, CreateOutcome::Repeated(_)), "{odd:?}: {outcome:?}");
    }
    assert_eq!(sessions(&store).await.len(), ODD.len());
}

async fn a_request_is_told_from_one_that_joins_to_the_same_text(store: Streams) {
    for (number, separator) in [":", "|", "\0", "\n", " ", "\u{1f}", ""].into_iter().enumerate() {
        let key = Some(format!("k{number}").into());
        let request = |pool: String, name: String| Create {
            pool: offer(&pool),
            name: name.into(),
            idempotency_key: key.clone(),
            limit: 99,
            ..ask(&format!("s{number}"))
        };
        play_all(&store, &[request("p".into(), format!("n{separator}x"))]).await;
        let other = request(format!("p{separator}n"), "x".into());
        let outcome = create(&store, &other).await;
        assert_eq!(outcome, CreateOutcome::KeyReused, "with {separator:?}");
    }
}

for_every_backend!(
    any_text_comes_back_as_it_was,
    accounts_of_any_text_are_apart,
    accounts_whose_ids_join_to_the_same_text_are_apart,
    pools_of_any_text_are_apart,
    session_ids_of_any_text_are_apart,
    a_takeover_tells_names_of_any_text,
    keys_and_devices_of_any_text_are_apart,
    a_request_is_told_from_one_that_joins_to_the_same_text,
);
