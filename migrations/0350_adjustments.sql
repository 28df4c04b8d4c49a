-- What operators give back of orders that have arrived. The number is the place among those of its order:
-- two that were decided from the same state cannot both be written.
create table orders.adjustments (
    id       uuid   not null,
    order_id uuid   not null,
    number   bigint not null,
    state    jsonb  not null,
    constraint adjustments_pkey primary key (id),
    constraint adjustments_in_order unique (order_id, number),
    constraint adjustments_of_an_order foreign key (order_id) references orders.orders (id)
);

-- A payment has a refund for each of them. A program of before, while it still runs, cannot write refunds by
-- the new index: its jobs are tried again, and a program of now does them.
drop index payment.refunds_once;
create unique index refunds_once on payment.refunds (payment_id, reason)
    where reason not in ('lines_cancelled', 'adjusted');
alter table payment.refunds drop constraint refunds_reason_known;
alter table payment.refunds add constraint refunds_reason_known
    check (reason in ('order_ended', 'lines_cancelled', 'adjusted', 'amount_differs', 'late_approval'));

alter table ledger.entries drop constraint entries_kind_known;
alter table ledger.entries add constraint entries_kind_known check (kind in ('payment_taken', 'refund_owed',
    'refund_paid', 'order_shared', 'order_adjusted', 'points_earned', 'points_given', 'points_used',
    'points_returned', 'points_expired'));
