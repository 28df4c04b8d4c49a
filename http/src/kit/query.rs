//! Strict queries: a parameter that a route does not document is refused, like unknown fields of
//! bodies. Routes for phone apps, whose parameters vary, opt out in the document ([`IGNORED`]).
//! Undocumented routes (health, pages, sockets) read no query.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use domain::{Fault, Refused, fault};
use url::form_urlencoded;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

use super::Problem;
use super::input::escape;
use super::openapi::operations;

/// The extension of an operation that ignores unknown parameters.
const IGNORED: &str = "x-unknown-parameters";

/// The most invalid parameters reported for one query.
const FAULTS_MAX: usize = 20;

/// The query parameters that each documented route knows, by path.
#[derive(Clone)]
pub(super) struct Known(Arc<HashMap<String, Vec<ByMethod>>>);

type ByMethod = (Method, Vec<String>);

impl Known {
    pub(super) fn of(api: &OpenApi) -> Self {
        let of_path = |item| {
            let strict = operations(item).filter(|(_, operation)| !ignores(operation));
            strict.map(|(method, operation)| (method, names(operation))).collect()
        };
        Self(Arc::new(api.paths.paths.iter().map(|(path, item)| (path.clone(), of_path(item))).collect()))
    }

    fn by(&self, request: &Request) -> Option<&[String]> {
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let methods = self.0.get(request.extensions().get::<MatchedPath>()?.as_str())?;
        methods.iter().find(|(each, _)| each == method).map(|(_, names)| names.as_slice())
    }
}

/// Whether the operation ignores unknown parameters.
fn ignores(operation: &Operation) -> bool {
    operation.extensions.as_ref().is_some_and(|said| said.contains_key(IGNORED))
}

fn names(operation: &Operation) -> Vec<String> {
    let all = operation.parameters.iter().flatten();
    all.filter_map(|one| match one {
        RefOr::T(Parameter { name, parameter_in: ParameterIn::Query, .. }) => Some(name.clone()),
        _ => None,
    })
    .collect()
}

/// Refuses a query with an unknown parameter.
pub(super) async fn known_query(
    State(known): State<Known>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if let (Some(query), Some(names)) = (request.uri().query(), known.by(&request)) {
        let unknown = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| !names.iter().any(|known| known == name));
        let faults: Vec<Fault> = unknown.take(FAULTS_MAX).map(|(name, _)| unknown_to(&name, names)).collect();
        if !faults.is_empty() {
            return Err(Refused::invalid(faults).into());
        }
    }
    Ok(next.run(request).await)
}

fn unknown_to(name: &str, known: &[String]) -> Fault {
    let detail = match known {
        [] => "this takes no parameters".to_owned(),
        known => format!("unknown parameter, expected one of {}", known.join(", ")),
    };
    Fault::new(format!("/{}", escape(name)), fault::UNKNOWN_FIELD, detail)
}
