//! What the people of a shop, and admins, change of it.

use domain::order::RejectReason;
use domain::restaurant::{
    Busy, Duty, Opening, Registration, Restaurant, RestaurantFact, RestaurantRefusal, Rules,
    SettlementAccount, Standing, Status,
};
use domain::{
    ExpectedVersion, Failure, LatLon, Principal, Reason, Refused, RestaurantId, Role, Timestamp, UserId, Won,
};

use store::fabric::Notice;

use super::application::new_owner;
use super::{DeliveryTerms, destination, live, require, terms};
use crate::App;

/// A shop as its people see it.
#[derive(Clone, Debug)]
pub struct Ownership {
    /// The restaurant.
    pub restaurant: Restaurant,
    /// What the person is there.
    pub standing: Standing,
    /// Where its seller is paid to; shown to the owner alone.
    pub account: Option<SettlementAccount>,
}

/// What customers read of a shop and its people may change without a review. What is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// What it says of itself.
    pub introduction: Option<String>,
    /// What customers should know these days.
    pub notice: Option<String>,
    /// What else customers find it by.
    pub tags: Option<Vec<String>>,
}

/// The shop, for one of its people.
pub async fn shop(app: &App, who: &Principal, id: RestaurantId) -> Result<Ownership, Failure> {
    let standing = require(app, who, id, Duty::Kitchen).await?;
    ownership(app, super::find(app, id).await?, standing).await
}

async fn ownership(app: &App, restaurant: Restaurant, standing: Standing) -> Result<Ownership, Failure> {
    let account = match standing.may(Duty::Business) {
        true => store::restaurant::settlement_account(&app.store, restaurant.id).await?,
        false => None,
    };
    Ok(Ownership { restaurant, standing, account })
}

/// Changes a shop in one transaction, tells who looks at it, and returns it. The same again changes
/// nothing.
async fn change(
    app: &App,
    id: RestaurantId,
    expected: &ExpectedVersion,
    fact: RestaurantFact,
    change: impl FnOnce(Restaurant) -> Result<Restaurant, Failure>,
) -> Result<Restaurant, Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let before =
        store::restaurant::lock(&mut tx, id).await?.ok_or_else(|| Failure::not_found("restaurant"))?;
    if !i64::try_from(before.version).is_ok_and(|version| expected.allows(version)) {
        return Err(Refused::stale("restaurant").into());
    }
    let mut after = change(before.clone())?.checked()?;
    if after == before {
        return Ok(before);
    }
    after.version = store::restaurant::save(&mut tx, &after).await?;
    live::append(app, &mut tx, &after, fact);
    live::remind_of_ends(&mut tx, &after, now);
    tx.commit().await?;
    Ok(after)
}

/// As [`change`], for one of its people whose duty it is. Nothing changes of a shop that was given up.
async fn change_as(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    (duty, expected): (Duty, &ExpectedVersion),
    fact: RestaurantFact,
    with: impl FnOnce(Restaurant) -> Result<Restaurant, Failure>,
) -> Result<Ownership, Failure> {
    let standing = require(app, who, id, duty).await?;
    let changed = change(app, id, expected, fact, |restaurant| {
        restaurant.live()?;
        with(restaurant)
    });
    ownership(app, changed.await?, standing).await
}

/// Replaces the rules by which it sells. Every fault has its pointer.
pub async fn replace_rules(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    rules: Rules,
    expected: &ExpectedVersion,
) -> Result<Ownership, Failure> {
    let with = |restaurant| Ok(Restaurant { rules: rules.checked()?, ..restaurant });
    change_as(app, who, id, (Duty::Shop, expected), RestaurantFact::Changed, with).await
}

/// Changes what customers read of it.
pub async fn change_profile(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    profile: Profile,
    expected: &ExpectedVersion,
) -> Result<Ownership, Failure> {
    let Profile { introduction, notice, tags } = profile;
    let with = |restaurant: Restaurant| {
        Ok(Restaurant {
            introduction: introduction.unwrap_or(restaurant.introduction),
            notice: notice.unwrap_or(restaurant.notice),
            tags: tags.unwrap_or(restaurant.tags),
            ..restaurant
        })
    };
    change_as(app, who, id, (Duty::Shop, expected), RestaurantFact::Changed, with).await
}

/// Takes no orders until then; `None` takes them again at once.
pub async fn set_pause(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    until: Option<Timestamp>,
) -> Result<Ownership, Failure> {
    let now = app.now();
    let fact = if until.is_some() { RestaurantFact::Paused } else { RestaurantFact::Resumed };
    let with = |restaurant: Restaurant| Ok(restaurant.paused(until, now)?);
    change_as(app, who, id, (Duty::Kitchen, &ExpectedVersion::Any), fact, with).await
}

/// Takes no orders for as long as the reason says for which it rejected one at `at` (reaction). What its
/// people have decided of pauses since then stays, so this may be repeated.
pub(crate) async fn pause_after(
    app: &App,
    id: RestaurantId,
    reason: RejectReason,
    at: Timestamp,
) -> Result<(), Failure> {
    if live::was_paused_or_resumed_since(app, id, at).await? {
        return Ok(());
    }
    let (now, holidays) = (app.now(), app.holidays());
    let with = |restaurant: Restaurant| {
        let until = restaurant.pause_after(reason, at, &holidays);
        let until = until.filter(|until| *until > now && restaurant.status == Status::Published);
        Ok(Restaurant { paused_until: until.or(restaurant.paused_until), ..restaurant })
    };
    change(app, id, &ExpectedVersion::Any, RestaurantFact::Paused, with).await.map(drop)
}

/// Cooks more slowly for a while; `None` cooks at the usual pace again.
pub async fn set_busy(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    busy: Option<Busy>,
) -> Result<Ownership, Failure> {
    let now = app.now();
    let fact = if busy.is_some() { RestaurantFact::Busy } else { RestaurantFact::Calm };
    let with = |restaurant: Restaurant| Ok(restaurant.rushed(busy, now)?);
    change_as(app, who, id, (Duty::Kitchen, &ExpectedVersion::Any), fact, with).await
}

/// Lets customers find it, if nothing is missing. It has that many dishes.
pub async fn publish(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    dishes: usize,
) -> Result<Ownership, Failure> {
    let with = |restaurant: Restaurant| Ok(restaurant.published(dishes)?);
    change_as(app, who, id, (Duty::Business, &ExpectedVersion::Any), RestaurantFact::Published, with).await
}

/// Gives it up for good, on behalf of its owner or an admin. Refused while `open_orders` are not done.
pub async fn close_down(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    open_orders: usize,
) -> Result<Restaurant, Failure> {
    if !who.is(Role::Admin) {
        require(app, who, id, Duty::Business).await?;
    }
    change(app, id, &ExpectedVersion::Any, RestaurantFact::ClosedDown, |restaurant| {
        if open_orders > 0 {
            return Err(RestaurantRefusal::OrdersOpen.into());
        }
        Ok(Restaurant { status: Status::ClosedDown, ..restaurant })
    })
    .await
}

/// Registers a shop without an application, on behalf of an admin, and binds its owner.
pub async fn register(
    app: &App,
    who: &Principal,
    owner: UserId,
    registration: Registration,
    mut account: SettlementAccount,
) -> Result<Restaurant, Failure> {
    who.require(Role::Admin)?;
    let registration = super::application::located(app, registration.checked(&mut account)?);
    let mut tx = app.store.begin().await?;
    let mut restaurant = Restaurant::opened(app.ids.uuid().into(), owner, registration);
    new_owner(app, &mut tx, &restaurant).await?;
    restaurant.version = store::restaurant::save(&mut tx, &restaurant).await?;
    store::restaurant::keep_account(&mut tx, restaurant.id, &account).await?;
    tx.commit().await?;
    tracing::info!(by = %who.user, restaurant = %restaurant.id, "a shop was registered");
    Ok(restaurant)
}

/// Gives a shop to another owner, on behalf of an admin.
pub async fn bind_owner(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    owner: UserId,
    reason: &Reason,
) -> Result<Restaurant, Failure> {
    who.require(Role::Admin)?;
    let mut tx = app.store.begin().await?;
    let before =
        store::restaurant::lock(&mut tx, id).await?.ok_or_else(|| Failure::not_found("restaurant"))?;
    before.live()?;
    let before_owner = before.owner;
    let mut after = Restaurant { owner, ..before };
    new_owner(app, &mut tx, &after).await?;
    store::restaurant::remove_staff(&mut tx, id, owner).await?;
    after.version = store::restaurant::save(&mut tx, &after).await?;
    live::append(app, &mut tx, &after, RestaurantFact::Changed);
    tx.announce(Notice::PersonAccessChanged(before_owner));
    tx.commit().await?;
    tracing::info!(by = %who.user, restaurant = %id, reason = reason.as_str(), "a shop has another owner");
    Ok(after)
}

/// What a customer is to be shown for.
#[derive(Clone, Copy, Debug)]
pub struct PreviewWish {
    /// When they would order.
    pub at: Timestamp,
    /// Where to; none for pickup.
    pub to: Option<LatLon>,
    /// The sum of the dishes.
    pub subtotal: Won,
}

/// What a customer would see and pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Whether it takes orders then.
    pub opening: Opening,
    /// The tip for that subtotal, distance, and whether it delivers there; none for pickup.
    pub way: Option<DeliveryTerms>,
    /// What is missing to the minimum order amount.
    pub shortfall: Won,
    /// How long it cooks then, in minutes.
    pub preparation_mins: u16,
}

/// What a customer would see at a time and a place, by the engine that quotes.
pub async fn preview(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    wish: PreviewWish,
) -> Result<Preview, Failure> {
    require(app, who, id, Duty::Kitchen).await?;
    let restaurant = super::find(app, id).await?;
    // A shop that is still prepared is judged as if it were published.
    let status = if restaurant.status == Status::Preparing { Status::Published } else { restaurant.status };
    let restaurant = Restaurant { status, ..restaurant };
    let PreviewWish { at, to, subtotal } = wish;
    let way = to.map(|to| terms(app, &restaurant, destination(app, to), (subtotal, at)));
    let shortfall = restaurant.rules.minimum_order.minus(subtotal).map_err(Failure::fault)?.or_zero();
    Ok(Preview {
        opening: restaurant.opening(at, &app.holidays()),
        way: way.transpose()?,
        shortfall,
        preparation_mins: restaurant.preparation_mins(at),
    })
}
