//! A co-browse session on which somebody looks: frames flow, and both ends come back.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    answer::{Retries, Trouble},
    cluster::{COOKIE, Cluster},
    support::{
        DEADLINE,
        cobrowse::{BROKEN, Page, PageOptions, SITE, Socket, Watcher, dial, socket_url},
    },
};

/// Between two changes of the page.
const PACE: Duration = Duration::from_millis(100);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(100);
/// Close codes that say: do not come back.
const FINAL: std::ops::RangeInclusive<u16> = 4000..=4499;

/// Both ends of a session.
pub(crate) struct Show {
    pub(crate) cluster: Cluster,
    /// `sessionToken`.
    pub(crate) token: String,
    /// The node that answered the create.
    pub(crate) home: String,
    customer: String,
    /// The cookie that the visitor's browser keeps.
    cookie: String,
    agent: Agent,
    pub(crate) page: Page,
    pub(crate) watcher: Watcher,
    pub(crate) seen: Shown,
}

/// An agent who joined.
pub(crate) struct Agent {
    /// Its `userToken`.
    pub(crate) user: String,
    /// The cookie its browser keeps.
    cookie: String,
}

/// What became of a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// Frames that the viewer got.
    pub(crate) frames: usize,
    /// Times the page had to connect again.
    pub(crate) page_returns: u32,
    /// Times the viewer had to.
    pub(crate) viewer_returns: u32,
    /// The longest time in which the viewer saw nothing new.
    pub(crate) longest_still: Duration,
}

impl Show {
    /// A session that is watched, through the balancer; the page keeps the cookie as a browser does.
    pub(crate) async fn begin(
        cluster: &Cluster,
        agent: &str,
        retries: &Retries,
    ) -> Result<Self, Trouble> {
        let (at, path) = (cluster.public, "/cobrowse/rest/live/sessions");
        let create = || cluster.call(at, Method::POST, path, &[], &Value::Null);
        let created = retries.insist("a co-browse session", create).await?.only(200)?;
        let (token, customer) = (created.text("sessionToken"), created.text("customerToken"));
        let (token, customer) = (token.to_owned(), customer.to_owned());
        let home = created.text("sessionServerName").to_owned();
        let agent = join(cluster, at, &token, agent, retries).await?;
        let cookie = format!("{COOKIE}={}", created.server().ok_or("no cookie for a visitor")?);
        let options = PageOptions {
            token: Some(customer.clone()),
            consents: Some(true),
            ..PageOptions::default()
        };
        let mut page = open_page(cluster, &cookie, options).await?;
        let mut watcher = open_viewer(cluster, &agent).await?;
        page.status("active").await;
        watcher.status("active").await;
        let seen = Shown::default();
        Ok(Self {
            cluster: cluster.clone(),
            token,
            home,
            customer,
            cookie,
            agent,
            page,
            watcher,
            seen,
        })
    }

    /// Shows a page that changes until it is stopped, and that both ends show the same then.
    pub(crate) async fn go_on(mut self, stop: watch::Receiver<bool>) -> Result<Self, Trouble> {
        let mut last = (self.watcher.mirror().at, Instant::now());
        let mut round = 0_u64;
        while !*stop.borrow() {
            self.come_back().await?;
            self.page.append(&format!("{round} "));
            round += 1;
            sleep(PACE).await;
            let now = self.watcher.mirror().at;
            if now == last.0 {
                self.seen.longest_still = self.seen.longest_still.max(last.1.elapsed());
            } else {
                last = (now, Instant::now());
            }
        }
        self.come_back().await?;
        self.agrees().await;
        Ok(self)
    }

    /// The viewer shows what the page is.
    pub(crate) async fn agrees(&mut self) {
        let text = self.page.text().await;
        let mirror = self.watcher.shows(&text).await;
        self.seen.frames += mirror.deltas + mirror.snapshots;
    }

    /// Whichever end lost its socket connects again.
    pub(crate) async fn come_back(&mut self) -> Result<(), Trouble> {
        if let Some(code) = self.page.seen().closed {
            may_come_back("page", code)?;
            self.page_comes_back().await?;
        }
        let mirror = self.watcher.mirror();
        if let Some(code) = mirror.closed {
            may_come_back("viewer", code)?;
            self.seen.frames += mirror.deltas + mirror.snapshots;
            self.seen.viewer_returns += 1;
            self.watcher = open_viewer(&self.cluster, &self.agent).await?;
        }
        Ok(())
    }

    /// The page connects again, as it is: its visitor is not asked again.
    pub(crate) async fn page_comes_back(&mut self) -> Result<(), Trouble> {
        let seen = self.page.seen();
        let options = PageOptions {
            token: Some(self.customer.clone()),
            text: String::from_utf8(seen.text)?,
            epoch: seen.epoch + 1,
            ..PageOptions::default()
        };
        self.seen.page_returns += 1;
        self.page = open_page(&self.cluster, &self.cookie, options).await?;
        Ok(())
    }
}

/// Lets an agent join.
pub(crate) async fn join(
    cluster: &Cluster,
    at: std::net::SocketAddr,
    token: &str,
    agent: &str,
    retries: &Retries,
) -> Result<Agent, Trouble> {
    let bearer = cluster.agent(agent);
    let headers = [("authorization", bearer.as_str())];
    let path = format!("/cobrowse/rest/live/sessions/{token}/users");
    let body = json!({ "role": 2 });
    let join = || cluster.call(at, Method::POST, &path, &headers, &body);
    let joined = retries.insist("a join", join).await?.only(200)?;
    let node = joined.server().ok_or("no cookie for an agent")?;
    let cookie = format!("{COOKIE}={node}");
    Ok(Agent { user: joined.text("userToken").to_owned(), cookie })
}

fn may_come_back(who: &str, code: u16) -> Result<(), Trouble> {
    if FINAL.contains(&code) {
        Err(format!("the {who} was sent away: {code}").into())
    } else {
        Ok(())
    }
}

async fn open_page(cluster: &Cluster, cookie: &str, options: PageOptions) -> Result<Page, Trouble> {
    let url = socket_url(cluster.public, "visitor", options.token.as_deref());
    let socket = insist("page", &url, &[("origin", SITE), ("cookie", cookie)]).await?;
    Ok(Page::over(socket, options).await)
}

async fn open_viewer(cluster: &Cluster, agent: &Agent) -> Result<Watcher, Trouble> {
    let url = socket_url(cluster.public, "viewer", Some(&agent.user));
    let socket = insist("viewer", &url, &[("cookie", &agent.cookie)]).await?;
    Ok(Watcher::over(socket).await)
}

/// Opens a socket; a handshake that breaks, or is refused for the moment, is repeated.
async fn insist(who: &str, url: &str, headers: &[(&'static str, &str)]) -> Result<Socket, Trouble> {
    let began = Instant::now();
    loop {
        let status = match dial(url, headers).await {
            Ok(socket) => return Ok(socket),
            Err(status) => status,
        };
        let may_pass = matches!(status, BROKEN | 502..=504);
        if !may_pass || began.elapsed() > DEADLINE {
            return Err(format!("the {who} does not get in: {status}").into());
        }
        sleep(PAUSE).await;
    }
}
