//! Outcomes as text that two stores can agree on: without times, without orders nobody promised.

use baton::domain::streams::{
    ConnectOutcome, CreateOutcome, Ended, HeartbeatOutcome, Session, Verdict,
};

/// A session without its times.
pub(super) fn session(session: &Session) -> String {
    let stripped = Session { created_ms: 0, expires_ms: 0, ..session.clone() };
    format!("{stripped:?}")
}

/// Sessions in their order, which is promised: oldest first.
pub(super) fn sessions(sessions: &[Session]) -> Vec<String> {
    sessions.iter().map(session).collect()
}

/// What ended, in any order.
fn ended(ended: &[Ended]) -> Vec<String> {
    let mut ended: Vec<String> = ended.iter().map(|ended| format!("{ended:?}")).collect();
    ended.sort();
    ended
}

/// The answer to a create. Nodes "may hold sockets": the world checks them by themselves.
pub(super) fn create(outcome: &CreateOutcome) -> String {
    match outcome {
        CreateOutcome::Created { session: new, ended: old, nodes: _ } => {
            format!("created {} ended {:?}", session(new), ended(old))
        }
        CreateOutcome::Renewed(renewed) => format!("renewed {}", session(renewed)),
        CreateOutcome::OtherPool(other) => format!("other pool {}", session(other)),
        CreateOutcome::LimitReached { active, nodes: _ } => {
            format!("limit reached {:?}", sessions(active))
        }
        CreateOutcome::NoSuchSession => "no such session".to_owned(),
        CreateOutcome::KeyReused => "key reused".to_owned(),
        CreateOutcome::Crowded => "crowded".to_owned(),
        CreateOutcome::Repeated(first) => format!("repeated {}", create(first)),
    }
}

/// The answer to a connect.
pub(super) fn connect(outcome: &ConnectOutcome) -> String {
    match outcome {
        ConnectOutcome::Connected { session: connected, previous } => {
            format!("connected {} previous {previous:?}", session(connected))
        }
        ConnectOutcome::Ended(_) | ConnectOutcome::Unknown => format!("{outcome:?}"),
    }
}

/// The answer to a heartbeat.
pub(super) fn heartbeat(outcome: &HeartbeatOutcome) -> String {
    match outcome {
        HeartbeatOutcome::Live(live) => format!("live {}", session(live)),
        HeartbeatOutcome::OtherPool(other) => format!("other pool {}", session(other)),
        HeartbeatOutcome::Ended(_) | HeartbeatOutcome::Unknown => format!("{outcome:?}"),
    }
}

/// A verdict.
pub(super) fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Live { expires_ms: _ } => "live".to_owned(),
        Verdict::Ended(_) | Verdict::Superseded(_) | Verdict::Expired | Verdict::Forgotten => {
            format!("{verdict:?}")
        }
    }
}
