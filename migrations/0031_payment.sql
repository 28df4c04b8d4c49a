-- Payments of orders. A try is written down before the gateway is asked, so
-- that money which was taken while the process died is found again.
create schema payment;

create table payment.payments (
    id          uuid        not null,
    order_id    uuid        not null,
    customer_id uuid        not null,
    amount_won  bigint      not null,
    status      text        not null,
    asked       integer     not null default 0,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint payments_pkey primary key (id),
    constraint payments_amount_positive check (amount_won > 0),
    constraint payments_status_known
        check (status in ('in_progress', 'done', 'aborted', 'unknown', 'cancelled'))
);

-- At most one try per order is open or has succeeded: nobody pays twice.
create unique index payments_one_live on payment.payments (order_id)
    where status in ('in_progress', 'unknown', 'done');

-- What the sandbox gateway knows. It plays the third party, which would
-- remember its charges across our restarts; nothing else reads this table.
create table payment.sandbox_charges (
    payment_id  uuid        not null,
    amount_won  bigint      not null,
    outcome     text        not null,
    settles_at  timestamptz not null,
    cancelled   boolean     not null default false,
    constraint sandbox_charges_pkey primary key (payment_id),
    constraint sandbox_charges_outcome_known check (outcome in ('approved', 'declined'))
);
