//! The secret of a client of Apple: a JWT that it signs itself
//! (developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret).

use chrono::TimeDelta;
use domain::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use services::auth::social::ProviderError;

use super::settings::ProviderSettings;
use crate::OpenError;

/// A secret is made for one call.
const LIFE: TimeDelta = TimeDelta::minutes(5);

/// Signs secrets.
pub(super) struct SecretSigner {
    key: EncodingKey,
    key_id: String,
    team: String,
    audience: String,
    client: String,
}

impl SecretSigner {
    pub(super) fn open(settings: &ProviderSettings) -> Result<Self, OpenError> {
        let key = EncodingKey::from_ec_pem(settings.private_key.as_bytes()).map_err(|_| OpenError {
            party: "apple",
            // Not the parser's own message: it could quote the key.
            cause: "the private key is no P-256 key in PEM".to_owned(),
        })?;
        Ok(Self {
            key,
            key_id: settings.key_id.clone(),
            team: settings.team_id.clone(),
            audience: settings.issuer.clone(),
            client: settings.client_id.clone(),
        })
    }

    pub(super) fn secret(&self, now: Timestamp) -> Result<String, ProviderError> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.key_id.clone());
        let claims = json!({
            "iss": self.team,
            "iat": now.timestamp(),
            "exp": (now + LIFE).timestamp(),
            "aud": self.audience,
            "sub": self.client,
        });
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|_| ProviderError::Unavailable)
    }
}
