//! Processes that we start, and the signals that we send them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use crate::Outcome;

/// Sends `signal` to a child that has not been waited for.
pub(crate) fn signal(child: &Child, signal: Signal) -> Outcome<()> {
    let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).ok_or("it has ended")?;
    Ok(kill_process(pid, signal)?)
}

/// Waits briefly for a child that was asked to end, then kills it.
#[expect(clippy::disallowed_methods, reason = "all is over: nothing else wants the thread")]
pub(crate) fn wait(child: &mut Child) {
    for _ in 0..100 {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Dropped without being waited for, the runtime reaps it.
    let _ = child.start_kill();
}

/// A port that nobody listens on.
pub(crate) fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// The first of `count` ports in a row that nobody listens on.
pub(crate) fn free_ports(count: u16) -> Outcome<u16> {
    for _ in 0..100 {
        let first = free_address()?.port();
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if let Some(end) = first.checked_add(count)
            && (first..end).all(free)
        {
            return Ok(first);
        }
    }
    Err("no free ports".into())
}
