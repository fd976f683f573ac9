//! Those who must not notice a fault: players of several customers, and a watched session.

use std::time::Duration;

use crate::{
    answer::Retries,
    cluster::Cluster,
    load::{Customer, Figures, nodes_agree, show::Show},
    support::eventually,
};

/// Customers, each with two streams: enough that each node has some of them.
const CUSTOMERS: usize = 6;
const STREAMS: usize = 2;

/// The clients of one scenario.
pub(crate) struct Crowd {
    pub(crate) retries: Retries,
    pub(crate) customers: Vec<Customer>,
    pub(crate) show: Show,
    /// The node that hosts the show.
    pub(crate) host: String,
}

impl Crowd {
    /// Everybody plays, and somebody looks. `who`: a name that nobody else has.
    pub(crate) async fn gather(cluster: &Cluster, who: &str) -> Self {
        let retries = Retries::default();
        let mut customers = Vec::new();
        for n in 0..CUSTOMERS {
            let name = format!("{who}{n}");
            let customer = Customer::begin(cluster, name, STREAMS, &retries).await;
            customers.push(customer.expect("a customer plays"));
        }
        let mut show = Show::begin(cluster, who, &retries).await.expect("a co-browse session");
        show.page.append("before ");
        show.agrees().await;
        let host = show.page.told("welcome").await["node"].as_str().expect("a name").to_owned();
        nodes_agree(cluster, CUSTOMERS * STREAMS, 1).await;
        Self { retries, customers, show, host }
    }

    /// How many sockets of players each customer's nodes hold: those of one node.
    pub(crate) async fn at(&self, cluster: &Cluster, node: &str) -> usize {
        let mut found = 0;
        for customer in &self.customers {
            let sessions = cluster.account(&customer.name).await;
            found += sessions.iter().filter(|(_, at)| at.as_deref() == Some(node)).count();
        }
        found
    }

    /// Times that players came back, in all, and the longest that one was without a socket.
    pub(crate) fn returns(&self) -> (usize, Duration) {
        let rides = self.customers.iter().flat_map(|customer| &customer.players);
        rides.map(|player| player.ride()).fold((0, Duration::ZERO), |(returns, gap), ride| {
            (returns + ride.codes.len(), gap.max(ride.longest_gap))
        })
    }

    /// The viewer sees what changes on the page now.
    pub(crate) async fn sees(&mut self, text: &str) {
        self.show.page.append(text);
        self.show.agrees().await;
    }

    /// So many players have lost their sockets, and every player plays again, wherever.
    pub(crate) async fn come_back(&mut self, lost: usize) {
        let what = format!("{lost} players lose their sockets");
        eventually(&what, async || (self.returns().0 >= lost).then_some(())).await;
        for player in self.customers.iter_mut().flat_map(|customer| &mut customer.players) {
            player.plays().await.expect("it was not sent away");
        }
    }

    /// Everything is as the clients believe, in the API and at the nodes.
    pub(crate) async fn is_right(&mut self, cluster: &Cluster) {
        for customer in &mut self.customers {
            customer.is_right(cluster).await.expect("what clients believe");
        }
        nodes_agree(cluster, CUSTOMERS * STREAMS, 1).await;
    }

    /// A new customer is admitted, and gone again.
    pub(crate) async fn has_room(&self, cluster: &Cluster, who: &str) {
        let newcomer = Customer::begin(cluster, who.to_owned(), 1, &self.retries).await;
        let newcomer = newcomer.expect("a newcomer is admitted");
        newcomer.finish(cluster, &mut Figures::default()).await.expect("its stream ends");
    }

    /// Everybody leaves, and nothing is counted any more.
    pub(crate) async fn leave(mut self, cluster: &Cluster) {
        for customer in self.customers {
            customer.finish(cluster, &mut Figures::default()).await.expect("streams end");
        }
        self.show.page.say(serde_json::json!({ "type": "end" }));
        assert_eq!(self.show.page.closed().await, 4003);
        nodes_agree(cluster, 0, 0).await;
    }
}
