//! Signing in by a provider, the identities of an account, and what providers call us for.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use domain::auth::social::ProviderName;
use domain::{IdentityId, Refused, Timestamp};
use serde::{Deserialize, Serialize};
use services::App;
use services::auth::social::{self, Comeback, Completed, Link, Offered, Secrets, Wish};
use url::form_urlencoded;
use utoipa::ToSchema;

use super::body::Tokens;
use super::{Secret, secret};
use crate::kit::{ClientAddress, Json, NoContent, Page, Path, Problem, ProblemBody, Who, not_utf8};

/// The page that finishes an attempt.
const PAGE: &str = "/#/auth/callback";

/// What a provider sends back that the page needs.
const BROUGHT: [&str; 4] = ["code", "state", "iss", "error"];

/// The most bytes of that.
const BROUGHT_MAX: usize = 8_192;

/// A way to sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
pub(super) struct ProviderBody {
    /// Its name in paths.
    #[schema(example = "kakao")]
    name: String,
    /// What people call it; null for those that everybody knows by their name.
    label: Option<String>,
}

impl From<Offered> for ProviderBody {
    fn from(offered: Offered) -> Self {
        Self { name: offered.name.to_string(), label: offered.label }
    }
}

/// What an attempt is for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WishBody {
    /// To sign in, or up.
    SignIn,
    /// To link the provider to the caller's account.
    Link,
    /// To prove once more who the caller is.
    Prove,
}

/// An attempt that begins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginSocial {
    /// What it is for.
    wish: WishBody,
    /// Where the provider sends the browser back to, character by character as it is registered.
    /// Left out: the first one that is.
    #[schema(format = "uri", max_length = 2048)]
    redirect_uri: Option<String>,
}

/// Where the browser goes.
#[derive(Serialize, ToSchema)]
pub(super) struct BegunSocial {
    /// The provider's page.
    authorize_url: String,
    /// The page keeps it until the browser is back: without it nobody finishes the attempt.
    browser_secret: String,
}

/// What the browser brings back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CompleteSocial {
    /// The provider's code; left out if the person declined.
    #[schema(format = "code")]
    code: Option<String>,
    /// The provider's `state`.
    #[schema(format = "secret", example = "7vQ2mKf0Vb6oJ1yq4m2mWvJ0f4kY5l3nq1cV8m0aXzA")]
    state: String,
    /// The provider's `iss`, if it sent one (RFC 9207).
    #[schema(format = "uri")]
    iss: Option<String>,
    /// What the page kept.
    #[schema(format = "secret", example = "7vQ2mKf0Vb6oJ1yq4m2mWvJ0f4kY5l3nq1cV8m0aXzA")]
    browser_secret: String,
    /// What the device calls itself, for the list of sessions.
    #[schema(format = "text", max_length = 100, example = "Galaxy S25")]
    device: Option<String>,
}

/// What came of an attempt.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OutcomeBody {
    /// A session began: `tokens`.
    SignedIn,
    /// There is no account yet: `newcomer`, who may sign up (`POST /v1/users/social`).
    SignUp,
    /// The provider is linked.
    Linked,
    /// The session is proven anew.
    Proven,
}

/// Somebody without an account, as far as the provider tells.
#[derive(Serialize, ToSchema)]
struct NewcomerBody {
    /// What they are called there.
    name: Option<String>,
    /// Their e-mail address, which the provider vouches for.
    email: Option<String>,
}

/// What came of an attempt.
#[derive(Serialize, ToSchema)]
pub(super) struct CompletedSocial {
    /// Which of the four.
    outcome: OutcomeBody,
    /// The tokens of the session.
    tokens: Option<Tokens>,
    /// Who may sign up.
    newcomer: Option<NewcomerBody>,
}

impl From<Completed> for CompletedSocial {
    fn from(completed: Completed) -> Self {
        let plain = |outcome| Self { outcome, tokens: None, newcomer: None };
        match completed {
            Completed::SignedIn(grant) => Self { tokens: Some(grant.into()), ..plain(OutcomeBody::SignedIn) },
            Completed::SignUp(person) => {
                let email = person.email.map(|email| email.to_string());
                let newcomer = Some(NewcomerBody { name: person.name, email });
                Self { newcomer, ..plain(OutcomeBody::SignUp) }
            }
            Completed::Linked => plain(OutcomeBody::Linked),
            Completed::Proven => plain(OutcomeBody::Proven),
        }
    }
}

/// One of a person's identities at providers.
#[derive(Serialize, ToSchema)]
#[schema(as = Identity)]
pub(super) struct IdentityBody {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: IdentityId,
    /// The provider; null if it is no way to sign in any more.
    #[schema(example = "kakao")]
    provider: Option<String>,
    /// When it was linked.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    linked_at: Timestamp,
    /// Whether it may be unlinked: the last way in stays.
    may_go: bool,
}

impl From<Link> for IdentityBody {
    fn from(link: Link) -> Self {
        let Link { id, provider, linked_at, may_go } = link;
        Self { id, provider: provider.map(|name| name.to_string()), linked_at, may_go }
    }
}

/// The providers that one can sign in by.
#[utoipa::path(get, path = "/v1/auth/social", tag = "auth", security(()),
    responses((status = 200, body = Page<ProviderBody>)))]
pub(super) async fn providers(State(app): State<App>) -> Json<Page<ProviderBody>> {
    Json(Page::whole(social::offered(&app).into_iter().map(ProviderBody::from).collect()))
}

/// Begins to sign in by a provider, to link it (`auth.step_up_required` unless the last proof is of
/// the last five minutes), or to prove by it who one is.
#[utoipa::path(post, path = "/v1/auth/social/{provider}/begin", tag = "auth", security((), ("bearer" = [])),
    params(("provider" = String, Path, description = "Its name")), request_body = BeginSocial,
    responses((status = 200, body = BegunSocial),
        (status = 403, description = "`auth.step_up_required`", body = ProblemBody),
        (status = 404, description = "`not_found`: no such provider", body = ProblemBody),
        (status = 409, description = "`auth.redirect_not_registered`", body = ProblemBody)))]
pub(super) async fn begin(
    State(app): State<App>,
    who: Option<Who>,
    Path(provider): Path<String>,
    Json(body): Json<BeginSocial>,
) -> Result<Secret<BegunSocial>, Problem> {
    let wish = match body.wish {
        WishBody::SignIn => Wish::SignIn,
        WishBody::Link => Wish::Link,
        WishBody::Prove => Wish::Prove,
    };
    let who = who.map(|who| who.0);
    let begun = social::begin(&app, &provider, wish, who.as_ref(), body.redirect_uri.as_deref()).await?;
    Ok(secret(BegunSocial { authorize_url: begun.authorize_url, browser_secret: begun.browser_secret }))
}

/// Finishes an attempt in the browser that began it, once. Brought again, it ends the session that
/// came of it.
#[utoipa::path(post, path = "/v1/auth/social/{provider}/complete", tag = "auth", security((), ("bearer" = [])),
    params(("provider" = String, Path, description = "Its name")), request_body = CompleteSocial,
    responses((status = 200, body = CompletedSocial),
        (status = 401, description = "`auth.social_attempt_not_good`: too late, of another browser, or brought \
            before; `auth.social_denied`: the person declined; `auth.social_not_confirmed`: what the provider says \
            is no proof; `auth.credentials_wrong`: the account is no more", body = ProblemBody),
        (status = 403, description = "`auth.account_banned`", body = ProblemBody),
        (status = 404, description = "`not_found`: no such provider", body = ProblemBody),
        (status = 409, description = "`auth.identity_link_needed`: the e-mail address has an account, which has to \
            be signed in to first; `auth.identity_taken`, `auth.provider_linked`", body = ProblemBody)))]
pub(super) async fn complete(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    who: Option<Who>,
    Path(provider): Path<String>,
    Json(body): Json<CompleteSocial>,
) -> Result<Secret<CompletedSocial>, Problem> {
    let CompleteSocial { code, state, iss, browser_secret, device } = body;
    let secrets = Secrets { state, browser: browser_secret };
    let comeback = Comeback { secrets, code, issuer: iss, device, from };
    let who = who.map(|who| who.0);
    let completed = social::complete(&app, &provider, who.as_ref(), comeback).await?;
    Ok(secret(completed.into()))
}

/// A redirect to the page that finishes the attempt, with what the provider sent.
type ToPage = (StatusCode, [(HeaderName, String); 3]);

/// Where providers send browsers back to: on to the page, in whose address no server reads it.
#[utoipa::path(get, path = "/v1/auth/social/{provider}/callback", tag = "auth", security(()),
    params(("provider" = String, Path, description = "Its name")),
    extensions(("x-unknown-parameters" = json!("ignored"))),
    responses((status = 303, description = "On to the page"), (status = 404, description = "`not_found`")))]
pub(super) async fn callback_get(Path(provider): Path<String>, uri: Uri) -> Result<ToPage, Problem> {
    to_page(&provider, uri.query().unwrap_or_default())
}

/// The same for providers that post a form (Apple).
#[utoipa::path(post, path = "/v1/auth/social/{provider}/callback", tag = "auth", security(()),
    params(("provider" = String, Path, description = "Its name")),
    extensions(("x-unknown-parameters" = json!("ignored"))),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "On to the page"), (status = 404, description = "`not_found`")))]
pub(super) async fn callback_post(Path(provider): Path<String>, body: Bytes) -> Result<ToPage, Problem> {
    to_page(&provider, std::str::from_utf8(&body).map_err(not_utf8)?)
}

fn to_page(provider: &str, sent: &str) -> Result<ToPage, Problem> {
    let name: ProviderName = provider.parse().map_err(|_| Refused::not_found("provider"))?;
    let mut brought = form_urlencoded::Serializer::new(String::new());
    brought.append_pair("provider", name.as_str());
    if sent.len() <= BROUGHT_MAX {
        let known = form_urlencoded::parse(sent.as_bytes()).filter(|(name, _)| BROUGHT.contains(&&**name));
        brought.extend_pairs(known);
    }
    let headers = [
        (LOCATION, format!("{PAGE}?{}", brought.finish())),
        (CACHE_CONTROL, "no-store".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((StatusCode::SEE_OTHER, headers))
}

/// One's identities at providers, oldest first.
#[utoipa::path(get, path = "/v1/auth/identities", tag = "auth",
    responses((status = 200, body = Page<IdentityBody>)))]
pub(super) async fn identities(
    State(app): State<App>,
    Who(who): Who,
) -> Result<Json<Page<IdentityBody>>, Problem> {
    let links = social::links(&app, &who).await?;
    Ok(Json(Page::whole(links.into_iter().map(IdentityBody::from).collect())))
}

/// Unlinks a provider. The sessions that began with it end, and it hears of it. The last way in
/// stays.
#[utoipa::path(delete, path = "/v1/auth/identities/{id}", tag = "auth",
    params(("id" = Uuid, Path, description = "The identity")),
    responses((status = 204),
        (status = 403, description = "`auth.step_up_required`", body = ProblemBody),
        (status = 409, description = "`auth.last_way_in`", body = ProblemBody)))]
pub(super) async fn unlink(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<IdentityId>,
) -> Result<NoContent, Problem> {
    social::unlink(&app, &who, id, from).await?;
    Ok(NoContent)
}

/// Takes a security event token (RFC 8935), or Apple's notification, which has one in `payload`.
#[utoipa::path(post, path = "/v1/auth/social/{provider}/events", tag = "auth", security(()),
    params(("provider" = String, Path, description = "Its name")),
    request_body(content = String, content_type = "application/secevent+jwt"),
    responses((status = 202, description = "Kept; the same again is the same"),
        (status = 401, description = "`auth.social_not_confirmed`: the provider did not sign it, or not for us"),
        (status = 404, description = "`not_found`")))]
pub(super) async fn events(
    State(app): State<App>,
    Path(provider): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    #[derive(Deserialize)]
    struct Notification {
        payload: String,
    }
    let text = std::str::from_utf8(&body).map_err(not_utf8)?;
    let notification = serde_json::from_str::<Notification>(text).ok();
    let token = notification.as_ref().map_or(text.trim(), |it| it.payload.as_str());
    social::event(&app, &provider, token).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Kakao says that somebody unlinked us, with our admin key. Answered within three seconds.
#[utoipa::path(get, path = "/v1/auth/social/{provider}/unlinked", tag = "auth", security(()),
    params(("provider" = String, Path, description = "Its name"),
        ("user_id" = Option<String>, Query, description = "Who, at the provider")),
    extensions(("x-unknown-parameters" = json!("ignored"))),
    responses((status = 200, description = "Taken, also of somebody whom nobody knows"),
        (status = 401, description = "`auth.social_not_confirmed`: another key"),
        (status = 404, description = "`not_found`")))]
pub(super) async fn unlinked_get(
    State(app): State<App>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<StatusCode, Problem> {
    unlinked(&app, &provider, &headers, uri.query().unwrap_or_default()).await
}

/// The same in a form.
#[utoipa::path(post, path = "/v1/auth/social/{provider}/unlinked", tag = "auth", security(()),
    params(("provider" = String, Path, description = "Its name")),
    extensions(("x-unknown-parameters" = json!("ignored"))),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Taken, also of somebody whom nobody knows"),
        (status = 401, description = "`auth.social_not_confirmed`: another key"),
        (status = 404, description = "`not_found`")))]
pub(super) async fn unlinked_post(
    State(app): State<App>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    unlinked(&app, &provider, &headers, std::str::from_utf8(&body).map_err(not_utf8)?).await
}

async fn unlinked(app: &App, provider: &str, headers: &HeaderMap, form: &str) -> Result<StatusCode, Problem> {
    let key = headers.get(AUTHORIZATION).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let subject = form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "user_id");
    let subject = subject.map(|(_, subject)| subject).unwrap_or_default();
    social::unlinked(app, provider, key, &subject).await?;
    Ok(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_goes_on_to_our_page_with_what_the_page_needs_and_nothing_else() {
        let to = |provider: &str, sent: &str| to_page(provider, sent).map(|(_, [(_, to), ..])| to).ok();
        let page = to("kakao", "state=s&code=a%2Bb&iss=https%3A%2F%2Fk.example&scope=openid&user=%7B%7D");
        let said = "/#/auth/callback?provider=kakao&state=s&code=a%2Bb&iss=https%3A%2F%2Fk.example";
        assert_eq!(page.as_deref(), Some(said));
        let tricks = to("kakao", "code=\r\nSet-Cookie: a&state=#//evil.example&next=//evil.example");
        let said = "/#/auth/callback?provider=kakao&code=%0D%0ASet-Cookie%3A+a&state=%23%2F%2Fevil.example";
        assert_eq!(tricks.as_deref(), Some(said));
        let huge = format!("code={}", "a".repeat(BROUGHT_MAX));
        assert_eq!(to("kakao", &huge).as_deref(), Some("/#/auth/callback?provider=kakao"));
        assert_eq!(to("//evil.example", "code=a"), None);
    }
}
