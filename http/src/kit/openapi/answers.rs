//! The responses of an operation: those that it declares, completed with those that the kit may
//! give on any route. Each problem's response lists its codes.

use std::collections::{BTreeMap, BTreeSet};

use domain::personal_data::REPEATS_DAYS;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Components, ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
    header::{Header, HeaderBuilder},
    path::ParameterIn,
};

/// The codes of problems by their status; empty if the response is not a problem.
pub(super) type Answers = BTreeMap<u16, BTreeSet<String>>;

/// The properties of an operation that decide which of the kit's responses apply.
struct Facts {
    forwards: bool,
    takes_key: bool,
    wants_session: bool,
    has_id: bool,
    has_body: bool,
    has_version: bool,
}

/// A problem that the kit may answer.
struct Common {
    status: u16,
    says: &'static str,
    codes: &'static [&'static str],
    when: fn(&Facts) -> bool,
}

const COMMON: [Common; 16] = [
    Common {
        status: 400,
        says: "The request can't be read",
        codes: &[
            "bad_request",
            "body_not_json",
            "body_not_utf8",
            "body_unreadable",
            "host_invalid",
            "idempotency.key_invalid",
            "query_not_utf8",
            "transfer_encoding_invalid",
        ],
        when: |_| true,
    },
    Common {
        status: 401,
        says: "Not signed in",
        codes: &["auth.session_ended", "auth.token_expired", "auth.token_not_good", "unauthenticated"],
        when: |facts| facts.wants_session,
    },
    Common {
        status: 403,
        says: "Signed in, but not for this",
        codes: &["forbidden"],
        when: |facts| facts.wants_session,
    },
    Common {
        status: 404,
        says: "No such thing, or not for you",
        codes: &["not_found"],
        when: |facts| facts.has_id,
    },
    Common {
        status: 406,
        says: "Not to be had in any form that `Accept` names",
        codes: &["not_acceptable"],
        when: |_| false, // routes with several media types declare it themselves
    },
    Common {
        status: 408,
        says: "The body comes too slowly",
        codes: &["request_timeout"],
        when: |facts| facts.has_body,
    },
    Common {
        status: 409,
        says: "Something else happened first",
        codes: &["conflict", "idempotency.in_progress"],
        when: |facts| facts.takes_key || facts.has_version,
    },
    Common {
        status: 412,
        says: "It changed since the version of `If-Match`",
        codes: &["stale"],
        when: |facts| facts.has_version,
    },
    Common { status: 413, says: "The body is too large", codes: &["body_too_large"], when: |_| true },
    Common {
        status: 415,
        says: "The body is of a type or a coding that is not read here",
        codes: &["media_type_unsupported"],
        when: |_| true,
    },
    Common {
        status: 422,
        says: "Invalid input; `errors` names the fields",
        codes: &["idempotency.key_reused", "invalid"],
        when: |_| true,
    },
    Common { status: 429, says: "Too often; see Retry-After", codes: &["limited"], when: |_| true },
    Common { status: 500, says: "Something broke on our side", codes: &["internal"], when: |_| true },
    Common {
        status: 502,
        says: "The answer was lost on its way",
        codes: &["upstream_lost"],
        when: |facts| facts.forwards,
    },
    Common {
        status: 503,
        says: "Not now; see Retry-After",
        codes: &["overloaded", "unavailable", "upstream_unavailable"],
        when: |_| true,
    },
    Common { status: 504, says: "Took too long", codes: &["timeout"], when: |_| true },
];

/// The components that the completed operations refer to; some only if any operation takes a key.
pub(super) fn components(components: &mut Components, takes_key: bool) {
    let text = |says: &str| header(says, ObjectBuilder::new().schema_type(Type::String));
    let replayed = text("`true` where this is the kept answer to a request sent before");
    let headers = [
        ("X-Request-Id", text("Names the request in our logs; the client's own, if it sent one")),
        ("RateLimit-Policy", text("The limits that counted it (draft-ietf-httpapi-ratelimit-headers)")),
        ("RateLimit", text("What is left of each")),
        (
            "Retry-After",
            header(
                "Seconds after which to try again",
                ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)),
            ),
        ),
    ];
    components.headers.extend(headers.map(|(name, header)| (name.to_owned(), header.into())));
    if takes_key {
        components.headers.insert("Idempotent-Replayed".to_owned(), replayed.into());
        components.parameters.insert("IdempotencyKey".to_owned(), key().into());
    }
}

/// The parameter of every operation that takes an `Idempotency-Key`.
fn key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(format!(
            "The same key and request get the first answer again, for {REPEATS_DAYS} days; an answer that holds a \
             secret is not kept"
        )))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::Custom("idempotency-key".to_owned())))
                .min_length(Some(1))
                .max_length(Some(255)),
        ))
        .build()
}

fn header(says: &str, schema: ObjectBuilder) -> Header {
    HeaderBuilder::new().description(Some(says)).schema(Some(schema)).build()
}

/// Completes the operation's responses, and returns them.
pub(super) fn complete(
    operation: &mut Operation,
    takes_key: bool,
    forwards: bool,
    components: &mut Components,
) -> Answers {
    let facts = Facts::of(operation, takes_key, forwards);
    if takes_key
        && !takes(operation, |place, name| *place == ParameterIn::Header && name == "Idempotency-Key")
    {
        let key = Ref::new("#/components/parameters/IdempotencyKey");
        operation.parameters.get_or_insert_default().push(RefOr::Ref(key));
    }
    let mut answers = Answers::new();
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        let (Ok(status), RefOr::T(response)) = (status.parse::<u16>(), response) else { continue };
        let codes = if status < 400 { BTreeSet::new() } else { codes(status, &response.description) };
        *response = if status < 400 {
            good(std::mem::take(response), status, takes_key)
        } else {
            problem(status, &response.description, &codes)
        };
        answers.insert(status, codes);
    }
    for common in COMMON.iter().filter(|common| (common.when)(&facts)) {
        responses.entry(common.status.to_string()).or_insert_with(|| {
            let codes = codes(common.status, "");
            let name = format!("Problem{}", common.status);
            let shared = components.responses.entry(name.clone());
            shared.or_insert_with(|| problem(common.status, common.says, &codes).into());
            answers.insert(common.status, codes);
            Ref::from_response_name(name).into()
        });
    }
    answers
}

impl Facts {
    fn of(operation: &Operation, takes_key: bool, forwards: bool) -> Self {
        let bearer = SecurityRequirement::new::<_, _, String>("bearer", []);
        Self {
            forwards,
            takes_key,
            wants_session: operation.security.as_ref().is_none_or(|all| all.contains(&bearer)),
            has_id: takes(operation, |place, _| *place == ParameterIn::Path),
            has_body: operation.request_body.is_some(),
            has_version: takes(operation, |_, name| name == "If-Match"),
        }
    }
}

fn takes(operation: &Operation, wanted: impl Fn(&ParameterIn, &str) -> bool) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(|one| match one {
        RefOr::T(one) => wanted(&one.parameter_in, &one.name),
        RefOr::Ref(_) => false,
    })
}

/// The codes of a status: those that its description names between backticks (with a dot, or before
/// a colon), and the kit's own.
fn codes(status: u16, description: &str) -> BTreeSet<String> {
    let parts: Vec<&str> = description.split('`').collect();
    let named = parts.windows(2).skip(1).step_by(2).filter_map(|pair| {
        let is_code = pair[0].bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
            && (pair[0].contains('.') || pair[1].starts_with(':'));
        is_code.then_some(pair[0])
    });
    let common = COMMON.iter().filter(|common| common.status == status).flat_map(|common| common.codes);
    named.chain(common.copied()).map(str::to_owned).collect()
}

/// A successful response, with the headers that the kit adds.
fn good(mut response: Response, status: u16, takes_key: bool) -> Response {
    if response.description.is_empty() {
        response.description = reason(status).to_owned();
    }
    let replayed = takes_key.then_some("Idempotent-Replayed");
    refer_to_headers(
        &mut response,
        ["X-Request-Id", "RateLimit-Policy", "RateLimit"].into_iter().chain(replayed),
    );
    response
}

fn refer_to_headers(response: &mut Response, names: impl IntoIterator<Item = &'static str>) {
    for name in names {
        let header = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert(name.to_owned(), RefOr::Ref(header));
    }
}

/// A problem document with one of these codes.
fn problem(status: u16, description: &str, codes: &BTreeSet<String>) -> Response {
    let description = if description.is_empty() { reason(status) } else { description };
    let code = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes.iter().cloned()));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().property("type", code));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let mut response =
        ResponseBuilder::new().description(description).content("application/problem+json", content).build();
    let again = matches!(status, 429 | 503).then_some("Retry-After");
    refer_to_headers(
        &mut response,
        ["X-Request-Id", "RateLimit-Policy", "RateLimit"].into_iter().chain(again),
    );
    response
}

/// A response needs a description; the status's reason phrase is enough.
fn reason(status: u16) -> &'static str {
    let status = axum::http::StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("Answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_names_the_codes_that_a_program_reads() {
        let named = codes(409, "`cart.quote_expired`; see `errors`; `superseded`: by `another Device`");
        let named: Vec<_> = named.iter().map(String::as_str).collect();
        assert_eq!(named, ["cart.quote_expired", "conflict", "idempotency.in_progress", "superseded"]);
    }
}
