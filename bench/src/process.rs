//! The CPU time and memory of processes, from /proc.

use crate::Outcome;

/// Ticks per second in /proc/PID/stat. The kernel's ABI fixes this number,
/// independently of the kernel's own timer.
const TICKS_PER_SEC: f64 = 100.0;

/// An observed process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
}

impl Process {
    /// CPU time in seconds, user and system, of all threads.
    pub(crate) fn cpu_secs(self) -> Outcome<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The command in parentheses may contain any characters; the fields follow it.
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        let ticks = ticks.sum::<Result<u32, _>>()?;
        Ok(f64::from(ticks) / TICKS_PER_SEC)
    }

    /// Resident memory in KiB.
    pub(crate) fn resident_kb(self) -> Outcome<f64> {
        self.status("VmRSS:")
    }

    /// The peak of resident memory since [`Process::forget_peak`], in KiB.
    pub(crate) fn peak_kb(self) -> Outcome<f64> {
        self.status("VmHWM:")
    }

    /// Resets the peak of resident memory.
    pub(crate) fn forget_peak(self) {
        // If the kernel does not permit this, the peak covers the whole run.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.pid), "5");
    }

    fn status(self, name: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kb = line.and_then(|line| line.split_whitespace().next()).ok_or("no such line in status")?;
        Ok(kb.parse()?)
    }
}

/// CPU time in seconds of the whole machine, including PostgreSQL, the load and the kernel.
pub(crate) fn machine_cpu_secs() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq
    let busy = [0, 1, 2, 5, 6].iter().filter_map(|place| ticks.get(*place)).sum::<f64>();
    Ok(busy / TICKS_PER_SEC)
}

/// The CPU time of a process and of the machine up to one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) cpu_secs: f64,
    pub(crate) machine_secs: f64,
}

impl Cost {
    pub(crate) fn of(process: Process) -> Outcome<Self> {
        Ok(Self { cpu_secs: process.cpu_secs()?, machine_secs: machine_cpu_secs()? })
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            cpu_secs: self.cpu_secs - before.cpu_secs,
            machine_secs: self.machine_secs - before.machine_secs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_cost_something() {
        let this = Process { pid: std::process::id() };
        assert!(this.resident_kb().unwrap() > 500.0);
        assert!(this.peak_kb().unwrap() >= this.resident_kb().unwrap());
        assert!(this.cpu_secs().unwrap() >= 0.0);
        assert!(machine_cpu_secs().unwrap() > 0.0);
    }
}
