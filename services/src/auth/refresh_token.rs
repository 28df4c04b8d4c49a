//! The form of a refresh token: the version of a session key, the session and its counter, and a
//! MAC over them, as base64url without padding.
//!
//! ```text
//! version (2) │ session (16) │ counter (4) │ HMAC-SHA256 (32)    = 54 bytes, 72 characters
//! ```
//!
//! The key of the MAC is derived for the session from the session key of the version, so that no
//! two sessions have tokens under one key. A token that was not issued by us is refused without a
//! look into the store.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::SessionId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

/// The bytes before the MAC.
const SIGNED: usize = 2 + 16 + 4;

/// The bytes of a token.
const WHOLE: usize = SIGNED + 32;

/// What the derivation of keys is for.
const PURPOSE: &[u8] = b"baedal refresh token";

/// A refresh token, before or after it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RefreshToken {
    pub(super) session: SessionId,
    pub(super) counter: u32,
}

/// A text of the right form, which nobody may have signed.
#[derive(Clone, Copy)]
pub(super) struct Unverified {
    bytes: [u8; WHOLE],
}

impl RefreshToken {
    /// The text, signed with the session key of `version`.
    pub(super) fn sign(self, version: u16, secret: &[u8]) -> String {
        let mut bytes = [0; WHOLE];
        bytes[..2].copy_from_slice(&version.to_be_bytes());
        bytes[2..18].copy_from_slice(self.session.0.as_bytes());
        bytes[18..SIGNED].copy_from_slice(&self.counter.to_be_bytes());
        let mac = mac(secret, &bytes).finalize().into_bytes();
        bytes[SIGNED..].copy_from_slice(&mac);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl Unverified {
    /// Reads a text; none if it has another form.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; WHOLE];
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (length == WHOLE).then_some(Self { bytes })
    }

    /// The version of the session key that it claims to be signed with.
    pub(super) fn version(&self) -> u16 {
        u16::from_be_bytes([self.bytes[0], self.bytes[1]])
    }

    /// The token, if it was signed with this session key.
    pub(super) fn verify(&self, secret: &[u8]) -> Option<RefreshToken> {
        mac(secret, &self.bytes).verify_slice(&self.bytes[SIGNED..]).ok()?;
        let session = Uuid::from_slice(&self.bytes[2..18]).ok()?;
        let counter = self.bytes[18..SIGNED].try_into().ok()?;
        Some(RefreshToken { session: SessionId(session), counter: u32::from_be_bytes(counter) })
    }
}

fn mac(secret: &[u8], bytes: &[u8; WHOLE]) -> Hmac<Sha256> {
    let of_session = keyed(secret).chain_update(PURPOSE).chain_update(&bytes[2..18]).finalize();
    keyed(&of_session.into_bytes()).chain_update(&bytes[..SIGNED])
}

#[expect(clippy::expect_used, reason = "an HMAC takes a key of any length")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn token() -> RefreshToken {
        RefreshToken { session: SessionId(Uuid::from_u128(8)), counter: 3 }
    }

    #[test]
    fn a_token_is_read_as_it_was_signed() {
        let text = token().sign(1, &SECRET);
        assert_eq!(text.len(), 72);
        let read = Unverified::read(&text).unwrap();
        assert_eq!(read.version(), 1);
        assert_eq!(read.verify(&SECRET), Some(token()));
        assert_eq!(read.verify(&[8; 32]), None);
        assert_eq!(token().sign(1, &SECRET), text, "the same token has one text");
    }

    #[test]
    fn a_flipped_bit_is_noticed_wherever_it_is() {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token().sign(1, &SECRET)).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = Unverified::read(&BASE64_URL_SAFE_NO_PAD.encode(flipped)).unwrap();
            assert_eq!(read.verify(&SECRET), None, "bit {bit}");
        }
    }

    #[test]
    fn a_text_of_another_form_is_no_token() {
        let text = token().sign(1, &SECRET);
        for wrong in
            ["", "x", &text[1..], &format!("{text}A"), &format!("{text}="), &"=".repeat(72), &"é".repeat(36)]
        {
            assert!(Unverified::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn another_session_or_counter_has_another_mac() {
        let mac = |token: RefreshToken| token.sign(1, &SECRET)[29..].to_owned();
        let next = RefreshToken { counter: 4, ..token() };
        let other = RefreshToken { session: SessionId(Uuid::from_u128(9)), ..token() };
        assert_ne!(mac(token()), mac(next));
        assert_ne!(mac(token()), mac(other));
    }
}
