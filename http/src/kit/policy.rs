//! The policy of an operation, stated beside its route:
//!
//! ```ignore
//! const COURIER: Policy = Policy::of(Noun::Courier).role(Role::Courier);
//!
//! OpenApiRouter::new().routes(COURIER.on(routes!(me, describe)))
//! ```
//!
//! `on` writes the policy into the operations of the document, as `x-baedal-policy`, with all
//! defaults. The kit and the gateway read it there, by the method and the path of a request
//! ([`Operations`]): neither contains paths of its own.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::Role;
use matchit::Params;
use serde::{Deserialize, Serialize};
use services::App;
use services::limits::LimitClass;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa_axum::router::UtoipaMethodRouter;

use super::Problem;
use super::openapi::{operations, operations_mut};

/// The extension of an operation that holds its policy.
const EXTENSION: &str = "x-baedal-policy";

/// The time limit until a handler must have begun to answer. Streams may last longer.
const TIMEOUT_SECS: u32 = 30;

/// The largest body, in bytes.
const BODY_MAX_BYTES: u32 = 256 * 1024;

/// The subject of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    /// The caller's cart.
    Cart,
    /// The whole city.
    City,
    /// A conversation with the support desk.
    Conversation,
    /// The calling courier, with their shift, devices and offers.
    Courier,
    /// A delivery.
    Delivery,
    /// The support desk.
    Desk,
    /// A phone with a public tracking app.
    Device,
    /// A frequently asked question.
    Faq,
    /// A menu.
    Menu,
    /// An order.
    Order,
    /// A payment or a refund.
    Payment,
    /// A place, found by its name.
    Place,
    /// The answering process.
    Process,
    /// A restaurant.
    Restaurant,
    /// A session, and the keys of its tokens.
    Session,
    /// An account.
    User,
}

/// Which requests the gateway keeps together at one replica of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placing {
    /// Those with the same first path parameter.
    Entity,
    /// Those of the same caller.
    Caller,
    /// None: any replica will do.
    Anywhere,
}

impl Noun {
    /// Entities are kept together, so that their commits seldom conflict.
    const fn placing(self) -> Placing {
        match self {
            Self::Conversation | Self::Delivery | Self::Order => Placing::Entity,
            Self::Cart | Self::Courier => Placing::Caller,
            Self::City
            | Self::Desk
            | Self::Device
            | Self::Faq
            | Self::Menu
            | Self::Payment
            | Self::Place
            | Self::Process
            | Self::Restaurant
            | Self::Session
            | Self::User => Placing::Anywhere,
        }
    }
}

/// What an operation lets somebody into, beyond its answer. Whoever may not be there any more is
/// refused by all of these (`tests/tests/it/identity/ways_in.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// A session: it answers with tokens.
    Session,
    /// A stream that goes on.
    Stream,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    noun: Noun,
    placing: Placing,
    limit: LimitClass,
    timeout_secs: u32,
    body_max_bytes: u32,
    /// `None` until [`Policy::on`] sets the default of the method.
    idempotency_key: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opens: Option<Opens>,
}

impl Policy {
    /// The default policy for `noun`: the usual rate limit, 30 s, 256 KiB, `Idempotency-Key` for
    /// POST only, and every role.
    pub const fn of(noun: Noun) -> Self {
        Self {
            noun,
            placing: noun.placing(),
            limit: LimitClass::Usual,
            timeout_secs: TIMEOUT_SECS,
            body_max_bytes: BODY_MAX_BYTES,
            idempotency_key: None,
            role: None,
            opens: None,
        }
    }

    /// Also applies the rate limit of this class.
    #[must_use]
    pub const fn limit(mut self, class: LimitClass) -> Self {
        self.limit = class;
        self
    }

    /// The seconds until the handler must have begun to answer.
    #[must_use]
    pub const fn timeout_secs(mut self, seconds: u32) -> Self {
        self.timeout_secs = seconds;
        self
    }

    /// The largest body, in bytes.
    #[must_use]
    pub const fn body_max_bytes(mut self, bytes: u32) -> Self {
        self.body_max_bytes = bytes;
        self
    }

    /// Whether answers are kept for an `Idempotency-Key`.
    #[must_use]
    pub const fn idempotency_key(mut self, taken: bool) -> Self {
        self.idempotency_key = Some(taken);
        self
    }

    /// Requires this role; others get 401 or 403 before the handler runs.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// States what the operation lets somebody into.
    #[must_use]
    pub const fn opens(mut self, what: Opens) -> Self {
        self.opens = Some(what);
        self
    }

    /// Writes the policy into these operations.
    pub fn on(self, routes: UtoipaMethodRouter<App>) -> UtoipaMethodRouter<App> {
        let (schemas, mut paths, router) = routes;
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations_mut(item) {
                self.stated(&method, path).write(operation);
            }
        }
        (schemas, paths, router)
    }

    /// Sets the defaults that depend on the method and the path.
    fn stated(mut self, method: &Method, path: &str) -> Self {
        self.idempotency_key.get_or_insert(method == Method::POST);
        if self.placing == Placing::Entity && !path.contains('{') {
            self.placing = Placing::Anywhere;
        }
        self
    }

    fn write(self, operation: &mut Operation) {
        // A struct of plain values always serialises.
        let value = serde_json::to_value(self).unwrap_or_default();
        operation.extensions.get_or_insert_default().insert(EXTENSION.to_owned(), value);
    }

    /// The policy in an operation of the document.
    pub(super) fn read(operation: &Operation) -> Option<Self> {
        let value = operation.extensions.as_ref()?.get(EXTENSION)?;
        Self::deserialize(value).ok()
    }

    pub(super) fn is_about(&self, noun: Noun) -> bool {
        self.noun == noun
    }

    pub(crate) fn placing(&self) -> Placing {
        self.placing
    }

    pub(super) fn limit_class(&self) -> LimitClass {
        self.limit
    }

    pub(super) fn takes_key(&self) -> bool {
        self.idempotency_key == Some(true)
    }

    pub(super) fn wants_role(&self) -> Option<Role> {
        self.role
    }
}

/// The policies of all operations of a port, or of a service.
#[derive(Clone, Default)]
pub(crate) struct Operations(Arc<matchit::Router<Vec<(Method, Policy)>>>);

impl Operations {
    /// The policies of one document.
    pub(crate) fn of(api: &OpenApi) -> Self {
        Self::below([("", api)])
    }

    /// The policies of several documents, each with the prefix of its paths.
    pub(crate) fn below<'a>(documents: impl IntoIterator<Item = (&'a str, &'a OpenApi)>) -> Self {
        let mut router = matchit::Router::new();
        for (prefix, api) in documents {
            for (path, item) in &api.paths.paths {
                let policies = operations(item).filter_map(|(method, operation)| {
                    let policy = Policy::read(operation);
                    if policy.is_none() {
                        tracing::error!(%method, path, "an operation states no policy");
                    }
                    Some((method, policy?))
                });
                if let Err(error) = router.insert(format!("{prefix}{path}"), policies.collect()) {
                    tracing::error!(%error, path, "two operations cannot be told apart");
                }
            }
        }
        Self(Arc::new(router))
    }

    /// The policy of the operation that a request is for, and the parameters of its path.
    pub(crate) fn find<'a>(&'a self, method: &Method, path: &'a str) -> Option<(&'a Policy, Params<'a, 'a>)> {
        let found = self.0.at(path).ok()?;
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let (_, policy) = found.value.iter().find(|(each, _)| each == method)?;
        Some((policy, found.params))
    }
}

/// Finds the policy of a request for the inner layers, and applies its time and body limits. Other
/// routes (health, pages, sockets) get the defaults.
pub(super) async fn apply(
    State(operations): State<Operations>,
    mut request: Request,
    next: Next,
) -> Response {
    let found = operations.find(request.method(), request.uri().path()).map(|(policy, _)| *policy);
    let timeout_secs = found.map_or(TIMEOUT_SECS, |policy| policy.timeout_secs);
    DefaultBodyLimit::max(body_max_bytes(found.as_ref()) as usize).apply(&mut request);
    if let Some(policy) = found {
        request.extensions_mut().insert(policy);
    }
    let answered = tokio::time::timeout(Duration::from_secs(timeout_secs.into()), next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::of_status(StatusCode::GATEWAY_TIMEOUT).into_response())
}

/// The largest body for this policy.
pub(super) fn body_max_bytes(policy: Option<&Policy>) -> u32 {
    policy.map_or(BODY_MAX_BYTES, |policy| policy.body_max_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::{Body, Bytes};
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::{get, post};
    use serde_json::json;
    use tower::ServiceExt as _;
    use utoipa_axum::router::OpenApiRouter;
    use utoipa_axum::routes;

    #[utoipa::path(get, path = "/v1/things/{id}", responses((status = 200)))]
    async fn never() {
        std::future::pending::<()>().await;
    }

    #[utoipa::path(post, path = "/v1/things", responses((status = 200)))]
    async fn take(_: Bytes) {}

    #[utoipa::path(put, path = "/v1/things", responses((status = 200)))]
    async fn replace() {}

    const THING: Policy = Policy::of(Noun::Order);
    const LARGE: &[u8] = &[b' '; BODY_MAX_BYTES as usize + 1];

    fn document() -> OpenApi {
        let take = THING.body_max_bytes(8).limit(LimitClass::SignUp).on(routes!(take));
        let never = THING.timeout_secs(0).role(Role::Admin).on(routes!(never));
        let replace = THING.idempotency_key(true).on(routes!(replace));
        OpenApiRouter::new().routes(take).routes(never).routes(replace).into_openapi()
    }

    #[test]
    fn the_document_states_each_policy_with_all_that_follows_from_method_and_path() {
        let document = serde_json::to_value(document()).unwrap();
        let stated = |path: &str, method: &str| document["paths"][path][method][EXTENSION].clone();
        let usual = json!({
            "noun": "order", "placing": "anywhere", "limit": "sign_up", "timeout_secs": 30, "body_max_bytes": 8,
            "idempotency_key": true,
        });
        assert_eq!(stated("/v1/things", "post"), usual);
        let one = stated("/v1/things/{id}", "get");
        assert_eq!((&one["placing"], &one["role"]), (&json!("entity"), &json!("admin")));
        assert_eq!((&one["idempotency_key"], &one["timeout_secs"]), (&json!(false), &json!(0)));
        assert_eq!(stated("/v1/things", "put")["idempotency_key"], true);
    }

    #[test]
    fn an_operation_is_found_by_method_and_path_also_below_a_name() {
        let api = document();
        let operations = Operations::below([("", &api), ("/thing_service", &api)]);
        let role = |method: Method, path: &str| {
            operations.find(&method, path).map(|(policy, _)| policy.wants_role())
        };
        for path in ["/v1/things/7", "/thing_service/v1/things/7"] {
            assert_eq!(role(Method::GET, path), Some(Some(Role::Admin)), "{path}");
            assert_eq!(role(Method::HEAD, path), Some(Some(Role::Admin)), "{path}");
            assert_eq!(role(Method::POST, path), None, "{path}");
        }
        assert_eq!(role(Method::POST, "/v1/things"), Some(None));
        for path in ["/v1/things/", "/v1/things/7/", "/other_service/v1/things", "//v1/things"] {
            assert_eq!(role(Method::GET, path), None, "{path}");
        }
    }

    #[tokio::test]
    async fn a_request_has_the_time_and_the_body_of_its_operation() {
        let port: Router = Router::new()
            .route("/v1/things", post(take).put(replace))
            .route("/v1/things/{id}", get(never))
            .route("/elsewhere", post(take))
            .layer(from_fn(super::super::extract::sized_body))
            .layer(from_fn_with_state(Operations::of(&document()), apply));
        let ask = async |method: &str, path: &str, body: &'static [u8], said: bool| {
            let mut request = Request::builder().method(method).uri(path);
            if said {
                request = request.header("content-length", body.len());
            }
            let request = request.body(Body::from(body)).unwrap();
            port.clone().oneshot(request).await.unwrap().status().as_u16()
        };
        for said in [true, false] {
            assert_eq!(ask("POST", "/v1/things", b"12345678", said).await, 200);
            assert_eq!(ask("POST", "/v1/things", b"123456789", said).await, 413);
            assert_eq!(ask("POST", "/elsewhere", b"123456789", said).await, 200);

            assert_eq!(ask("POST", "/elsewhere", &LARGE[1..], said).await, 200);
            assert_eq!(ask("POST", "/elsewhere", LARGE, said).await, 413);
        }
        assert_eq!(ask("GET", "/v1/things/7", b"", false).await, 504);
    }
}
