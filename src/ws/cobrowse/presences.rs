//! The presence connections of this node: visitors who are online here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{
        ids::{SessionToken, TenantId, VisitorId},
        visitors::Beat,
    },
    ws::outbox::Outbox,
};

/// What a presence connection's task is told by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresenceOrder {
    /// The store does not know the visitor (any more): enter again.
    Enter,
    /// Another connection of the same visitor has the seat.
    Standby,
    /// The visitor is invited to that session.
    Session(SessionToken),
    /// The visitor was invited: look to which session.
    Look,
}

/// One presence connection as the rest of the node sees it.
#[derive(Debug)]
pub struct Presence {
    /// Whose site.
    pub tenant: TenantId,
    /// Who.
    pub visitor: VisitorId,
    /// Tells it from others of the same visitor.
    pub connection: u64,
    /// Orders to its task.
    pub orders: Outbox<PresenceOrder>,
}

impl Presence {
    /// What is sent to the store to say that it is still there.
    pub fn beat(&self) -> Beat {
        Beat { visitor: self.visitor.clone(), connection: self.connection }
    }
}

/// All presence connections of a node.
#[derive(Debug, Default)]
pub struct Presences {
    by_tenant: Mutex<ByTenant>,
}

type ByTenant = HashMap<TenantId, HashMap<u64, Arc<Presence>>>;

impl Presences {
    fn lock(&self) -> MutexGuard<'_, ByTenant> {
        self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a connection, before the store is told of it.
    pub fn open(&self, tenant: TenantId, visitor: VisitorId) -> Arc<Presence> {
        // 53 bits: scripts compare it as a number.
        let connection = rand::random::<u64>() >> 11;
        let orders = Outbox::default();
        let presence = Arc::new(Presence { tenant, visitor, connection, orders });
        let mut by_tenant = self.lock();
        let of_tenant = by_tenant.entry(presence.tenant.clone()).or_default();
        of_tenant.insert(connection, presence.clone());
        presence
    }

    /// The connection is gone.
    pub fn close(&self, presence: &Arc<Presence>) {
        let mut by_tenant = self.lock();
        if let Some(of_tenant) = by_tenant.get_mut(&presence.tenant) {
            of_tenant.remove(&presence.connection);
            if of_tenant.is_empty() {
                by_tenant.remove(&presence.tenant);
            }
        }
    }

    /// The tenants that have visitors here.
    pub fn tenants(&self) -> Vec<TenantId> {
        self.lock().keys().cloned().collect()
    }

    /// The connections of a tenant's visitors.
    pub fn of_tenant(&self, tenant: &TenantId) -> Vec<Arc<Presence>> {
        self.lock().get(tenant).map_or_else(Vec::new, |all| all.values().cloned().collect())
    }

    /// Passes an order to the connections of one visitor.
    pub fn order(&self, tenant: &TenantId, visitor: &VisitorId, order: &PresenceOrder) {
        let by_tenant = self.lock();
        let of_tenant = by_tenant.get(tenant).into_iter().flat_map(HashMap::values);
        for presence in of_tenant.filter(|presence| presence.visitor == *visitor) {
            presence.orders.push(order.clone());
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().values().map(HashMap::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}
