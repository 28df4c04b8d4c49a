//! Who of the staff looked at whose data. Nothing is ever changed in it; a line is
//! dropped after its term.

use std::net::IpAddr;

use domain::user::{Access, Look};
use domain::{OrderId, Timestamp, UserId};

use crate::privacy::keep_since;
use crate::{Store, StoreError, Tx};

/// A look that is about to happen.
#[derive(Clone, Copy, Debug)]
pub struct NewAccess<'a> {
    /// Who looks.
    pub actor: UserId,
    /// At whose data; `None` if it is not one person's.
    pub user: Option<UserId>,
    /// At what.
    pub look: Look,
    /// At which order's.
    pub order: Option<OrderId>,
    /// Why, where a reason is needed.
    pub reason: Option<&'a str>,
    /// How many people a search found.
    pub found: Option<u32>,
    /// The client's address.
    pub from: IpAddr,
}

impl NewAccess<'_> {
    /// A look of which nothing more is to be said.
    pub fn of(actor: UserId, look: Look, from: IpAddr) -> Self {
        Self { actor, user: None, look, order: None, reason: None, found: None, from }
    }
}

/// Writes down a look.
pub async fn record_access(tx: &mut Tx, access: &NewAccess<'_>, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into users.access_log (at, actor, user_id, look, order_id, reason, found, address)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        at,
        access.actor.0,
        access.user.map(|user| user.0),
        access.look.as_str(),
        access.order.map(|order| order.0),
        access.reason,
        access.found.map(|found| i32::try_from(found).unwrap_or(i32::MAX)),
        access.from.to_string()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Drops the looks of before `until`.
pub async fn drop_old_accesses(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    keep_since(&mut tx, until).await?;
    sqlx::query!("delete from users.access_log where at < $1", until).execute(&mut *tx).await?;
    tx.commit().await
}

/// Which looks are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessFilter {
    /// At whose data.
    pub user: Option<UserId>,
    /// By whom.
    pub actor: Option<UserId>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// One query for each column that the lines may be found by: one query for all would have one
/// plan for all.
macro_rules! looks {
    ($store:ident, $filter:ident, $after:ident, $limit:ident, $found_by:tt) => {{
        let (at, id) = $after.unzip();
        let rows = sqlx::query!(
            "select id, at, actor, user_id, look, order_id, reason, found, address from users.access_log
             where "
                + $found_by
                + "
               and at >= coalesce($3, '-infinity'::timestamptz) and at < coalesce($4, 'infinity'::timestamptz)
               and (at, id) < (coalesce($5, 'infinity'::timestamptz), coalesce($6, 9223372036854775807))
             order by at desc, id desc limit $7",
            $filter.user.map(|user| user.0),
            $filter.actor.map(|actor| actor.0),
            $filter.from,
            $filter.until,
            at,
            id,
            i64::from($limit)
        )
        .fetch_all($store.pool())
        .await?;
        let lines = rows.into_iter().map(|row| {
            Ok(Access {
                id: row.id,
                at: row.at,
                actor: UserId(row.actor),
                user: row.user_id.map(UserId),
                look: row.look.parse().map_err(|()| StoreError::Fault(row.look.into()))?,
                order: row.order_id.map(OrderId),
                reason: row.reason,
                found: row.found.map(i32::unsigned_abs),
                address: row.address,
            })
        });
        lines.collect()
    }};
}

/// Looks, newest first, at most `limit`, after the line with this time and number.
pub async fn accesses(
    store: &Store,
    filter: &AccessFilter,
    after: Option<(Timestamp, i64)>,
    limit: u32,
) -> Result<Vec<Access>, StoreError> {
    match (filter.user, filter.actor) {
        (Some(_), _) => {
            looks!(store, filter, after, limit, "user_id = $1 and actor = coalesce($2, actor)")
        }
        (None, Some(_)) => {
            looks!(
                store,
                filter,
                after,
                limit,
                "actor = $2 and user_id is not distinct from coalesce($1, user_id)"
            )
        }
        (None, None) => looks!(
            store,
            filter,
            after,
            limit,
            "user_id is not distinct from coalesce($1, user_id) and actor = coalesce($2, actor)"
        ),
    }
}
