//! The balancers' own programs take the shipped configurations, and have nothing to say against them.

use reqwest::Method;
use tempfile::TempDir;

use super::{Site, each_product};
use crate::support::{front::Product, node::Ask};

each_product! {
    the_program_itself_accepts_it:
    haproxy = HaproxyByCookie,
    haproxy_by_session = HaproxyBySession,
    nginx = NginxByCookie,
    nginx_by_session = NginxBySession,
}

async fn the_program_itself_accepts_it(product: Product) {
    let files = TempDir::new().unwrap();
    let (accepted, said) = product.check(files.path());
    assert!(accepted, "{said}");
    for word in ["warn", "alert", "deprecated"] {
        assert!(!said.to_lowercase().contains(word), "{said}");
    }
}

/// It has no command that checks; what it does not understand is an error in its log.
#[tokio::test]
async fn traefik_runs_it_without_an_error() {
    let site = Site::start(Product::Traefik).await;
    site.front.request(Method::GET, "/cobrowse/health").answer().await.ok();
    let log = site.front.log();
    assert!(!log.contains("ERR") && !log.contains("not configured"), "{log}");
}

/// What HAProxy tells Prometheus, and nobody else.
#[tokio::test]
async fn haproxy_tells_its_metrics_on_a_port_of_their_own() {
    let site = Site::start(Product::HaproxyByCookie).await;
    let url = format!("http://127.0.0.1:{}/metrics", site.front.ports.metrics);
    let metrics = reqwest::Client::builder().no_proxy().build().unwrap().get(url);
    let text = metrics.answer().await.ok();
    let up = r#"haproxy_backend_active_servers{proxy="by_cookie"} 3"#;
    assert!(text.as_str().unwrap().contains(up), "{text}");
    let public = site.front.request(Method::GET, "/metrics").answer().await;
    assert_eq!(public.status, 404);
}
