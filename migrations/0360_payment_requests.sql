-- Ways through the payment gateway's window to pay an order, before they are confirmed: they are no payments yet.
create table payment.requests (
    id          uuid        not null,
    order_id    uuid        not null,
    customer_id uuid        not null,
    amount_won  bigint      not null,
    created_at  timestamptz not null,
    constraint requests_pkey primary key (id),
    constraint requests_of_something check (amount_won > 0)
);

create index requests_by_age on payment.requests (created_at);
