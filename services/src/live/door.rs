//! How many sockets this process takes, and how many, how fast, from one network
//! address: all that is known of a client before it has said who it is.
//!
//! Addresses in [`SocketLimits::unlimited_networks`] count for the process alone.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use domain::ClientNetwork;
use tokio::time::Instant;

use super::{Rate, SocketLimits};

/// See the module.
#[derive(Debug, Default)]
pub struct Door {
    open: AtomicUsize,
    visitors: DashMap<ClientNetwork, Visitor>,
}

#[derive(Debug)]
struct Visitor {
    open: usize,
    upgrades: Rate,
}

/// Why nobody else is let in just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The process has as many sockets as it takes.
    Process,
    /// The address has as many as it may.
    Address,
    /// The address asks too often.
    TooFast,
}

impl Full {
    /// The rule's name, for metrics.
    pub fn rule(self) -> &'static str {
        match self {
            Full::Process => "sockets",
            Full::Address => "sockets_per_address",
            Full::TooFast => "upgrades_per_address",
        }
    }
}

/// An open socket's place in the process; given back when dropped.
#[derive(Debug)]
pub struct Visit {
    door: Arc<Door>,
    /// None where the address has no limit.
    from: Option<ClientNetwork>,
}

impl Door {
    /// Lets a socket in, or not.
    pub fn enter(self: &Arc<Self>, from: IpAddr, limits: &SocketLimits, now: Instant) -> Result<Visit, Full> {
        let from = from.to_canonical();
        let counted = !limits.unlimited_networks.iter().any(|network| network.contains(&from));
        let place = |open: usize| (open < limits.sockets).then_some(open + 1);
        self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, place).map_err(|_| Full::Process)?;
        // From here on the process's place is given back whatever happens.
        let mut visit = Visit { door: Arc::clone(self), from: None };
        if counted {
            let from = ClientNetwork::from(from);
            let fresh = || Visitor { open: 0, upgrades: Rate::new(now) };
            let mut visitor = self.visitors.entry(from).or_insert_with(fresh);
            let every = Duration::from_secs(1) / limits.upgrades_per_sec.max(1);
            visitor.upgrades.take(now, 1, every, limits.upgrades_burst).map_err(|_| Full::TooFast)?;
            if visitor.open >= limits.sockets_per_address {
                return Err(Full::Address);
            }
            visitor.open += 1;
            visit.from = Some(from);
        }
        Ok(visit)
    }

    /// Forgets addresses that have no socket and have not come for a while.
    pub(super) fn tidy(&self, now: Instant) {
        self.visitors.retain(|_, visitor| visitor.open > 0 || !visitor.upgrades.is_whole(now));
    }

    /// Open sockets, those included that have not said yet who they are.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    #[cfg(test)]
    fn known_addresses(&self) -> usize {
        self.visitors.len()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.door.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(mut visitor) = self.from.and_then(|from| self.door.visitors.get_mut(&from)) {
            visitor.open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> SocketLimits {
        SocketLimits {
            sockets: 6,
            sockets_per_address: 3,
            upgrades_per_sec: 1,
            upgrades_burst: 5,
            unlimited_networks: vec!["10.0.0.0/8".parse().unwrap()],
            ..SocketLimits::default()
        }
    }

    #[test]
    fn an_address_has_so_many_sockets_and_a_neighbour_is_let_in() {
        let (door, limits, now) = (Arc::new(Door::default()), limits(), Instant::now());
        let crowd: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "::ffff:192.0.2.1".parse().unwrap()];
        let mut open: Vec<_> =
            (0..3).map(|each| door.enter(crowd[each % 2], &limits, now).unwrap()).collect();
        assert_eq!(door.enter(crowd[0], &limits, now).unwrap_err(), Full::Address);
        let _neighbour = door.enter("192.0.2.2".parse().unwrap(), &limits, now).unwrap();
        open.pop();
        let _again = door.enter(crowd[0], &limits, now).unwrap();
        assert_eq!(door.enter(crowd[0], &limits, now).unwrap_err(), Full::TooFast, "that was the sixth try");
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one() {
        let (door, limits, now) = (Arc::new(Door::default()), limits(), Instant::now());
        let from = |address: &str| door.enter(address.parse().unwrap(), &limits, now);
        let _open = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"].map(|address| from(address).unwrap());
        assert_eq!(from("2001:db8::3").unwrap_err(), Full::Address);
        assert!(from("2001:db8:0:1::3").is_ok());
    }

    #[test]
    fn an_unlimited_address_counts_for_the_process_alone() {
        let (door, limits, now) = (Arc::new(Door::default()), limits(), Instant::now());
        let proxy = "10.1.2.3".parse().unwrap();
        let open: Vec<_> = (0..6).map(|_| door.enter(proxy, &limits, now).unwrap()).collect();
        assert_eq!(door.enter(proxy, &limits, now).unwrap_err(), Full::Process);
        drop(open);
        assert_eq!(door.open(), 0);
        assert!(door.enter(proxy, &limits, now).is_ok());
    }

    #[test]
    fn an_address_that_stays_away_is_forgotten() {
        let (door, limits, now) = (Arc::new(Door::default()), limits(), Instant::now());
        let visit = door.enter("192.0.2.1".parse().unwrap(), &limits, now).unwrap();
        door.tidy(now + Duration::from_secs(60));
        assert_eq!(door.known_addresses(), 1, "it has a socket");
        drop(visit);
        door.tidy(now);
        assert_eq!(door.known_addresses(), 1, "its rate still counts");
        door.tidy(now + Duration::from_secs(60));
        assert_eq!(door.known_addresses(), 0);
    }
}
