//! Changes of a card. One function carries out all of them: it decides on the card that stands, writes
//! the difference, the history of prices and what is due later in one transaction, fenced by the
//! version, and decides anew if another change came first.

use std::sync::Arc;

use domain::menu::{Card, Diff, Edit, MenuGroup, MenuReminder, SoldOut};
use domain::restaurant::RestaurantFact;
use domain::{
    ExpectedVersion, Failure, MenuId, OptionId, Principal, Refused, RestaurantId, Timestamp, UserId, fault,
};
use store::menu::Item;
use store::{Tx, jobs};

use super::picture::GALLERY;
use super::{Dish, dish};
use crate::conflict::retried;
use crate::{App, restaurant};

/// A card after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The card.
    pub card: Arc<Card>,
    /// What the change has made different.
    pub diff: Diff,
}

/// A whole card that was uploaded, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The version of the card after it; after a dry run, the one that stands.
    pub version: u64,
    /// What it changes.
    pub diff: Diff,
}

/// What somebody says of whether something can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Availability {
    /// Whether it is sold out.
    pub sold_out: bool,
    /// Until when; without it until somebody says otherwise.
    pub until: Option<Timestamp>,
}

impl Availability {
    fn read(self, now: Timestamp) -> Result<SoldOut, Refused> {
        let wrong = |words, detail: &str| Err(Refused::field("/sold_out_until", words, detail));
        match (self.sold_out, self.until) {
            (false, None) => Ok(SoldOut::No),
            (false, Some(_)) => wrong(fault::INVALID, "Only with `sold_out`."),
            (true, Some(until)) if until <= now => wrong(fault::OUT_OF_RANGE, "A time to come."),
            (true, Some(until)) => Ok(SoldOut::Until(until)),
            (true, None) => Ok(SoldOut::ForGood),
        }
    }
}

/// Changes the card of a restaurant on behalf of somebody who runs it. The card must be at an
/// `expected` version. What changes nothing makes no version.
pub async fn change(
    app: &App,
    who: &Principal,
    of: Subject,
    expected: &ExpectedVersion,
    edit: Edit,
) -> Result<Changed, Failure> {
    let id = of.run_by(app, who).await?;
    commit(app, Some(who.user), id, expected, edit).await
}

/// Which card is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// That of the restaurant.
    Card(RestaurantId),
    /// That on which this stands.
    Item(Item),
}

impl Subject {
    /// The restaurant, if there is one whose shop `who` runs. For others nothing of its card exists.
    pub(super) async fn run_by(self, app: &App, who: &Principal) -> Result<RestaurantId, Failure> {
        let id = self.restaurant(app).await?;
        match restaurant::owned(app, who, id).await {
            Err(failure) if failure.is_not_found() => Err(Failure::not_found(self.noun())),
            outcome => Ok(outcome?.id),
        }
    }

    /// The same, if `who` answers its orders, and so knows what is sold out.
    async fn cooked_by(self, app: &App, who: &Principal) -> Result<RestaurantId, Failure> {
        let id = self.restaurant(app).await?;
        if restaurant::owns(app, who, id).await? { Ok(id) } else { Err(Failure::not_found(self.noun())) }
    }

    async fn restaurant(self, app: &App) -> Result<RestaurantId, Failure> {
        match self {
            Self::Card(id) => Ok(id),
            Self::Item(item) => {
                let found = store::menu::restaurant_of(&app.store, item).await?;
                found.ok_or_else(|| Failure::not_found(self.noun()))
            }
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Card(_) => "restaurant",
            Self::Item(Item::Group(_)) => "menu_group",
            Self::Item(Item::Menu(_)) => "menu",
            Self::Item(Item::OptionGroup(_)) => "option_group",
            Self::Item(Item::Option(_)) => "option",
        }
    }
}

/// Replaces the whole card by what is uploaded, matched by external ids: all or nothing. A dry run
/// says what would change, and changes nothing.
pub async fn upload(
    app: &App,
    who: &Principal,
    id: RestaurantId,
    groups: Vec<MenuGroup>,
    expected: &ExpectedVersion,
    dry_run: bool,
) -> Result<Uploaded, Failure> {
    restaurant::owned(app, who, id).await?;
    let edit = Edit::Replace(groups);
    if dry_run {
        let before = super::card(app, id).await?;
        check_version(&before, expected)?;
        let diff = before.diff(&before.apply(edit)?);
        return Ok(Uploaded { version: before.version, diff });
    }
    let Changed { card, diff } = commit(app, Some(who.user), id, expected, edit).await?;
    Ok(Uploaded { version: card.version, diff })
}

/// Says whether a dish can be had, on behalf of somebody who answers the restaurant's orders.
pub async fn sell_out(
    app: &App,
    who: &Principal,
    id: MenuId,
    availability: Availability,
    expected: &ExpectedVersion,
) -> Result<Dish, Failure> {
    let of = Subject::Item(Item::Menu(id)).cooked_by(app, who).await?;
    let edit = Edit::SellOut(vec![id], availability.read(app.now())?);
    let card = commit(app, Some(who.user), of, expected, edit).await?.card;
    let menu = card.menus().find(|menu| menu.id == id).cloned();
    dish(app, &card, menu.ok_or_else(|| Failure::not_found("menu"))?).await
}

/// The same for an option.
pub async fn sell_out_option(
    app: &App,
    who: &Principal,
    id: OptionId,
    availability: Availability,
    expected: &ExpectedVersion,
) -> Result<Changed, Failure> {
    let of = Subject::Item(Item::Option(id)).cooked_by(app, who).await?;
    let edit = Edit::SellOutOption(id, availability.read(app.now())?);
    commit(app, Some(who.user), of, expected, edit).await
}

/// Marks dishes of a restaurant as sold out until then, because it rejected an order for lack of them.
/// Ignores dishes of other restaurants and dishes that are marked already.
pub(crate) async fn mark_sold_out(
    app: &App,
    id: RestaurantId,
    menus: &[MenuId],
    until: Timestamp,
) -> Result<(), Failure> {
    if until <= app.now() {
        return Ok(());
    }
    let card = super::card(app, id).await?;
    let there = card.menus().filter(|menu| menus.contains(&menu.id) && !menu.sold_out.at(app.now()));
    let edit = Edit::SellOut(there.map(|menu| menu.id).collect(), SoldOut::Until(until));
    commit(app, None, id, &ExpectedVersion::Any, edit).await.map(drop)
}

/// Clears the marks of what can be had again by now.
pub(super) async fn restock(app: &App, id: RestaurantId) -> Result<(), Failure> {
    commit(app, None, id, &ExpectedVersion::Any, Edit::Restock(app.now())).await.map(drop)
}

fn check_version(card: &Card, expected: &ExpectedVersion) -> Result<(), Refused> {
    let is_expected = i64::try_from(card.version).is_ok_and(|version| expected.allows(version));
    if is_expected { Ok(()) } else { Err(Refused::stale("menu")) }
}

async fn commit(
    app: &App,
    by: Option<UserId>,
    id: RestaurantId,
    expected: &ExpectedVersion,
    edit: Edit,
) -> Result<Changed, Failure> {
    let edit = &edit;
    retried(|| async move {
        let before = super::card(app, id).await?;
        check_version(&before, expected)?;
        let after = before.apply(edit.clone())?;
        let diff = before.diff(&after);
        if diff.is_empty() {
            return Ok(Changed { card: before, diff });
        }
        let mut tx = app.store.begin().await?;
        let version = store::menu::raise(&mut tx, id, before.version).await?;
        let after = Card { version, ..after };
        let gone = store::menu::save(&mut tx, &before, &after, &diff).await?;
        GALLERY.collect(app, &mut tx, gone);
        let prices = before.price_changes(&after);
        store::menu::record_prices(&mut tx, (id, version), &prices, (by, app.now())).await?;
        follow(app, &mut tx, &before, &after).await?;
        tx.commit().await?;
        Ok(Changed { card: Arc::new(after), diff })
    })
    .await
}

/// What every new version of a card brings with it: who looks at the restaurant is told, and the next
/// moment at which something can be had again is looked at then.
pub(super) async fn follow(app: &App, tx: &mut Tx, before: &Card, after: &Card) -> Result<(), Failure> {
    let (restaurant, menu_version) = (after.restaurant_id, after.version);
    let (out, back) = before.sold_out_changes(after, app.now());
    let changed = RestaurantFact::MenuChanged { menu_version };
    let sold_out = !out.is_empty();
    let sold_out =
        sold_out.then_some(RestaurantFact::SoldOut { menu_version, menus: out.menus, options: out.options });
    let available = !back.is_empty();
    let available = available.then_some(RestaurantFact::Available {
        menu_version,
        menus: back.menus,
        options: back.options,
    });
    let facts: Vec<RestaurantFact> = [sold_out, available].into_iter().flatten().collect();
    let facts = if facts.is_empty() { vec![changed] } else { facts };
    for fact in facts {
        restaurant::announce(app, tx, restaurant, fact).await?;
    }
    let key = format!("menu-restock-{restaurant}");
    match after.restocked_at() {
        Some(at) => jobs::remind(tx, &key, at, MenuReminder::MenuRestocked { restaurant }),
        None if before.restocked_at().is_some() => jobs::forget(tx, &key),
        None => {}
    }
    Ok(())
}
