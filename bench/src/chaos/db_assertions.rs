//! What the store contains, read with psql at the end of the run.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::postgres::Postgres;
use crate::Outcome;

/// A stored fix. Times are seconds since 1970, of the commit.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Fix {
    pub(crate) courier: Uuid,
    pub(crate) track: i64,
    pub(crate) seq: i64,
    pub(crate) committed: f64,
}

/// A courier's session epoch, and when it was taken.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Epoch {
    pub(crate) courier: Uuid,
    pub(crate) epoch: i64,
    pub(crate) committed: f64,
}

/// An entry of a log channel.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Entry {
    pub(crate) channel: String,
    pub(crate) offset: i64,
    pub(crate) kind: String,
    /// A message's client id.
    pub(crate) mark: Option<Uuid>,
    /// Whether the entry is hidden from customers.
    pub(crate) staff: bool,
    pub(crate) committed: f64,
}

/// An order's row.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) status: String,
    /// How many offers of it were accepted.
    pub(crate) winners: i64,
    /// Payments of it that stand.
    pub(crate) paid: i64,
    /// The courier who delivers the order.
    pub(crate) courier: Option<Uuid>,
}

/// A cart's row.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Cart {
    pub(crate) customer: Uuid,
    pub(crate) version: i64,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) fixes: Vec<Fix>,
    pub(crate) epochs: Vec<Epoch>,
    /// By channel, by offset.
    pub(crate) channels: BTreeMap<String, Vec<Entry>>,
    pub(crate) orders: Vec<Order>,
    pub(crate) carts: Vec<Cart>,
    /// Jobs that failed and were not done since, with their last error.
    pub(crate) stuck_jobs: Vec<String>,
    /// Coupons and campaigns that do not agree with the orders.
    pub(crate) wrong_coupons: Vec<String>,
    /// Customers and orders whose points or refunds do not agree with the ledger, or with each other.
    pub(crate) wrong_money: Vec<String>,
}

/// Writes down, in a table of our own, when which epoch was taken: the store
/// keeps the newest only.
pub(crate) const WITNESS: &str = "
    create schema chaos;
    create table chaos.epochs (courier uuid not null, epoch bigint not null);
    create function chaos.note_epoch() returns trigger language plpgsql as $$
    begin
        insert into chaos.epochs values (new.id, new.session_epoch);
        return new;
    end $$;
    create trigger note_epoch after update of session_epoch on tracking.couriers
        for each row execute function chaos.note_epoch();";

const FIXES: &str = "select courier_id as courier, track, seq,
    extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as committed from tracking.positions";

const EPOCHS: &str = "select courier, epoch,
    extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as committed from chaos.epochs";

const ENTRIES: &str = "select channel, \"offset\", type as kind, null::uuid as mark, audience = 1 as staff,
    extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as committed from journal.events
    union all
    select 'chat:' || conversation_id, seq, kind, client_message_id, private_note,
    extract(epoch from pg_xact_commit_timestamp(xmin))::float8 from support.entries
    order by 1, 2";

const ORDERS: &str = "select id, version, status, courier_id as courier,
    (select count(*) from tracking.offers f where f.order_id = o.id and f.status = 'accepted') as winners,
    (select count(*) from payment.payments p where p.order_id = o.id
        and p.status in ('done', 'partially_cancelled')) as paid
    from orders.orders o";

const CARTS: &str = "select customer_id as customer, version from cart.carts";

const STUCK: &str = "
    select concat_ws(', ', 'job ' || job.id, 'due ' || run_at, 'attempts ' || attempts, 'key ' || key,
                     'locked ' || job.locked_at, 'queue locked ' || queue.locked_at, last_error)
    from graphile_worker._private_jobs as job
    left join graphile_worker._private_job_queues as queue on queue.id = job.job_queue_id
    where attempts > 0 and last_error is not null and run_at < now()
        and not exists (select from graphile_worker._private_job_retirements old where old.id = job.id)";

const WRONG_COUPONS: &str = "
    select concat_ws(' ', 'coupon', mine.id, 'is', mine.state, 'of order', held.id, held.status)
    from coupon.coupons mine left join orders.orders held on held.id = mine.order_id
    where case mine.state
        when 'reserved' then held.status is distinct from 'pending_payment'
        when 'redeemed' then coalesce(held.status, '') in ('', 'pending_payment', 'expired', 'rejected')
        else exists (select from orders.orders other where other.customer_id = mine.customer_id
                     and other.status not in ('cancelled', 'rejected', 'expired', 'delivery_failed')
                     and other.state -> 'discounts' @> jsonb_build_array(jsonb_build_object('coupon', mine.id)))
        end
    union all
    select concat_ws(' ', 'campaign', id, 'has issued', issued) from coupon.campaigns
    where issued <> (select count(*) from coupon.coupons where campaign_id = campaigns.id)";

const WRONG_MONEY: &str = "
    with lots as (
        select customer_id as customer, sum(left_won) as won from points.lots group by customer_id
    ), held as (
        select customer_id as customer, sum(amount_won - returned_won) as won
        from points.uses join orders.orders on id = order_id where status = 'pending_payment' group by customer_id
    ), owed as (
        select party_id as customer, -sum(amount_won) as won from ledger.postings
        where account = 'points' group by party_id
    )
    select concat_ws(' ', 'customer', customer, 'has', lots.won, held.won, 'points, and is owed', owed.won)
    from lots full join held using (customer) full join owed using (customer)
    where coalesce(lots.won, 0) + coalesce(held.won, 0) <> coalesce(owed.won, 0)
    union all
    select concat_ws(' ', 'order', id, status, 'is paid with', state ->> 'points', 'points') from orders.orders
    where coalesce((state ->> 'points')::bigint, 0)
        + (select coalesce(sum((one #>> '{back,points}')::bigint), 0)
           from jsonb_array_elements(state -> 'cancellations') as one)
        <> (select coalesce(sum(amount_won), 0) from points.uses where order_id = orders.id)
    union all
    select concat_ws(' ', 'order', id, 'owes a refund for', state ->> 'cancellations') from orders.orders
    where (select coalesce(sum((one #>> '{back,money}')::bigint), 0)
           from jsonb_array_elements(state -> 'cancellations') as one)
        <> (select coalesce(sum(amount_won), 0) from payment.refunds
            where order_id = orders.id and reason = 'lines_cancelled')
    union all
    select concat_ws(' ', 'adjustment', id, 'owes a refund of', state ->> 'back') from orders.adjustments
    where (state #>> '{back,money}')::bigint
        <> coalesce((select amount_won from payment.refunds where refunds.id = adjustments.id), 0)
    union all
    select concat_ws(' ', 'order', id, 'gave back more than was paid') from orders.orders
    where (state ->> 'payable')::bigint
        < (select coalesce(sum(amount_won), 0) from payment.refunds
           where order_id = orders.id and reason in ('adjusted', 'order_ended'))
    union all
    select concat_ws(' ', 'order', id, 'earned', state ->> 'reward', 'points') from orders.orders
    where case status when 'completed' then coalesce((state ->> 'reward')::bigint, 0) else 0 end
        <> (select coalesce(sum(amount_won), 0) from points.lots where order_id = orders.id)";

impl Facts {
    /// Reads all of it.
    pub(crate) async fn read(postgres: &Postgres) -> Outcome<Self> {
        let entries: Vec<Entry> = postgres.rows(ENTRIES).await?;
        let mut channels: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            channels.entry(entry.channel.clone()).or_default().push(entry);
        }
        Ok(Self {
            fixes: postgres.rows(FIXES).await?,
            epochs: postgres.rows(EPOCHS).await?,
            channels,
            orders: postgres.rows(ORDERS).await?,
            carts: postgres.rows(CARTS).await?,
            stuck_jobs: postgres.sql(STUCK).await?.lines().map(str::to_owned).collect(),
            wrong_coupons: postgres.sql(WRONG_COUPONS).await?.lines().map(str::to_owned).collect(),
            wrong_money: postgres.sql(WRONG_MONEY).await?.lines().map(str::to_owned).collect(),
        })
    }
}
