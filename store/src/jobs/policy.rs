//! How the jobs of a subscriber, or of a noun's reminders, are worked on.

/// Jobs that one process works on at the same time. Whenever something is to be done, each of
/// these workers asks for a job, so more of them would cost PostgreSQL more questions.
pub const WORKERS: usize = 8;

/// See the module. The default is that of most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Jobs at the same time, over all processes: so many queues, whose jobs run one after
    /// another. Any two that hang must leave some of the [`WORKERS`] of a process to others.
    pub concurrency: u16,
    /// Tries of one job. The pauses between them grow: six take four minutes, ten nine hours.
    pub attempts: i16,
    /// What becomes of a job whose last try failed.
    pub after_last: AfterLast,
}

/// See [`Policy::after_last`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLast {
    /// It stays, for somebody to look at.
    Park,
    /// It goes, because doing it later would be wrong.
    Drop,
}

impl Default for Policy {
    fn default() -> Self {
        Self { concurrency: 3, attempts: 10, after_last: AfterLast::Park }
    }
}
