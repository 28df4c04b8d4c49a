//! The answers of requests that make something, or leave nothing to say.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Json;

/// 201 with what was made.
#[derive(Clone, Copy, Debug)]
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

/// Wraps an answer to say where the thing is: `Location: /v1/orders/…`.
#[derive(Clone, Debug)]
pub struct Location<R>(pub String, pub R);

impl<R: IntoResponse> IntoResponse for Location<R> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        if let Ok(place) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        response
    }
}

/// 204: done, and nothing to say.
#[derive(Clone, Copy, Debug)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
