//! What the auth service's requests and answers look like.

use domain::{Role, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::auth::{Grant, Session};
use utoipa::ToSchema;

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInBody {
    /// The e-mail address.
    #[schema(format = "email", max_length = 254, example = "minji@example.com")]
    pub(super) email: String,
    /// The password.
    #[schema(format = "password", example = "한강에서 치킨을")]
    pub(super) password: String,
    /// What the device calls itself, for the list of sessions.
    #[schema(format = "text", max_length = 100, example = "Galaxy S25")]
    pub(super) device: Option<String>,
    /// Any refresh token that this device had for the account, also of a session that is
    /// over. It shows that the device is known, so that what strangers guess elsewhere
    /// never locks it out; it is no way in, and passed over where it is no such token.
    #[schema(format = "refresh-token")]
    pub(super) refresh_token: Option<String>,
}

/// What a session goes on with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    /// The newest refresh token of the session.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    pub(super) refresh_token: String,
}

/// Which session ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignOutBody {
    /// Any refresh token of the session, also where its access token has expired.
    /// Without one it is the session of the access token.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    pub(super) refresh_token: Option<String>,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    /// For the `Authorization` header of every request.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 600)]
    expires_in: i64,
    /// For the next tokens, once.
    refresh_token: String,
    /// Who signed in.
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// The session.
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    /// What the person may be.
    #[schema(value_type = Vec<String>, example = json!(["customer"]))]
    roles: Vec<Role>,
}

impl From<Grant> for Tokens {
    fn from(grant: Grant) -> Self {
        Self {
            access_token: grant.access_token,
            token_type: "Bearer",
            expires_in: grant.expires_in_secs,
            refresh_token: grant.refresh_token,
            user_id: grant.principal.user,
            session_id: grant.principal.session,
            roles: grant.principal.roles,
        }
    }
}

/// A device that is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionBody {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: SessionId,
    /// What the device calls itself.
    device: String,
    /// The network address it was last seen at.
    address: String,
    /// When somebody signed in there.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
    /// When it last refreshed its tokens.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    last_seen_at: Timestamp,
    /// When it ends unless it refreshes them.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    expires_at: Timestamp,
    /// Whether the request comes from it.
    current: bool,
}

impl SessionBody {
    pub(super) fn new(session: Session, current: SessionId) -> Self {
        let Session { id, user: _, device, address, created_at, last_seen_at, expires_at } = session;
        Self { id, device, address, created_at, last_seen_at, expires_at, current: id == current }
    }
}

/// A JSON Web Key set.
#[derive(Serialize, ToSchema)]
#[schema(value_type = Object, example = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "…", "x": "…"}]}))]
pub(super) struct KeySet(pub(super) serde_json::Value);
