//! What nodes learn of clients, and what clients may not reach.

use std::net::Ipv4Addr;

use reqwest::{Client, Method, redirect};

use super::{Site, each_product};
use crate::support::{
    front::{HOST, Product},
    node::Ask,
};

each_product! { each_client_has_its_own_budget_and_nobody_else_s }

async fn each_client_has_its_own_budget_and_nobody_else_s(product: Product) {
    let site = Site::start(product).await;
    let guess = async |from: Ipv4Addr, try_number: usize| {
        let path = "/assistserver/shortcode/agent?appkey=000000";
        let request = site.front.request_of(HOST, from, Method::GET, path);
        // A guesser would be somebody else each time.
        let made_up = format!("203.0.113.{try_number}");
        let request = request.header("forwarded", format!("for={made_up}"));
        request.header("x-forwarded-for", made_up).answer().await.status
    };
    let [guesser, other] = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];
    for try_number in 0..10 {
        assert_eq!(guess(guesser, try_number).await, 403, "try {try_number}");
    }
    assert_eq!(guess(guesser, 10).await, 429, "the guesser is known by its address");
    assert_eq!(guess(other, 0).await, 403, "nobody else pays for it");
}

each_product! { plain_http_leads_to_https_and_internal_paths_nowhere }

async fn plain_http_leads_to_https_and_internal_paths_nowhere(product: Product) {
    let site = Site::start(product).await;
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
    let plain = format!("http://127.0.0.1:{}/sessions?x=1", site.front.ports.http);
    let answer = client.get(plain).header("host", HOST).answer().await;
    assert!([301, 308].contains(&answer.status), "{answer:?}");
    let location = answer.header("location");
    assert!(location.starts_with("https://baton.example.com"), "{location}");
    assert!(location.ends_with("/sessions?x=1"), "{location}");

    let path = "/internal/cobrowse/viewer";
    for request in
        [site.front.request(Method::GET, path), site.front.request_to(0, Method::GET, path)]
    {
        let answer = request.answer().await;
        assert_eq!(answer.status, 404);
        assert!(answer.headers.get("x-request-id").is_none(), "no node was asked: {answer:?}");
    }
}
