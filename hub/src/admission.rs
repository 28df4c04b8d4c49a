//! Limits on sockets: how many this process takes, and how many, how fast, from one network
//! address, which is all that is known of a client before it authenticates.
//!
//! Addresses in [`SocketLimits::unlimited_networks`] count only towards the process's limit.

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
pub struct Admission {
    open: AtomicUsize,
    clients: DashMap<ClientNetwork, Client>,
}

#[derive(Debug)]
struct Client {
    open: usize,
    upgrades: Rate,
}

/// Why a socket is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionError {
    /// The process has its maximum of sockets.
    Process,
    /// The address has its maximum of sockets.
    Address,
    /// The address opens sockets too fast.
    TooFast,
}

impl AdmissionError {
    /// The rule's name, for metrics.
    pub fn rule(self) -> &'static str {
        match self {
            AdmissionError::Process => "sockets",
            AdmissionError::Address => "sockets_per_address",
            AdmissionError::TooFast => "upgrades_per_address",
        }
    }
}

/// An admitted socket; no longer counted once dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    admission: Arc<Admission>,
    /// `None` if the address has no limit.
    from: Option<ClientNetwork>,
}

impl Admission {
    /// Admits a socket, or refuses it.
    pub fn enter(
        self: &Arc<Self>,
        from: IpAddr,
        limits: &SocketLimits,
        now: Instant,
    ) -> Result<ConnectionPermit, AdmissionError> {
        let from = from.to_canonical();
        let counted = !limits.unlimited_networks.iter().any(|network| network.contains(&from));
        let place = |open: usize| (open < limits.sockets).then_some(open + 1);
        self.open
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, place)
            .map_err(|_| AdmissionError::Process)?;
        // From here on an early return drops the permit, which corrects the process's count.
        let mut permit = ConnectionPermit { admission: Arc::clone(self), from: None };
        if counted {
            let from = ClientNetwork::from(from);
            let fresh = || Client { open: 0, upgrades: Rate::new(now) };
            let mut client = self.clients.entry(from).or_insert_with(fresh);
            let every = Duration::from_secs(1) / limits.upgrades_per_sec.max(1);
            client
                .upgrades
                .take(now, 1, every, limits.upgrades_burst)
                .map_err(|_| AdmissionError::TooFast)?;
            if client.open >= limits.sockets_per_address {
                return Err(AdmissionError::Address);
            }
            client.open += 1;
            permit.from = Some(from);
        }
        Ok(permit)
    }

    /// Removes addresses that have no socket and whose rate is whole again.
    pub(super) fn tidy(&self, now: Instant) {
        self.clients.retain(|_, client| client.open > 0 || !client.upgrades.is_whole(now));
    }

    /// Open sockets, including those not yet authenticated.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    #[cfg(test)]
    fn known_addresses(&self) -> usize {
        self.clients.len()
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.admission.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(mut client) = self.from.and_then(|from| self.admission.clients.get_mut(&from)) {
            client.open -= 1;
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
        let (admission, limits, now) = (Arc::new(Admission::default()), limits(), Instant::now());
        let crowd: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "::ffff:192.0.2.1".parse().unwrap()];
        let mut open: Vec<_> =
            (0..3).map(|each| admission.enter(crowd[each % 2], &limits, now).unwrap()).collect();
        assert_eq!(admission.enter(crowd[0], &limits, now).unwrap_err(), AdmissionError::Address);
        let _neighbour = admission.enter("192.0.2.2".parse().unwrap(), &limits, now).unwrap();
        open.pop();
        let _again = admission.enter(crowd[0], &limits, now).unwrap();
        assert_eq!(
            admission.enter(crowd[0], &limits, now).unwrap_err(),
            AdmissionError::TooFast,
            "that was the sixth try"
        );
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one() {
        let (admission, limits, now) = (Arc::new(Admission::default()), limits(), Instant::now());
        let from = |address: &str| admission.enter(address.parse().unwrap(), &limits, now);
        let _open = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"].map(|address| from(address).unwrap());
        assert_eq!(from("2001:db8::3").unwrap_err(), AdmissionError::Address);
        assert!(from("2001:db8:0:1::3").is_ok());
    }

    #[test]
    fn an_unlimited_address_counts_for_the_process_alone() {
        let (admission, limits, now) = (Arc::new(Admission::default()), limits(), Instant::now());
        let proxy = "10.1.2.3".parse().unwrap();
        let open: Vec<_> = (0..6).map(|_| admission.enter(proxy, &limits, now).unwrap()).collect();
        assert_eq!(admission.enter(proxy, &limits, now).unwrap_err(), AdmissionError::Process);
        drop(open);
        assert_eq!(admission.open(), 0);
        assert!(admission.enter(proxy, &limits, now).is_ok());
    }

    #[test]
    fn an_address_that_stays_away_is_forgotten() {
        let (admission, limits, now) = (Arc::new(Admission::default()), limits(), Instant::now());
        let permit = admission.enter("192.0.2.1".parse().unwrap(), &limits, now).unwrap();
        admission.tidy(now + Duration::from_secs(60));
        assert_eq!(admission.known_addresses(), 1, "it has a socket");
        drop(permit);
        admission.tidy(now);
        assert_eq!(admission.known_addresses(), 1, "its rate still counts");
        admission.tidy(now + Duration::from_secs(60));
        assert_eq!(admission.known_addresses(), 0);
    }
}
