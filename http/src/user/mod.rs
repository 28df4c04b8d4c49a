//! user_service, 9113: signing up, the profile, the addresses, and places by name.

mod body;

use axum::extract::State;
use domain::AddressId;
use domain::text::search_text;
use domain::user::Address;
use services::limits::LimitClass;
use services::{App, gazetteer, user};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{
    Created, IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Json, NoContent, Noun, Page, Path,
    Policy, Problem, ProblemBody, Query, Tagged, Who,
};
use body::{AddressBody, NewAddressBody, PlaceBody, ProfileChange, Search, SignUp, UserBody};

const USER: Policy = Policy::of(Noun::User);
const PLACE: Policy = Policy::of(Noun::Place);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(USER.limit(LimitClass::SignUp).on(routes!(sign_up)))
        .routes(USER.on(routes!(me, change_me)))
        .routes(USER.on(routes!(addresses, add_address)))
        .routes(USER.on(routes!(address, replace_address, remove_address)))
        .routes(PLACE.on(routes!(places)))
}

/// Opens an account as a customer.
#[utoipa::path(post, path = "/v1/users", tag = "user", security(()), request_body = SignUp,
    responses((status = 201, body = UserBody),
        (status = 409, description = "`user.email_taken`: the e-mail address has an account", body = ProblemBody)))]
async fn sign_up(State(app): State<App>, Json(body): Json<SignUp>) -> Result<Created<UserBody>, Problem> {
    Ok(Created(user::register(&app, &body.into()).await?.into()))
}

/// Whoever asks.
#[utoipa::path(get, path = "/v1/users/me", tag = "user",
    params(IfNoneMatchHeader),
    responses((status = 200, body = UserBody, headers(("ETag" = String))),
        (status = 304, description = "The client has the newest")))]
async fn me(State(app): State<App>, Who(who): Who, known: IfNoneMatch) -> Result<Tagged<UserBody>, Problem> {
    let user = user::me(&app, &who).await?;
    Ok(Tagged::new(user.version, user.into()).unless(&known))
}

/// Changes the name or the telephone number.
#[utoipa::path(patch, path = "/v1/users/me", tag = "user", request_body = ProfileChange,
    params(IfMatchHeader),
    responses((status = 200, body = UserBody, headers(("ETag" = String))),
        (status = 412, description = "The profile changed since", body = ProblemBody)))]
async fn change_me(
    State(app): State<App>,
    Who(who): Who,
    meant: Option<IfMatch>,
    Json(body): Json<ProfileChange>,
) -> Result<Tagged<UserBody>, Problem> {
    let version = meant.and_then(IfMatch::version);
    let user = user::change(&app, &who, version, body.name.as_deref(), body.phone.as_deref()).await?;
    Ok(Tagged::new(user.version, user.into()))
}

/// One's addresses, oldest first.
#[utoipa::path(get, path = "/v1/users/me/addresses", tag = "user",
    responses((status = 200, body = Page<AddressBody>)))]
async fn addresses(State(app): State<App>, Who(who): Who) -> Result<Json<Page<AddressBody>>, Problem> {
    let addresses = user::addresses(&app, &who).await?;
    Ok(Json(Page::whole(addresses.into_iter().map(AddressBody::from).collect())))
}

/// Adds an address, at most 20. The first one becomes the default.
#[utoipa::path(post, path = "/v1/users/me/addresses", tag = "user", request_body = NewAddressBody,
    responses((status = 201, body = AddressBody),
        (status = 409, description = "`user.too_many_addresses`: there are 20 already", body = ProblemBody)))]
async fn add_address(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<NewAddressBody>,
) -> Result<Created<AddressBody>, Problem> {
    Ok(Created(user::add_address(&app, &who, body.into()).await?.into()))
}

/// One of one's addresses. Its `ETag` is for `If-Match`.
#[utoipa::path(get, path = "/v1/users/me/addresses/{id}", tag = "user",
    params(("id" = Uuid, Path, description = "The address"),
        IfNoneMatchHeader),
    responses((status = 200, body = AddressBody, headers(("ETag" = String))),
        (status = 304, description = "The client has the newest")))]
async fn address(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<AddressId>,
    known: IfNoneMatch,
) -> Result<Tagged<AddressBody>, Problem> {
    Ok(tagged(user::address(&app, who.user, id).await?).unless(&known))
}

fn tagged(address: Address) -> Tagged<AddressBody> {
    Tagged::new(address.version, address.into())
}

/// Replaces an address.
#[utoipa::path(put, path = "/v1/users/me/addresses/{id}", tag = "user", request_body = NewAddressBody,
    params(("id" = Uuid, Path, description = "The address"),
        IfMatchHeader),
    responses((status = 200, body = AddressBody, headers(("ETag" = String))),
        (status = 409, description = "`user.default_address_needed`: one address must be the default", body = ProblemBody),
        (status = 412, description = "The address changed since", body = ProblemBody)))]
async fn replace_address(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<AddressId>,
    meant: Option<IfMatch>,
    Json(body): Json<NewAddressBody>,
) -> Result<Tagged<AddressBody>, Problem> {
    let seen = meant.and_then(IfMatch::version);
    Ok(tagged(user::replace_address(&app, &who, id, body.into(), seen).await?))
}

/// Removes an address. If it was the default, the newest other one is next.
#[utoipa::path(delete, path = "/v1/users/me/addresses/{id}", tag = "user",
    params(("id" = Uuid, Path, description = "The address"),
        IfMatchHeader),
    responses((status = 204), (status = 412, description = "The address changed since", body = ProblemBody)))]
async fn remove_address(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<AddressId>,
    meant: Option<IfMatch>,
) -> Result<NoContent, Problem> {
    user::remove_address(&app, &who, id, meant.and_then(IfMatch::version)).await?;
    Ok(NoContent)
}

/// Neighbourhoods whose name has the text, best match first, at most 50.
#[utoipa::path(get, path = "/v1/places", tag = "user", security(()), params(Search),
    responses((status = 200, body = Page<PlaceBody>)))]
async fn places(
    State(app): State<App>,
    Query(search): Query<Search>,
) -> Result<Json<Page<PlaceBody>>, Problem> {
    let places = gazetteer::search(&app, search_text(&search.q)?);
    Ok(Json(Page::whole(places.into_iter().map(PlaceBody::from).collect())))
}
