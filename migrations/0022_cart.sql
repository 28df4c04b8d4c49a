-- Carts, and the prices that were promised for them.
create schema cart;

-- One cart for each customer. Its lines are always read and written whole by
-- the one entity that owns them, so they are one document.
create table cart.carts (
    customer_id   uuid   not null,
    version       bigint not null,
    restaurant_id uuid,
    lines         jsonb  not null,
    constraint carts_pkey primary key (customer_id),
    constraint carts_version_positive check (version > 0),
    -- The restaurant is known exactly while there are lines.
    constraint carts_of_one_restaurant check ((restaurant_id is null) = (lines = '[]'))
);

-- A quote never changes. Old ones of a customer go when they ask for a new one.
create table cart.quotes (
    id          uuid        not null,
    customer_id uuid        not null,
    quote       jsonb       not null,
    expires_at  timestamptz not null,
    constraint quotes_pkey primary key (id)
);

create index quotes_of_customer on cart.quotes (customer_id, expires_at);
