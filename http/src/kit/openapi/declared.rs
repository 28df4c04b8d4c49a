//! Checks responses against the document, in debug builds: an undeclared one becomes a 500, so that
//! tests fail. To fix that, add the status, or the code between backticks, to the operation's
//! `responses`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::answers::Answers;
use crate::kit::{Problem, words};

/// The responses that the document declares, by path template and method.
#[derive(Clone, Default)]
pub(in crate::kit) struct Declared(Arc<HashMap<(String, Method), Answers>>);

impl FromIterator<((String, Method), Answers)> for Declared {
    fn from_iter<I: IntoIterator<Item = ((String, Method), Answers)>>(operations: I) -> Self {
        Self(Arc::new(operations.into_iter().collect()))
    }
}

pub(in crate::kit) async fn check(
    State(declared): State<Declared>,
    request: Request,
    next: Next,
) -> Response {
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let Some(operation) = path.map(|path| (path, method)) else { return response };
    let Some(answers) = declared.0.get(&operation) else { return response };
    let status = response.status().as_u16();
    let problem = response.extensions().get::<Problem>();
    let is_known =
        answers.get(&status).is_some_and(|codes| problem.is_none_or(|it| codes.contains(it.code())));
    if is_known {
        return response;
    }
    let code = problem.map(Problem::code).unwrap_or_default();
    let (path, method) = operation;
    let detail = format!("{status} {code} is not in the document of {method} {path}.");
    Problem::http(StatusCode::INTERNAL_SERVER_ERROR, words::UNDECLARED).because(detail).into_response()
}
