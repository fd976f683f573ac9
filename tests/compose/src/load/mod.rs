//! The load: clients of every dialect, who believe what they were told, and check it in the end.

mod churn;
mod media;
pub(crate) mod player;
pub(crate) mod show;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use self::{churn::Churned, media::Beating, player::Player, show::Show};
use crate::{
    answer::{Retries, Trouble},
    cluster::Cluster,
    support::eventually,
};

/// Stream sessions of one customer: all that its limit allows.
const STREAMS_EACH: usize = 2;

/// How much load.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Customers who play as many streams as they may.
    pub customers: usize,
    /// Customers who create and end one session after the other.
    pub churners: usize,
    /// Clients that send heartbeats.
    pub beating: usize,
    /// Co-browse sessions that are watched.
    pub shows: usize,
}

/// A customer with players.
pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) ids: Vec<String>,
    pub(crate) players: Vec<Player>,
}

/// A client that goes on until it is stopped.
type Running<T> = JoinHandle<Result<T, Trouble>>;

/// Load that runs.
pub(crate) struct Load {
    cluster: Cluster,
    customers: Vec<Customer>,
    churners: Vec<Running<Churned>>,
    beating: Vec<Running<Beating>>,
    shows: Vec<Running<Show>>,
    stop: watch::Sender<bool>,
    retries: Arc<Retries>,
}

/// What the clients went through.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    streams: usize,
    returns: u32,
    refusals: u32,
    longest_gap: Duration,
    rounds: u64,
    beats: u64,
    frames: usize,
    page_returns: u32,
    viewer_returns: u32,
    longest_still: Duration,
    retries: String,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { streams, returns, refusals, longest_gap, .. } = self;
        writeln!(
            f,
            "{streams} players, {returns} reconnects ({refusals} refused handshakes), \
             longest without a socket {longest_gap:.1?}"
        )?;
        let Self { rounds, beats, retries, .. } = self;
        writeln!(f, "{rounds} streams created and ended, {beats} heartbeats; {retries}")?;
        let Self { frames, page_returns, viewer_returns, longest_still, .. } = self;
        write!(
            f,
            "{frames} frames seen, pages came back {page_returns} times, viewers {viewer_returns}, \
             longest still view {longest_still:.1?}"
        )
    }
}

impl Customer {
    /// Creates a customer's sessions and plays them all.
    pub(crate) async fn begin(
        cluster: &Cluster,
        name: String,
        streams: usize,
        retries: &Retries,
    ) -> Result<Self, Trouble> {
        let limit = u32::try_from(streams)?;
        let bearer = cluster.customer(&name, limit);
        let (mut ids, mut players) = (Vec::new(), Vec::new());
        for stream in 0..streams {
            let key = format!("{name}-{stream}");
            let create = || cluster.create(cluster.public, &bearer, "TV", &key);
            let created = retries.insist("a create", create).await?.only(200)?;
            ids.push(created.text("sessionId").to_owned());
            players.push(Player::begin(created.text("endpoint").to_owned()));
        }
        for player in &mut players {
            player.plays().await?;
        }
        ids.sort();
        Ok(Self { name, ids, players })
    }

    /// All players play, and the cluster counts these sessions and no other, each held by a node.
    pub(crate) async fn is_right(&mut self, cluster: &Cluster) -> Result<(), Trouble> {
        for player in &mut self.players {
            player.plays().await?;
        }
        let told = eventually("each session is held by a node", async || {
            let told = cluster.account(&self.name).await;
            told.iter().all(|(_, node)| node.is_some()).then_some(told)
        })
        .await;
        let ids: Vec<_> = told.into_iter().map(|(id, _)| id).collect();
        if ids == self.ids {
            return Ok(());
        }
        Err(format!("{} has {:?}, and the cluster counts {ids:?}", self.name, self.ids).into())
    }

    /// Every stream ends as the viewer wants; nothing is counted then.
    pub(crate) async fn finish(
        self,
        cluster: &Cluster,
        figures: &mut Figures,
    ) -> Result<(), Trouble> {
        for player in self.players {
            let ride = player.finish().await?;
            figures.streams += 1;
            figures.returns += ride.starts - 1;
            figures.refusals += ride.refusals;
            figures.longest_gap = figures.longest_gap.max(ride.longest_gap);
        }
        let left = cluster.account(&self.name).await;
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?} is left of {}", self.name).into())
        }
    }
}

impl Load {
    /// Starts it all; returns once every client has what it wants.
    pub(crate) async fn begin(cluster: &Cluster, size: Size) -> Self {
        let retries = Arc::new(Retries::default());
        let stop = watch::Sender::new(false);
        let customers = together(size.customers, |n| {
            let (cluster, retries) = (cluster.clone(), Arc::clone(&retries));
            async move { Customer::begin(&cluster, format!("c{n}"), STREAMS_EACH, &retries).await }
        })
        .await;
        let shows = together(size.shows, |n| {
            let (cluster, retries) = (cluster.clone(), Arc::clone(&retries));
            async move { Show::begin(&cluster, &format!("agent{n}"), &retries).await }
        })
        .await;
        let shows = shows.into_iter().map(|show| tokio::spawn(show.go_on(stop.subscribe())));
        let mut beating = Vec::new();
        for n in 0..size.beating {
            let user = format!("m{n}");
            let session = Beating::begin(cluster, &user, &retries).await.expect("it begins");
            beating.push(tokio::spawn(session.beat(stop.subscribe())));
        }
        let churners = (0..size.churners).map(|n| {
            let (retries, stop) = (Arc::clone(&retries), stop.subscribe());
            tokio::spawn(churn::churn(cluster.clone(), format!("k{n}"), retries, stop))
        });
        Self {
            cluster: cluster.clone(),
            churners: churners.collect(),
            shows: shows.collect(),
            customers,
            beating,
            stop,
            retries,
        }
    }

    /// Stops it: everything runs that clients believe to run, and all of it can be ended.
    pub(crate) async fn end(self) -> Figures {
        self.stop.send_replace(true);
        let Self { cluster, mut customers, .. } = self;
        let mut figures = Figures::default();
        for churner in self.churners {
            figures.rounds += join(churner).await.rounds;
        }
        let mut ended = Vec::new();
        for beating in self.beating {
            let beating = join(beating).await;
            let sessions = cluster.account(&beating.user).await.into_iter();
            let ids: Vec<_> = sessions.map(|(id, _)| id).collect();
            assert_eq!(ids, [beating.user.as_str()], "its one session runs");
            figures.beats += beating.beats;
            ended.push(beating);
        }
        let mut shows = Vec::new();
        for show in self.shows {
            shows.push(join(show).await);
        }
        for customer in &mut customers {
            customer.is_right(&cluster).await.expect("what clients believe");
        }
        let players = customers.iter().map(|customer| customer.players.len()).sum::<usize>();
        nodes_agree(&cluster, players, shows.len()).await;
        for beating in ended {
            beating.end().await.expect("a session ends");
        }
        for customer in customers {
            customer.finish(&cluster, &mut figures).await.expect("streams end");
        }
        for show in shows {
            figures.frames += show.seen.frames;
            figures.page_returns += show.seen.page_returns;
            figures.viewer_returns += show.seen.viewer_returns;
            figures.longest_still = figures.longest_still.max(show.seen.longest_still);
        }
        figures.retries = self.retries.to_string();
        figures
    }
}

/// What the nodes say they hold adds up to what the clients have.
pub(crate) async fn nodes_agree(cluster: &Cluster, players: usize, shows: usize) {
    let wanted = (players as u64, shows as u64);
    let what = format!("nodes hold {players} streams and host {shows} co-browse sessions");
    cluster
        .until(&what, |members| {
            let held = members.iter().map(|member| member.held).sum::<u64>();
            (held, members.iter().map(|member| member.hosted).sum()) == wanted
        })
        .await;
}

async fn join<T>(task: Running<T>) -> T {
    task.await.expect("a client does not panic").expect("a client has no trouble")
}

/// So many at once; each has to succeed.
async fn together<T, F>(count: usize, begin: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Trouble>> + Send + 'static,
{
    let mut begun: JoinSet<_> = (0..count).map(begin).collect();
    let mut all = Vec::with_capacity(count);
    while let Some(done) = begun.join_next().await {
        all.push(done.expect("no panic").expect("it begins"));
    }
    all
}
