//! One store living through a history: asks it, remembers, and checks what must always hold.

use std::collections::HashMap;

use baton::domain::{
    ids::{Generation, NodeName, SessionId},
    streams::{
        Account, ConnectOutcome, Create, CreateOutcome, Goal, Pool, PoolKind, Renewal, Session,
    },
};

use super::{
    operations::{ACCOUNTS, Belief, CreateStep, GoalStep, Held, Operation, Place},
    outcome,
};
use crate::support::{
    clock::{HOUR_MS, now_ms},
    stores::Streams,
};

/// A store, and what the history has said to it.
pub(super) struct World {
    backend: &'static str,
    store: Streams,
    tenant: String,
    /// Every id that was ever asked for, per account: `Place` chooses among them.
    named: [Vec<SessionId>; ACCOUNTS],
    /// The sessions of each account that lived after the last step.
    live: [Vec<Session>; ACCOUNTS],
    /// What [`Operation::Repeat`] repeats, per account.
    keyed: [Option<Create>; ACCOUNTS],
    /// The latest a holder knows of each session: what it would re-assert.
    remembered: HashMap<(usize, SessionId), Session>,
}

impl World {
    pub(super) fn new(backend: &'static str, store: Streams, tenant: &str) -> Self {
        Self {
            backend,
            store,
            tenant: tenant.to_owned(),
            named: Default::default(),
            live: Default::default(),
            keyed: Default::default(),
            remembered: HashMap::new(),
        }
    }

    pub(super) fn backend(&self) -> &'static str {
        self.backend
    }

    /// Makes one step; answers its outcome and both listings after it, or what was broken.
    pub(super) async fn live(
        &mut self,
        step: usize,
        operation: &Operation,
    ) -> Result<Vec<String>, String> {
        let outcome = match operation {
            Operation::Create(asked) => {
                let request = self.request(step, asked);
                self.create(asked.account, request).await?
            }
            Operation::Repeat { account } => match self.keyed[*account].clone() {
                None => "nothing to repeat".to_owned(),
                Some(keyed) => {
                    let session = match keyed.goal {
                        Goal::Upsert => keyed.session,
                        Goal::Create | Goal::TakeOver(_) => fresh(step),
                    };
                    self.create(*account, Create { session, ..keyed }).await?
                }
            },
            Operation::Connect { at, at_least, node } => {
                self.connect(*at, *at_least, *node).await?
            }
            Operation::Renew(renewals) => self.renew(renewals).await?,
            Operation::Heartbeat { at, pool } => {
                let (account, session) = self.find(*at);
                let pool = pool.map(nth_pool);
                let beat = self.store.heartbeat(&account, &session, pool.as_ref());
                outcome::heartbeat(&beat.await.map_err(trouble)?)
            }
            Operation::Park { at, generation, grace } => {
                let (account, session) = self.find(*at);
                let (generation, grace) = (self.held(*at, *generation), lease(*grace));
                let park = self.store.park(&account, &session, generation, grace);
                format!("{:?}", park.await.map_err(trouble)?)
            }
            Operation::Release { at, generation, why } => {
                let (account, session) = self.find(*at);
                let generation = generation.map(|held| self.held(*at, held));
                let release = self.store.release(&account, &session, generation, why);
                format!("{:?}", release.await.map_err(trouble)?)
            }
            Operation::Reassert { at } => self.reassert(*at).await?,
        };
        let mut outcomes = vec![outcome];
        for number in 0..ACCOUNTS {
            self.live[number] = self.list(number).await?;
            outcomes.extend(outcome::sessions(&self.live[number]));
        }
        Ok(outcomes)
    }

    async fn create(&mut self, account: usize, request: Create) -> Result<String, String> {
        let made = self.store.create(&request).await.map_err(trouble)?;
        match &made {
            CreateOutcome::Created { session, nodes, .. } => {
                self.remember(account, session);
                self.limits_hold(&request).await?;
                self.nodes_are_named(account, nodes, &session.id).await?;
            }
            CreateOutcome::LimitReached { nodes, .. } => {
                self.nodes_are_named(account, nodes, &request.session).await?;
            }
            CreateOutcome::Renewed(session) => self.remember(account, session),
            CreateOutcome::OtherPool(_)
            | CreateOutcome::NoSuchSession
            | CreateOutcome::KeyReused
            | CreateOutcome::Crowded
            | CreateOutcome::Repeated(_) => {}
        }
        let named = &mut self.named[account];
        if !named.contains(&request.session) {
            named.push(request.session.clone());
        }
        if request.idempotency_key.is_some() {
            self.keyed[account] = Some(request);
        }
        Ok(outcome::create(&made))
    }

    fn request(&self, step: usize, asked: &CreateStep) -> Create {
        let (session, goal) = match asked.goal {
            GoalStep::Create => (fresh(step), Goal::Create),
            GoalStep::Upsert(chosen) => (format!("u{chosen}").as_str().into(), Goal::Upsert),
            GoalStep::TakeOver(target) => {
                let target = Place { account: asked.account, ..target };
                (fresh(step), Goal::TakeOver(self.find(target).1))
            }
        };
        Create {
            account: self.account(asked.account),
            session,
            pool: nth_pool(asked.pool),
            // Few names, so that repeats of an idempotency key do happen.
            name: "name".into(),
            device: asked.device.map(|device| format!("d{device}").as_str().into()),
            attributes: asked.device.map(|device| format!("[{device}]").into()),
            goal,
            first_lease_ms: lease(asked.first_lease),
            lease_ms: lease(asked.lease),
            limit: asked.limit,
            account_limit: asked.account_limit,
            policy: asked.policy,
            idempotency_key: asked.key.map(|key| format!("k{key}").into()),
        }
    }

    /// Whoever was let in found room: also after re-asserted sessions went above the limit.
    async fn limits_hold(&self, request: &Create) -> Result<(), String> {
        let live = self.store.list(&request.account).await.map_err(trouble)?;
        let in_pool = live.iter().filter(|session| session.pool == request.pool).count();
        let above = |count: usize, limit: u32| count > usize::try_from(limit).unwrap_or(usize::MAX);
        if above(in_pool, request.limit) {
            return Err(format!("{in_pool} sessions in a pool of {}", request.limit));
        }
        match request.account_limit {
            Some(limit) if above(live.len(), limit) => {
                Err(format!("{} sessions in an account of {limit}", live.len()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Nodes that hold sockets of the account are named, once each.
    async fn nodes_are_named(
        &self,
        account: usize,
        nodes: &[NodeName],
        but: &SessionId,
    ) -> Result<(), String> {
        for session in self.list(account).await? {
            let Some(holder) = session.holder.filter(|_| session.id != *but) else { continue };
            if nodes.iter().filter(|node| **node == holder).count() != 1 {
                return Err(format!("{holder} holds {} but the nodes are {nodes:?}", session.id));
            }
        }
        Ok(())
    }

    async fn connect(&mut self, at: Place, at_least: u64, node: usize) -> Result<String, String> {
        let (account, session) = self.find(at);
        let (at_least, node) = (Generation(at_least), nth_node(node));
        let connect = self.store.connect(&account, &session, at_least, &node);
        let connected = connect.await.map_err(trouble)?;
        if let ConnectOutcome::Connected { session, .. } = &connected {
            self.remember(at.account, session);
        }
        Ok(outcome::connect(&connected))
    }

    async fn renew(&self, renewals: &[(Place, Held, usize, Belief)]) -> Result<String, String> {
        let renewals: Vec<Renewal> = renewals
            .iter()
            .map(|(at, generation, node, belief)| {
                let (account, session) = self.find(*at);
                Renewal {
                    account,
                    session,
                    generation: self.held(*at, *generation),
                    node: nth_node(*node),
                    held_until_ms: if belief.runs { now_ms() + HOUR_MS } else { 0 },
                    store_was_away: belief.store_was_away,
                }
            })
            .collect();
        let mut verdicts = Vec::new();
        for verdict in self.store.renew(&renewals).await {
            verdicts.push(outcome::verdict(&verdict.map_err(trouble)?));
        }
        if verdicts.len() != renewals.len() {
            return Err(format!("{} verdicts of {}", verdicts.len(), renewals.len()));
        }
        Ok(verdicts.join(", "))
    }

    /// A holder puts back what it remembers; nothing, if nobody ever held the session.
    async fn reassert(&self, at: Place) -> Result<String, String> {
        let (account, session) = self.find(at);
        let Some(remembered) = self.remembered.get(&(at.account, session)) else {
            return Ok("nothing to re-assert".to_owned());
        };
        let reassert = self.store.reassert(&account, remembered);
        Ok(outcome::verdict(&reassert.await.map_err(trouble)?))
    }

    fn remember(&mut self, account: usize, session: &Session) {
        self.remembered.insert((account, session.id.clone()), session.clone());
    }

    async fn list(&self, account: usize) -> Result<Vec<Session>, String> {
        self.store.list(&self.account(account)).await.map_err(trouble)
    }

    /// The account, and the session there.
    fn find(&self, at: Place) -> (Account, SessionId) {
        let nth = |count: usize| at.session.checked_rem(count);
        let lives = nth(self.live[at.account].len()).filter(|_| at.lives);
        let named = &self.named[at.account];
        let session = match (lives, nth(named.len())) {
            (Some(index), _) => self.live[at.account][index].id.clone(),
            (None, Some(index)) => named[index].clone(),
            (None, None) => "nobody".into(),
        };
        (self.account(at.account), session)
    }

    /// The generation a holder of the session there was given.
    fn held(&self, at: Place, held: Held) -> Generation {
        let (_, id) = self.find(at);
        match held {
            Held::Present => self.live[at.account]
                .iter()
                .find(|session| session.id == id)
                .map_or(Generation::FIRST, |session| session.generation),
            Held::Number(number) => Generation(number),
        }
    }

    fn account(&self, number: usize) -> Account {
        Account {
            tenant: self.tenant.as_str().into(),
            customer: format!("customer {number}").as_str().into(),
        }
    }
}

/// An id nobody has had.
fn fresh(step: usize) -> SessionId {
    format!("s{step}").as_str().into()
}

fn nth_pool(number: usize) -> Pool {
    let kinds = [PoolKind::Offer, PoolKind::Tag, PoolKind::DeviceType];
    Pool::new(kinds[number], "pool")
}

fn nth_node(number: usize) -> NodeName {
    format!("n{number}").as_str().into()
}

/// An hour, which no history outlives, or nothing.
fn lease(runs: bool) -> u64 {
    if runs { HOUR_MS } else { 0 }
}

fn trouble(error: baton::domain::error::StoreError) -> String {
    format!("the store fails: {error:?}")
}
