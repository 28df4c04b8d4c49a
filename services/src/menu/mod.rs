//! Menus: what restaurants offer, what is left of it, and how it is changed.
//!
//! - `edit`: changes of a card, each of which is one version of it;
//! - `picture`: the pictures of dishes.

mod edit;
mod picture;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use domain::menu::{Card, Menu, MenuReminder, Stock, stock};
use domain::{Failure, MenuId, Principal, RestaurantId, Timestamp, UserId};

use crate::{App, restaurant};

pub(crate) use edit::mark_sold_out;
pub use edit::{Availability, Changed, Subject, Uploaded, change, sell_out, sell_out_option, upload};
pub(crate) use picture::{give_picture, make_picture};
pub use picture::{picture_file, remove_picture, replace_picture};
pub use store::menu::{Item, PastPrice};

/// How long the counts of past days are kept.
const STOCK_DAYS: u64 = 30;

/// A dish, with its restaurant and the version of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dish {
    /// The restaurant.
    pub restaurant_id: RestaurantId,
    /// The menu's version.
    pub version: u64,
    /// The dish.
    pub menu: Menu,
    /// How many are left today, if it has a daily limit.
    pub left: Option<u32>,
    /// The time that its marks and what is left refer to.
    pub as_of: Timestamp,
}

/// Does what is due.
pub(crate) async fn remind(app: &App, reminder: MenuReminder) -> Result<(), Failure> {
    match reminder {
        MenuReminder::MenuRestocked { restaurant } => edit::restock(app, restaurant).await,
        MenuReminder::MenuPictureUnused { picture, files } => {
            picture::remove_files(app, picture, &files).await
        }
    }
}

/// Forgets the counts of days that are long over.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    let kept_since = stock::day(app.now()) - Days::new(STOCK_DAYS);
    Ok(store::menu::stock::drop_before(&app.store, kept_since).await?)
}

/// The menu of a restaurant, with what customers do not see; empty if it has none.
pub async fn card(app: &App, id: RestaurantId) -> Result<Arc<Card>, Failure> {
    if let Some(card) = store::menu::card(&app.store, id).await? {
        return Ok(card);
    }
    restaurant::find(app, id).await?;
    Ok(Arc::new(Card::empty(id)))
}

/// The menu of a restaurant, at this version at least (0: it had none). Once this process has read it, that
/// costs no query.
pub(crate) async fn card_at(app: &App, id: RestaurantId, version: u64) -> Result<Arc<Card>, Failure> {
    match (version, store::menu::known_card(&app.store, id, version)) {
        (0, _) => Ok(Arc::new(Card::empty(id))),
        (_, Some(card)) => Ok(card),
        (_, None) => card(app, id).await,
    }
}

/// The same for customers: of a restaurant that is not published yet there is none.
pub async fn shown_card(app: &App, id: RestaurantId) -> Result<Arc<Card>, Failure> {
    restaurant::shown(app, id).await?;
    card(app, id).await
}

/// The same for somebody who runs the restaurant; for others it does not exist.
pub async fn owned_card(app: &App, who: &Principal, id: RestaurantId) -> Result<Arc<Card>, Failure> {
    restaurant::owned(app, who, id).await?;
    card(app, id).await
}

/// What is left of the card's limited dishes on the day of `at`, for somebody whose unpaid order would
/// be replaced. A card without any limit costs no query.
pub(crate) async fn stock_for(
    app: &App,
    card: &Card,
    at: Timestamp,
    customer: UserId,
) -> Result<Stock, Failure> {
    stock_on(app, card, stock::day(at), Some(customer)).await
}

async fn stock_on(app: &App, card: &Card, day: NaiveDate, of: Option<UserId>) -> Result<Stock, Failure> {
    let limited: Vec<MenuId> =
        card.menus().filter(|menu| menu.daily_limit.is_some()).map(|menu| menu.id).collect();
    if limited.is_empty() {
        return Ok(Stock::default());
    }
    Ok(Stock::of(card, &store::menu::stock::sold(&app.store, day, &limited, of).await?))
}

/// What is left today of the dishes with a daily limit that customers see, with the day.
pub async fn stock_today(app: &App, id: RestaurantId) -> Result<(NaiveDate, Vec<(MenuId, u32)>), Failure> {
    let card = card(app, id).await?;
    let day = stock::day(app.now());
    let stock = stock_on(app, &card, day, None).await?;
    Ok((day, stock.iter().filter(|(menu, _)| card.menu(*menu).is_some()).collect()))
}

/// The names of the dishes that customers see of these restaurants, in no order.
pub(crate) async fn names(app: &App, of: &[RestaurantId]) -> Result<Vec<(RestaurantId, String)>, Failure> {
    Ok(store::menu::names(&app.store, of).await?)
}

/// The numbers of all changes of menus since a horizon (`store::changes`).
pub(crate) async fn changed_since(app: &App, horizon: u64) -> Result<Vec<(RestaurantId, u64)>, Failure> {
    Ok(store::menu::changed_since(&app.store, horizon).await?)
}

/// The numbers of the last changes of these restaurants' menus, and their versions, where there is one.
pub(crate) async fn last_changes(
    app: &App,
    of: &[RestaurantId],
) -> Result<HashMap<RestaurantId, (u64, u64)>, Failure> {
    Ok(store::menu::last_changes(&app.store, of).await?)
}

/// One dish that customers see.
pub async fn show(app: &App, id: MenuId) -> Result<Dish, Failure> {
    let not_found = || Failure::not_found("menu");
    let restaurant_id = store::menu::restaurant_of(&app.store, Item::Menu(id)).await?;
    let restaurant_id = restaurant_id.ok_or_else(not_found)?;
    restaurant::shown(app, restaurant_id).await?;
    let card = store::menu::card(&app.store, restaurant_id).await?.ok_or_else(not_found)?;
    let menu = card.menu(id).cloned().ok_or_else(not_found)?;
    dish(app, &card, menu).await
}

/// A dish of the card as it is now.
async fn dish(app: &App, card: &Card, menu: Menu) -> Result<Dish, Failure> {
    let as_of = app.now();
    let left = match menu.daily_limit {
        Some(_) => stock_on(app, card, stock::day(as_of), None).await?.left(menu.id),
        None => None,
    };
    Ok(Dish { restaurant_id: card.restaurant_id, version: card.version, menu, left, as_of })
}

/// How prices were changed, newest first, for somebody who runs the restaurant; of one dish with its
/// options if it is given.
pub async fn past_prices(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    menu: Option<MenuId>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<PastPrice>, Failure> {
    restaurant::owned(app, who, id).await?;
    Ok(store::menu::past_prices(&app.store, id, menu, before, limit).await?)
}
