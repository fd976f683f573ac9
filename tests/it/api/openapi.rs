//! The OpenAPI document: complete, true, and followed by requests made of it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    cobrowse, in_time,
    node::{Answer, Ask, TestNode},
};

const ROUTES: [&str; 40] = [
    "delete /api/v1/accounts/{tenant}/{customer}/sessions/{id}",
    "delete /api/v1/cobrowse/sessions/{id}",
    "delete /api/v1/media/media_play_sessions/{id}",
    "delete /api/v1/media/users/{user_id}/media_play_sessions/{id}",
    "delete /sessions/{id}",
    "delete /v1.1/visitors/{short_id}/session",
    "get /api/v1/accounts/{tenant}/{customer}/sessions",
    "get /api/v1/cobrowse/sessions/{id}",
    "get /api/v1/events",
    "get /api/v1/media/users/{user_id}/media_play_sessions",
    "get /api/v1/nodes",
    "get /assistserver/shortcode/agent",
    "get /assistserver/shortcode/consumer",
    "get /cobrowse/health",
    "get /cobrowse/rest/history/sessions/{id}",
    "get /cobrowse/rest/live/sessions/{id}",
    "get /cobrowse/rest/live/users/{user_token}/session/exit",
    "get /cobrowse/rest/live/users/{user_token}/session/stop",
    "get /cobrowse/socket/viewer",
    "get /cobrowse/socket/visitor",
    "get /livez",
    "get /metrics",
    "get /readyz",
    "get /sessions",
    "get /sessions/socket",
    "get /v1.1/list.json",
    "get /v1.1/usage.json",
    "get /v1.1/visitors/{short_id}.json",
    "patch /api/v1/media/users/{user_id}/media_play_sessions/{id}",
    "post /api/v1/media/users/{user_id}/media_play_sessions",
    "post /api/v1/nodes/{name}/drain",
    "post /cobrowse/rest/live/sessions",
    "post /cobrowse/rest/live/sessions/{id}/users",
    "post /cobrowse/rest/live/users/{user_token}/session/exit",
    "post /cobrowse/rest/live/users/{user_token}/session/stop",
    "post /sessions",
    "post /takeover",
    "post /v1.1/visitors/{short_id}/watch_url.json",
    "put /api/v1/media/users/{user_id}/media_play_sessions/{id}",
    "put /assistserver/shortcode/create",
];

/// Sent beside every bearer token.
const API_KEY: &str = "an API key, for tests, and long enough";

/// What stands for a parameter of a path.
const SEGMENTS: [&str; 7] =
    ["alice", "845800826", "%ff", "%00", "a%2Fb%7D%7B", "%F0%9F%92%A3", "%"];

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    spec: Value,
}

impl Operation {
    fn is_private(&self) -> bool {
        ["Admin", "Probes"].iter().any(|tag| self.spec["tags"][0] == *tag)
    }

    /// The path with every parameter replaced.
    fn path_with(&self, segment: &str) -> String {
        let parts = self.path.split('/');
        let parts = parts.map(|part| if part.starts_with('{') { segment } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    async fn try_out(&self, node: &TestNode, path: &str, token: Option<&str>, body: String) {
        let method = self.method.clone();
        let request =
            if self.is_private() { node.admin(method, path) } else { node.call(method, path) };
        let request = match token {
            Some(token) => request.bearer_auth(token).header("x-api-key", API_KEY),
            None => request,
        };
        let what = format!("{} {path} {token:?} {body:.200}", self.method);
        let request = request.body(body);
        if self.is_endless() {
            let response = in_time("an answer", request.send()).await.unwrap();
            assert!(!self.documented(response.status().as_u16()).is_null(), "{what}");
            return;
        }
        self.check(&what, &request.answer().await);
    }

    /// Whether its answer goes on until somebody has had enough.
    fn is_endless(&self) -> bool {
        !self.documented(200)["content"]["text/event-stream"].is_null()
    }

    fn documented(&self, status: u16) -> &Value {
        &self.spec["responses"][status.to_string()]
    }

    /// The answer is one the document tells of, and an error is a problem.
    fn check(&self, what: &str, answer: &Answer) {
        let documented = self.documented(answer.status);
        assert!(!documented.is_null(), "{} is not documented: {what}", answer.status);
        assert!(answer.status < 500 || answer.status == 503, "{what}: {answer:?}");
        let of_its_own = !documented["content"].is_null();
        if answer.status >= 400 && !of_its_own {
            answer.is_problem();
        }
    }
}

async fn document(node: &TestNode) -> Value {
    let answer = node.call(Method::GET, "/openapi.json").answer().await;
    assert_eq!(answer.header("content-type"), "application/json");
    answer.ok()
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, spec) in methods.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            operations.push(Operation { method, path: path.clone(), spec: spec.clone() });
        }
    }
    operations
}

/// A schema with its reference followed; of alternatives, the last (`null` is the first).
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return resolved(document, target.expect("references lead somewhere"));
    }
    match schema["oneOf"].as_array().and_then(|alternatives| alternatives.last()) {
        Some(alternative) => resolved(document, alternative),
        None => schema,
    }
}

/// An instance of a schema.
fn instance(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = json!({});
        for part in parts {
            for (member, value) in instance(document, part).as_object().unwrap() {
                whole[member] = value.clone();
            }
        }
        return whole;
    }
    if let Some(members) = schema["properties"].as_object() {
        let members =
            members.iter().map(|(name, schema)| (name.clone(), instance(document, schema)));
        return Value::Object(members.collect());
    }
    let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]);
    match kind.as_str() {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("object") => json!({}),
        Some("array") => json!([]),
        _ => json!("x"),
    }
}

/// The instance, and what it becomes when one member at any depth is something else, or is gone.
fn mutants(value: &Value) -> Vec<Value> {
    let mut others = vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{7f}\u{202e}"),
        json!("x".repeat(300)),
        json!([[]]),
        json!({ "$ref": "#" }),
    ];
    for member in value.as_object().into_iter().flatten().map(|(member, _)| member) {
        for other in mutants(&value[member]) {
            let mut mutant = value.clone();
            mutant[member] = other;
            others.push(mutant);
        }
        let mut without = value.clone();
        without.as_object_mut().unwrap().remove(member);
        others.push(without);
    }
    others.push(value.clone());
    others
}

#[tokio::test]
async fn it_is_openapi_3_1_and_holds_every_route() {
    let node = TestNode::start(&[]).await;
    let document = document(&node).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let routes: BTreeSet<_> = operations(&document)
        .iter()
        .map(|operation| format!("{} {}", operation.method.as_str().to_lowercase(), operation.path))
        .collect();
    assert_eq!(routes, ROUTES.map(str::to_owned).into());
}

#[tokio::test]
async fn every_operation_says_what_it_is_and_what_it_answers() {
    let node = TestNode::start(&[]).await;
    let document = document(&node).await;
    let mut ids = BTreeSet::new();
    for Operation { method, path, spec } in operations(&document) {
        let what = format!("{method} {path}");
        assert!(spec["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what}");
        assert!(!spec["responses"].as_object().unwrap().is_empty(), "{what}");
        assert!(ids.insert(spec["operationId"].to_string()), "{what}: the id is taken");
        for scheme in spec["security"].as_array().into_iter().flatten() {
            // An empty alternative: it works without as well.
            let Some(name) = scheme.as_object().unwrap().keys().next() else { continue };
            assert!(!document["components"]["securitySchemes"][name].is_null(), "{what}: {name}");
        }
        for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let parameters = spec["parameters"].as_array().unwrap();
            let described = |parameter: &Value| parameter["name"] == name;
            assert!(parameters.iter().any(described), "{what}: {name}");
        }
    }
}

#[tokio::test]
async fn the_pages_that_show_it_are_there() {
    let node = TestNode::start(&[]).await;
    let moved = node.call(Method::GET, "/docs").answer().await;
    assert_eq!((moved.status, moved.header("location")), (303, "/docs/"));
    let page = node.call(Method::GET, "/docs/").answer().await;
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(page.ok().as_str().unwrap().contains("swagger-ui"));
    let script = node.call(Method::GET, "/docs/swagger-initializer.js").answer().await.ok();
    assert!(script.as_str().unwrap().contains("/openapi.json"), "{script}");
}

/// R8 in small: no request makes a 5xx, and no answer is one that the document does not tell of.
#[tokio::test]
async fn whatever_is_sent_the_answers_are_the_documented_ones() {
    let variables = [("BATON_STREAMS__LIMIT", "3"), ("BATON_WATCH__API_KEY", API_KEY)];
    let node = TestNode::start(&variables).await;
    let document = document(&node).await;
    let (alice, service) = (node.customer("alice").token, node.service().token);
    let agent = cobrowse::rest::token("agent", "ann");
    for operation in operations(&document) {
        let content = operation.spec["requestBody"]["content"].as_object();
        let schema = content.and_then(|content| content.values().next());
        let good = schema.map(|media| instance(&document, &media["schema"]));
        let text = good.as_ref().map(Value::to_string).unwrap_or_default();
        for segment in SEGMENTS {
            let path = operation.path_with(segment);
            for token in
                [None, Some("x"), Some("a.b.c"), Some(&*alice), Some(&*service), Some(&*agent)]
            {
                operation.try_out(&node, &path, token, text.clone()).await;
            }
        }
        let path = operation.path_with("alice");
        for mutant in good.iter().flat_map(mutants) {
            operation.try_out(&node, &path, Some(&alice), mutant.to_string()).await;
        }
        for garbage in ["", "{", "\0", "[[[[", "{}{}", "\u{feff}{}"] {
            operation.try_out(&node, &path, Some(&alice), garbage.to_owned()).await;
        }
        let queried = format!("{path}?token=x&token=y&%ff=%00");
        operation.try_out(&node, &queried, Some(&alice), text).await;
    }
    node.admin(Method::GET, "/readyz").answer().await.ok();
}
