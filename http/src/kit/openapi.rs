//! Each service's OpenAPI 3.1 document: its routes' own words, completed with
//! what the kit answers on every route.

use domain::Fault;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, RefOr, Response, ResponseBuilder, path::ParameterIn,
    path::PathItem,
};
use utoipa::{PartialSchema as _, ToSchema};

use super::{ServiceSpec, query};

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The stable code of what went wrong.
    #[serde(rename = "type")]
    #[schema(example = "order.transition_refused")]
    pub kind: String,
    /// The status in words.
    #[schema(example = "Conflict")]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 409)]
    pub status: u16,
    /// What went wrong, for a person.
    pub detail: String,
    /// The path that was asked for.
    #[schema(example = "/v1/orders/01920000-0000-7000-8000-000000000001")]
    pub instance: String,
    /// Names the request in our logs.
    pub request_id: String,
    /// The fields at fault, where the input is invalid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemFault>,
}

/// One field at fault.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ProblemFault)]
pub struct ProblemFault {
    /// JSON pointer into the body, or `/name` of a query parameter.
    #[schema(example = "/lines/0/quantity")]
    pub pointer: String,
    /// The stable code of what is wrong with it.
    #[schema(example = "out_of_range")]
    pub code: String,
    /// What is wrong, for a person.
    pub detail: String,
}

impl From<&Fault> for ProblemFault {
    fn from(fault: &Fault) -> Self {
        Self { pointer: fault.pointer.clone(), code: fault.code.to_owned(), detail: fault.detail.clone() }
    }
}

/// The words for a `LatLon` in a document: `#[schema(value_type = Position)]`.
/// A place, WGS84.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it exists for its schema; LatLon itself is what travels")]
pub struct Position {
    /// Degrees north.
    #[schema(minimum = -90.0, maximum = 90.0, example = 37.49794)]
    lat: f64,
    /// Degrees east.
    #[schema(minimum = -180.0, maximum = 180.0, example = 127.02758)]
    lon: f64,
}

/// Completes what the routes collected.
pub(super) fn complete(mut api: OpenApi, spec: &ServiceSpec) -> OpenApi {
    let mut description = spec.description.to_owned();
    if api.paths.paths.keys().all(|path| path == "/v1/system/actors") {
        description.push_str(
            "\n\n**Nothing is built here yet.** This port serves its health, its metrics and this document only.",
        );
    }
    description.push_str(CONVENTIONS);
    api.info = InfoBuilder::new()
        .title(spec.name)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description))
        .build();
    api.security = Some(vec![SecurityRequirement::new::<_, _, String>("bearer", [])]);
    let components = api.components.get_or_insert_with(Components::new);
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    components.schemas.insert("ProblemFault".to_owned(), ProblemFault::schema());
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    components.security_schemes.insert("bearer".to_owned(), SecurityScheme::Http(bearer).into());
    for item in api.paths.paths.values_mut() {
        for operation in operations(item) {
            name(operation);
            add_problems(operation);
        }
    }
    api
}

const CONVENTIONS: &str = "\n\nErrors are problem documents (RFC 9457) with a stable `type`. Lists take `limit` and \
    `cursor`. POST requests take an `Idempotency-Key`: the same key and body get the first answer again, another body \
    422, a request still in progress 409. What is unknown is refused: a field of a body and a parameter of a query \
    with 422, save where `x-unknown-parameters` says that it is ignored; a path that is not written as it stands here, \
    as with a slash at its end or twice in it, with 404. Amounts are whole won, times RFC 3339 in UTC.";

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch, &mut item.head]
        .into_iter()
        .flatten()
}

/// `show` becomes `order_show`: an operation's name is a handler's, and the
/// gateway's document has those of all services.
fn name(operation: &mut Operation) {
    let noun = operation.tags.iter().flatten().next();
    if let (Some(noun), Some(id)) = (noun, &mut operation.operation_id) {
        *id = format!("{noun}_{id}");
    }
}

/// Every problem that the kit itself may answer on such an operation.
fn add_problems(operation: &mut Operation) {
    let public = operation
        .security
        .as_ref()
        .is_some_and(|security| security.iter().all(|one| *one == SecurityRequirement::default()));
    let takes = |place: &ParameterIn| {
        operation
            .parameters
            .iter()
            .flatten()
            .any(|one| matches!(one, RefOr::T(one) if one.parameter_in == *place))
    };
    let mut problems = vec![
        ("500", "Something broke on our side"),
        ("503", "Not now; see Retry-After"),
        ("504", "Took too long"),
    ];
    if !public {
        problems.extend([("401", "Not signed in"), ("403", "Signed in, but not for this")]);
    }
    if takes(&ParameterIn::Path) {
        problems.push(("404", "No such thing, or not for you"));
    }
    if operation.request_body.is_some() {
        problems.extend([
            ("400", "The body is not JSON in UTF-8"),
            ("413", "The body is too large"),
            ("415", "The body is not said to be JSON"),
        ]);
    }
    if operation.request_body.is_some() || !query::ignores(operation) {
        problems.push(("422", "Invalid input; `errors` names the fields and the unknown parameters"));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            response.description = reason(status).to_owned();
        }
        // A problem is a problem document, whatever the route's own words name.
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && let Some(content) = response.content.swap_remove("application/json")
        {
            response.content.insert("application/problem+json".to_owned(), content);
        }
    }
    for (status, description) in problems {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| problem(description).into());
    }
    operation
        .responses
        .responses
        .entry("default".to_owned())
        .or_insert_with(|| problem("Any other problem").into());
}

/// A response must have a description; the status says it well enough.
fn reason(status: &str) -> &str {
    let status = status.parse().ok().and_then(|code: u16| axum::http::StatusCode::from_u16(code).ok());
    status.and_then(|status| status.canonical_reason()).unwrap_or("Answer")
}

fn problem(description: &str) -> Response {
    let content =
        ContentBuilder::new().schema(Some(utoipa::openapi::Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}
