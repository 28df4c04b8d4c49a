//! Which ID tokens are believed (OpenID Connect Core 1.0, 3.1.3.7). Whether the provider signed it
//! is checked before, by the adapter; this is about what it says.

use chrono::{DateTime, TimeDelta};

use crate::Timestamp;

/// How far a provider's clock may be from ours.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// The oldest ID token that is believed: it is made for the sign-in that brings it.
const AGE_MAX: TimeDelta = TimeDelta::minutes(10);

/// What an ID token says, as far as it decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdClaims {
    /// `iss`.
    pub issuer: String,
    /// `aud`: one client or several.
    pub audience: Vec<String>,
    /// `azp`: the client that it was made for, if it names one.
    pub authorized_party: Option<String>,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `iat`, seconds since 1970.
    pub issued_at: i64,
    /// `exp`, seconds since 1970.
    pub expires_at: i64,
}

/// What it must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Our id at the provider.
    pub client: &'a str,
    /// The nonce of the attempt.
    pub nonce: &'a str,
}

/// What is wrong with an ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimFlaw {
    /// Another provider made it.
    #[error("the issuer is another")]
    Issuer,
    /// It is for another client, or for one more beside us without a word on which it is for.
    #[error("the audience is another")]
    Audience,
    /// It is for another sign-in.
    #[error("the nonce is another")]
    Nonce,
    /// It has expired, or was made long ago.
    #[error("it has expired")]
    Expired,
    /// It was made in the future.
    #[error("it is of the future")]
    Early,
}

/// Checks what an ID token says.
pub fn check_claims(claims: &IdClaims, expected: &Expected<'_>, now: Timestamp) -> Result<(), ClaimFlaw> {
    if claims.issuer != expected.issuer {
        return Err(ClaimFlaw::Issuer);
    }
    let names_us = claims.audience.iter().any(|client| client == expected.client);
    let party = claims.authorized_party.as_deref();
    let is_for_us = match party {
        Some(party) => party == expected.client,
        None => claims.audience.len() == 1,
    };
    if !names_us || !is_for_us {
        return Err(ClaimFlaw::Audience);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(ClaimFlaw::Nonce);
    }
    let expires_at = DateTime::from_timestamp(claims.expires_at, 0).ok_or(ClaimFlaw::Expired)?;
    let issued_at = DateTime::from_timestamp(claims.issued_at, 0).ok_or(ClaimFlaw::Early)?;
    if expires_at + LEEWAY <= now || issued_at + AGE_MAX + LEEWAY <= now {
        return Err(ClaimFlaw::Expired);
    }
    if issued_at > now + LEEWAY { Err(ClaimFlaw::Early) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const EXPECTED: Expected<'_> = Expected { issuer: "https://a.example", client: "us", nonce: "n" };

    fn checked(change: impl FnOnce(&mut IdClaims)) -> Result<(), ClaimFlaw> {
        let mut claims = IdClaims {
            issuer: "https://a.example".to_owned(),
            audience: vec!["us".to_owned()],
            authorized_party: None,
            nonce: Some("n".to_owned()),
            issued_at: NOW,
            expires_at: NOW + 300,
        };
        change(&mut claims);
        check_claims(&claims, &EXPECTED, DateTime::from_timestamp(NOW, 0).unwrap())
    }

    #[test]
    fn a_token_for_this_sign_in_is_believed() {
        assert_eq!(checked(|_| {}), Ok(()));
        let two = |claims: &mut IdClaims| {
            claims.audience.push("another".to_owned());
            claims.authorized_party = Some("us".to_owned());
        };
        assert_eq!(checked(two), Ok(()));
    }

    #[test]
    fn one_of_another_provider_client_or_sign_in_is_not() {
        for issuer in ["https://a.example/", "http://a.example", "https://A.example", ""] {
            assert_eq!(
                checked(|claims| claims.issuer = issuer.to_owned()),
                Err(ClaimFlaw::Issuer),
                "{issuer}"
            );
        }
        for audience in [vec![], vec!["them"], vec!["us", "them"], vec!["US"]] {
            let audience = audience.into_iter().map(str::to_owned).collect();
            assert_eq!(checked(|claims| claims.audience = audience), Err(ClaimFlaw::Audience));
        }
        let party = |party: &'static str| checked(|claims| claims.authorized_party = Some(party.to_owned()));
        assert_eq!(party("them"), Err(ClaimFlaw::Audience));
        for nonce in [None, Some(""), Some("N"), Some("n ")] {
            let nonce = nonce.map(str::to_owned);
            assert_eq!(checked(|claims| claims.nonce = nonce), Err(ClaimFlaw::Nonce));
        }
    }

    #[test]
    fn it_is_believed_from_a_minute_before_it_was_made_to_a_minute_after_it_expired() {
        let expires = |at: i64| checked(|claims| claims.expires_at = at);
        assert_eq!(expires(NOW - 59), Ok(()));
        assert_eq!(expires(NOW - 60), Err(ClaimFlaw::Expired));
        let made = |at: i64| checked(|claims| claims.issued_at = at);
        assert_eq!(made(NOW + 60), Ok(()));
        assert_eq!(made(NOW + 61), Err(ClaimFlaw::Early));
        assert_eq!(made(NOW - 659), Ok(()));
        assert_eq!(made(NOW - 660), Err(ClaimFlaw::Expired));
        for never in [i64::MIN, i64::MAX] {
            assert!(expires(never).is_err() && made(never).is_err());
        }
    }
}
