//! What operators find with one line of text: orders, couriers and restaurants.
//!
//! Each noun searches its own tables. A search by telephone number is a look at personal data: it
//! is recorded without the digits before its result is shown, and searches are limited by user. A
//! hit shows nothing of the customer.

use std::net::IpAddr;

use domain::lookup::Lookup;
use domain::order::{Order, Status};
use domain::{Failure, OrderId, Principal, Role, Timestamp};
use futures::future::try_join_all;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::restaurant::Seen;
use crate::tracking::courier;
use crate::{App, order, restaurant, user};

/// The most hits of a kind.
const HITS_MAX: u32 = 20;

/// The most people with one ending of a telephone number whose orders are searched.
const PEOPLE_MAX: u32 = 200;

/// The most dishes that a hit names.
const DISHES_MAX: usize = 3;

/// Something that was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemHit)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its id.
    pub id: Uuid,
    /// The hand-over code of an order.
    pub code: Option<String>,
    /// One line that describes it: of an order the restaurant and the first dishes, of a courier
    /// the name, of a restaurant the name and the neighbourhood.
    pub line: String,
    /// Of an order its status; of a courier `on_delivery`, `on_shift` or `off_shift`; of a
    /// restaurant `open` or `closed`.
    pub status: &'static str,
    /// When an order was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// When the status of an order changed last, as far as is known; when a courier on shift sent
    /// the last position; when a closed restaurant opens.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub status_at: Option<Timestamp>,
    /// What of it matches.
    pub found_by: FoundBy,
}

/// The kind of a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SystemHitKind)]
#[serde(rename_all = "snake_case")]
pub enum HitKind {
    /// An order.
    Order,
    /// A courier.
    Courier,
    /// A restaurant.
    Restaurant,
}

/// What of a hit matches the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SystemFoundBy)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// Its id.
    Id,
    /// Its hand-over code.
    Code,
    /// The telephone number of its customer.
    Phone,
    /// Its name.
    Name,
}

/// Finds what the text can mean, for operators only: at most 20 hits of a kind, newest first.
pub async fn search(app: &App, who: &Principal, text: &str, from: IpAddr) -> Result<Vec<Hit>, Failure> {
    who.require(Role::Admin)?;
    let lookup = Lookup::read(text)?;
    let (mut orders, couriers, restaurants) =
        tokio::try_join!(orders(app, who, &lookup, from), couriers(app, &lookup), restaurants(app, &lookup))?;
    orders.truncate(HITS_MAX as usize);
    Ok([orders, couriers, restaurants].concat())
}

async fn orders(app: &App, who: &Principal, lookup: &Lookup, from: IpAddr) -> Result<Vec<Hit>, Failure> {
    let mut found = Vec::new();
    if let Some(id) = lookup.id {
        let order = order::load(app, OrderId(id)).await?;
        found.extend(order.map(|order| (order, FoundBy::Id)));
    }
    if let Some(code) = lookup.code {
        let of_code = order::by_code(app, code, HITS_MAX).await?;
        found.extend(of_code.into_iter().map(|order| (order, FoundBy::Code)));
    }
    if let Some(ending) = &lookup.phone {
        let customers = user::by_phone(app, ending, PEOPLE_MAX).await?;
        user::searched(app, who, customers.len(), from).await?;
        let theirs = order::of_customers(app, &customers, HITS_MAX).await?;
        found.extend(theirs.into_iter().map(|order| (order, FoundBy::Phone)));
    }
    found.sort_by_key(|(order, _)| std::cmp::Reverse(order.id));
    found.dedup_by_key(|(order, _)| order.id);
    Ok(found.into_iter().map(|(order, by)| Hit::of_order(&order, by)).collect())
}

async fn couriers(app: &App, lookup: &Lookup) -> Result<Vec<Hit>, Failure> {
    let (found, by) = match (lookup.id, &lookup.name) {
        (Some(id), _) => (courier::find(app, id.into()).await?.into_iter().collect(), FoundBy::Id),
        (None, Some(name)) => (courier::named(app, name, HITS_MAX).await?, FoundBy::Name),
        (None, None) => return Ok(Vec::new()),
    };
    let ids: Vec<_> = found.iter().map(|courier| courier.id).collect();
    let busy = courier::busy(app, &ids).await?;
    let hits = found.into_iter().map(|courier| {
        let busy = &busy;
        async move {
            let is_busy = busy.contains(&courier.id);
            let position = courier::position(app, &courier, is_busy).await?;
            let status = match (is_busy, courier.on_shift) {
                (true, _) => "on_delivery",
                (false, true) => "on_shift",
                (false, false) => "off_shift",
            };
            Ok::<_, Failure>(Hit {
                kind: HitKind::Courier,
                id: courier.id.into(),
                code: None,
                line: courier.name,
                status,
                created_at: None,
                status_at: position.map(|fix| fix.at),
                found_by: by,
            })
        }
    });
    try_join_all(hits).await
}

async fn restaurants(app: &App, lookup: &Lookup) -> Result<Vec<Hit>, Failure> {
    let (found, by) = match (lookup.id, &lookup.name) {
        (Some(id), _) => match restaurant::of_any_status(app, id.into()).await {
            Ok(seen) => (vec![seen], FoundBy::Id),
            Err(failure) if failure.is_not_found() => return Ok(Vec::new()),
            Err(failure) => return Err(failure),
        },
        (None, Some(name)) => (restaurant::named(app, name, HITS_MAX).await?, FoundBy::Name),
        (None, None) => return Ok(Vec::new()),
    };
    Ok(found.into_iter().map(|seen| Hit::of_restaurant(seen, by)).collect())
}

impl Hit {
    fn of_order(order: &Order, found_by: FoundBy) -> Self {
        let dishes =
            order.lines.iter().take(DISHES_MAX).map(|line| format!("{} × {}", line.name, line.quantity));
        let mut dishes = dishes.collect::<Vec<_>>().join(", ");
        if order.lines.len() > DISHES_MAX {
            dishes.push('…');
        }
        Self {
            kind: HitKind::Order,
            id: order.id.into(),
            code: Some(order.id.code().to_string()),
            line: format!("{} · {dishes}", order.restaurant_name),
            status: order.status.as_str(),
            created_at: Some(order.created_at),
            status_at: status_at(order),
            found_by,
        }
    }

    fn of_restaurant(seen: Seen, found_by: FoundBy) -> Self {
        let Seen { restaurant, opening, .. } = seen;
        Self {
            kind: HitKind::Restaurant,
            id: restaurant.id.into(),
            code: None,
            line: format!("{} · {} {}", restaurant.name, restaurant.gu, restaurant.dong),
            status: if opening.is_open() { "open" } else { "closed" },
            created_at: None,
            status_at: opening.next_open_at(),
            found_by,
        }
    }
}

/// When the order came to its status, where the order knows.
fn status_at(order: &Order) -> Option<Timestamp> {
    match order.status {
        Status::PendingPayment => Some(order.created_at),
        Status::Placed => order.placed_at,
        Status::PickedUp => order.picked_up_at,
        Status::Delivered | Status::Completed => order.delivered_at,
        _ => None,
    }
}
