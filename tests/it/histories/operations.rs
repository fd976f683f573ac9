//! What may happen in a small world, crowded enough that everything meets everything.

use baton::domain::streams::{EndReason, Policy};
use proptest::{collection::vec, option, prelude::*, sample::select};

pub(super) const ACCOUNTS: usize = 2;
const POOLS: usize = 3;
const DEVICES: usize = 4;
const NODES: usize = 3;
const KEYS: usize = 3;
/// Ids that clients choose, and so use again; also words that scripts use.
pub(super) const CHOSEN_IDS: [&str; 3] = ["u", "count", "in_pool"];

/// One step of a history. Numbers choose among what the world has.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Create(CreateStep),
    /// The last create of the account that had an idempotency key, sent again.
    Repeat {
        account: usize,
    },
    Connect {
        at: Place,
        at_least: u64,
        node: usize,
    },
    Renew(Vec<(Place, Held, usize, Belief)>),
    Heartbeat {
        at: Place,
        pool: Option<usize>,
    },
    Park {
        at: Place,
        generation: Held,
        grace: bool,
    },
    Release {
        at: Place,
        generation: Option<Held>,
        why: EndReason,
    },
    Reassert {
        at: Place,
    },
}

/// An account, and one of its sessions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) account: usize,
    /// One that lives, if any does; else any that was named in the history before.
    pub(super) lives: bool,
    pub(super) session: usize,
}

/// The generation a holder was given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Held {
    /// That of the session, if it lives.
    Present,
    /// Another, or by chance the same.
    Number(u64),
}

/// What a holder believes of its lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Belief {
    pub(super) runs: bool,
    pub(super) store_was_away: bool,
}

/// What a create asks for.
#[derive(Debug, Clone)]
pub(super) struct CreateStep {
    pub(super) account: usize,
    pub(super) pool: usize,
    pub(super) device: Option<usize>,
    pub(super) goal: GoalStep,
    pub(super) limit: u32,
    pub(super) account_limit: Option<u32>,
    pub(super) policy: Policy,
    pub(super) key: Option<usize>,
    /// Whether leases are of an hour, or of nothing.
    pub(super) first_lease: bool,
    pub(super) lease: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum GoalStep {
    Create,
    Upsert(usize),
    TakeOver(Place),
}

/// Any step.
pub(super) fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => create().prop_map(Operation::Create),
        1 => account().prop_map(|account| Operation::Repeat { account }),
        5 => (place(), at_least(), 0..NODES)
            .prop_map(|(at, at_least, node)| Operation::Connect { at, at_least, node }),
        3 => vec((place(), held(), 0..NODES, belief()), 0..4).prop_map(Operation::Renew),
        2 => (place(), option::of(pool()))
            .prop_map(|(at, pool)| Operation::Heartbeat { at, pool }),
        2 => (place(), held(), mostly())
            .prop_map(|(at, generation, grace)| Operation::Park { at, generation, grace }),
        2 => (place(), option::of(held()), reason())
            .prop_map(|(at, generation, why)| Operation::Release { at, generation, why }),
        2 => place().prop_map(|at| Operation::Reassert { at }),
    ]
}

fn create() -> impl Strategy<Value = CreateStep> {
    let terms = (0..5_u32, option::weighted(0.3, 0..6_u32), policy());
    let what = (account(), pool(), option::of(0..DEVICES), goal());
    let how = (option::weighted(0.2, 0..KEYS), mostly(), mostly());
    (what, terms, how).prop_map(|(what, terms, how)| {
        let (account, pool, device, goal) = what;
        let (limit, account_limit, policy) = terms;
        let (key, first_lease, lease) = how;
        CreateStep {
            account,
            pool,
            device,
            goal,
            limit,
            account_limit,
            policy,
            key,
            first_lease,
            lease,
        }
    })
}

fn goal() -> impl Strategy<Value = GoalStep> {
    prop_oneof![
        3 => Just(GoalStep::Create),
        2 => (0..CHOSEN_IDS.len()).prop_map(GoalStep::Upsert),
        2 => place().prop_map(GoalStep::TakeOver),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    select(vec![Policy::Ask, Policy::Reject, Policy::EvictOldest])
}

fn reason() -> impl Strategy<Value = EndReason> {
    select(vec![
        EndReason::Finished,
        EndReason::Unresponsive,
        EndReason::Operator { note: "note".into() },
    ])
}

fn place() -> impl Strategy<Value = Place> {
    (account(), mostly(), any::<usize>()).prop_map(|(account, lives, session)| Place {
        account,
        lives,
        session,
    })
}

/// Mostly the first, so that sessions meet.
fn account() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 1 => 0..ACCOUNTS]
}

/// Mostly the first, so that sessions meet.
fn pool() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(0), 1 => 0..POOLS]
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![3 => Just(Held::Present), 1 => (1..4_u64).prop_map(Held::Number)]
}

fn at_least() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(1), 1 => 2..4_u64]
}

fn belief() -> impl Strategy<Value = Belief> {
    (any::<bool>(), any::<bool>())
        .prop_map(|(runs, store_was_away)| Belief { runs, store_was_away })
}

fn mostly() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.85)
}
