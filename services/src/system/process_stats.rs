//! The resource usage of a process.

use metrics::gauge;
use serde::Serialize;
use utoipa::ToSchema;

/// What a process costs. Zero where the machine does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = Vitals)]
pub struct ProcessStats {
    /// Memory that the kernel keeps for it.
    pub resident_bytes: u64,
    /// Memory that the program asked the allocator for.
    pub allocated_bytes: u64,
    /// Memory that the allocator keeps in pages that are in use.
    pub active_bytes: u64,
    /// CPU time of all its threads.
    pub cpu_secs: f64,
    /// Its threads.
    pub threads: u64,
    /// Open files and sockets.
    pub open_files: u64,
    /// How many of these it may have.
    pub open_files_max: u64,
}

impl ProcessStats {
    pub(super) fn sample(&self) {
        gauge!("process_resident_memory_bytes").set(self.resident_bytes as f64);
        gauge!("jemalloc_allocated_bytes").set(self.allocated_bytes as f64);
        gauge!("jemalloc_active_bytes").set(self.active_bytes as f64);
        gauge!("process_cpu_seconds_total").set(self.cpu_secs);
        gauge!("process_threads").set(self.threads as f64);
        gauge!("process_open_fds").set(self.open_files as f64);
        gauge!("process_max_fds").set(self.open_files_max as f64);
    }
}
