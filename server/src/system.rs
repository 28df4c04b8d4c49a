//! Access to the operating system: the only module that reads the time, ids, random
//! numbers and the resource usage of this process.

use chrono::Utc;
use domain::{Clock, Ids, Timestamp};
use procfs::process::{LimitValue, Process};
use rand::RngExt;
use services::system::ProcessStats;
use tikv_jemalloc_ctl::{epoch, stats};
use uuid::Uuid;

/// The system clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
    fn now(&self) -> Timestamp {
        Utc::now()
    }
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Ids for OsRandom {
    #[expect(clippy::disallowed_methods, reason = "this is where new ids come in")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn random(&self) -> [u8; 32] {
        rand::rng().random()
    }
}

/// The resource usage of this process. What the system does not report is zero.
pub fn process_stats() -> ProcessStats {
    let mut process_stats = ProcessStats::default();
    if let Ok(this) = Process::myself() {
        if let Ok(stat) = this.stat() {
            let ticks = procfs::ticks_per_second().max(1);
            process_stats.resident_bytes = stat.rss * procfs::page_size();
            process_stats.cpu_secs = (stat.utime + stat.stime) as f64 / ticks as f64;
            process_stats.threads = stat.num_threads.unsigned_abs();
        }
        process_stats.open_files = this.fd_count().unwrap_or_default() as u64;
        if let Ok(limits) = this.limits()
            && let LimitValue::Value(max) = limits.max_open_files.soft_limit
        {
            process_stats.open_files_max = max;
        }
    }
    // The allocator's statistics are those of its last epoch.
    if epoch::advance().is_ok() {
        process_stats.allocated_bytes = stats::allocated::read().unwrap_or_default() as u64;
        process_stats.active_bytes = stats::active::read().unwrap_or_default() as u64;
    }
    process_stats
}
