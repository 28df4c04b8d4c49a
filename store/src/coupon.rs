//! Campaigns and their coupons. Orders reserve, redeem and release coupons in their own transactions.

use domain::coupon::{Campaign, Coupon, CouponCode, CouponState, Terms};
use domain::{CampaignId, CouponId, OrderId, Timestamp, UserId};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Store, StoreError, Tx, broken_constraint};

/// The most campaigns that are offered at a time.
const OFFERED_MAX: i64 = 100;

/// Writes a new campaign of an operator. A conflict if another one that was not withdrawn has its code.
pub async fn create(store: &Store, campaign: &Campaign, by: UserId) -> Result<(), StoreError> {
    let terms = &campaign.terms;
    let inserted = sqlx::query!(
        "insert into coupon.campaigns (id, terms, code, until_at, total, per_customer, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        campaign.id.0,
        Json(terms) as _,
        terms.code,
        terms.until,
        terms.total.map(signed),
        signed(terms.per_customer),
        by.0,
        campaign.created_at
    )
    .execute(store.pool())
    .await;
    match inserted {
        Err(error) if broken_constraint(&error) == Some("campaigns_code_once") => Err(StoreError::Conflict),
        other => Ok(other.map(drop)?),
    }
}

/// Withdraws a campaign; again changes nothing. False: there is none.
pub async fn withdraw(store: &Store, id: CampaignId, now: Timestamp) -> Result<bool, StoreError> {
    let updated = sqlx::query!(
        "update coupon.campaigns set withdrawn_at = coalesce(withdrawn_at, $2) where id = $1",
        id.0,
        now
    )
    .execute(store.pool())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// A campaign.
pub async fn campaign(store: &Store, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
    let row = sqlx::query_as!(
        CampaignRow,
        r#"select id, terms as "terms: Json<Terms>", issued, created_at, withdrawn_at
           from coupon.campaigns where id = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(Campaign::from))
}

/// The campaign with this code that was not withdrawn.
pub async fn by_code(store: &Store, code: &CouponCode) -> Result<Option<Campaign>, StoreError> {
    let row = sqlx::query_as!(
        CampaignRow,
        r#"select id, terms as "terms: Json<Terms>", issued, created_at, withdrawn_at
           from coupon.campaigns where code = $1 and withdrawn_at is null"#,
        code.as_str()
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(Campaign::from))
}

/// Campaigns newest first, older than `before`, at most `limit`.
pub async fn campaigns(
    store: &Store,
    before: Option<CampaignId>,
    limit: u32,
) -> Result<Vec<Campaign>, StoreError> {
    let rows = sqlx::query_as!(
        CampaignRow,
        r#"select id, terms as "terms: Json<Terms>", issued, created_at, withdrawn_at
           from coupon.campaigns where id < $1 order by id desc limit $2"#,
        before.map_or(Uuid::max(), |id| id.0),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(Campaign::from).collect())
}

/// The campaigns that everybody may claim a coupon of at some time from now on, those that end soonest
/// first, at most 100; each with how many of its coupons this customer has had.
pub async fn offered(
    store: &Store,
    customer: UserId,
    now: Timestamp,
) -> Result<Vec<(Campaign, u32)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, terms as "terms: Json<Terms>", issued, created_at, withdrawn_at,
                  (select count(*) from coupon.coupons mine
                   where mine.campaign_id = campaign.id and mine.customer_id = $1) as "had!"
           from coupon.campaigns campaign
           where code is null and withdrawn_at is null and until_at > $2
           order by until_at, id limit $3"#,
        customer.0,
        now,
        OFFERED_MAX
    )
    .fetch_all(store.pool())
    .await?;
    let offered = rows.into_iter().map(|row| {
        let (id, terms, issued) = (row.id, row.terms, row.issued);
        let (created_at, withdrawn_at) = (row.created_at, row.withdrawn_at);
        let campaign = CampaignRow { id, terms, issued, created_at, withdrawn_at };
        (campaign.into(), count(row.had))
    });
    Ok(offered.collect())
}

/// How many coupons of a campaign this customer has had, and how many they hold unused of all whose time
/// is not over.
pub async fn counts(
    store: &Store,
    campaign: CampaignId,
    customer: UserId,
    now: Timestamp,
) -> Result<(u32, u32), StoreError> {
    let row = sqlx::query!(
        r#"select (select count(*) from coupon.coupons
                   where campaign_id = $1 and customer_id = $2) as "had!",
                  (select count(*) from coupon.coupons mine join coupon.campaigns campaign on campaign.id = campaign_id
                   where mine.customer_id = $2 and mine.state <> 'redeemed' and until_at > $3) as "unused!""#,
        campaign.0,
        customer.0,
        now
    )
    .fetch_one(store.pool())
    .await?;
    Ok((count(row.had), count(row.unused)))
}

/// Issues the customer's next coupon of a campaign. A conflict if there are no more, in all or for one
/// customer, if it was withdrawn, or if another one was issued to them at once, or under the same key.
pub async fn claim(
    store: &Store,
    campaign: CampaignId,
    (id, key): (CouponId, Option<Uuid>),
    customer: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Coupons of one campaign are issued one after the other: the update holds its row until the commit.
    // How many its customer has is read before that: of two at once one breaks the constraint.
    let issued = sqlx::query!(
        "with mine as (
             select count(*) as had from coupon.coupons where campaign_id = $1 and customer_id = $3
         ), campaign as (
             update coupon.campaigns set issued = issued + 1
             where id = $1 and withdrawn_at is null and (total is null or issued < total)
               and (select had from mine) < per_customer
             returning id
         )
         insert into coupon.coupons (id, campaign_id, customer_id, number, claimed_at, claim_key)
         select $2, id, $3, 1 + had, $4, $5 from campaign, mine",
        campaign.0,
        id.0,
        customer.0,
        now,
        key
    )
    .execute(store.pool())
    .await;
    match issued {
        Ok(issued) if issued.rows_affected() == 1 => Ok(()),
        Ok(_) => Err(StoreError::Conflict),
        Err(error) => match broken_constraint(&error) {
            Some("coupons_numbered_once" | "coupons_claimed_once") => Err(StoreError::Conflict),
            _ => Err(error.into()),
        },
    }
}

/// The coupon that was claimed under this key.
pub async fn by_key(store: &Store, customer: UserId, key: Uuid) -> Result<Option<Coupon>, StoreError> {
    let row = sqlx::query_as!(
        CouponRow,
        r#"select mine.id, campaign_id, customer_id, terms as "terms: Json<Terms>",
                  withdrawn_at is not null as "is_withdrawn!", state, order_id, claimed_at
           from coupon.coupons mine join coupon.campaigns campaign on campaign.id = campaign_id
           where claim_key = $1 and customer_id = $2"#,
        key,
        customer.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Coupon::try_from).transpose()
}

/// A customer's coupons, newest first, older than `before`, at most `limit`.
pub async fn of_customer(
    store: &Store,
    customer: UserId,
    before: Option<CouponId>,
    limit: u32,
) -> Result<Vec<Coupon>, StoreError> {
    let rows = sqlx::query_as!(
        CouponRow,
        r#"select mine.id, campaign_id, customer_id, terms as "terms: Json<Terms>",
                  withdrawn_at is not null as "is_withdrawn!", state, order_id, claimed_at
           from coupon.coupons mine join coupon.campaigns campaign on campaign.id = campaign_id
           where customer_id = $1 and mine.id < $2 order by mine.id desc limit $3"#,
        customer.0,
        before.map_or(Uuid::max(), |id| id.0),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Coupon::try_from).collect()
}

/// A customer's coupons that no order has used and whose time is not over, newest first.
pub async fn unused(store: &Store, customer: UserId, now: Timestamp) -> Result<Vec<Coupon>, StoreError> {
    let rows = sqlx::query_as!(
        CouponRow,
        r#"select mine.id, campaign_id, customer_id, terms as "terms: Json<Terms>",
                  withdrawn_at is not null as "is_withdrawn!", state, order_id, claimed_at
           from coupon.coupons mine join coupon.campaigns campaign on campaign.id = campaign_id
           where customer_id = $1 and state <> 'redeemed' and until_at > $2 order by mine.id desc"#,
        customer.0,
        now
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Coupon::try_from).collect()
}

/// Those of these coupons that are this customer's, in no order.
pub async fn find(store: &Store, customer: UserId, ids: &[CouponId]) -> Result<Vec<Coupon>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        CouponRow,
        r#"select mine.id, campaign_id, customer_id, terms as "terms: Json<Terms>",
                  withdrawn_at is not null as "is_withdrawn!", state, order_id, claimed_at
           from coupon.coupons mine join coupon.campaigns campaign on campaign.id = campaign_id
           where mine.id = any($1) and customer_id = $2"#,
        &ids,
        customer.0
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Coupon::try_from).collect()
}

/// What [`reserve`] has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reserved {
    /// How many coupons.
    pub count: usize,
    /// Whether one of them is for who has not ordered yet.
    pub for_the_first_order: bool,
}

/// Reserves those of these coupons for an order that are its customer's and that no order has.
pub(crate) async fn reserve(
    tx: &mut Tx,
    (order, customer): (OrderId, UserId),
    coupons: &[CouponId],
) -> Result<Reserved, StoreError> {
    let ids: Vec<Uuid> = coupons.iter().map(|id| id.0).collect();
    let row = sqlx::query!(
        r#"with reserved as (
             update coupon.coupons set state = 'reserved', order_id = $1
             where id = any($2) and customer_id = $3 and state = 'claimed' returning campaign_id
         )
         select count(*) as "count!",
                coalesce(bool_or((terms ->> 'first_order')::boolean), false) as "for_the_first_order!"
         from reserved join coupon.campaigns campaign on campaign.id = campaign_id"#,
        order.0,
        &ids,
        customer.0
    )
    .fetch_one(&mut **tx)
    .await?;
    let count = usize::try_from(row.count).unwrap_or(usize::MAX);
    Ok(Reserved { count, for_the_first_order: row.for_the_first_order })
}

/// The order is paid: its coupons are used.
pub(crate) async fn redeem(tx: &mut Tx, order: OrderId) -> Result<(), StoreError> {
    sqlx::query!(
        "update coupon.coupons set state = 'redeemed' where order_id = $1 and state = 'reserved'",
        order.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives the coupons of an order back to its customer. May be repeated.
pub(crate) async fn release(tx: &mut Tx, order: OrderId) -> Result<(), StoreError> {
    sqlx::query!("update coupon.coupons set state = 'claimed', order_id = null where order_id = $1", order.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets the coupons that somebody who leaves has not used.
pub async fn erase(store: &Store, customer: UserId) -> Result<(), StoreError> {
    sqlx::query!("delete from coupon.coupons where customer_id = $1 and state = 'claimed'", customer.0)
        .execute(store.pool())
        .await?;
    Ok(())
}

struct CampaignRow {
    id: Uuid,
    terms: Json<Terms>,
    issued: i32,
    created_at: Timestamp,
    withdrawn_at: Option<Timestamp>,
}

impl From<CampaignRow> for Campaign {
    fn from(row: CampaignRow) -> Self {
        Self {
            id: CampaignId(row.id),
            terms: row.terms.0,
            issued: row.issued.unsigned_abs(),
            created_at: row.created_at,
            withdrawn_at: row.withdrawn_at,
        }
    }
}

struct CouponRow {
    id: Uuid,
    campaign_id: Uuid,
    customer_id: Uuid,
    terms: Json<Terms>,
    is_withdrawn: bool,
    state: String,
    order_id: Option<Uuid>,
    claimed_at: Timestamp,
}

impl TryFrom<CouponRow> for Coupon {
    type Error = StoreError;

    fn try_from(row: CouponRow) -> Result<Self, StoreError> {
        let state = CouponState::parse(&row.state, row.order_id.map(OrderId))
            .ok_or_else(|| StoreError::Fault(format!("coupon state {}", row.state).into()))?;
        Ok(Self {
            id: CouponId(row.id),
            campaign: CampaignId(row.campaign_id),
            customer: UserId(row.customer_id),
            terms: row.terms.0,
            is_withdrawn: row.is_withdrawn,
            state,
            claimed_at: row.claimed_at,
        })
    }
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn count(rows: i64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
