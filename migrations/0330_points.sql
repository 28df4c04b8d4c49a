-- Points: completed orders earn lots of them, operators give some, orders use them.
create schema points;

create table points.lots (
    -- Of an order that earned it, the order's id.
    id          uuid        not null,
    customer_id uuid        not null,
    order_id    uuid,
    -- Of a grant: why, who gave it, and of which request, so that its repetition gives no more.
    reason      text,
    given_by    uuid,
    grant_key   uuid,
    amount_won  bigint      not null,
    left_won    bigint      not null,
    given_at    timestamptz not null,
    expires_at  timestamptz not null,
    constraint lots_pkey primary key (id),
    constraint lots_given_once unique (grant_key),
    constraint lots_reason_known check (reason in ('apology', 'prize', 'correction')),
    constraint lots_earned_or_given
        check ((order_id is null) = (reason is not null) and (reason is null) = (given_by is null)),
    constraint lots_never_negative check (left_won between 0 and amount_won)
);

create index lots_of_a_customer on points.lots (customer_id, expires_at, id) where left_won > 0;
create index lots_that_expire on points.lots (expires_at, id) where left_won > 0;
create index lots_given on points.lots (id) where reason is not null;

-- What an order holds or has used of a lot. What is returned is in the lot again.
create table points.uses (
    order_id     uuid   not null,
    lot_id       uuid   not null,
    amount_won   bigint not null,
    returned_won bigint not null default 0,
    constraint uses_pkey primary key (order_id, lot_id),
    constraint uses_of_a_lot foreign key (lot_id) references points.lots (id),
    constraint uses_of_something check (amount_won > 0),
    constraint uses_return_no_more_than_they_took check (returned_won between 0 and amount_won)
);

-- How many points a cart is to be paid with.
alter table cart.carts add column points_won bigint not null default 0
    constraint carts_points_not_negative check (points_won >= 0);

-- Points that are given and that expire are of no order.
alter table ledger.entries alter column order_id drop not null;
alter table ledger.entries drop constraint entries_kind_known;
alter table ledger.entries add constraint entries_kind_known check (kind in ('payment_taken', 'refund_owed',
    'refund_paid', 'order_shared', 'points_earned', 'points_given', 'points_used', 'points_returned',
    'points_expired'));
alter table ledger.entries add constraint entries_of_an_order
    check ((order_id is null) = (kind in ('points_given', 'points_expired')));
alter table ledger.postings drop constraint postings_account_known;
alter table ledger.postings add constraint postings_account_known check (account in ('gateway', 'deposits',
    'refunds', 'restaurant', 'courier', 'commission', 'vat', 'amends', 'coupons', 'points', 'rewards'));
alter table ledger.postings drop constraint postings_party_of_its_own;
alter table ledger.postings add constraint postings_party_of_its_own
    check ((party_id is not null) = (account in ('restaurant', 'courier', 'points')));
