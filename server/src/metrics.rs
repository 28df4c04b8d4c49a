//! Every metric, described once, for `/metrics` and for `docs/metrics.md`.
//!
//! A metric is named by a literal where it is measured. Tests check that each of these
//! literals is listed here, and that each row here is in the document.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

use crate::Metrics;

/// How often samples of histograms are aggregated, whether or not anybody scrapes:
/// until then they accumulate in memory.
const GATHER_EVERY: Duration = Duration::from_secs(1);

/// Buckets of seconds, from a look-up in memory to a caller's timeout.
const SECONDS: [f64; 17] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];

/// Buckets of rows of one commit.
const ROWS: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0];

/// Buckets of bytes that wait for a reader.
const BYTES: [f64; 9] =
    [256.0, 1_024.0, 4_096.0, 8_192.0, 16_384.0, 32_768.0, 65_536.0, 131_072.0, 262_144.0];

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only increases.
    Counter,
    /// Increases and decreases.
    Gauge,
    /// A distribution.
    Histogram,
}

impl Kind {
    /// The name of the type in Prometheus.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its labels, separated by commas.
    pub labels: &'static str,
    /// Its description.
    pub help: &'static str,
    /// Whether it is exposed from the start; otherwise only after its first sample.
    pub always: bool,
}

macro_rules! metrics {
    ($($kind:ident $name:literal [$labels:literal] $($when:ident)? $help:literal;)*) => {
        /// All metrics, by name.
        pub const ALL: &[Metric] = &[$(Metric {
            name: $name,
            kind: Kind::$kind,
            labels: $labels,
            help: $help,
            always: metrics!(@always $($when)?),
        },)*];
    };
    (@always) => { true };
    (@always rare) => { false };
}

metrics! {
    Gauge "baedal_build_info" ["version"] "1, labelled with the program's version.";
    Gauge "catalogue_name_bytes" [""] rare "Memory of the names of restaurants and dishes, without the restaurants.";
    Gauge "catalogue_names" [""] rare "Different names of restaurants and dishes in the catalogue.";
    Gauge "catalogue_restaurants" [""] rare "Restaurants in the catalogue that lists and searches read.";
    Gauge "database_connections" ["state"] "Connections to PostgreSQL, busy or idle.";
    Gauge "database_connections_max" [""] "Connections to PostgreSQL that this process may open.";
    Counter "device_values_unread_total" ["field"] rare "Optional values of tracking apps that could not be read, and counted as unsaid.";
    Counter "dispatch_no_courier_total" [""] "Deliveries that nobody took for long.";
    Gauge "entities_active" ["kind"] "Entities that are awake.";
    Gauge "entities_quarantined" ["kind"] "Entities that are left alone for a while because they crashed too often.";
    Counter "entity_activations_total" ["kind"] "Entities woken up by a command.";
    Gauge "entity_commands_in_flight" ["kind"] "Commands admitted and not yet answered.";
    Gauge "entity_commands_in_flight_peak" ["kind"] "The most commands in flight at once since the last sample, 5 s ago.";
    Counter "entity_conflicts_total" ["kind"] "Commits that lost against another activation's, and were decided anew.";
    Counter "entity_crashes_total" ["kind"] "Entities that panicked or failed, and were forgotten.";
    Counter "entity_passivations_total" ["kind"] "Entities let go because they rested.";
    Counter "entity_quarantines_total" ["kind"] "Entities that crashed too often, and were left alone for a while.";
    Counter "entity_refused_total" ["kind"] "Commands turned away because too much waited.";
    Histogram "entity_wait_seconds" ["kind"] "How long a command waits in the mailbox of its entity.";
    Counter "fabric_conflated_total" [""] rare "Newest values that gave way to a newer one before Redis got them.";
    Gauge "fabric_connected" [""] rare "Whether Redis is reached and all processes are heard: 1, or 0.";
    Counter "fabric_dropped_total" [""] rare "Publications that did not fit into the queue to Redis; the journal has the events.";
    Histogram "fabric_lag_seconds" [""] rare "From the publication in one process to the hearing in another, by their clocks.";
    Counter "fabric_published_total" [""] rare "Publications handed to Redis.";
    Counter "fabric_received_total" [""] rare "Publications that came from other processes.";
    Counter "fabric_unreadable_total" [""] rare "Publications from other processes that this program cannot read.";
    Gauge "fabric_waiting" [""] rare "Publications that wait to be handed to Redis.";
    Counter "fixes_rejected_total" ["reason"] rare "Positions that are not shown: implausible, too late, too vague.";
    Counter "gateway_lost_total" ["service"] rare "Requests that reached a service and got no answer back.";
    Gauge "gateway_replica_up" ["service, replica"] rare "Whether a replica of a service is used: 1, or 0 while it does not answer.";
    Gauge "gateway_tunnels" [""] rare "Sockets that are passed through to services elsewhere.";
    Histogram "http_request_duration_seconds" ["service, method, route"] "From the request to the head of its answer.";
    Counter "http_requests_total" ["service, method, route, status"] "Requests by route template and class of status (2xx).";
    Counter "idempotency_taken_over_total" [""] "Requests sent again that were done anew, because whoever did them first fell silent.";
    Gauge "jemalloc_active_bytes" [""] "Memory in pages that the allocator has in use.";
    Gauge "jemalloc_allocated_bytes" [""] "Memory that the program asked the allocator for.";
    Gauge "jobs" ["state"] "Reactions and reminders of all processes: due, running, scheduled, failing, parked.";
    Counter "jobs_failed_total" ["parked"] "Tries of a job that failed; parked: it was the last one, and the job stays.";
    Gauge "jobs_oldest_due_seconds" [""] "How long the oldest job that is due waits to be begun.";
    Gauge "ledger_discrepancies" [""] "What did not agree when this process compared the ledger last.";
    Counter "limited_total" ["rule"] rare "Refusals and pauses because somebody asked too often, by the rule.";
    Gauge "money_undecided" [""] "Payments and refunds that wait for an operator's decision.";
    Counter "orders_placed_total" [""] "Orders that this process placed at their restaurants, paid.";
    Histogram "position_ack_seconds" [""] "From a courier's frame to its acknowledgement, the commit included.";
    Histogram "position_group_rows" [""] "Positions written in one commit.";
    Counter "position_write_failures_total" [""] "Groups of positions that could not be written, and were tried again.";
    Histogram "position_write_seconds" [""] "How long the commit of a group of positions takes.";
    Counter "positions_refused_total" [""] "Batches turned away because too many waited to be written.";
    Counter "positions_superseded_total" [""] "Positions refused because a newer session speaks for the courier.";
    Gauge "positions_waiting" [""] "Batches that wait to be written.";
    Counter "positions_written_total" [""] "Positions committed.";
    Gauge "process_cpu_seconds_total" [""] "CPU time of all threads.";
    Gauge "process_max_fds" [""] "Files and sockets that may be open.";
    Gauge "process_open_fds" [""] "Open files and sockets.";
    Gauge "process_resident_memory_bytes" [""] "Memory that the kernel keeps for the process.";
    Gauge "process_start_time_seconds" [""] "When the process began, in seconds since 1970.";
    Gauge "process_threads" [""] "Threads.";
    Gauge "realtime_channels" [""] "Channels that somebody here follows.";
    Counter "realtime_closes_total" ["name"] "Sockets that the server closed, by the close code's name.";
    Counter "realtime_conflated_total" [""] "Newest values that gave way to a newer one before they were read.";
    Counter "realtime_deliveries_total" [""] "Publications handed to a listener.";
    Histogram "realtime_delivery_lag_seconds" [""] "From the hub to the socket that takes a publication, of every eighth.";
    Counter "realtime_dropped_total" [""] "Passing publications that a lagging listener missed.";
    Histogram "realtime_event_lag_seconds" [""] "From the decision on an event to the hub: its commit and the fabric.";
    Counter "realtime_handshakes_total" [""] "Sockets that were opened, before anybody signed in.";
    Counter "realtime_history_reads_total" [""] "Readings of the journal for those who missed something; a reconnect storm shares one.";
    Histogram "realtime_outbox_peak_bytes" [""] rare "The most that waited for a listener, noted when it goes; who never waited is not counted.";
    Counter "realtime_repairs_total" [""] "Readings of the journal because the fabric had lost something.";
    Counter "realtime_slow_readers_total" [""] rare "Listeners sent away because too much waited for them.";
    Gauge "realtime_sockets" [""] "Open sockets and streams.";
    Gauge "realtime_subscriptions" [""] "Listeners, counted once per channel.";
    Counter "subscriber_failures_total" ["parked, subscriber"] "Tries of a subscriber's job that failed; parked: it was the last one, and the job stays.";
    Gauge "subscriber_jobs" ["state, subscriber"] "Reactions that wait, of all processes: due, running, failing, parked; subscriber: unknown for another version's.";
    Histogram "subscriber_seconds" ["subscriber"] rare "How long a subscriber takes for an event.";
    Counter "third_party_calls_total" ["party, call, outcome"] rare "Calls of third parties: answered, refused, unheard (it may be done), or unsent.";
    Gauge "third_party_open" ["party"] rare "Whether a third party is left alone for a while because it does not answer: 1, or 0.";
    Histogram "third_party_seconds" ["party, call"] rare "A call of a third party, with its further tries.";
    Counter "worker_restarts_total" ["worker"] "Long-running tasks started again after a failure.";
}

/// Installs the recorder for the whole process. Call once, within a tokio runtime.
pub fn install() -> Result<Metrics, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_rows".to_owned()), &ROWS)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES)?
        .install_recorder()?;
    ALL.iter().for_each(describe);
    gauge!("baedal_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let gathered = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(GATHER_EVERY).await;
            gathered.run_upkeep();
        }
    });
    Ok(Arc::new(move || handle.render()))
}

fn describe(metric: &Metric) {
    let Metric { name, kind, help, .. } = *metric;
    let unit = if name.ends_with("_seconds") {
        Unit::Seconds
    } else if name.ends_with("_bytes") {
        Unit::Bytes
    } else {
        Unit::Count
    };
    match kind {
        Kind::Counter => {
            describe_counter!(name, unit, help);
            if metric.always && metric.labels.is_empty() {
                // Registered at 0, so that the first one shows as an increase.
                metrics::counter!(name).absolute(0);
            }
        }
        Kind::Gauge => describe_gauge!(name, unit, help),
        Kind::Histogram => describe_histogram!(name, unit, help),
    }
}
