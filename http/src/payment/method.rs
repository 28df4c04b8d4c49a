//! Saved means of payment.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::payment::{Method, Registration};
use domain::{MethodId, Refused, RegistrationId, UserId, fault};
use serde::{Deserialize, Serialize};
use services::App;
use services::payment::{Window, method};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::CUSTOMER;
use crate::kit::{Created, Json, NoContent, Page, Path, Problem, ProblemBody, Who};

/// The longest key that a window gives.
const AUTH_KEY_BYTES: usize = 300;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(CUSTOMER.on(routes!(methods)))
        .routes(CUSTOMER.on(routes!(register)))
        .routes(CUSTOMER.on(routes!(complete)))
        .routes(CUSTOMER.on(routes!(make_default)))
        .routes(CUSTOMER.on(routes!(delete)))
}

/// A saved means of payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentMethod)]
struct MethodBody {
    #[schema(value_type = Uuid)]
    id: MethodId,
    /// `card`, `easy_pay` or `bank`.
    #[schema(example = "card")]
    kind: &'static str,
    /// The code of the card's issuer or of the bank as the gateway has it, or the name of the service.
    #[schema(example = "41")]
    issuer: String,
    /// The masked number; empty for a service.
    #[schema(example = "43301234****123*")]
    number: String,
    /// Whether it is chosen beforehand.
    is_default: bool,
    created_at: DateTime<Utc>,
}

/// What a page needs to open the payment window, in which the customer agrees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MethodRegistration)]
struct RegistrationBody {
    #[schema(value_type = Uuid)]
    id: RegistrationId,
    /// The gateway.
    #[schema(example = "toss")]
    provider: &'static str,
    /// The script that opens the window.
    script_url: String,
    /// What the script is opened with.
    client_key: String,
    /// As whom the gateway knows the customer.
    #[schema(value_type = Uuid)]
    customer_key: UserId,
    /// Until when the customer may agree.
    expires_at: DateTime<Utc>,
}

/// What the customer came back with from the window.
#[derive(Deserialize, ToSchema)]
#[schema(as = MethodCompletion)]
#[serde(deny_unknown_fields)]
struct CompletionBody {
    /// The `authKey` of the page's address.
    #[schema(
        min_length = 1,
        max_length = 300,
        pattern = "^[!-~]+$",
        example = "e_826EDB0730790E96F116FFF3799A65DE"
    )]
    auth_key: String,
}

impl CompletionBody {
    fn auth_key(&self) -> Result<&str, Refused> {
        let is_plain = self.auth_key.bytes().all(|byte| byte.is_ascii_graphic());
        match self.auth_key.len() {
            1..=AUTH_KEY_BYTES if is_plain => Ok(&self.auth_key),
            _ => Err(Refused::field("/auth_key", fault::OUT_OF_RANGE, "1 to 300 visible ASCII characters")),
        }
    }
}

/// One's means of payment, oldest first.
#[utoipa::path(get, path = "/v1/payment-methods", tag = "payment",
    responses((status = 200, body = Page<MethodBody>)))]
async fn methods(State(app): State<App>, Who(who): Who) -> Result<Json<Page<MethodBody>>, Problem> {
    let methods = method::list(&app, &who).await?;
    Ok(Json(Page::whole(methods.into_iter().map(MethodBody::from).collect())))
}

/// Begins to save a means of payment: the customer agrees in the gateway's window, which never shows us a
/// number in full.
#[utoipa::path(post, path = "/v1/payment-methods/registrations", tag = "payment",
    responses((status = 201, body = RegistrationBody),
        (status = 403, description = "`auth.step_up_required`: the sign-in is too long ago", body = ProblemBody),
        (status = 409, description = "`payment.too_many_methods`", body = ProblemBody)))]
async fn register(State(app): State<App>, Who(who): Who) -> Result<Created<RegistrationBody>, Problem> {
    Ok(Created(method::register(&app, &who).await?.into()))
}

/// Saves what the customer agreed to. The same registration gives the same method.
#[utoipa::path(post, path = "/v1/payment-methods/registrations/{id}/completion", tag = "payment",
    request_body = CompletionBody, params(("id" = Uuid, Path, description = "The registration")),
    responses((status = 200, body = MethodBody),
        (status = 404, description = "No such registration, or its method was deleted", body = ProblemBody),
        (status = 409, description = "`payment.method_not_agreed`; `payment.registration_expired`; \
            `payment.too_many_methods`", body = ProblemBody)))]
async fn complete(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RegistrationId>,
    Json(body): Json<CompletionBody>,
) -> Result<Json<MethodBody>, Problem> {
    Ok(Json(method::complete(&app, &who, id, body.auth_key()?).await?.into()))
}

/// Makes a means of payment the one that is chosen beforehand.
#[utoipa::path(put, path = "/v1/payment-methods/{id}/default", tag = "payment",
    params(("id" = Uuid, Path, description = "The means of payment")),
    responses((status = 204), (status = 404, description = "No such means of payment", body = ProblemBody)))]
async fn make_default(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MethodId>,
) -> Result<NoContent, Problem> {
    method::make_default(&app, &who, id).await?;
    Ok(NoContent)
}

/// Deletes a means of payment, here and at the gateway.
#[utoipa::path(delete, path = "/v1/payment-methods/{id}", tag = "payment",
    params(("id" = Uuid, Path, description = "The means of payment")),
    responses((status = 204), (status = 404, description = "No such means of payment", body = ProblemBody)))]
async fn delete(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MethodId>,
) -> Result<NoContent, Problem> {
    method::delete(&app, &who, id).await?;
    Ok(NoContent)
}

impl From<Method> for MethodBody {
    fn from(method: Method) -> Self {
        Self {
            id: method.id,
            kind: method.label.kind.as_str(),
            issuer: method.label.issuer,
            number: method.label.number,
            is_default: method.is_default,
            created_at: method.created_at,
        }
    }
}

impl From<(Registration, Window)> for RegistrationBody {
    fn from((registration, window): (Registration, Window)) -> Self {
        Self {
            id: registration.id,
            provider: window.provider,
            script_url: window.script_url,
            client_key: window.client_key,
            customer_key: registration.customer,
            expires_at: registration.expires_at(),
        }
    }
}
