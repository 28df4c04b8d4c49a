//! Request and response bodies of the auth service.

use domain::{Role, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::auth::{CodeSent, Grant, Session};
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

/// What somebody proves once more who they are with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReAuthenticateBody {
    /// The password.
    #[schema(format = "password", example = "한강에서 치킨을")]
    pub(super) password: String,
}

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordForgotten {
    /// The e-mail address of the account.
    #[schema(format = "email", max_length = 254, example = "minji@example.com")]
    pub(super) email: String,
}

/// A new password, with the code that was sent to the address of the account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordReset {
    /// The e-mail address of the account.
    #[schema(format = "email", max_length = 254, example = "minji@example.com")]
    pub(super) email: String,
    /// The six digits; spaces and hyphens between them do not matter.
    #[schema(pattern = "^[0-9 -]{6,20}$", example = "314159")]
    pub(super) code: String,
    /// Not among the first that anybody would try.
    #[schema(format = "password", min_length = 8, max_length = 128, example = "한강에서 치킨을")]
    pub(super) new_password: String,
}

/// A new password for whoever knows the one of now.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    /// The password of now.
    #[schema(format = "password", example = "한강에서 치킨을")]
    pub(super) current_password: String,
    /// Not among the first that anybody would try.
    #[schema(format = "password", min_length = 8, max_length = 128, example = "남산에서 피자를")]
    pub(super) new_password: String,
}

/// A code is on its way.
#[derive(Serialize, ToSchema)]
#[schema(as = CodeSent)]
pub(crate) struct CodeSentBody {
    /// Seconds for which the code is good.
    #[schema(example = 600)]
    expires_in: i64,
    /// Seconds until another one may be asked for.
    #[schema(example = 60)]
    resend_in: i64,
}

impl From<CodeSent> for CodeSentBody {
    fn from(sent: CodeSent) -> Self {
        Self { expires_in: sent.expires_in_secs, resend_in: sent.resend_in_secs }
    }
}

/// What a session goes on with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    /// The newest refresh token of the session. Its form may change: it is to be sent as it came.
    #[schema(pattern = "^[A-Za-z0-9_-]{43,72}$")]
    pub(super) refresh_token: String,
}

/// Which session ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignOutBody {
    /// Any refresh token of the session, also where its access token has expired.
    /// Without one it is the session of the access token.
    #[schema(pattern = "^[A-Za-z0-9_-]{43,72}$")]
    pub(super) refresh_token: Option<String>,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
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
    /// When it ends unless it refreshes them, and at the latest.
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
#[schema(value_type = Object, example = json!({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "…", "x": "…", "y": "…"}]}))]
pub(super) struct KeySet(pub(super) serde_json::Value);
