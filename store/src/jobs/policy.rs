//! How the jobs of a subscriber, or of a noun's reminders, are run.

/// Jobs that one process runs at the same time. Whenever a job is added, each of these
/// workers asks for one, so more of them would cost PostgreSQL more queries.
pub const WORKERS: usize = 8;

/// See the module. The default suits most subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Maximum concurrent jobs, over all processes: the number of queues, each of which runs its
    /// jobs one after another. If the jobs of any two policies hang, some of the [`WORKERS`] of a
    /// process must remain free.
    pub concurrency: u16,
    /// Attempts of one job. The pauses between them grow: six take four minutes, ten nine hours.
    pub attempts: i16,
    /// What happens to a job whose last attempt failed.
    pub after_last: AfterLast,
}

/// See [`Policy::after_last`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLast {
    /// It is kept for an operator to look at.
    Park,
    /// It is deleted, because running it later would be wrong.
    Drop,
}

impl Default for Policy {
    fn default() -> Self {
        Self { concurrency: 3, attempts: 10, after_last: AfterLast::Park }
    }
}
