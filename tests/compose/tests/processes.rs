//! A cluster of processes behind HAProxy: what containers show as well, on machines without them.

use baton_compose_tests::{
    Machines, Size,
    processes::Processes,
    scenarios::{
        agents_come_by_any_url, rolling_restart, takeover_across_nodes,
        the_cookie_leads_to_the_host,
    },
};

/// As much as two cores carry beside the other tests.
const LOAD: Size = Size { customers: 20, churners: 4, beating: 8, shows: 4 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_under_load_loses_nothing() {
    Processes::run(async |processes| println!("{}", rolling_restart(processes, LOAD).await)).await;
}

#[tokio::test]
async fn the_balancer_brings_everybody_where_they_belong() {
    Processes::run(async |processes| {
        takeover_across_nodes(processes.cluster()).await;
        the_cookie_leads_to_the_host(processes.cluster()).await;
        agents_come_by_any_url(processes.cluster()).await;
    })
    .await;
}
