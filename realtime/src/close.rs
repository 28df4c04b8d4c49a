//! Why the server closes a socket: one table, which a test compares with `PROTOCOL.md`.
//!
//! 4000–4399: reconnect, with backoff; `since` resumes. 4400–4999: do not reconnect until the cause
//! is fixed. The comments of the variants are part of the table.

use std::fmt;

macro_rules! closes {
    ($($(#[doc = $why:literal])+ $name:ident = $code:literal, $text:literal, $again:expr;)*) => {
        /// Why the server closes a socket.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Close {
            $($(#[doc = $why])+ $name,)*
        }

        impl Close {
            /// The whole table.
            pub const ALL: &'static [Close] = &[$(Close::$name,)*];

            /// The WebSocket close code.
            pub fn code(self) -> u16 {
                match self { $(Close::$name => $code,)* }
            }

            /// The name on the wire: the close frame's reason.
            pub fn name(self) -> &'static str {
                match self { $(Close::$name => $text,)* }
            }

            /// Whether the client should connect again by itself.
            pub fn reconnect(self) -> bool {
                match self { $(Close::$name => $again,)* }
            }

            /// What happened, for the reference.
            pub fn why(self) -> &'static str {
                match self { $(Close::$name => concat!($($why),+).trim_ascii(),)* }
            }
        }
    };
}

closes! {
    /// This process stops; the `goodbye` before names the delay.
    GoingAway = 1001, "going_away", true;
    /// No `auth` frame came in time.
    AuthTimeout = 4000, "auth_timeout", true;
    /// More waited to be written than allowed; resume by offset.
    SlowReader = 4001, "slow_reader", true;
    /// Two pings in a row were not answered.
    HeartbeatLost = 4002, "heartbeat_lost", true;
    /// The server, or the network address, has too many sockets or opens them too fast.
    Overloaded = 4003, "overloaded", true;
    /// The client went on above a limit after it was told.
    RateLimited = 4004, "rate_limited", true;
    /// The token expired and no new one came; reconnect with a fresh one.
    TokenExpired = 4005, "token_expired", true;
    /// Malformed frames: not UTF-8, binary, or one after another that can't be read.
    BadFrame = 4400, "bad_frame", false;
    /// The token is missing, malformed, expired, or not signed by us.
    Unauthenticated = 4401, "unauthenticated", false;
    /// The session was ended by its user or an operator.
    Revoked = 4402, "revoked", false;
    /// A newer socket speaks for this courier.
    Superseded = 4403, "superseded", false;
    /// The page's origin may not connect.
    ForbiddenOrigin = 4404, "forbidden_origin", false;
    /// A frame was larger than allowed.
    FrameTooLarge = 4405, "frame_too_large", false;
    /// The user has opened more sockets since than one may have.
    TooManySockets = 4406, "too_many_sockets", false;
}

impl Close {
    /// The counter of sockets closed for this reason.
    pub(crate) fn counter(self) -> metrics::Counter {
        metrics::counter!("realtime_closes_total", "name" => self.name())
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_tells_whether_to_come_back() {
        for close in Close::ALL {
            let comes_back = close.code() == 1001 || (4000..4400).contains(&close.code());
            assert_eq!(close.reconnect(), comes_back, "{close}");
        }
    }

    #[test]
    fn no_two_closes_share_a_code() {
        let mut codes: Vec<_> = Close::ALL.iter().map(|close| close.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Close::ALL.len());
    }
}
