//! Responses of requests that create something, or return nothing.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Json;

/// 201 with the new resource.
#[derive(Clone, Copy, Debug)]
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

/// 202: it will be done, with a body.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<T>(pub T);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

/// Adds the resource's address to a response: `Location: /v1/orders/…`.
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

/// 204: done, without a body.
#[derive(Clone, Copy, Debug)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
