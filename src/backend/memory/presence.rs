//! The visitors of one tenant, as the memory store keeps them.

use std::{cmp::Reverse, collections::HashMap};

use crate::domain::{
    ids::{SessionToken, VisitorId},
    visitors::{
        Beat, BeatOutcome, EnterOutcome, Entrance, InviteOutcome, LookupCode, Profile, Seat,
        Visitor, VisitorsPage,
    },
};

/// All visitors of a tenant.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// May hold forgotten visitors until the next purge; they are nowhere to be seen.
    visitors: HashMap<VisitorId, Known>,
    /// Whose a code was last; whether it still is, the visitor tells.
    codes: HashMap<LookupCode, VisitorId>,
}

/// What is known of a visitor.
#[derive(Debug)]
struct Known {
    profile: Profile,
    seat: Option<Seat>,
    lease_ms: u64,
    session: Option<SessionToken>,
    code: Option<(LookupCode, u64)>,
    first_seen_ms: u64,
    last_seen_ms: u64,
    until_ms: u64,
}

impl Known {
    fn new(now_ms: u64) -> Self {
        Self {
            profile: Profile::default(),
            seat: None,
            lease_ms: 0,
            session: None,
            code: None,
            first_seen_ms: now_ms,
            last_seen_ms: now_ms,
            until_ms: 0,
        }
    }

    /// Its seat, while the lease runs.
    fn seat(&self, now_ms: u64) -> Option<&Seat> {
        self.seat.as_ref().filter(|_| self.lease_ms > now_ms)
    }

    /// Its code, while that runs.
    fn code(&self, now_ms: u64) -> Option<&LookupCode> {
        self.code.as_ref().filter(|(_, until_ms)| *until_ms > now_ms).map(|(code, _)| code)
    }

    /// It is online until its lease ends, and remembered from then on.
    fn see(&mut self, lease_ms: u64, remember_ms: u64, now_ms: u64) {
        self.last_seen_ms = now_ms;
        self.lease_ms = now_ms + lease_ms;
        self.until_ms = self.lease_ms + remember_ms;
    }

    fn visitor(&self, id: &VisitorId, now_ms: u64) -> Visitor {
        Visitor {
            id: id.clone(),
            profile: self.profile.clone(),
            seat: self.seat(now_ms).cloned(),
            session: self.session.clone(),
            lookup_code: self.code(now_ms).cloned(),
            first_seen_ms: self.first_seen_ms,
            last_seen_ms: self.last_seen_ms,
        }
    }
}

impl Presence {
    /// Forgets everything whose time is over.
    pub(super) fn purge(&mut self, now_ms: u64) {
        self.visitors.retain(|_, known| known.until_ms > now_ms);
        let visitors = &self.visitors;
        self.codes.retain(|_, visitor| visitors.contains_key(visitor));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.visitors.is_empty()
    }

    fn known(&mut self, visitor: &VisitorId, now_ms: u64) -> Option<&mut Known> {
        self.visitors.get_mut(visitor).filter(|known| known.until_ms > now_ms)
    }

    pub(super) fn enter(&mut self, entrance: &Entrance, now_ms: u64) -> EnterOutcome {
        let Entrance { visitor, seat, .. } = entrance;
        if self.known(visitor, now_ms).is_none() {
            self.visitors.insert(visitor.clone(), Known::new(now_ms));
        }
        let free = entrance.codes.iter().find(|code| self.is_free(code, now_ms));
        let known = self.visitors.entry(visitor.clone()).or_insert_with(|| Known::new(now_ms));
        let previous = known.seat(now_ms).filter(|previous| *previous != seat).cloned();
        known.profile = entrance.profile.clone();
        known.seat = Some(seat.clone());
        known.see(entrance.lease_ms, entrance.remember_ms, now_ms);
        if known.code(now_ms).is_none() {
            known.code = free.map(|code| (code.clone(), now_ms + entrance.code_ms));
            self.codes.extend(free.map(|code| (code.clone(), visitor.clone())));
        }
        EnterOutcome {
            lookup_code: known.code.as_ref().map(|(code, _)| code.clone()),
            session: known.session.clone(),
            previous,
        }
    }

    /// Whether nobody who is remembered has a code.
    fn is_free(&self, code: &LookupCode, now_ms: u64) -> bool {
        let visitor = self.codes.get(code).and_then(|visitor| self.visitors.get(visitor));
        let holder = visitor.filter(|known| known.until_ms > now_ms);
        holder.and_then(|known| known.code(now_ms)) != Some(code)
    }

    pub(super) fn tell(
        &mut self,
        visitor: &VisitorId,
        connection: u64,
        profile: &Profile,
        now_ms: u64,
    ) -> bool {
        let seated = self
            .known(visitor, now_ms)
            .filter(|known| known.seat(now_ms).is_some_and(|seat| seat.connection == connection));
        let Some(known) = seated else { return false };
        known.profile = profile.clone();
        true
    }

    pub(super) fn beat(
        &mut self,
        beat: &Beat,
        lease_ms: u64,
        remember_ms: u64,
        now_ms: u64,
    ) -> BeatOutcome {
        let Some(known) = self.known(&beat.visitor, now_ms) else { return BeatOutcome::Unknown };
        match known.seat(now_ms).map(|seat| seat.connection) {
            None => BeatOutcome::Unknown,
            Some(connection) if connection != beat.connection => BeatOutcome::Standby,
            Some(_) => {
                known.see(lease_ms, remember_ms, now_ms);
                BeatOutcome::Present { session: known.session.clone() }
            }
        }
    }

    pub(super) fn leave(
        &mut self,
        visitor: &VisitorId,
        connection: u64,
        remember_ms: u64,
        now_ms: u64,
    ) {
        if let Some(known) = self.known(visitor, now_ms)
            && known.seat(now_ms).is_some_and(|seat| seat.connection == connection)
        {
            known.see(0, remember_ms, now_ms);
            known.seat = None;
        }
    }

    pub(super) fn find(&mut self, visitor: &VisitorId, now_ms: u64) -> Option<Visitor> {
        self.known(visitor, now_ms).map(|known| known.visitor(visitor, now_ms))
    }

    pub(super) fn list(&mut self, skip: u64, most: u64, now_ms: u64) -> VisitorsPage {
        self.purge(now_ms);
        let mut all: Vec<_> = self.visitors.iter().collect();
        all.sort_by_key(|(id, known)| Reverse((known.last_seen_ms, *id)));
        let end = skip.saturating_add(most);
        let as_index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let page = all.iter().skip(as_index(skip)).take(as_index(most));
        VisitorsPage {
            visitors: page.map(|(id, known)| known.visitor(id, now_ms)).collect(),
            next: (end < all.len() as u64).then_some(end),
        }
    }

    pub(super) fn online(&self, now_ms: u64) -> u64 {
        self.visitors.values().filter(|known| known.seat(now_ms).is_some()).count() as u64
    }

    pub(super) fn invite(
        &mut self,
        visitor: &VisitorId,
        expected: Option<&SessionToken>,
        session: &SessionToken,
        now_ms: u64,
    ) -> InviteOutcome {
        let Some(known) = self.known(visitor, now_ms) else { return InviteOutcome::Unknown };
        match &known.session {
            // A repeat of the same invitation is no other one.
            Some(noted) if Some(noted) != expected && noted != session => {
                InviteOutcome::Other(noted.clone())
            }
            Some(_) | None => {
                known.session = Some(session.clone());
                InviteOutcome::Invited(known.seat(now_ms).cloned())
            }
        }
    }
}
