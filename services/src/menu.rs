//! Menus, and dishes that are sold out.

use std::collections::HashMap;
use std::sync::Arc;

use domain::menu::{Card, Menu};
use domain::{ExpectedVersion, Failure, MenuId, Principal, Refused, RestaurantId};

use crate::{App, restaurant};

/// A dish, with its restaurant and the version of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dish {
    /// The restaurant.
    pub restaurant_id: RestaurantId,
    /// The menu's version.
    pub version: u64,
    /// The dish.
    pub menu: Menu,
}

/// The menu of a restaurant; empty if it has none.
pub async fn card(app: &App, id: RestaurantId) -> Result<Arc<Card>, Failure> {
    if let Some(card) = store::menu::card(&app.store, id).await? {
        return Ok(card);
    }
    restaurant::find(app, id).await?;
    Ok(Arc::new(Card { restaurant_id: id, version: 0, groups: Vec::new() }))
}

/// The names of all dishes of these restaurants, in no order.
pub(crate) async fn names(app: &App, of: &[RestaurantId]) -> Result<Vec<(RestaurantId, String)>, Failure> {
    Ok(store::menu::names(&app.store, of).await?)
}

/// The numbers of all changes of menus since a horizon (`store::changes`).
pub(crate) async fn changed_since(app: &App, horizon: u64) -> Result<Vec<(RestaurantId, u64)>, Failure> {
    Ok(store::menu::changed_since(&app.store, horizon).await?)
}

/// The numbers of the last changes of these restaurants' menus, where there is one.
pub(crate) async fn last_changes(
    app: &App,
    of: &[RestaurantId],
) -> Result<HashMap<RestaurantId, u64>, Failure> {
    Ok(store::menu::last_changes(&app.store, of).await?)
}

/// One dish.
pub async fn show(app: &App, id: MenuId) -> Result<Dish, Failure> {
    let not_found = || Failure::not_found("menu");
    let restaurant_id = store::menu::restaurant_of(&app.store, id).await?.ok_or_else(not_found)?;
    let card = store::menu::card(&app.store, restaurant_id).await?.ok_or_else(not_found)?;
    let menu = card.menu(id).cloned().ok_or_else(not_found)?;
    Ok(Dish { restaurant_id, version: card.version, menu })
}

/// Marks a dish as sold out or available, on behalf of the owner. The menu must be at
/// an `expected` version.
pub async fn set_sold_out(
    app: &App,
    who: &Principal,
    id: MenuId,
    sold_out: bool,
    expected: &ExpectedVersion,
) -> Result<Dish, Failure> {
    let dish = show(app, id).await?;
    let owned = restaurant::owned_if_any(app, who, dish.restaurant_id).await?;
    owned.ok_or_else(|| Failure::not_found("menu"))?;
    if !i64::try_from(dish.version).is_ok_and(|version| expected.allows(version)) {
        return Err(Refused::stale("menu").into());
    }
    if dish.menu.sold_out == sold_out {
        return Ok(dish);
    }
    let mut tx = app.store.begin().await?;
    let seen = expected.one_of().map(|_| dish.version);
    let version = store::menu::raise(&mut tx, dish.restaurant_id, seen).await?;
    store::menu::set_sold_out(&mut tx, id, sold_out).await?;
    tx.commit().await?;
    Ok(Dish { version, menu: Menu { sold_out, ..dish.menu }, ..dish })
}

/// Marks dishes of a restaurant as sold out, because it rejected an order for lack of them.
/// Ignores dishes of other restaurants and dishes that are marked already.
pub async fn mark_sold_out(app: &App, id: RestaurantId, menus: &[MenuId]) -> Result<(), Failure> {
    let Some(card) = store::menu::card(&app.store, id).await? else { return Ok(()) };
    let there: Vec<_> = card.menus().filter(|menu| menus.contains(&menu.id) && !menu.sold_out).collect();
    if there.is_empty() {
        return Ok(());
    }
    let mut tx = app.store.begin().await?;
    store::menu::raise(&mut tx, id, None).await?;
    for menu in there {
        store::menu::set_sold_out(&mut tx, menu.id, true).await?;
    }
    tx.commit().await?;
    Ok(())
}
