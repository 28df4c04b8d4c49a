//! What happens besides because of an order's events.

use domain::order::{Command, OrderEventKind, RejectReason};
use domain::{Failure, MenuId};

use super::{find, system};
use crate::reaction::Reaction;
use crate::{App, cart, menu, restaurant};

/// Takes what was ordered out of the cart, once it is paid (subscriber).
pub async fn empty_cart(app: App, paid: Reaction<OrderEventKind>) -> Result<(), Failure> {
    cart::take_ordered(&app, &find(&app, paid.id).await?).await
}

/// Accepts an order for a restaurant that wants it so and takes orders (subscriber). If its people were
/// faster, nothing is left to do.
pub async fn accept_automatically(app: App, placed: Reaction<OrderEventKind>) -> Result<(), Failure> {
    let Some(restaurant) = restaurant::known(&app, find(&app, placed.id).await?.restaurant).await? else {
        return Ok(());
    };
    let now = app.now();
    if !restaurant.rules.accepts_automatically || !restaurant.opening(now, &app.holidays()).is_open() {
        return Ok(());
    }
    let preparation_mins = u32::from(restaurant.preparation_mins(now));
    system(&app, placed.id, Command::Accept { preparation_mins }).await
}

/// Marks the dishes as sold out for the day for which a restaurant rejected an order, or which it took out
/// of it (subscriber).
pub async fn mark_sold_out(app: App, told: Reaction<OrderEventKind>) -> Result<(), Failure> {
    let ids = told.event.data["sold_out_menu_ids"].clone();
    let menus: Vec<MenuId> = serde_json::from_value(ids).map_err(Failure::fault)?;
    if menus.is_empty() {
        return Ok(());
    }
    let restaurant = restaurant::find(&app, find(&app, told.id).await?.restaurant).await?;
    let until = restaurant.day_end(told.event.at, &app.holidays());
    menu::mark_sold_out(&app, restaurant.id, &menus, until).await
}

/// Has a restaurant take no orders for a while, if it rejected one for a reason that says so (subscriber).
pub async fn pause_restaurant(app: App, rejected: Reaction<OrderEventKind>) -> Result<(), Failure> {
    let reason: RejectReason =
        serde_json::from_value(rejected.event.data["reason"].clone()).map_err(Failure::fault)?;
    let restaurant = find(&app, rejected.id).await?.restaurant;
    restaurant::pause_after(&app, restaurant, reason, rejected.event.at).await
}
