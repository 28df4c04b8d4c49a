//! Menus in PostgreSQL: reading them; `write`: what is written of a change.

mod cards;
mod price;
pub mod stock;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

use domain::image::Picture;
use domain::menu::{Card, Menu, MenuGroup, MenuOption, OptionGroup, Origin, SoldOut};
use domain::{MenuGroupId, MenuId, OptionGroupId, OptionId, RestaurantId, Timestamp, Won};
use uuid::Uuid;

use crate::picture::PictureTable;
use crate::{Store, StoreError, Tx};
pub(crate) use cards::Cards;
pub use price::{PastPrice, past_prices, record_prices};
pub use write::{raise, replace, save};

/// The pictures of dishes, by their ids.
pub const PICTURES: PictureTable = PictureTable { table: "menu.pictures", owner: "menu_id" };

/// A restaurant's card, if it has a menu. If this process has it in its cache, this costs one
/// query, for the version: every change of a menu, by any process, increments the version.
pub async fn card(store: &Store, id: RestaurantId) -> Result<Option<Arc<Card>>, StoreError> {
    let version = sqlx::query_scalar!("select version from menu.cards where restaurant_id = $1", id.0)
        .fetch_optional(store.pool())
        .await?;
    let Some(version) = version else { return Ok(None) };
    if let Some(card) = store.cards().at(id, version.unsigned_abs()) {
        return Ok(Some(card));
    }
    let card = read(store, id).await?.map(Arc::new);
    if let Some(card) = &card {
        store.cards().keep(card);
    }
    Ok(card)
}

/// The card at this version, if this process has it in its cache.
pub fn known_card(store: &Store, id: RestaurantId, version: u64) -> Option<Arc<Card>> {
    store.cards().at(id, version)
}

/// Reads the card in one snapshot, so that the version belongs to exactly this content.
async fn read(store: &Store, id: RestaurantId) -> Result<Option<Card>, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    read_within(&mut tx, id).await
}

/// Reads the card as this transaction sees it.
async fn read_within(tx: &mut Tx, id: RestaurantId) -> Result<Option<Card>, StoreError> {
    let version = sqlx::query_scalar!("select version from menu.cards where restaurant_id = $1", id.0)
        .fetch_optional(&mut **tx)
        .await?;
    let Some(version) = version else { return Ok(None) };
    let mut options = options(tx, id).await?;
    let mut option_groups = option_groups(tx, id, &mut options).await?;
    let mut menus = menus(tx, id, &mut option_groups).await?;
    let rows = sqlx::query!(
        "select id, external_id, name, hidden from menu.groups where restaurant_id = $1 order by position",
        id.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let groups = rows.into_iter().map(|row| MenuGroup {
        id: row.id.into(),
        external_id: row.external_id,
        name: row.name,
        hidden: row.hidden,
        menus: menus.remove(&row.id).unwrap_or_default(),
    });
    Ok(Some(Card { restaurant_id: id, version: version.unsigned_abs(), groups: groups.collect() }))
}

/// Rows by the id of their parent row, in order.
type Within<T> = HashMap<Uuid, Vec<T>>;

async fn options(tx: &mut Tx, id: RestaurantId) -> Result<Within<MenuOption>, StoreError> {
    let rows = sqlx::query!(
        "select o.id, o.group_id, o.external_id, o.name, o.price_won, o.max_quantity, o.is_default, o.hidden,
                o.sold_out, o.sold_out_until
         from menu.options o join menu.option_groups og on og.id = o.group_id
         join menu.menus m on m.id = og.menu_id join menu.groups g on g.id = m.group_id
         where g.restaurant_id = $1 order by o.position",
        id.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut options = Within::<MenuOption>::new();
    for row in rows {
        options.entry(row.group_id).or_default().push(MenuOption {
            id: row.id.into(),
            external_id: row.external_id,
            name: row.name,
            price: Won(row.price_won),
            max_quantity: u32::from(row.max_quantity.unsigned_abs()),
            is_default: row.is_default,
            hidden: row.hidden,
            sold_out: sold_out(row.sold_out, row.sold_out_until),
        });
    }
    Ok(options)
}

/// What two columns say of it.
fn sold_out(sold_out: bool, until: Option<Timestamp>) -> SoldOut {
    match until {
        _ if !sold_out => SoldOut::No,
        Some(until) => SoldOut::Until(until),
        None => SoldOut::ForGood,
    }
}

async fn option_groups(
    tx: &mut Tx,
    id: RestaurantId,
    options: &mut Within<MenuOption>,
) -> Result<Within<OptionGroup>, StoreError> {
    let rows = sqlx::query!(
        "select og.id, og.menu_id, og.external_id, og.name, og.min, og.max, og.is_unique, og.free_up_to
         from menu.option_groups og
         join menu.menus m on m.id = og.menu_id join menu.groups g on g.id = m.group_id
         where g.restaurant_id = $1 order by og.position",
        id.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut groups = Within::<OptionGroup>::new();
    for row in rows {
        groups.entry(row.menu_id).or_default().push(OptionGroup {
            id: row.id.into(),
            external_id: row.external_id,
            name: row.name,
            min: u32::from(row.min.unsigned_abs()),
            max: u32::from(row.max.unsigned_abs()),
            unique: row.is_unique,
            free_up_to: u32::from(row.free_up_to.unsigned_abs()),
            options: options.remove(&row.id).unwrap_or_default(),
        });
    }
    Ok(groups)
}

async fn menus(
    tx: &mut Tx,
    id: RestaurantId,
    option_groups: &mut Within<OptionGroup>,
) -> Result<Within<Menu>, StoreError> {
    let rows = sqlx::query!(
        r#"select m.id, m.group_id, m.external_id, m.name, m.description, m.price_won, m.kind, m.hidden,
                  m.sold_out, m.sold_out_until, m.daily_limit, m.origins, m.allergens,
                  p.id as "picture_id?", p.files as "files?", p.width as "width?", p.height as "height?",
                  p.colour as "colour?"
           from menu.menus m join menu.groups g on g.id = m.group_id
           left join menu.pictures p on p.menu_id = m.id and p.shown
           where g.restaurant_id = $1 order by m.position"#,
        id.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let unknown = |id: Uuid| StoreError::Fault(format!("dish {id} has words that are not known").into());
    let mut menus = Within::<Menu>::new();
    for row in rows {
        let allergens = row.allergens.iter().map(|name| name.parse());
        let picture = (|| {
            Some(Picture {
                id: row.picture_id?,
                files: row.files?,
                width: row.width?.unsigned_abs(),
                height: row.height?.unsigned_abs(),
                colour: row.colour?,
            })
        })();
        menus.entry(row.group_id).or_default().push(Menu {
            id: row.id.into(),
            external_id: row.external_id,
            name: row.name,
            description: row.description,
            price: Won(row.price_won),
            kind: row.kind.parse().map_err(|()| unknown(row.id))?,
            hidden: row.hidden,
            sold_out: sold_out(row.sold_out, row.sold_out_until),
            daily_limit: row.daily_limit.map(i32::unsigned_abs),
            origins: origins(row.origins),
            allergens: allergens.collect::<Result<_, _>>().map_err(|()| unknown(row.id))?,
            picture,
            option_groups: option_groups.remove(&row.id).unwrap_or_default(),
        });
    }
    Ok(menus)
}

/// Ingredients and origins by turns, in pairs.
fn origins(texts: Vec<String>) -> Vec<Origin> {
    let mut texts = texts.into_iter();
    std::iter::from_fn(|| Some(Origin { ingredient: texts.next()?, origin: texts.next()? })).collect()
}

/// Something on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A heading.
    Group(MenuGroupId),
    /// A dish.
    Menu(MenuId),
    /// An option group.
    OptionGroup(OptionGroupId),
    /// An option.
    Option(OptionId),
}

/// The restaurant on whose card it stands, if it does on any.
pub async fn restaurant_of(store: &Store, item: Item) -> Result<Option<RestaurantId>, StoreError> {
    let pool = store.pool();
    let found = match item {
        Item::Group(id) => {
            sqlx::query_scalar!("select restaurant_id from menu.groups where id = $1", id.0)
                .fetch_optional(pool)
                .await?
        }
        Item::Menu(id) => {
            sqlx::query_scalar!(
                "select g.restaurant_id from menu.menus m join menu.groups g on g.id = m.group_id
                 where m.id = $1",
                id.0
            )
            .fetch_optional(pool)
            .await?
        }
        Item::OptionGroup(id) => {
            sqlx::query_scalar!(
                "select g.restaurant_id from menu.option_groups og join menu.menus m on m.id = og.menu_id
                 join menu.groups g on g.id = m.group_id where og.id = $1",
                id.0
            )
            .fetch_optional(pool)
            .await?
        }
        Item::Option(id) => {
            sqlx::query_scalar!(
                "select g.restaurant_id from menu.options o join menu.option_groups og on og.id = o.group_id
                 join menu.menus m on m.id = og.menu_id join menu.groups g on g.id = m.group_id
                 where o.id = $1",
                id.0
            )
            .fetch_optional(pool)
            .await?
        }
    };
    Ok(found.map(RestaurantId))
}

/// The names of the dishes that customers see of these restaurants, in no order.
pub async fn names(
    store: &Store,
    restaurants: &[RestaurantId],
) -> Result<Vec<(RestaurantId, String)>, StoreError> {
    let ids: Vec<Uuid> = restaurants.iter().map(|id| id.0).collect();
    let found = sqlx::query!(
        "select g.restaurant_id, m.name from menu.groups g join menu.menus m on m.group_id = g.id
         where g.restaurant_id = any($1) and not g.hidden and not m.hidden",
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    Ok(found.into_iter().map(|row| (RestaurantId(row.restaurant_id), row.name)).collect())
}

/// The numbers of all changes of menus since a horizon (`store::changes`), by restaurant; since
/// 0, of all. Numbers of the future are those of a database that this one was restored from.
pub async fn changed_since(store: &Store, horizon: u64) -> Result<Vec<(RestaurantId, u64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select restaurant_id, changed::text::int8 as "changed!" from menu.cards
         where changed >= $1::text::xid8 and (changed < pg_snapshot_xmax(pg_current_snapshot()) or $1 = '0')"#,
        horizon.to_string()
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.restaurant_id.into(), row.changed.unsigned_abs())).collect())
}

/// The numbers of the last changes of these restaurants' menus, and their versions, where there is one.
pub async fn last_changes(
    store: &Store,
    restaurants: &[RestaurantId],
) -> Result<HashMap<RestaurantId, (u64, u64)>, StoreError> {
    let ids: Vec<Uuid> = restaurants.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select restaurant_id, changed::text::int8 as "changed!", version
           from menu.cards where restaurant_id = any($1)"#,
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    let numbers = rows
        .into_iter()
        .map(|row| (row.restaurant_id.into(), (row.changed.unsigned_abs(), row.version.unsigned_abs())));
    Ok(numbers.collect())
}
