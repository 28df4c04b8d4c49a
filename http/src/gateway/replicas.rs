//! The replicas of a service, and their health.
//!
//! ```text
//!        a failed connection, or `failures` consecutive checks fail
//!   up ───────────────────────────────────────────────────────────▶ down
//!    ▲                                                               │ `failures` consecutive
//!    │ a check succeeds                                              ▼ checks are not answered
//!    └───────────────────────────────────────────────────────────── gone
//! ```
//! One that is down gets no new requests; those in progress continue. One that is gone is assumed
//! dead (a machine without power, a stopped process): requests that wait for it are given up, so
//! that clients retry elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::sync::{Semaphore, watch};

use super::place::{key, ranked};
use super::{Origin, Settings};
use crate::kit::Operations;

/// The health of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It gets requests.
    Up,
    /// It gets no new requests.
    Down,
    /// It is assumed dead.
    Gone,
}

/// One replica.
pub(super) struct Replica {
    service: &'static str,
    pub(super) origin: Origin,
    health: watch::Sender<Health>,
    /// Permits for requests that await its answer.
    pub(super) room: Semaphore,
}

impl Replica {
    /// Resolves when requests should no longer wait for the replica.
    pub(super) fn gone(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut health = self.health.subscribe();
        async move {
            // An error means that the gateway itself is gone.
            let _ = health.wait_for(|health| *health == Health::Gone).await;
        }
    }

    /// Connecting failed: the replica is down until the next check.
    pub(super) fn unreachable(&self) {
        if *self.health.borrow() == Health::Up {
            self.turn(Health::Down);
        }
    }

    fn turn(&self, to: Health) {
        let from = self.health.send_replace(to);
        let labels = [("service", self.service.to_owned()), ("replica", self.origin.name().to_owned())];
        metrics::gauge!("gateway_replica_up", &labels).set(if to == Health::Up { 1.0 } else { 0.0 });
        if from != to {
            tracing::warn!(service = self.service, replica = %self.origin, ?from, ?to, "a replica changed");
        }
    }
}

/// All replicas of one service.
pub(super) struct Replicas {
    service: &'static str,
    operations: Operations,
    all: Vec<Arc<Replica>>,
    /// Counts requests that any replica may answer, to take turns.
    turn: AtomicUsize,
}

impl Replicas {
    pub(super) fn new(
        service: &'static str,
        operations: Operations,
        origins: Vec<Origin>,
        settings: &Settings,
    ) -> Self {
        let new = |origin| {
            let (health, room) = (watch::Sender::new(Health::Up), Semaphore::new(settings.in_flight));
            Arc::new(Replica { service, origin, health, room })
        };
        Self { service, operations, all: origins.into_iter().map(new).collect(), turn: AtomicUsize::new(0) }
    }

    pub(super) fn service(&self) -> &'static str {
        self.service
    }

    pub(super) fn all(&self) -> &[Arc<Replica>] {
        &self.all
    }

    /// The placing key of a request; `None` if any replica will do.
    pub(super) fn key(&self, parts: &Parts) -> Option<String> {
        key(&self.operations, parts)
    }

    /// The replicas that are up, in the order in which to try them.
    pub(super) fn candidates(&self, key: Option<&str>) -> Vec<Arc<Replica>> {
        let mut up = self.all.iter().filter(|each| *each.health.borrow() == Health::Up);
        match key {
            Some(key) => ranked(key, up, |replica| replica.origin.name()).into_iter().cloned().collect(),
            None => {
                let mut up: Vec<_> = up.by_ref().cloned().collect();
                if !up.is_empty() {
                    let first = self.turn.fetch_add(1, Ordering::Relaxed) % up.len();
                    up.rotate_left(first);
                }
                up
            }
        }
    }
}

/// Checks periodically whether the replica is ready.
pub(super) async fn check(client: Client<HttpConnector, Body>, replica: Arc<Replica>, settings: Settings) {
    let mut ticks = tokio::time::interval(settings.check_every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut said_no, mut silent) = (0, 0);
    replica.turn(Health::Up);
    loop {
        ticks.tick().await;
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = replica.origin.at(PathAndQuery::from_static("/readyz"));
        let answer = tokio::time::timeout(settings.check_within, client.request(request)).await;
        match answer {
            Ok(Ok(answer)) if answer.status() == StatusCode::OK => {
                (said_no, silent) = (0, 0);
                replica.turn(Health::Up);
            }
            Ok(Ok(_)) => (said_no, silent) = (said_no + 1, 0),
            Ok(Err(_)) | Err(_) => (said_no, silent) = (said_no + 1, silent + 1),
        }
        if silent >= settings.failures {
            replica.turn(Health::Gone);
        } else if said_no >= settings.failures {
            replica.turn(Health::Down);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replicas() -> Replicas {
        let origins = ["http://a:1", "http://b:1", "http://c:1"].map(|each| each.parse().unwrap());
        Replicas::new("order_service", Operations::default(), origins.into(), &Settings::default())
    }

    fn names(candidates: &[Arc<Replica>]) -> Vec<&str> {
        candidates.iter().map(|each| each.origin.name()).collect()
    }

    #[test]
    fn an_entity_stays_at_its_replica_and_moves_only_while_that_is_down() {
        let replicas = replicas();
        let order = Some("01920000-0000-7000-8000-00000000000a");
        let first = replicas.candidates(order);
        assert_eq!(names(&first), names(&replicas.candidates(order)));
        first[0].unreachable();
        assert_eq!(names(&replicas.candidates(order)), names(&first[1..]));
        first[0].turn(Health::Up);
        assert_eq!(names(&replicas.candidates(order)), names(&first));
    }

    #[test]
    fn what_is_about_nothing_is_spread() {
        let replicas = replicas();
        let first = || names(&replicas.candidates(None))[0].to_owned();
        assert_eq!([first(), first(), first(), first()], ["a:1", "b:1", "c:1", "a:1"]);
        replicas.all[1].unreachable();
        let firsts = [first(), first(), first(), first()];
        assert!(!firsts.contains(&"b:1".to_owned()) && firsts.contains(&"c:1".to_owned()), "{firsts:?}");
        replicas.all.iter().for_each(|each| each.unreachable());
        assert!(replicas.candidates(None).is_empty());
    }
}
