//! delivery_tracking_service, 9104: the positions of deliveries, for those allowed to see them, and
//! the reports of couriers.

mod body;
mod devices;
mod export;
mod osmand;
mod reports;
mod stream;

use axum::extract::State;
use domain::tracking::Batch;
use domain::{Failure, OfferId, OrderId, Role};
use services::App;
use services::tracking::{courier, device, dispatch};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::kit::{
    Created, IfMatch, IfMatchHeader, Json, List, ListQuery, NoContent, Noun, Opens, Page, Path, Policy,
    Problem, ProblemBody, Tagged, Who,
};
use body::{CourierBody, DeliveryBody, Description, Shift, StepBody};
use reports::{AckBody, AddedDeviceBody, DeviceBody, DeviceChange, FixesBody, NewDevice};

const DELIVERY: Policy = Policy::of(Noun::Delivery);
const COURIER: Policy = Policy::of(Noun::Courier).role(Role::Courier);
const DEVICE: Policy = Policy::of(Noun::Device);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(DELIVERY.on(routes!(show)))
        .routes(DELIVERY.role(Role::Courier).on(routes!(step)))
        .routes(DELIVERY.opens(Opens::Stream).on(routes!(stream::stream)))
        .routes(DELIVERY.on(routes!(export::track)))
        .routes(COURIER.on(routes!(me, describe)))
        .routes(COURIER.on(routes!(shift)))
        .routes(COURIER.on(routes!(fixes)))
        .routes(COURIER.on(routes!(list_devices, add_device)))
        .routes(COURIER.on(routes!(change_device, revoke_device)))
        .routes(COURIER.on(routes!(accept)))
        .routes(COURIER.on(routes!(decline)))
        .routes(DEVICE.on(routes!(devices::osmand_get, devices::osmand_post)))
        .routes(DEVICE.on(routes!(devices::owntracks)))
}

/// Where a delivery is.
#[utoipa::path(get, path = "/v1/deliveries/{order_id}", tag = "delivery",
    params(("order_id" = Uuid, Path, description = "The order that is delivered")),
    responses((status = 200, body = DeliveryBody)))]
async fn show(
    State(app): State<App>,
    Who(who): Who,
    Path(order): Path<OrderId>,
) -> Result<Json<DeliveryBody>, Problem> {
    Ok(Json(services::tracking::show(&app, &who, order).await?.into()))
}

/// The courier reports a step. Reporting it again changes nothing.
#[utoipa::path(post, path = "/v1/deliveries/{order_id}/steps", tag = "delivery",
    params(("order_id" = Uuid, Path, description = "The order that is delivered")),
    request_body = StepBody, responses((status = 200, body = DeliveryBody),
        (status = 403, description = "`order.not_its_courier`"),
        (status = 409, description = "`delivery.transition_refused`, `order.transition_refused`: not now; \
            `order.no_contact`, `order.contact_too_few`, `order.contact_running`: not yet at the customer's cost")))]
async fn step(
    State(app): State<App>,
    Who(who): Who,
    Path(order): Path<OrderId>,
    Json(body): Json<StepBody>,
) -> Result<Json<DeliveryBody>, Problem> {
    Ok(Json(services::tracking::step_because(&app, &who, order, body.step, body.reason).await?.into()))
}

/// The courier's shift, deliveries and offers. The `ETag` is the profile's, for `If-Match`.
#[utoipa::path(get, path = "/v1/couriers/me", tag = "courier",
    responses((status = 200, body = CourierBody, headers(("ETag" = String)))))]
async fn me(State(app): State<App>, Who(who): Who) -> Result<Tagged<CourierBody>, Problem> {
    Ok(tagged(courier::me(&app, &who).await?))
}

fn tagged(me: courier::Me) -> Tagged<CourierBody> {
    Tagged::new(me.courier.version, me.into())
}

/// Sets how customers see the courier.
#[utoipa::path(put, path = "/v1/couriers/me", tag = "courier", request_body = Description,
    params(IfMatchHeader),
    responses((status = 200, body = CourierBody, headers(("ETag" = String))),
        (status = 412, description = "The profile changed since", body = ProblemBody)))]
async fn describe(
    State(app): State<App>,
    Who(who): Who,
    IfMatch(expected): IfMatch,
    Json(body): Json<Description>,
) -> Result<Tagged<CourierBody>, Problem> {
    courier::describe(&app, who.user.into(), &body.name, body.vehicle, &expected).await?;
    Ok(tagged(courier::me(&app, &who).await?))
}

/// Begins or ends the courier's shift: only who is on shift is offered deliveries.
#[utoipa::path(put, path = "/v1/couriers/me/shift", tag = "courier", request_body = Shift,
    responses((status = 200, body = CourierBody)))]
async fn shift(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<Shift>,
) -> Result<Json<CourierBody>, Problem> {
    courier::shift(&app, &who, body.on).await?;
    Ok(Json(courier::me(&app, &who).await?.into()))
}

/// Takes fixes, and answers once they are kept. The socket is the better way.
#[utoipa::path(post, path = "/v1/couriers/me/fixes", tag = "courier", request_body = FixesBody,
    responses((status = 200, body = AckBody),
        (status = 409, description = "`superseded`: another device has taken over"),
        (status = 422, description = "`tracking.batch_empty`, `tracking.batch_too_large`, `tracking.negative_number`, \
            `tracking.seq_not_rising`")))]
async fn fixes(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<FixesBody>,
) -> Result<Json<AckBody>, Problem> {
    let batch = Batch::try_from(body).map_err(Failure::from)?;
    Ok(Json(courier::fixes(&app, who.user.into(), None, batch).await?.into()))
}

/// The devices that run public tracking apps, in the order in which they were added.
#[utoipa::path(get, path = "/v1/couriers/me/devices", tag = "courier", params(ListQuery),
    responses((status = 200, body = Page<DeviceBody>)))]
async fn list_devices(
    State(app): State<App>,
    Who(who): Who,
    list: List<Uuid>,
) -> Result<Json<Page<DeviceBody>>, Problem> {
    let found = device::list(&app, &who, list.after, list.limit + 1).await?;
    Ok(Json(Page::cut(found, list.limit, |last| last.id, DeviceBody::from)?))
}

/// Adds a device that runs a public tracking app.
#[utoipa::path(post, path = "/v1/couriers/me/devices", tag = "courier", request_body = NewDevice,
    responses((status = 201, body = AddedDeviceBody)))]
async fn add_device(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<NewDevice>,
) -> Result<Created<AddedDeviceBody>, Problem> {
    let (device, device_token) = device::add(&app, &who, &body.name, body.speed_unit).await?;
    Ok(Created(AddedDeviceBody { device: device.into(), device_token }))
}

/// Renames a device, or sets the unit of its speeds.
#[utoipa::path(patch, path = "/v1/couriers/me/devices/{device_id}", tag = "courier",
    params(("device_id" = Uuid, Path, description = "The device")), request_body = DeviceChange,
    responses((status = 200, body = DeviceBody)))]
async fn change_device(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<Uuid>,
    Json(body): Json<DeviceChange>,
) -> Result<Json<DeviceBody>, Problem> {
    let changed = device::change(&app, &who, id, body.name.as_deref(), body.speed_unit).await?;
    Ok(Json(changed.into()))
}

/// Revokes a device: its token is refused from now on.
#[utoipa::path(delete, path = "/v1/couriers/me/devices/{device_id}", tag = "courier",
    params(("device_id" = Uuid, Path, description = "The device")), responses((status = 204)))]
async fn revoke_device(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<Uuid>,
) -> Result<NoContent, Problem> {
    device::revoke(&app, &who, id).await?;
    Ok(NoContent)
}

/// Takes the offered delivery. One courier does; for the others it is gone.
#[utoipa::path(post, path = "/v1/offers/{offer_id}/accept", tag = "courier",
    params(("offer_id" = Uuid, Path, description = "The offer")),
    responses((status = 200, body = DeliveryBody), (status = 409, description = "`offer.gone`, `offer.expired`, \
        `offer.answered`, `offer.off_shift`, `offer.at_capacity`")))]
async fn accept(
    State(app): State<App>,
    Who(who): Who,
    Path(offer): Path<OfferId>,
) -> Result<Json<DeliveryBody>, Problem> {
    Ok(Json(dispatch::accept(&app, &who, offer).await?.into()))
}

/// Does not take the offered delivery.
#[utoipa::path(post, path = "/v1/offers/{offer_id}/decline", tag = "courier",
    params(("offer_id" = Uuid, Path, description = "The offer")),
    responses((status = 204), (status = 409, description = "`offer.gone`, `offer.expired`, `offer.answered`")))]
async fn decline(
    State(app): State<App>,
    Who(who): Who,
    Path(offer): Path<OfferId>,
) -> Result<NoContent, Problem> {
    dispatch::decline(&app, &who, offer).await?;
    Ok(NoContent)
}
