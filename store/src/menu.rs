//! Menus in PostgreSQL.

mod cards;

use std::collections::HashMap;
use std::sync::Arc;

use domain::menu::{Card, Menu, MenuGroup, MenuOption, OptionGroup};
use domain::{MenuId, RestaurantId, Won};
use uuid::Uuid;

use crate::fabric::Notice;
use crate::journal::signed;
use crate::{Store, StoreError, Tx};
pub(crate) use cards::Cards;

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

/// Reads the card in one snapshot, so that the version belongs to exactly this content.
async fn read(store: &Store, id: RestaurantId) -> Result<Option<Card>, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let version = sqlx::query_scalar!("select version from menu.cards where restaurant_id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(version) = version else { return Ok(None) };
    let mut options = options(&mut tx, id).await?;
    let mut option_groups = option_groups(&mut tx, id, &mut options).await?;
    let mut menus = menus(&mut tx, id, &mut option_groups).await?;
    let rows =
        sqlx::query!("select id, name from menu.groups where restaurant_id = $1 order by position", id.0)
            .fetch_all(&mut *tx)
            .await?;
    let groups = rows.into_iter().map(|row| MenuGroup {
        id: row.id.into(),
        name: row.name,
        menus: menus.remove(&row.id).unwrap_or_default(),
    });
    Ok(Some(Card { restaurant_id: id, version: version.unsigned_abs(), groups: groups.collect() }))
}

/// Rows by the id of their parent row, in order.
type Within<T> = HashMap<Uuid, Vec<T>>;

async fn options(tx: &mut Tx, id: RestaurantId) -> Result<Within<MenuOption>, StoreError> {
    let rows = sqlx::query!(
        "select o.id, o.group_id, o.name, o.price_won, o.max_quantity, o.sold_out
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
            name: row.name,
            price: Won(row.price_won),
            max_quantity: u32::from(row.max_quantity.unsigned_abs()),
            sold_out: row.sold_out,
        });
    }
    Ok(options)
}

async fn option_groups(
    tx: &mut Tx,
    id: RestaurantId,
    options: &mut Within<MenuOption>,
) -> Result<Within<OptionGroup>, StoreError> {
    let rows = sqlx::query!(
        "select og.id, og.menu_id, og.name, og.min, og.max, og.is_unique
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
            name: row.name,
            min: u32::from(row.min.unsigned_abs()),
            max: u32::from(row.max.unsigned_abs()),
            unique: row.is_unique,
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
        "select m.id, m.group_id, m.name, m.description, m.price_won, m.sold_out
         from menu.menus m join menu.groups g on g.id = m.group_id
         where g.restaurant_id = $1 order by m.position",
        id.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut menus = Within::<Menu>::new();
    for row in rows {
        menus.entry(row.group_id).or_default().push(Menu {
            id: row.id.into(),
            name: row.name,
            description: row.description,
            price: Won(row.price_won),
            sold_out: row.sold_out,
            option_groups: option_groups.remove(&row.id).unwrap_or_default(),
        });
    }
    Ok(menus)
}

/// The restaurant of a dish, if there is such a dish.
pub async fn restaurant_of(store: &Store, id: MenuId) -> Result<Option<RestaurantId>, StoreError> {
    let found = sqlx::query_scalar!(
        "select g.restaurant_id from menu.menus m join menu.groups g on g.id = m.group_id where m.id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(found.map(RestaurantId))
}

/// The names of all dishes of these restaurants, in no order.
pub async fn names(
    store: &Store,
    restaurants: &[RestaurantId],
) -> Result<Vec<(RestaurantId, String)>, StoreError> {
    let ids: Vec<Uuid> = restaurants.iter().map(|id| id.0).collect();
    let found = sqlx::query!(
        "select g.restaurant_id, m.name from menu.groups g join menu.menus m on m.group_id = g.id
         where g.restaurant_id = any($1)",
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

/// The numbers of the last changes of these restaurants' menus, where there is one.
pub async fn last_changes(
    store: &Store,
    restaurants: &[RestaurantId],
) -> Result<HashMap<RestaurantId, u64>, StoreError> {
    let ids: Vec<Uuid> = restaurants.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select restaurant_id, changed::text::int8 as "changed!" from menu.cards where restaurant_id = any($1)"#,
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.restaurant_id.into(), row.changed.unsigned_abs())).collect())
}

/// Increments the version of a restaurant's menu, and returns it. A conflict if `seen`
/// is given and is not the current version. Locks the menu's row until the commit, so
/// that changes of one menu happen in order.
pub async fn raise(tx: &mut Tx, id: RestaurantId, seen: Option<u64>) -> Result<u64, StoreError> {
    let seen = seen.map(signed).transpose()?;
    let version = sqlx::query_scalar!(
        "update menu.cards set version = version + 1
         where restaurant_id = $1 and version = coalesce($2, version) returning version",
        id.0,
        seen
    )
    .fetch_optional(&mut **tx)
    .await?;
    tx.announce(Notice::RestaurantChanged(id));
    version.map(i64::unsigned_abs).ok_or(StoreError::Conflict)
}

/// Sets whether the dish is sold out. The caller must [`raise`] the version.
pub async fn set_sold_out(tx: &mut Tx, id: MenuId, sold_out: bool) -> Result<(), StoreError> {
    let done = sqlx::query!("update menu.menus set sold_out = $2 where id = $1", id.0, sold_out)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Replaces a whole menu, if there is one, with one statement for each table however
/// long the menu is. The new version is the card's or the old version plus one, whichever is
/// higher: no version is ever used for two menus.
pub async fn replace(tx: &mut Tx, card: &Card) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into menu.cards (restaurant_id, version) values ($1, $2)
         on conflict (restaurant_id) do update set version = greatest(cards.version + 1, excluded.version)",
        card.restaurant_id.0,
        signed(card.version)?
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!("delete from menu.groups where restaurant_id = $1", card.restaurant_id.0)
        .execute(&mut **tx)
        .await?;
    tx.announce(Notice::RestaurantChanged(card.restaurant_id));
    insert_groups(tx, card).await?;
    let menus = card.groups.iter().flat_map(|group| places(&group.menus, group.id.0));
    insert_menus(tx, &menus.collect::<Vec<_>>()).await?;
    let groups = card.menus().flat_map(|menu| places(&menu.option_groups, menu.id.0));
    insert_option_groups(tx, &groups.collect::<Vec<_>>()).await?;
    let groups = card.menus().flat_map(|menu| &menu.option_groups);
    let options = groups.flat_map(|group| places(&group.options, group.id.0));
    insert_options(tx, &options.collect::<Vec<_>>()).await
}

/// A row with the id of its parent row and its position there.
type Placed<'a, T> = (Uuid, usize, &'a T);

fn places<T>(rows: &[T], within: Uuid) -> impl Iterator<Item = Placed<'_, T>> {
    rows.iter().enumerate().map(move |(place, row)| (within, place, row))
}

async fn insert_groups(tx: &mut Tx, card: &Card) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = card.groups.iter().map(|group| group.id.0).collect();
    let names: Vec<String> = card.groups.iter().map(|group| group.name.clone()).collect();
    sqlx::query!(
        "insert into menu.groups (id, restaurant_id, name, position)
         select id, $1, name, place - 1 from unnest($2::uuid[], $3::text[]) with ordinality as g (id, name, place)",
        card.restaurant_id.0,
        &ids,
        &names
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_menus(tx: &mut Tx, menus: &[Placed<'_, Menu>]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into menu.menus (id, group_id, name, description, price_won, sold_out, position)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int8[], $6::bool[], $7::int2[])",
        &column(menus, |(_, _, menu)| menu.id.0),
        &column(menus, |(group, _, _)| *group),
        &column(menus, |(_, _, menu)| menu.name.clone()),
        &column(menus, |(_, _, menu)| menu.description.clone()),
        &column(menus, |(_, _, menu)| menu.price.0),
        &column(menus, |(_, _, menu)| menu.sold_out),
        &small(menus, |(_, place, _)| *place)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_option_groups(tx: &mut Tx, groups: &[Placed<'_, OptionGroup>]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into menu.option_groups (id, menu_id, name, min, max, is_unique, position)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int2[], $5::int2[], $6::bool[], $7::int2[])",
        &column(groups, |(_, _, group)| group.id.0),
        &column(groups, |(menu, _, _)| *menu),
        &column(groups, |(_, _, group)| group.name.clone()),
        &small(groups, |(_, _, group)| group.min)?,
        &small(groups, |(_, _, group)| group.max)?,
        &column(groups, |(_, _, group)| group.unique),
        &small(groups, |(_, place, _)| *place)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_options(tx: &mut Tx, options: &[Placed<'_, MenuOption>]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into menu.options (id, group_id, name, price_won, max_quantity, sold_out, position)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int8[], $5::int2[], $6::bool[], $7::int2[])",
        &column(options, |(_, _, option)| option.id.0),
        &column(options, |(group, _, _)| *group),
        &column(options, |(_, _, option)| option.name.clone()),
        &column(options, |(_, _, option)| option.price.0),
        &small(options, |(_, _, option)| option.max_quantity)?,
        &column(options, |(_, _, option)| option.sold_out),
        &small(options, |(_, place, _)| *place)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn column<R, T>(rows: &[R], value: impl FnMut(&R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

fn small<R, T: TryInto<i16>>(rows: &[R], mut value: impl FnMut(&R) -> T) -> Result<Vec<i16>, StoreError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let small = |row| value(row).try_into().map_err(|error: T::Error| StoreError::Fault(Box::new(error)));
    rows.iter().map(small).collect()
}
