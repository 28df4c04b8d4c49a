//! Restaurants: seeing them, and who may do what at them. For searching see
//! [`search`](crate::search).
//!
//! - `application`: from an application to a shop, and what is reviewed of it later;
//! - `calendar`: the public holidays;
//! - `live`: what customers who look at it are told;
//! - `shop`: what its people change;
//! - `slot`: the half-hours for which orders can be scheduled;
//! - `staff`: who works there.

mod application;
mod calendar;
mod live;
mod shop;
mod slot;
mod staff;

use std::sync::Arc;

use chrono::TimeDelta;
use domain::restaurant::{Destination, Duty, Opening, Restaurant, Standing, Status};
use domain::{Failure, LatLon, Principal, RestaurantId, Role, Timestamp, UserId, Won};

use crate::App;

pub use application::{
    ApplicationFilter, Decision, NewApplication, application, applications, apply, decide, my_applications,
    submit_again, withdraw,
};
pub(crate) use calendar::Calendar;
pub use calendar::{add_holiday, holidays, remove_holiday};
pub(crate) use live::{announce, module, offsets, remind};
pub(crate) use shop::pause_after;
pub use shop::{
    Ownership, Preview, PreviewWish, Profile, bind_owner, change_profile, close_down, preview, publish,
    register, replace_rules, set_busy, set_pause, shop,
};
pub use slot::slots;
pub(crate) use slot::{scheduled, scheduled_beside, travel};
pub use staff::{Member, People, accept, invitations, invite, leave_out, people, take_back};
pub use store::restaurant::{Invitation, StaffMember};

/// How long it is known how many orders there were for a slot.
const SLOT_KEPT: TimeDelta = TimeDelta::days(1);

/// A restaurant as seen by a customer at a place.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The restaurant.
    pub restaurant: Arc<Restaurant>,
    /// Whether it takes orders.
    pub opening: Opening,
    /// When that changes by itself, if within 40 days.
    pub changes_at: Option<Timestamp>,
    /// The terms of delivery to the place, if one was given.
    pub way: Option<DeliveryTerms>,
    /// The time that opening and tip refer to.
    pub as_of: Timestamp,
}

/// The terms of delivery from a restaurant to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryTerms {
    /// The straight-line distance in metres, rounded up.
    pub distance_m: u32,
    /// The tip for an order of exactly the minimum amount.
    pub tip: Won,
    /// Whether the restaurant delivers there.
    pub deliverable: bool,
}

/// The restaurant at time `as_of`, with the terms of delivery to `to`.
pub(crate) fn see(
    app: &App,
    restaurant: Arc<Restaurant>,
    to: Option<Destination>,
    as_of: Timestamp,
) -> Result<Seen, Failure> {
    let holidays = app.holidays();
    let minimum = restaurant.rules.minimum_order;
    let way = to.map(|to| terms(app, &restaurant, to, (minimum, as_of)));
    Ok(Seen {
        opening: restaurant.opening(as_of, &holidays),
        changes_at: restaurant.next_change(as_of, &holidays),
        way: way.transpose()?,
        restaurant,
        as_of,
    })
}

/// The position with its neighbourhood.
pub(crate) fn destination(app: &App, position: LatLon) -> Destination {
    Destination { position, dong: app.gazetteer.locate(position).map(|place| place.code) }
}

/// The terms for a subtotal at a time.
fn terms(
    app: &App,
    restaurant: &Restaurant,
    to: Destination,
    (subtotal, at): (Won, Timestamp),
) -> Result<DeliveryTerms, Failure> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no way is longer than u32 metres"
    )]
    let distance_m = restaurant.position.distance_m(to.position).ceil() as u32;
    let tip = restaurant.tip_for(subtotal, to, at, &app.holidays()).map_err(Failure::fault)?;
    Ok(DeliveryTerms { distance_m, tip, deliverable: restaurant.delivers_to(to) })
}

/// One restaurant as customers see it, with its terms of delivery if a place is given. One that is
/// not published yet does not exist.
pub async fn show(app: &App, id: RestaurantId, to: Option<LatLon>) -> Result<Seen, Failure> {
    let restaurant = Arc::new(shown(app, id).await?);
    see(app, restaurant, to.map(|to| destination(app, to)), app.now())
}

/// The restaurant, if customers may see it.
pub(crate) async fn shown(app: &App, id: RestaurantId) -> Result<Restaurant, Failure> {
    let restaurant = find(app, id).await?;
    if restaurant.status == Status::Preparing {
        return Err(Failure::not_found("restaurant"));
    }
    Ok(restaurant)
}

/// One restaurant, whatever its status, for operators.
pub(crate) async fn of_any_status(app: &App, id: RestaurantId) -> Result<Seen, Failure> {
    see(app, Arc::new(find(app, id).await?), None, app.now())
}

/// The restaurants that the person owns or works at, with what they are there.
pub async fn mine(app: &App, who: &Principal) -> Result<Vec<(Seen, Standing)>, Failure> {
    let mut mine = Vec::new();
    for restaurant in store::restaurant::of_person(&app.store, who.user).await? {
        let standing = match restaurant.owner == who.user {
            true => Some(Standing::Owner),
            false => store::restaurant::standing(&app.store, restaurant.id, who.user).await?,
        };
        if let Some(standing) = standing {
            mine.push((see(app, Arc::new(restaurant), None, app.now())?, standing));
        }
    }
    Ok(mine)
}

/// The restaurants whose name contains the text (`domain::lookup`), newest first.
pub(crate) async fn named(app: &App, text: &str, limit: u32) -> Result<Vec<Seen>, Failure> {
    let named = store::restaurant::named(&app.store, text, limit).await?;
    named.into_iter().map(|restaurant| see(app, Arc::new(restaurant), None, app.now())).collect()
}

/// The restaurant, or a refusal if there is none.
pub async fn find(app: &App, id: RestaurantId) -> Result<Restaurant, Failure> {
    known(app, id).await?.ok_or_else(|| Failure::not_found("restaurant"))
}

/// The restaurant, if there is one.
pub(crate) async fn known(app: &App, id: RestaurantId) -> Result<Option<Restaurant>, Failure> {
    Ok(store::restaurant::load(&app.store, id).await?)
}

/// The restaurant, if what is to be done is this person's duty there. For whoever has nothing to do
/// with it, it does not exist; others of its people are forbidden.
pub async fn for_duty(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    duty: Duty,
) -> Result<Restaurant, Failure> {
    require(app, who, id, duty).await?;
    find(app, id).await
}

async fn require(app: &App, who: &Principal, id: RestaurantId, duty: Duty) -> Result<Standing, Failure> {
    let standing = store::restaurant::standing(&app.store, id, who.user).await?;
    let standing = standing.ok_or_else(|| Failure::not_found("restaurant"))?;
    if standing.may(duty) { Ok(standing) } else { Err(Failure::forbidden()) }
}

/// The restaurant, if the person runs the shop there ([`Duty::Shop`]).
pub async fn owned(app: &App, who: &Principal, id: RestaurantId) -> Result<Restaurant, Failure> {
    for_duty(app, who, id, Duty::Shop).await
}

/// Whether `who` answers the orders of the restaurant.
pub async fn owns(app: &App, who: &Principal, restaurant: RestaurantId) -> Result<bool, Failure> {
    if !who.is(Role::Owner) {
        return Ok(false);
    }
    let standing = store::restaurant::standing(&app.store, restaurant, who.user).await?;
    Ok(standing.is_some_and(|standing| standing.may(Duty::Kitchen)))
}

/// Restaurants whose delivery zones may include the place.
pub(crate) async fn around(app: &App, to: LatLon) -> Result<Vec<Restaurant>, Failure> {
    Ok(store::restaurant::around(&app.store, to).await?)
}

/// The numbers of all changes since a horizon (`store::changes`).
pub(crate) async fn changed_since(app: &App, horizon: u64) -> Result<Vec<(RestaurantId, u64)>, Failure> {
    Ok(store::restaurant::changed_since(&app.store, horizon).await?)
}

/// Those of these that there are, each with the number of its last change.
pub(crate) async fn several(app: &App, ids: &[RestaurantId]) -> Result<Vec<(Restaurant, u64)>, Failure> {
    Ok(store::restaurant::several(&app.store, ids).await?)
}

/// Forgets what is out of its term.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    store::restaurant::expire_invitations(&app.store, app.now()).await?;
    Ok(store::restaurant::slot::drop_before(&app.store, app.now() - SLOT_KEPT).await?)
}

/// Forgets where somebody who left worked, and where they wanted to be paid to.
pub(crate) async fn forget_person(app: &App, person: UserId) -> Result<(), Failure> {
    Ok(store::restaurant::forget_person(&app.store, person).await?)
}

/// Whether somebody who wants to leave must give up their restaurants first.
pub(crate) async fn must_stay(app: &App, person: UserId) -> Result<bool, Failure> {
    Ok(store::restaurant::owns_any(&app.store, person).await?)
}
