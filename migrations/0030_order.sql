-- Orders. The state machine lives in domain; a row is its latest state as one
-- document, with the columns beside it by which rows are found and fenced. A
-- document, because an order is always read and written whole by its entity,
-- and because what was sold must not change when a menu does.
create schema orders;

create table orders.orders (
    id            uuid        not null,
    version       bigint      not null,
    status        text        not null,
    customer_id   uuid        not null,
    restaurant_id uuid        not null,
    courier_id    uuid,
    payable_won   bigint      not null,
    created_at    timestamptz not null,
    placed_at     timestamptz,
    quote_id      uuid        not null,
    state         jsonb       not null,
    constraint orders_pkey primary key (id),
    -- A quote is ordered once; the second order of the same quote loses.
    constraint orders_quote_once unique (quote_id),
    constraint orders_version_positive check (version > 0),
    constraint orders_payable_not_negative check (payable_won >= 0)
);

-- A customer's history and a restaurant's board, newest first; ids are in the
-- order of their making, so they are the cursor.
create index orders_by_customer on orders.orders (customer_id, id desc);
create index orders_by_restaurant on orders.orders (restaurant_id, id desc) where placed_at is not null;
