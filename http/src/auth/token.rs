//! The token endpoint of OAuth 2.0 (RFC 6749), for programs that call in their own name. Its
//! requests are forms, and its errors have the codes of the RFC beside ours.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::auth::refusal;
use domain::{Failure, Kind, Refused};
use serde::Serialize;
use services::App;
use services::auth::ServiceGrant;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::{Secret, secret};
use crate::kit::{ClientAddress, OauthError, Problem, ProblemBody};

/// What a program asks for a token with.
#[derive(ToSchema)]
#[schema(as = TokenForm)]
#[expect(dead_code, reason = "it exists for its schema; the form is read by TokenRequest")]
pub(super) struct TokenForm {
    /// Always `client_credentials`.
    #[schema(pattern = "^client_credentials$", example = "client_credentials")]
    grant_type: String,
    /// The program's id, unless it authenticates by the Basic scheme.
    #[schema(format = "uuid")]
    client_id: Option<String>,
    /// Its secret, unless it authenticates by the Basic scheme.
    #[schema(format = "password")]
    client_secret: Option<String>,
    /// The scopes that it wants, separated by spaces; all of its own, if none.
    #[schema(pattern = "^[a-z]+( [a-z]+)*$", example = "service")]
    scope: Option<String>,
}

/// A program's token.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceToken {
    /// For the `Authorization` header of every request.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it expires. There is no refresh token: the program asks again.
    #[schema(example = 600)]
    expires_in: i64,
    /// What it is for, separated by spaces.
    #[schema(example = "service")]
    scope: String,
}

/// A request for a token by client credentials.
pub(super) struct TokenRequest {
    client_id: String,
    client_secret: String,
    scope: Option<String>,
}

fn invalid_request(detail: &str) -> Problem {
    Problem::from(refusal::token_request_invalid().because(detail)).of_oauth(OauthError::InvalidRequest)
}

impl<S: Send + Sync> FromRequest<S> for TokenRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let basic = basic(request.headers())?;
        if !says_form(request.headers()) {
            return Err(invalid_request("The body is a form: application/x-www-form-urlencoded."));
        }
        let body = Bytes::from_request(request, state).await.map_err(crate::kit::unreadable)?;
        let Form { grant_type, client_id, client_secret, scope } = Form::read(&body)?;
        match grant_type.as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                return Err(
                    Problem::from(refusal::grant_type_unknown()).of_oauth(OauthError::UnsupportedGrantType)
                );
            }
            None => return Err(invalid_request("grant_type is missing.")),
        }
        // RFC 6749, 2.3: a client authenticates in one way in each request.
        let (client_id, client_secret) = match (basic, client_id, client_secret) {
            (Some(basic), None, None) => basic,
            (Some((id, secret)), Some(same), None) if same == id => (id, secret),
            (Some(_), _, _) => return Err(invalid_request("A client authenticates in one way only.")),
            (None, Some(id), Some(secret)) => (id, secret),
            (None, _, _) => {
                return Err(Problem::from(refusal::client_wrong()).of_oauth(OauthError::InvalidClient));
            }
        };
        Ok(Self { client_id, client_secret, scope })
    }
}

/// The parameters of the form. Others are ignored, as the RFC demands.
#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scope: Option<String>,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let place = match &*name {
                "grant_type" => &mut form.grant_type,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                "scope" => &mut form.scope,
                _ => continue,
            };
            if place.is_some() {
                return Err(invalid_request("A parameter stands in the form once."));
            }
            // An empty parameter counts as missing.
            *place = Some(value.into_owned()).filter(|value| !value.is_empty());
        }
        Ok(form)
    }
}

fn says_form(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = named.split(';').next().unwrap_or("").trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The id and the secret of the Basic scheme; both are form-encoded (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("basic").then_some(())?;
        let pair = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        Some((decoded(id)?, decoded(secret)?))
    };
    match read() {
        Some(pair) => Ok(Some(pair)),
        None => Err(Problem::from(refusal::client_wrong()).of_oauth(OauthError::InvalidClient)),
    }
}

fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Gives a program a token for its id and secret (client credentials). They come by the Basic
/// scheme or in the form.
#[utoipa::path(post, path = "/v1/auth/token", tag = "auth", security((), ("basic" = [])),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = ServiceToken),
        (status = 400, description = "`auth.token_request_invalid` (`invalid_request`), `auth.grant_type_unknown` \
            (`unsupported_grant_type`), `auth.scope_unknown` (`invalid_scope`)", body = ProblemBody),
        (status = 401, description = "`auth.client_wrong` (`invalid_client`)", body = ProblemBody)))]
pub(super) async fn token(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    asked: TokenRequest,
) -> Result<Secret<ServiceToken>, Problem> {
    let TokenRequest { client_id, client_secret, scope } = asked;
    let granted =
        services::auth::issue_to_service(&app, &client_id, &client_secret, scope.as_deref(), from).await;
    let ServiceGrant { access_token, expires_in_secs, scope } = granted.map_err(of_oauth)?;
    Ok(secret(ServiceToken { access_token, token_type: "Bearer", expires_in: expires_in_secs, scope }))
}

fn of_oauth(failure: Failure) -> Problem {
    let error = match &failure {
        Failure::Refused(Refused { kind: Kind::Unauthenticated, .. }) => Some(OauthError::InvalidClient),
        Failure::Refused(Refused { kind: Kind::Invalid, .. }) => Some(OauthError::InvalidScope),
        _ => None,
    };
    let problem = Problem::from(failure);
    match error {
        Some(error) => problem.of_oauth(error),
        None => problem,
    }
}
