//! Looking at menus, and saying what is sold out.

use std::collections::HashSet;
use std::sync::Arc;

use domain::menu::{Card, Menu};
use domain::{Failure, MenuId, Principal, Refused, RestaurantId};

use crate::{App, restaurant};

/// A dish, with whose it is and the version of the menu that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dish {
    /// Whose.
    pub restaurant_id: RestaurantId,
    /// The menu's version.
    pub version: u64,
    /// The dish.
    pub menu: Menu,
}

/// All that a restaurant offers; nothing yet if it has no menu.
pub async fn card(app: &App, id: RestaurantId) -> Result<Arc<Card>, Failure> {
    if let Some(card) = store::menu::card(&app.store, id).await? {
        return Ok(card);
    }
    restaurant::find(app, id).await?;
    Ok(Arc::new(Card { restaurant_id: id, version: 0, groups: Vec::new() }))
}

/// Which of these restaurants have a dish whose name holds `text`.
pub(crate) async fn serving(
    app: &App,
    of: &[RestaurantId],
    text: &str,
) -> Result<HashSet<RestaurantId>, Failure> {
    Ok(store::menu::serving(&app.store, of, text).await?.into_iter().collect())
}

/// One dish.
pub async fn show(app: &App, id: MenuId) -> Result<Dish, Failure> {
    let not_found = || Failure::not_found("menu");
    let restaurant_id = store::menu::restaurant_of(&app.store, id).await?.ok_or_else(not_found)?;
    let card = store::menu::card(&app.store, restaurant_id).await?.ok_or_else(not_found)?;
    let menu = card.menu(id).cloned().ok_or_else(not_found)?;
    Ok(Dish { restaurant_id, version: card.version, menu })
}

/// The owner says whether a dish can be had; where `seen` is given, only if the
/// menu is still at that version.
pub async fn set_sold_out(
    app: &App,
    who: &Principal,
    id: MenuId,
    sold_out: bool,
    seen: Option<i64>,
) -> Result<Dish, Failure> {
    let dish = show(app, id).await?;
    restaurant::owned(app, who, dish.restaurant_id).await.map_err(|_| Failure::not_found("menu"))?;
    if seen.is_some_and(|seen| u64::try_from(seen) != Ok(dish.version)) {
        return Err(Refused::stale("menu").into());
    }
    if dish.menu.sold_out == sold_out {
        return Ok(dish);
    }
    let mut tx = app.store.begin().await?;
    let seen = seen.map(|_| dish.version);
    let version = store::menu::raise(&mut tx, dish.restaurant_id, seen).await?;
    store::menu::set_sold_out(&mut tx, id, sold_out).await?;
    tx.commit().await?;
    Ok(Dish { version, menu: Menu { sold_out, ..dish.menu }, ..dish })
}

/// Marks dishes of a restaurant as sold out, because it could not cook an order
/// for want of them. Dishes of others, and those marked already, are passed over.
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
