//! The load balancers of `deploy/`, each with its own program and its shipped configuration, in front
//! of three nodes.

mod away;
mod clients;
mod leaving;
mod nodes;
mod shipped;
mod sticky;
mod streams;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{
    cluster::{Cluster, SECRET, TENANT},
    front::{Front, NODES, Product},
    node::{Answer, Ask},
    tokens::Claims,
};

/// Declares the same tests of several products, each named after its rule.
///
/// Without a list: one configuration of each program, the one that goes by the cookie where there are two.
macro_rules! each_product {
    ($rule:ident) => {
        each_product! {
            $rule:
            haproxy = HaproxyByCookie,
            nginx = NginxByCookie,
            traefik = Traefik,
        }
    };
    ($rule:ident: $($name:ident = $product:ident),+ $(,)?) => {
        mod $rule {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$rule(crate::support::front::Product::$product).await;
                }
            )+
        }
    };
}
pub(crate) use each_product;

/// Sessions of co-browsing.
const SESSIONS: &str = "/cobrowse/rest/live/sessions";
/// The same as metrics name the route of one.
const LOOKED_UP: &str =
    r#"baton_requests_total{method="GET",route="/cobrowse/rest/live/sessions/{id}",status="200"}"#;

/// A cluster behind a balancer.
struct Site {
    cluster: Cluster,
    front: Front,
}

impl Site {
    async fn start(product: Product) -> Self {
        Self::of(product, crate::support::front::nodes().start().await).await
    }

    async fn of(product: Product, cluster: Cluster) -> Self {
        let front = Front::start(product, &cluster).await;
        Self { cluster, front }
    }

    /// A metric of each node.
    async fn metric(&self, name: &str) -> [u64; NODES] {
        let mut values = [0; NODES];
        for (node, value) in values.iter_mut().enumerate() {
            *value = self.cluster.metric(node, name).await;
        }
        values
    }

    /// A customer's call.
    fn ask(&self, customer: &str, path: &str, body: &Value) -> RequestBuilder {
        let token = Claims::of(TENANT, customer).sign(SECRET);
        self.front.request(Method::POST, path).bearer_auth(token).json(body)
    }

    /// Asks for a stream session.
    async fn admit(&self, customer: &str, name: &str) -> Answer {
        let body = json!({ "sessionName": name, "offerId": "basic" });
        self.ask(customer, "/sessions", &body).answer().await
    }
}

/// The pair of the last cookie that an answer sets, as browsers keep it; empty where there is none.
fn cookie(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter().next_back();
    let set = set.map_or("", |cookie| cookie.to_str().expect("a text"));
    set.split(';').next().unwrap_or_default().to_owned()
}
