//! What a process has cost so far, from /proc.

use crate::Outcome;

/// Ticks of a second in /proc/PID/stat. The kernel's ABI fixes it for
/// userland, whatever its own timer does.
const TICKS_PER_SEC: f64 = 100.0;

/// A process that is observed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
}

impl Process {
    /// Seconds of CPU time, user and system, of all its threads.
    pub(crate) fn cpu_secs(self) -> Outcome<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The command in parentheses may hold anything; the fields follow it.
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        let ticks = ticks.sum::<Result<u32, _>>()?;
        Ok(f64::from(ticks) / TICKS_PER_SEC)
    }

    /// Resident memory, KiB.
    pub(crate) fn resident_kb(self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?;
        Ok(kb.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_cost_something() {
        let this = Process { pid: std::process::id() };
        assert!(this.resident_kb().unwrap() > 500.0);
        assert!(this.cpu_secs().unwrap() >= 0.0);
    }
}
