//! A delivery's track, as map programs read it.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::OrderId;
use domain::tracking::track::{geojson, gpx};
use services::App;

use crate::kit::{Path, Problem, Who};

const GEOJSON: &str = "application/geo+json";
const GPX: &str = "application/gpx+xml";

/// Where the courier went with it: GeoJSON, or GPX where `Accept` asks for it.
#[utoipa::path(get, path = "/v1/deliveries/{order_id}/track", tag = "delivery",
    params(("order_id" = Uuid, Path, description = "The order that is delivered")),
    responses((status = 200, content((serde_json::Value = "application/geo+json"), (String = "application/gpx+xml"))),
        (status = 406)))]
pub(super) async fn track(
    State(app): State<App>,
    Who(who): Who,
    Path(order): Path<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = wanted(&headers).ok_or_else(|| Problem::not_acceptable(&format!("{GEOJSON} or {GPX}")))?;
    let fixes = services::tracking::track(&app, &who, order).await?;
    let name = order.to_string();
    let text = if kind == GPX { gpx(&name, &fixes) } else { geojson(&name, &fixes).to_string() };
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    Ok((headers, text).into_response())
}

/// The first of the client's media types that there is; GeoJSON where it names none.
fn wanted(headers: &HeaderMap) -> Option<&'static str> {
    let Some(accept) = headers.get(header::ACCEPT) else { return Some(GEOJSON) };
    let accept = accept.to_str().ok()?;
    accept.split(',').find_map(|range| match range.split(';').next().unwrap_or("").trim() {
        GPX | "application/xml" | "text/xml" => Some(GPX),
        GEOJSON | "application/json" | "application/*" | "*/*" | "" => Some(GEOJSON),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses_the_format() {
        let of = |accept: &'static str| {
            wanted(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        assert_eq!(of("application/gpx+xml"), Some(GPX));
        assert_eq!(of("text/html, application/geo+json;q=0.9"), Some(GEOJSON));
        assert_eq!(of("*/*"), Some(GEOJSON));
        assert_eq!(of("image/png"), None);
        assert_eq!(wanted(&HeaderMap::new()), Some(GEOJSON));
    }
}
