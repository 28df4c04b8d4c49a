//! Writing of cards: of a change, the rows that differ.

use std::collections::{HashMap, HashSet};

use domain::RestaurantId;
use domain::image::Picture;
use domain::menu::{Card, Diff, Menu, MenuGroup, MenuOption, OptionGroup, Part, SoldOut};
use uuid::Uuid;

use super::{PICTURES, read_within};
use crate::fabric::Notice;
use crate::journal::signed;
use crate::{StoreError, Tx};

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
