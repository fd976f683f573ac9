//! Watches a node as a console does: server-sent events over HTTP.

use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::in_time;

/// Somebody who watches a node.
pub(crate) struct Watching {
    response: Response,
    text: String,
}

impl Watching {
    /// Watches from the first `nodes` on: what happens later is told.
    pub(crate) async fn start(request: RequestBuilder) -> Self {
        let response = in_time("an answer", request.send()).await.expect("an answer");
        assert_eq!(response.status(), 200);
        let mut watching = Self { response, text: String::new() };
        assert_eq!(watching.next().await.expect("an event").0, "nodes");
        watching
    }

    /// The next event, by its name and data. None when the node has ended it.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                    let data = serde_json::from_str(data).expect("JSON");
                    return Some((name.to_owned(), data));
                }
                continue; // A comment.
            }
            let chunk =
                in_time("an event", self.response.chunk()).await.expect("a whole answer")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("a text"));
        }
    }

    /// The next event of that name that this takes something from.
    async fn find<T>(&mut self, what: &str, of: impl Fn(&Value) -> Option<T>) -> T {
        let found = async {
            loop {
                let (name, data) = self.next().await.expect("the node goes on telling");
                if name == what
                    && let Some(found) = of(&data)
                {
                    return found;
                }
            }
        };
        in_time(what, found).await
    }

    /// The next activity that this takes something from.
    pub(crate) async fn activity<T>(&mut self, of: impl Fn(&Value) -> Option<T>) -> T {
        self.find("activity", of).await
    }

    /// The next activity of any kind.
    pub(crate) async fn anything(&mut self) -> Value {
        self.activity(|activity| Some(activity.clone())).await
    }

    /// The next list of nodes that this takes something from.
    pub(crate) async fn nodes<T>(&mut self, of: impl Fn(&Value) -> Option<T>) -> T {
        self.find("nodes", |data| of(&data["nodes"])).await
    }
}
