//! The client's network address.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

/// The network address of the client, as far as it is known: headers that claim another one are
/// trusted only from [`TrustedProxies`].
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        Ok(Self(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

/// Proxies whose forwarding headers are trusted: the gateway, and proxies before it. Any other
/// client can forge `X-Forwarded-For`.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl FromIterator<IpNet> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl TrustedProxies {
    fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address. Each hop appends its peer's address, so the list is read from its end:
    /// the first address that is not a trusted proxy is the client.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut hops: Vec<&str> = Vec::new();
        for value in headers.get_all("x-forwarded-for") {
            hops.extend(value.to_str().unwrap_or("?").split(',').map(str::trim));
        }
        let mut client = peer;
        while self.hold(client)
            && let Some(hop) = hops.pop().and_then(hop_address)
        {
            client = hop.to_canonical();
        }
        client
    }
}

/// An address as proxies write it: perhaps with a port, IPv6 perhaps in brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()))
}

/// How the client reached the outermost of our proxies.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Its address.
    pub(crate) address: IpAddr,
    /// `http` or `https`.
    pub(crate) proto: &'static str,
    /// The host that it requested, if a proxy states it.
    pub(crate) host: Option<HeaderValue>,
}

/// Replaces the connection's address with that of the client, for all inner layers.
pub(crate) async fn believe(
    State(trusted): State<TrustedProxies>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    // Set already if the request was passed on within this process.
    if let Some(peer) = peer
        && request.extensions().get::<Caller>().is_none()
    {
        let caller = caller(&trusted, peer.ip().to_canonical(), request.headers());
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(SocketAddr::new(caller.address, peer.port())));
        extensions.insert(caller);
    }
    next.run(request).await
}

fn caller(trusted: &TrustedProxies, peer: IpAddr, headers: &HeaderMap) -> Caller {
    if !trusted.hold(peer) {
        return Caller { address: peer, proto: "http", host: None };
    }
    let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    Caller {
        address: trusted.client(peer, headers),
        proto: if secure { "https" } else { "http" },
        host: headers.get("x-forwarded-host").cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn client(peer: &str, forwarded: &[&'static str]) -> IpAddr {
        let trusted: TrustedProxies =
            ["10.0.0.0/8", "2001:db8::/32"].map(|each| each.parse::<IpNet>().unwrap()).into_iter().collect();
        let headers = forwarded
            .iter()
            .map(|value| ("x-forwarded-for".parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        caller(&trusted, address(peer), &headers).address
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("192.0.2.9", &["198.51.100.1"]), address("192.0.2.9"));
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_what_came_to_it_is_not() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), address("198.51.100.1"));
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 198.51.100.1"]), address("198.51.100.1"));
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "198.51.100.1, 10.9.9.9"]), address("198.51.100.1"));
        assert_eq!(client("2001:db8::1", &["::ffff:198.51.100.1"]), address("198.51.100.1"));
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), address("198.51.100.1"));
        assert_eq!(client("10.0.0.1", &["[2001:db9::7]:4711"]), address("2001:db9::7"));
        assert_eq!(client("10.0.0.1", &["[2001:db9::7]"]), address("2001:db9::7"));
    }

    #[test]
    fn nonsense_ends_the_search() {
        assert_eq!(client("10.0.0.1", &[]), address("10.0.0.1"));
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown"]), address("10.0.0.1"));
        assert_eq!(client("10.0.0.1", &["unknown, 10.0.0.2"]), address("10.0.0.2"));
    }
}
