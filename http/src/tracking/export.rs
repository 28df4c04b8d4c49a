//! A delivery's track, for map programs.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::OrderId;
use domain::tracking::track::{geojson, gpx};
use services::App;

use crate::kit::{Offer, Path, Problem, Who, preferred};

const GEOJSON: &str = "application/geo+json";
const GPX: &str = "application/gpx+xml";

/// GeoJSON or GPX, also by the generic media types that map programs ask for.
const OFFERS: [Offer; 2] =
    [(GEOJSON, &[GEOJSON, "application/json"]), (GPX, &[GPX, "application/xml", "text/xml"])];

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
    let kind = preferred(&headers, &OFFERS)
        .ok_or_else(|| Problem::not_acceptable(&format!("{GEOJSON} or {GPX}")))?;
    let fixes = services::tracking::track(&app, &who, order).await?;
    let name = order.to_string();
    let text = if kind == GPX { gpx(&name, &fixes) } else { geojson(&name, &fixes).to_string() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::VARY, HeaderValue::from_static("accept")),
    ];
    Ok((headers, text).into_response())
}
