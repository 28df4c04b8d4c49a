//! Menus in PostgreSQL.

mod cards;
mod price;
pub mod stock;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::image::Picture;
use domain::menu::{Card, Diff, Menu, MenuGroup, MenuOption, OptionGroup, Origin, Part, SoldOut};
use domain::{MenuGroupId, MenuId, OptionGroupId, OptionId, RestaurantId, Timestamp, Won};
use uuid::Uuid;

use crate::fabric::Notice;
use crate::journal::signed;
use crate::picture::PictureTable;
use crate::{Store, StoreError, Tx};
pub(crate) use cards::Cards;
pub use price::{PastPrice, past_prices, record_prices};

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

/// Increments the version of a restaurant's menu, and returns it. A conflict if `seen` is not the
/// current version, 0 if there is none. Locks the menu's row until the commit, so that changes of one
/// menu happen in order.
pub async fn raise(tx: &mut Tx, id: RestaurantId, seen: u64) -> Result<u64, StoreError> {
    let version = if seen == 0 {
        sqlx::query_scalar!(
            "insert into menu.cards (restaurant_id, version) values ($1, 1)
             on conflict (restaurant_id) do nothing returning version",
            id.0
        )
        .fetch_optional(&mut **tx)
        .await?
    } else {
        sqlx::query_scalar!(
            "update menu.cards set version = version + 1
             where restaurant_id = $1 and version = $2 returning version",
            id.0,
            signed(seen)?
        )
        .fetch_optional(&mut **tx)
        .await?
    };
    tx.announce(Notice::RestaurantChanged(id));
    version.map(i64::unsigned_abs).ok_or(StoreError::Conflict)
}

/// Replaces a whole menu, if there is one, and keeps the rows of what stays. The new version is the
/// card's or the old version plus one, whichever is higher: no version is ever used for two menus.
pub async fn replace(tx: &mut Tx, card: &Card) -> Result<(), StoreError> {
    let is_new = sqlx::query_scalar!(
        r#"insert into menu.cards (restaurant_id, version) values ($1, $2)
           on conflict (restaurant_id) do update set version = greatest(cards.version + 1, excluded.version)
           returning xmax = 0 as "is_new!""#,
        card.restaurant_id.0,
        signed(card.version)?
    )
    .fetch_one(&mut **tx)
    .await?;
    tx.announce(Notice::RestaurantChanged(card.restaurant_id));
    let before = if is_new { None } else { read_within(tx, card.restaurant_id).await? };
    let before = before.unwrap_or_else(|| Card::empty(card.restaurant_id));
    save(tx, &before, card, &before.diff(card)).await.map(drop)
}

/// Writes what differs in `after`, with two statements for each table however long the card is;
/// pictures are only removed, with their dishes, and returned. The caller must [`raise`] the version.
pub async fn save(tx: &mut Tx, before: &Card, after: &Card, diff: &Diff) -> Result<Vec<Picture>, StoreError> {
    let differs: HashSet<Uuid> = diff.added.iter().chain(&diff.changed).map(|change| change.id).collect();
    let was_at = rows(before);
    let write = |id: Uuid, within: Uuid, place: usize| {
        differs.contains(&id) || was_at.get(&id) != Some(&(within, place))
    };
    let groups = places(&after.groups, after.restaurant_id.0);
    upsert_groups(tx, &written(groups, |(within, at, group)| write(group.id.0, *within, *at))).await?;
    let menus = after.groups.iter().flat_map(|group| places(&group.menus, group.id.0));
    upsert_menus(tx, &written(menus, |(within, at, menu)| write(menu.id.0, *within, *at))).await?;
    let groups = after.menus().flat_map(|menu| places(&menu.option_groups, menu.id.0));
    upsert_option_groups(tx, &written(groups, |(within, at, group)| write(group.id.0, *within, *at))).await?;
    let groups = after.menus().flat_map(|menu| &menu.option_groups);
    let options = groups.flat_map(|group| places(&group.options, group.id.0));
    upsert_options(tx, &written(options, |(within, at, option)| write(option.id.0, *within, *at))).await?;
    // Last, because what moved elsewhere must not go with the row that it stood below.
    remove(tx, diff).await
}

/// The parent and the position of each row of a card.
fn rows(card: &Card) -> HashMap<Uuid, (Uuid, usize)> {
    let mut all = HashMap::new();
    let groups = places(&card.groups, card.restaurant_id.0);
    all.extend(groups.map(|(within, at, group)| (group.id.0, (within, at))));
    for group in &card.groups {
        all.extend(places(&group.menus, group.id.0).map(|(within, at, menu)| (menu.id.0, (within, at))));
    }
    for menu in card.menus() {
        let groups = places(&menu.option_groups, menu.id.0);
        all.extend(groups.map(|(within, at, group)| (group.id.0, (within, at))));
        for group in &menu.option_groups {
            let options = places(&group.options, group.id.0);
            all.extend(options.map(|(within, at, option)| (option.id.0, (within, at))));
        }
    }
    all
}

/// Removes what is gone; returns the pictures of dishes among it.
async fn remove(tx: &mut Tx, diff: &Diff) -> Result<Vec<Picture>, StoreError> {
    let gone = |part: Part| -> Vec<Uuid> {
        diff.removed.iter().filter(|change| change.part == part).map(|change| change.id).collect()
    };
    let (options, option_groups) = (gone(Part::Option), gone(Part::OptionGroup));
    let (menus, groups) = (gone(Part::Menu), gone(Part::Group));
    if !options.is_empty() {
        sqlx::query!("delete from menu.options where id = any($1)", &options).execute(&mut **tx).await?;
    }
    if !option_groups.is_empty() {
        sqlx::query!("delete from menu.option_groups where id = any($1)", &option_groups)
            .execute(&mut **tx)
            .await?;
    }
    let mut pictures = Vec::new();
    if !menus.is_empty() {
        pictures = PICTURES.remove(tx, &menus).await?;
        sqlx::query!("delete from menu.menus where id = any($1)", &menus).execute(&mut **tx).await?;
    }
    if !groups.is_empty() {
        sqlx::query!("delete from menu.groups where id = any($1)", &groups).execute(&mut **tx).await?;
    }
    Ok(pictures)
}

/// A row with the id of its parent row and its position there.
type Placed<'a, T> = (Uuid, usize, &'a T);

fn places<T>(rows: &[T], within: Uuid) -> impl Iterator<Item = Placed<'_, T>> {
    rows.iter().enumerate().map(move |(place, row)| (within, place, row))
}

async fn upsert_groups(tx: &mut Tx, groups: &[Placed<'_, MenuGroup>]) -> Result<(), StoreError> {
    if groups.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into menu.groups (id, restaurant_id, external_id, name, hidden, position)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bool[], $6::int2[])
         on conflict (id) do update set
             external_id = excluded.external_id, name = excluded.name, hidden = excluded.hidden,
             position = excluded.position",
        &column(groups, |(_, _, group)| group.id.0),
        &column(groups, |(restaurant, _, _)| *restaurant),
        &column(groups, |(_, _, group)| group.external_id.clone()) as _,
        &column(groups, |(_, _, group)| group.name.clone()),
        &column(groups, |(_, _, group)| group.hidden),
        &small(groups, |(_, place, _)| *place)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn upsert_menus(tx: &mut Tx, menus: &[Placed<'_, Menu>]) -> Result<(), StoreError> {
    if menus.is_empty() {
        return Ok(());
    }
    // There are no arrays of arrays of different lengths: texts of one dish are joined by a character
    // that no text has.
    let joined = |texts: Vec<&str>| texts.join("\n");
    let origin = |menu: &Menu| {
        joined(menu.origins.iter().flat_map(|it| [it.ingredient.as_str(), it.origin.as_str()]).collect())
    };
    let allergen = |menu: &Menu| joined(menu.allergens.iter().map(|it| it.as_str()).collect());
    sqlx::query!(
        "insert into menu.menus (id, group_id, external_id, name, description, price_won, kind, hidden,
                                 sold_out, sold_out_until, daily_limit, origins, allergens, position)
         select id, group_id, external_id, name, description, price_won, kind, hidden, sold_out,
                sold_out_until, daily_limit, string_to_array(origins, chr(10)),
                string_to_array(allergens, chr(10)), position
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::text[],
                     $8::bool[], $9::bool[], $10::timestamptz[], $11::int4[], $12::text[], $13::text[],
                     $14::int2[])
              as given (id, group_id, external_id, name, description, price_won, kind, hidden, sold_out,
                        sold_out_until, daily_limit, origins, allergens, position)
         on conflict (id) do update set
             group_id = excluded.group_id, external_id = excluded.external_id, name = excluded.name,
             description = excluded.description, price_won = excluded.price_won, kind = excluded.kind,
             hidden = excluded.hidden, sold_out = excluded.sold_out,
             sold_out_until = excluded.sold_out_until, daily_limit = excluded.daily_limit,
             origins = excluded.origins, allergens = excluded.allergens, position = excluded.position",
        &column(menus, |(_, _, menu)| menu.id.0),
        &column(menus, |(group, _, _)| *group),
        &column(menus, |(_, _, menu)| menu.external_id.clone()) as _,
        &column(menus, |(_, _, menu)| menu.name.clone()),
        &column(menus, |(_, _, menu)| menu.description.clone()),
        &column(menus, |(_, _, menu)| menu.price.0),
        &column(menus, |(_, _, menu)| menu.kind.as_str().to_owned()),
        &column(menus, |(_, _, menu)| menu.hidden),
        &column(menus, |(_, _, menu)| menu.sold_out != SoldOut::No),
        &column(menus, |(_, _, menu)| menu.sold_out.ends_at()) as _,
        &column(menus, |(_, _, menu)| menu.daily_limit.and_then(|limit| i32::try_from(limit).ok())) as _,
        &column(menus, |(_, _, menu)| origin(menu)),
        &column(menus, |(_, _, menu)| allergen(menu)),
        &small(menus, |(_, place, _)| *place)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn upsert_option_groups(tx: &mut Tx, groups: &[Placed<'_, OptionGroup>]) -> Result<(), StoreError> {
    if groups.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into menu.option_groups (id, menu_id, external_id, name, min, max, is_unique, free_up_to,
                                         position)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int2[], $6::int2[],
                              $7::bool[], $8::int2[], $9::int2[])
         on conflict (id) do update set
             menu_id = excluded.menu_id, external_id = excluded.external_id, name = excluded.name,
             min = excluded.min, max = excluded.max, is_unique = excluded.is_unique,
             free_up_to = excluded.free_up_to, position = excluded.position",
        &column(groups, |(_, _, group)| group.id.0),
        &column(groups, |(menu, _, _)| *menu),
        &column(groups, |(_, _, group)| group.external_id.clone()) as _,
        &column(groups, |(_, _, group)| group.name.clone()),
        &small(groups, |(_, _, group)| group.min)?,
        &small(groups, |(_, _, group)| group.max)?,
        &column(groups, |(_, _, group)| group.unique),
        &small(groups, |(_, _, group)| group.free_up_to)?,
        &small(groups, |(_, place, _)| *place)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn upsert_options(tx: &mut Tx, options: &[Placed<'_, MenuOption>]) -> Result<(), StoreError> {
    if options.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into menu.options (id, group_id, external_id, name, price_won, max_quantity, is_default,
                                   hidden, sold_out, sold_out_until, position)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int8[], $6::int2[],
                              $7::bool[], $8::bool[], $9::bool[], $10::timestamptz[], $11::int2[])
         on conflict (id) do update set
             group_id = excluded.group_id, external_id = excluded.external_id, name = excluded.name,
             price_won = excluded.price_won, max_quantity = excluded.max_quantity,
             is_default = excluded.is_default, hidden = excluded.hidden, sold_out = excluded.sold_out,
             sold_out_until = excluded.sold_out_until, position = excluded.position",
        &column(options, |(_, _, option)| option.id.0),
        &column(options, |(group, _, _)| *group),
        &column(options, |(_, _, option)| option.external_id.clone()) as _,
        &column(options, |(_, _, option)| option.name.clone()),
        &column(options, |(_, _, option)| option.price.0),
        &small(options, |(_, _, option)| option.max_quantity)?,
        &column(options, |(_, _, option)| option.is_default),
        &column(options, |(_, _, option)| option.hidden),
        &column(options, |(_, _, option)| option.sold_out != SoldOut::No),
        &column(options, |(_, _, option)| option.sold_out.ends_at()) as _,
        &small(options, |(_, place, _)| *place)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those rows that are to be written.
fn written<'a, T>(
    rows: impl Iterator<Item = Placed<'a, T>>,
    write: impl FnMut(&Placed<'a, T>) -> bool,
) -> Vec<Placed<'a, T>> {
    rows.filter(write).collect()
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
