//! Create, upsert and take-over: every limit is judged before anything is written.

use super::account::{AccountState, Live, Remembered};
use crate::domain::{
    ids::{Generation, SessionId},
    streams::{
        Create, CreateOutcome, EndReason, Goal, Policy, Pool, Session,
        store::{ANSWER_SESSIONS, IDEMPOTENCY_MS, REMEMBERED_MOST},
    },
};

/// Sessions that would have to end, and why, in the order they were chosen.
type Victims = Vec<(SessionId, EndReason)>;

/// Which limit stands in the way.
enum Full {
    Pool,
    Account,
}

impl AccountState {
    pub(super) fn create(&mut self, create: &Create, now_us: u64) -> CreateOutcome {
        let now_ms = now_us / 1000;
        self.purge(now_ms);
        if self.tombstones.len() + self.answers.len() > REMEMBERED_MOST {
            return CreateOutcome::Crowded;
        }
        let Some(key) = &create.idempotency_key else {
            return self.admit(create, now_us);
        };
        let fingerprint = create.fingerprint();
        if let Some(first) = self.answers.get(key) {
            return if first.fingerprint == fingerprint {
                CreateOutcome::Repeated(Box::new(first.outcome.clone()))
            } else {
                CreateOutcome::KeyReused
            };
        }
        let outcome = self.admit(create, now_us);
        let until_ms = now_ms + IDEMPOTENCY_MS;
        let answer = Remembered { fingerprint, outcome: outcome.clone(), until_ms };
        self.answers.insert(key.clone(), answer);
        outcome
    }

    fn admit(&mut self, create: &Create, now_us: u64) -> CreateOutcome {
        let now_ms = now_us / 1000;
        if let Some(live) = self.sessions.get_mut(&create.session) {
            let session = &mut live.session;
            if session.pool != create.pool {
                return CreateOutcome::OtherPool(session.clone());
            }
            session.expires_ms = now_ms + session.lease_ms;
            return CreateOutcome::Renewed(session.clone());
        }
        let Some(mut victims) = self.chosen(create) else {
            return CreateOutcome::NoSuchSession;
        };
        while let Some(full) = self.full(create, &victims) {
            match self.next_victim(create, &full, &victims) {
                Some(id) => victims.push((id, taken_over(create))),
                None => return self.limit_reached(create, &full, now_ms),
            }
        }
        let nodes = self.nodes(now_ms);
        let ended =
            victims.into_iter().filter_map(|(id, why)| self.end(&id, why, now_ms)).collect();
        CreateOutcome::Created { session: self.place(create, now_us), ended, nodes }
    }

    /// The victims the request itself names: the session to take over, the device's own.
    /// `None` where the one to take over does not live.
    fn chosen(&self, create: &Create) -> Option<Victims> {
        let mut victims = Victims::new();
        if let Goal::TakeOver(target) = &create.goal {
            if !self.sessions.contains_key(target) {
                return None;
            }
            victims.push((target.clone(), taken_over(create)));
        }
        let own = create.device.as_ref().and_then(|device| self.devices.get(device));
        if let Some(own) = own
            && !is_victim(&victims, own)
        {
            victims.push((own.clone(), EndReason::Replaced { by: create.session.clone() }));
        }
        Some(victims)
    }

    /// The limit that is still reached when the victims are gone.
    fn full(&self, create: &Create, victims: &Victims) -> Option<Full> {
        let in_pool = self.pool(&create.pool).count();
        let leaving = victims
            .iter()
            .filter(|(id, _)| self.sessions.get(id).is_some_and(|l| l.session.pool == create.pool))
            .count();
        if in_pool - leaving >= create.limit as usize {
            return Some(Full::Pool);
        }
        let in_account = self.order.len() - victims.len();
        create.account_limit.filter(|limit| in_account >= *limit as usize).map(|_| Full::Account)
    }

    fn next_victim(&self, create: &Create, full: &Full, victims: &Victims) -> Option<SessionId> {
        if create.policy != Policy::EvictOldest {
            return None;
        }
        let spared = |entry: &&(Pool, u64, SessionId)| !is_victim(victims, &entry.2);
        let oldest = match full {
            Full::Pool if create.limit == 0 => None,
            Full::Account if create.account_limit == Some(0) => None,
            Full::Pool => self.pool(&create.pool).find(spared),
            Full::Account => self.order.iter().filter(spared).min_by_key(|(_, us, _)| *us),
        };
        oldest.map(|(_, _, id)| id.clone())
    }

    fn limit_reached(&self, create: &Create, full: &Full, now_ms: u64) -> CreateOutcome {
        let active = match full {
            Full::Pool => self.oldest(self.pool(&create.pool), ANSWER_SESSIONS),
            Full::Account => self.oldest(self.order.iter(), ANSWER_SESSIONS),
        };
        CreateOutcome::LimitReached { active, nodes: self.nodes(now_ms) }
    }

    fn place(&mut self, create: &Create, now_us: u64) -> Session {
        let now_ms = now_us / 1000;
        let session = Session {
            id: create.session.clone(),
            pool: create.pool.clone(),
            name: create.name.clone(),
            device: create.device.clone(),
            generation: Generation::FIRST,
            holder: None,
            attributes: create.attributes.clone(),
            created_ms: now_ms,
            lease_ms: create.lease_ms,
            expires_ms: now_ms + create.first_lease_ms,
        };
        self.tombstones.remove(&session.id);
        if let Some(device) = &session.device {
            self.devices.insert(device.clone(), session.id.clone());
        }
        self.insert(Live { session: session.clone(), created_us: now_us });
        session
    }

    fn pool<'a>(&'a self, pool: &'a Pool) -> impl Iterator<Item = &'a (Pool, u64, SessionId)> {
        let first = (pool.clone(), 0, SessionId::from(""));
        self.order.range(first..).take_while(move |(of, _, _)| of == pool)
    }
}

fn is_victim(victims: &Victims, id: &SessionId) -> bool {
    victims.iter().any(|(victim, _)| victim == id)
}

fn taken_over(create: &Create) -> EndReason {
    EndReason::TakenOver { by: create.session.clone(), by_name: create.name.clone() }
}
