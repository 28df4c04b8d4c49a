//! The address of a replica.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;
use axum::http::uri::{Authority, PathAndQuery, Scheme};

/// `http://host:port`, and nothing after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Authority);

/// A text that is not an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not an address at all.
    #[error("this is no address; a replica is written as http://host:port")]
    Unreadable,
    /// Another scheme: between the gateway and its services there is no TLS.
    #[error("the gateway speaks http:// to services, and nothing else")]
    Scheme,
    /// A path, a query, or a password.
    #[error("a replica is http://host:port, without a path, a query or a user")]
    TooMuch,
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let uri: Uri = text.trim().parse().map_err(|_| OriginError::Unreadable)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(OriginError::Unreadable);
        };
        if *scheme != Scheme::HTTP {
            return Err(OriginError::Scheme);
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(OriginError::TooMuch);
        }
        Ok(Self(authority.clone()))
    }
}

impl Origin {
    /// `host:port`: the replica's name, for placing and in metrics.
    pub(super) fn name(&self) -> &str {
        self.0.as_str()
    }

    /// The address of `path` at this replica.
    pub(super) fn at(&self, path: PathAndQuery) -> Uri {
        let mut parts = axum::http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.0.clone());
        parts.path_and_query = Some(path);
        // Scheme, authority and path are given, so this can't fail.
        Uri::from_parts(parts).unwrap_or_default()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_a_host_and_a_port() {
        let read = |text: &str| text.parse::<Origin>().map(|origin| origin.to_string());
        assert_eq!(read("http://order_service:9109"), Ok("http://order_service:9109".into()));
        assert_eq!(read("http://[::1]:9109/"), Ok("http://[::1]:9109".into()));
        assert_eq!(read("https://10.0.0.5:9109"), Err(OriginError::Scheme));
        for wrong in ["", "10.0.0.5:9109", "order service", "/v1"] {
            assert_eq!(read(wrong), Err(OriginError::Unreadable), "{wrong}");
        }
        for wrong in ["http://a:1/v1", "http://a:1/?x", "http://user:secret@a:1"] {
            assert_eq!(read(wrong), Err(OriginError::TooMuch), "{wrong}");
        }
    }

    #[test]
    fn a_path_is_asked_for_at_the_replica() {
        let origin: Origin = "http://a:1".parse().unwrap();
        let path = PathAndQuery::from_static("/v1/orders?limit=3");
        assert_eq!(origin.at(path).to_string(), "http://a:1/v1/orders?limit=3");
    }
}
