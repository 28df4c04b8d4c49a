//! user_service, 9113: signing up, the profile, the addresses, consents,
//! notification settings, and places by name; `people`: what admins see of people.

mod body;
mod codes;
mod consent;
mod notification;
mod people;
mod photo;
mod privacy;
mod social;

use axum::extract::State;
use domain::text::search_text;
use domain::user::Address;
use domain::{AddressId, Refused, fault};
use services::limits::LimitClass;
use services::{App, gazetteer, geocoding, user};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{
    Created, IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Json, NoContent, Noun, Opens, Page,
    Path, Policy, Problem, ProblemBody, Query, Tagged, Who,
};
use body::{
    AddressBody, FoundAddressBody, NewAddressBody, PlaceBody, PlaceSearch, ProfileChange, Search, SignUp,
    UserBody,
};

const USER: Policy = Policy::of(Noun::User);
/// Takes a password, or the secret of a link.
const PROVEN: Policy = USER.limit(LimitClass::SignIn);
const PLACE: Policy = Policy::of(Noun::Place);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(USER.limit(LimitClass::SignUp).on(routes!(sign_up)))
        .routes(USER.limit(LimitClass::SignUp).opens(Opens::Session).on(routes!(social::sign_up_by_provider)))
        .routes(USER.on(routes!(me, change_me)))
        .merge(codes::routes())
        .merge(photo::routes())
        .routes(USER.on(routes!(consent::documents)))
        .routes(USER.on(routes!(consent::consents)))
        .routes(USER.on(routes!(consent::answer)))
        .routes(USER.on(routes!(notification::settings, notification::replace_settings)))
        .routes(USER.on(routes!(addresses, add_address)))
        .routes(USER.on(routes!(address, replace_address, remove_address)))
        .routes(PROVEN.on(routes!(privacy::withdraw)))
        .routes(PROVEN.on(routes!(privacy::ask_copy)))
        .routes(USER.on(routes!(privacy::copy)))
        .routes(PROVEN.on(routes!(privacy::link_copy)))
        .routes(PROVEN.on(routes!(privacy::fetch_copy)))
        .routes(PLACE.on(routes!(places)))
        .routes(PLACE.on(routes!(found_addresses)))
        .merge(people::routes())
}

/// Opens an account as a customer. It needs the consents to terms, privacy and location; the others are
/// optional.
#[utoipa::path(post, path = "/v1/users", tag = "user", security(()), request_body = SignUp,
    responses((status = 201, body = UserBody),
        (status = 409, description = "`user.email_taken`: the e-mail address has an account", body = ProblemBody)))]
async fn sign_up(State(app): State<App>, Json(body): Json<SignUp>) -> Result<Created<UserBody>, Problem> {
    let (new, answers) = body.into();
    Ok(Created(user::register(&app, &new, &answers).await?.into()))
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

/// Changes the name, the nickname or the telephone number. Another number than the proven one is not proven.
#[utoipa::path(patch, path = "/v1/users/me", tag = "user", request_body = ProfileChange,
    params(IfMatchHeader),
    responses((status = 200, body = UserBody, headers(("ETag" = String))),
        (status = 412, description = "The profile changed since", body = ProblemBody)))]
async fn change_me(
    State(app): State<App>,
    Who(who): Who,
    IfMatch(expected): IfMatch,
    Json(body): Json<ProfileChange>,
) -> Result<Tagged<UserBody>, Problem> {
    let user = user::change(&app, &who, &expected, &body.into()).await?;
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
    IfMatch(expected): IfMatch,
    Json(body): Json<NewAddressBody>,
) -> Result<Tagged<AddressBody>, Problem> {
    Ok(tagged(user::replace_address(&app, &who, id, body.into(), &expected).await?))
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
    IfMatch(expected): IfMatch,
) -> Result<NoContent, Problem> {
    user::remove_address(&app, &who, id, &expected).await?;
    Ok(NoContent)
}

/// Neighbourhoods whose name has the text, best match first, at most 50; or those of these codes.
#[utoipa::path(get, path = "/v1/places", tag = "user", security(()), params(PlaceSearch),
    responses((status = 200, body = Page<PlaceBody>)))]
async fn places(
    State(app): State<App>,
    Query(search): Query<PlaceSearch>,
) -> Result<Json<Page<PlaceBody>>, Problem> {
    let places = match search {
        PlaceSearch { q: Some(q), codes: None } => gazetteer::search(&app, search_text(&q)?),
        PlaceSearch { q: None, codes: Some(codes) } => gazetteer::with_codes(&app, &codes)?,
        _ => return Err(Refused::field("/q", fault::MISSING, "Give `q` or `codes`.").into()),
    };
    Ok(Json(Page::whole(places.into_iter().map(PlaceBody::from).collect())))
}

/// Addresses that the text may mean, best match first, at most 10. None where nobody is configured
/// who knows addresses; neighbourhoods are found in any case.
#[utoipa::path(get, path = "/v1/places/addresses", tag = "user", params(Search),
    responses((status = 200, body = Page<FoundAddressBody>)))]
async fn found_addresses(
    State(app): State<App>,
    _who: Who,
    Query(search): Query<Search>,
) -> Result<Json<Page<FoundAddressBody>>, Problem> {
    let found = geocoding::search(&app, search_text(&search.q)?).await?;
    Ok(Json(Page::whole(found.into_iter().map(FoundAddressBody::from).collect())))
}
