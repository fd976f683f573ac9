//! Brings the shipped docker-compose.yml up, breaks it in every way that is told below, and takes it
//! down again. `baton-compose-tests [WORDS]` runs the scenarios whose names have one of the words.

use std::{future::Future, panic::AssertUnwindSafe, process::ExitCode};

use baton_compose_tests::{
    Machines, Size,
    compose::{Project, an_engine_answers, remove_stale},
    scenarios::{self as they, UNTIL_KILLED},
};
use futures_util::FutureExt;
use tokio::time::Instant;

/// As much as two cores carry that also run the cluster, Redis and the balancer.
const LOAD: Size = Size { customers: 75, churners: 10, beating: 20, shows: 6 };

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let image = std::env::var("BATON_IMAGE").unwrap_or_else(|_| "baton:local".to_owned());
    if words == [UNTIL_KILLED] {
        they::wait_to_be_killed(&image).await;
    }
    if !an_engine_answers().await {
        eprintln!("compose: no Docker engine answers; make one do so by: make engine");
        return ExitCode::FAILURE;
    }
    match run(&words, &image).await {
        Some(()) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}

/// None where something failed; what it was is told.
async fn run(words: &[String], image: &str) -> Option<()> {
    remove_stale().await;
    step("a killed run leaves nothing", words, plain(they::a_killed_run_leaves_nothing())).await?;
    let project = Project::prepare(image, 1).await;
    let outcome = scenarios(words, &project).await;
    if outcome.is_none() {
        eprintln!("{}", project.logs().await);
    }
    let down = step("down again, with nothing left", &[], plain(project.down())).await;
    outcome.and(down)
}

async fn scenarios(words: &[String], project: &Project) -> Option<()> {
    let up = async {
        project.up(&[]).await;
        project.is_whole().await;
    };
    step("docker-compose.yml comes up", &[], plain(up)).await?;
    let cluster = project.cluster();
    let takeover = plain(they::takeover_across_nodes(cluster));
    step("takeover across nodes", words, takeover).await?;
    let cookie = plain(they::the_cookie_leads_to_the_host(cluster));
    step("the cookie leads to the host", words, cookie).await?;
    let urls = plain(they::agents_come_by_any_url(cluster));
    step("agents come by any URL", words, urls).await?;
    step("the hosting container is killed", words, they::the_host_dies(project)).await?;
    step("a node is cut off from the network", words, they::a_node_is_cut_off(project)).await?;
    step("Redis is paused for 20 s", words, they::the_store_stands_still(project)).await?;
    let rolling = async { they::rolling_restart(project, LOAD).await.to_string() };
    step("a rolling restart under load", words, rolling).await
}

/// A scenario without figures.
async fn plain(scenario: impl Future<Output = ()>) -> String {
    scenario.await;
    String::new()
}

/// Runs one scenario if it is wanted, and tells what came of it.
async fn step(name: &str, words: &[String], scenario: impl Future<Output = String>) -> Option<()> {
    if !words.is_empty() && !words.iter().any(|word| name.contains(word)) {
        return Some(());
    }
    let began = Instant::now();
    // The panic has told what failed and where.
    let outcome = AssertUnwindSafe(scenario).catch_unwind().await.ok();
    let verdict = if outcome.is_some() { "ok" } else { "FAILED" };
    println!("compose: {name} ... {verdict} ({:.1?})", began.elapsed());
    let figures = outcome?;
    for line in figures.lines() {
        println!("    {line}");
    }
    Some(())
}
