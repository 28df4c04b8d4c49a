//! Each service's OpenAPI 3.1 document: what its routes declare, completed with what the kit
//! answers on every route.
//!
//! - `answers`: an operation's responses, with the codes of their problems;
//! - `declared`: checks handlers against them, in debug builds.

mod answers;
mod declared;

use std::collections::BTreeMap;
use std::io::Write as _;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, header};
use axum::response::IntoResponse;
use axum::routing::get;
use domain::{Fault, Words};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, Paths, Ref, RefOr, Schema, ServerBuilder};
use utoipa::{PartialSchema as _, ToSchema};
use utoipa_swagger_ui::{self as swagger, SwaggerUi};

pub(super) use declared::{Declared, check};

use super::compress::takes_gzip;
use super::{Noun, Policy};

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
    /// What went wrong, in the language of `Accept-Language`.
    pub detail: String,
    /// What the words of `type` are filled with: an amount, a name, a moment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    /// The path that was asked for.
    #[schema(example = "/v1/orders/01920000-0000-7000-8000-000000000001")]
    pub instance: String,
    /// Names the request in our logs.
    pub request_id: String,
    /// The fields at fault, where the input is invalid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemFault>,
    /// The error code of OAuth 2.0 (RFC 6749, 5.2), where a program asks for a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
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
    /// What is wrong: in Korean as one tells a person, else in English, with the rule that it breaks.
    pub detail: String,
}

impl From<&Fault> for ProblemFault {
    fn from(fault: &Fault) -> Self {
        Self { pointer: fault.pointer.clone(), code: fault.code().to_owned(), detail: fault.detail.clone() }
    }
}

/// The bytes of a file. It exists for its schema.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it exists for its schema")]
pub struct FileBytes(Vec<u8>);

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

/// A service's document as its port serves it. `forwards` says whether other processes answer some
/// of its requests.
pub fn document(name: &str, description: &str, forwards: bool, routes: OpenApi) -> OpenApi {
    complete(name, description, forwards, routes).0
}

/// The same, with the responses that it declares.
pub(super) fn complete(
    title: &str,
    description: &str,
    forwards: bool,
    mut api: OpenApi,
) -> (OpenApi, Declared) {
    let mut description = description.to_owned();
    let of_process = |one: &Operation| Policy::read(one).is_some_and(|policy| policy.is_about(Noun::Process));
    if api.paths.paths.values().flat_map(operations).all(|(_, one)| of_process(one)) {
        description.push_str(
            "\n\n**Nothing is built here yet.** This port serves its health, its metrics and this document only.",
        );
    }
    description.push_str(CONVENTIONS);
    api.info = InfoBuilder::new()
        .title(title)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description))
        .build();
    let here = ServerBuilder::new().url("/").description(Some("Wherever this document comes from")).build();
    api.servers = Some(vec![here]);
    api.security = Some(vec![SecurityRequirement::new::<_, _, String>("bearer", [])]);
    let components = api.components.get_or_insert_with(Components::new);
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    components.schemas.insert("ProblemFault".to_owned(), ProblemFault::schema());
    components
        .security_schemes
        .extend(schemes(&api.paths).map(|(name, scheme)| (name.to_owned(), scheme.into())));
    refer_to_items(components);
    close_choices(components);
    let takes_key = |one: &Operation| Policy::read(one).is_some_and(|policy| policy.takes_key());
    let any_takes_key = api.paths.paths.values().flat_map(operations).any(|(_, one)| takes_key(one));
    answers::components(components, any_takes_key);
    let mut declared = Vec::new();
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations_mut(item) {
            name(operation);
            let takes_key = takes_key(operation);
            let answers = answers::complete(operation, takes_key, forwards, components);
            declared.push(((path.clone(), method), answers));
        }
    }
    if forwards {
        api.extensions.get_or_insert_default().insert(WORDS.to_owned(), words_of_all());
    }
    (api, declared.into_iter().collect())
}

/// The extension of the gateway's document with the texts of all codes of problems, fields,
/// events and audit lines, in Korean and English. The gateway's document describes the whole interface.
const WORDS: &str = "x-baedal-words";

fn words_of_all() -> Value {
    let table = |all: &mut dyn Iterator<Item = &'static Words>| -> BTreeMap<&str, Value> {
        all.map(|words| (words.code, json!({ "ko": words.ko, "en": words.en, "params": words.params })))
            .collect()
    };
    json!({
        "problems": table(&mut domain::words::refusals().chain(super::words::WORDS.iter().copied())),
        "faults": table(&mut domain::words::faults()),
        "events": table(&mut domain::words::events()),
        "endings": table(&mut domain::words::endings()),
        "audits": table(&mut domain::words::audits()),
    })
}

/// The security schemes: an access token, and Basic authentication if a route declares it.
fn schemes(paths: &Paths) -> impl Iterator<Item = (&'static str, SecurityScheme)> + use<> {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    let basic = SecurityRequirement::new::<_, _, String>("basic", []);
    let takes_basic = |one: &Operation| one.security.as_ref().is_some_and(|all| all.contains(&basic));
    let is_wanted = paths.paths.values().flat_map(operations).any(|(_, one)| takes_basic(one));
    let basic = is_wanted.then(|| ("basic", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic))));
    [("bearer", SecurityScheme::Http(bearer))].into_iter().chain(basic)
}

/// Makes pages refer to their items' schemas, which the generator inlines.
fn refer_to_items(components: &mut Components) {
    let names: Vec<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        let item = name.strip_prefix("Page_").filter(|item| names.iter().any(|name| name == item));
        if let Some(item) = item
            && let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(list))) = page.properties.get_mut("items")
        {
            list.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
    }
}

/// Says of a choice between objects that each takes and has no other members than are named, which the
/// generator says of single objects alone.
fn close_choices(components: &mut Components) {
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::OneOf(choice)) = schema else { continue };
        for one in &mut choice.items {
            if let RefOr::T(Schema::Object(object)) = one
                && !object.properties.is_empty()
            {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
    }
}

const CONVENTIONS: &str = "\n\nErrors are problem documents (RFC 9457) with a stable `type`; the \
    gateway's document says what each means, in Korean and in English (`x-baedal-words`). Lists take `limit` and \
    `cursor`. `x-baedal-policy` says what surrounds an operation: its time limit and its largest body, the class of its \
    rate limit, the role that it is for, and whether it takes an `Idempotency-Key`: the same key and body get the first \
    answer again, another body 422, a request still in progress 409. What is unknown is refused: a field of a body and a parameter of a query \
    with 422, save where `x-unknown-parameters` says that it is ignored; a path that is not written as it stands here, \
    as with a slash at its end or twice in it, with 404. Amounts are whole won, times RFC 3339 in UTC. A string of \
    `format: text` is composed (NFC) and trimmed before it is measured in grapheme clusters; something in it is \
    visible, and nothing is a control, bidirectional, private or unassigned character. A `cursor` is one that the same \
    list gave.";

/// The operations of a path.
pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
        (Method::HEAD, &item.head),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

pub(super) fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
        (Method::HEAD, &mut item.head),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// `show` becomes `order_show`: an operation's id is its handler's name, and must be unique in the
/// gateway's document, which has all services.
fn name(operation: &mut Operation) {
    let noun = operation.tags.iter().flatten().next();
    if let (Some(noun), Some(id)) = (noun, &mut operation.operation_id) {
        *id = format!("{noun}_{id}");
    }
}

/// The serialised document, made once.
#[derive(Clone)]
struct Sent {
    plain: Bytes,
    gzipped: Bytes,
}

/// Serves the document at `/openapi.json`, and Swagger UI at `/docs`. It loads the document by a
/// relative path, since behind the gateway both are below the service's name.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(api: &OpenApi) -> Router<S> {
    let plain = serde_json::to_vec(api).unwrap_or_default();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to a Vec can't fail.
    let _ = gzip.write_all(&plain);
    let sent = Sent { gzipped: gzip.finish().unwrap_or_default().into(), plain: plain.into() };
    let document = get(async move |headers: HeaderMap| send(&sent, &headers));
    Router::new()
        .route("/openapi.json", document)
        .merge(SwaggerUi::new("/docs").config(swagger::Config::from("../openapi.json")))
}

fn send(sent: &Sent, headers: &HeaderMap) -> impl IntoResponse + use<> {
    let json = (header::CONTENT_TYPE, "application/json");
    let vary = (header::VARY, "accept-encoding");
    if takes_gzip(headers) {
        ([json, vary, (header::CONTENT_ENCODING, "gzip")], sent.gzipped.clone()).into_response()
    } else {
        ([json, vary], sent.plain.clone()).into_response()
    }
}
