//! The contract of the shared state, tested on each implementation: within one process,
//! with one Redis, and with a Redis Cluster; also how PostgreSQL plans our queries, and how
//! many round trips a commit makes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong, in its helpers too"
)]

mod commits;
mod documents;
mod environment;
mod fabric;
mod geo;
mod journal;
mod order_codes;
mod outage;
mod personal_data;
mod plans;
mod points;
mod presence;
mod rates;
mod servers;
mod transactions;
mod upgrades;
mod vault;

use environment::Environment;
use servers::Cluster;

/// Makes a test of each promise for each implementation; the Cluster is started once for all.
macro_rules! contract {
    ($($module:ident::$promise:ident,)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                crate::$module::$promise(&crate::Environment::memory()).await;
            })*
        }

        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                crate::$module::$promise(&crate::Environment::redis()).await;
            })*
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn a_cluster_of_three_keeps_every_promise() {
            let cluster = Cluster::start().await;
            $(
                println!("{}", stringify!($promise));
                $module::$promise(&Environment::cluster(&cluster)).await;
            )*
        }
    };
}

contract! {
    fabric::what_is_said_is_heard_in_order_by_whoever_follows,
    fabric::a_process_hears_itself_once,
    fabric::the_newest_value_wins_and_waits_for_late_joiners,
    fabric::an_older_value_never_replaces_a_newer_one,
    fabric::a_forgotten_value_is_gone_for_all,
    fabric::everybody_hears_notices,
    fabric::passing_signals_arrive_whole,
    geo::the_nearest_couriers_are_found_by_every_process,
    geo::who_is_removed_or_silent_for_long_is_not_found,
    geo::a_courier_is_found_once_and_where_they_were_last,
    presence::who_is_connected_anywhere_is_present,
    presence::who_is_vouched_for_is_present_for_a_while,
    rates::a_burst_passes_and_then_the_rate_rules,
    rates::takers_at_the_same_time_get_exactly_the_burst,
    rates::keys_do_not_share,
}
