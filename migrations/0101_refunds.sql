-- Money that goes back, as rows: asked for in the transaction that decides on it, tried
-- again under the same key until the gateway has said.
create table payment.refunds (
    id         uuid        not null,
    payment_id uuid        not null,
    order_id   uuid        not null,
    amount_won bigint      not null,
    reason     text        not null,
    status     text        not null,
    attempts   integer     not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint refunds_pkey primary key (id),
    constraint refunds_of_a_payment foreign key (payment_id) references payment.payments (id),
    constraint refunds_amount_positive check (amount_won > 0),
    constraint refunds_reason_known check (reason in ('order_ended', 'amount_differs', 'late_approval')),
    constraint refunds_status_known check (status in ('requested', 'succeeded', 'failed'))
);

-- An order ends once, an amount differs once: a repetition finds the refund that is there.
create unique index refunds_once on payment.refunds (payment_id, reason);

create index refunds_of_an_order on payment.refunds (order_id);

-- What somebody has to look at.
create index refunds_open on payment.refunds (created_at) where status <> 'succeeded';
create index payments_open on payment.payments (created_at) where status in ('in_progress', 'unknown');

-- A part of a payment may go back. What is left still counts as paid.
alter table payment.payments drop constraint payments_status_known;
alter table payment.payments add constraint payments_status_known
    check (status in ('in_progress', 'done', 'aborted', 'unknown', 'partially_cancelled', 'cancelled'));

drop index payment.payments_one_live;
create unique index payments_one_live on payment.payments (order_id)
    where status in ('in_progress', 'unknown', 'done', 'partially_cancelled');

-- The sandbox gateway: a charge that reaches it late is not known before, and each
-- refund is done once.
alter table payment.sandbox_charges add column known_at timestamptz;

create table payment.sandbox_refunds (
    refund_id  uuid   not null,
    payment_id uuid   not null,
    amount_won bigint not null,
    constraint sandbox_refunds_pkey primary key (refund_id)
);
