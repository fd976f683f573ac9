//! The steps rules are told in: requests with terms that do not get in the way, and outcomes.

use baton::domain::{
    ids::{Generation, NodeName, SessionId},
    streams::{
        Account, ConnectOutcome, Create, CreateOutcome, EndReason, Ended, Goal, Policy, Pool,
        PoolKind, ReleaseOutcome, Renewal, Session, Verdict,
    },
};

use crate::support::{
    clock::{HOUR_MS, tick},
    stores::Streams,
};

/// The account of every rule that needs no other.
pub(crate) fn me() -> Account {
    account("streamer", "customer")
}

/// The account of somebody else.
pub(crate) fn somebody_else() -> Account {
    account("streamer", "another customer")
}

/// An account.
pub(crate) fn account(tenant: &str, customer: &str) -> Account {
    Account { tenant: tenant.into(), customer: customer.into() }
}

/// An offer's pool.
pub(crate) fn offer(name: &str) -> Pool {
    Pool::new(PoolKind::Offer, name)
}

/// A session id.
pub(crate) fn id(session: &str) -> SessionId {
    session.into()
}

/// A node.
pub(crate) fn node(name: &str) -> NodeName {
    name.into()
}

/// A new session of mine in the offer `basic`, limit 2, for an hour; called `<id>'s name`.
pub(crate) fn ask(session: &str) -> Create {
    Create {
        account: me(),
        session: id(session),
        pool: offer("basic"),
        name: name_of(session),
        device: None,
        attributes: None,
        goal: Goal::Create,
        first_lease_ms: HOUR_MS,
        lease_ms: HOUR_MS,
        limit: 2,
        account_limit: None,
        policy: Policy::Ask,
        idempotency_key: None,
    }
}

/// What `ask` calls a session.
pub(crate) fn name_of(session: &str) -> Box<str> {
    format!("{session}'s name").into()
}

/// `ask`, in the place of `target`.
pub(crate) fn take_over(target: &str, session: &str) -> Create {
    Create { goal: Goal::TakeOver(id(target)), ..ask(session) }
}

/// `ask`, for an id the client chose.
pub(crate) fn upsert(session: &str) -> Create {
    Create { goal: Goal::Upsert, ..ask(session) }
}

/// Makes the call, whatever becomes of it.
pub(crate) async fn create(store: &Streams, create: &Create) -> CreateOutcome {
    store.create(create).await.expect("the store works")
}

/// Creates: it must live now. Answers it and what ended for it; the next one will be younger.
pub(crate) async fn play(store: &Streams, request: &Create) -> (Session, Vec<Ended>) {
    let outcome = create(store, request).await;
    let CreateOutcome::Created { session, ended, .. } = outcome else {
        panic!("{request:?} must be created, not {outcome:?}");
    };
    tick().await;
    (session, ended)
}

/// Creates one after the other; nothing may end for them.
pub(crate) async fn play_all(store: &Streams, requests: &[Create]) {
    for request in requests {
        let (_, ended) = play(store, request).await;
        assert_eq!(ended, [], "for {request:?}");
    }
}

/// Asks in vain: a limit is reached. Answers the ids of the active sessions, in their order.
pub(crate) async fn refused(store: &Streams, request: &Create) -> Vec<String> {
    let outcome = create(store, request).await;
    let CreateOutcome::LimitReached { active, .. } = outcome else {
        panic!("{request:?} must meet a limit, not {outcome:?}");
    };
    ids(&active)
}

/// The ids of sessions, in their order.
pub(crate) fn ids(sessions: &[Session]) -> Vec<String> {
    sessions.iter().map(|session| session.id.to_string()).collect()
}

/// The ids of what ended, sorted: the contract gives them no order.
pub(crate) fn victims(ended: &[Ended]) -> Vec<String> {
    let mut victims: Vec<String> = ended.iter().map(|ended| ended.session.to_string()).collect();
    victims.sort();
    victims
}

/// My live sessions.
pub(crate) async fn sessions(store: &Streams) -> Vec<Session> {
    store.list(&me()).await.expect("the store works")
}

/// The ids of my live sessions, sorted.
pub(crate) async fn live(store: &Streams) -> Vec<String> {
    let mut live = ids(&sessions(store).await);
    live.sort();
    live
}

/// My live session of that id.
pub(crate) async fn find(store: &Streams, session: &str) -> Session {
    let found = sessions(store).await.into_iter().find(|found| found.id == id(session));
    found.unwrap_or_else(|| panic!("{session} must live"))
}

/// Connects my session at a node, whatever becomes of it.
pub(crate) async fn connect(store: &Streams, session: &str, at: &str) -> ConnectOutcome {
    store.connect(&me(), &id(session), Generation::FIRST, &node(at)).await.expect("the store works")
}

/// Connects my session at a node: it must live.
pub(crate) async fn attach(store: &Streams, session: &str, at: &str) -> Session {
    let outcome = connect(store, session, at).await;
    let ConnectOutcome::Connected { session: connected, .. } = outcome else {
        panic!("{session} must be connected, not {outcome:?}");
    };
    connected
}

/// A renewal of my session that expects nothing of the store.
pub(crate) fn renewal(session: &str, generation: u64) -> Renewal {
    Renewal {
        account: me(),
        session: id(session),
        generation: Generation(generation),
        node: node("n1"),
        held_until_ms: 0,
        store_was_away: false,
    }
}

/// Makes one renewal.
pub(crate) async fn renew(store: &Streams, renewal: &Renewal) -> Verdict {
    let mut verdicts = store.renew(std::slice::from_ref(renewal)).await;
    assert_eq!(verdicts.len(), 1, "one verdict per renewal");
    verdicts.remove(0).expect("the store works")
}

/// Releases my session, whoever holds it, because it is finished.
pub(crate) async fn release(store: &Streams, session: &str) -> ReleaseOutcome {
    store.release(&me(), &id(session), None, &EndReason::Finished).await.expect("the store works")
}

/// Asserts that my session is over, and answers how it ended.
pub(crate) async fn ended(store: &Streams, session: &str) -> Ended {
    let outcome = connect(store, session, "n1").await;
    let ConnectOutcome::Ended(ended) = outcome else {
        panic!("{session} must have ended, not {outcome:?}");
    };
    ended
}
