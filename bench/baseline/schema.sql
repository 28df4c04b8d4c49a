-- The tables of the baseline. Amounts are whole won.

create table restaurants (
    id                uuid             primary key,
    name              text             not null,
    lat               double precision not null,
    lon               double precision not null,
    minimum_order_won bigint           not null check (minimum_order_won >= 0),
    radius_m          integer          not null check (radius_m > 0),
    -- The tip grows by step_won for each started step_m beyond base_m.
    tip_base_m        integer          not null,
    tip_step_m        integer          not null check (tip_step_m > 0),
    tip_step_won      bigint           not null check (tip_step_won >= 0),
    takes_pickup      boolean          not null,
    paused            boolean          not null default false,
    menu_version      bigint           not null default 1
);

-- Minutes after midnight in Korea; a range past midnight ends after 1440. Monday is 0.
create table opening_hours (
    restaurant_id uuid     not null references restaurants,
    weekday       smallint not null check (weekday between 0 and 6),
    from_min      integer  not null check (from_min between 0 and 1439),
    to_min        integer  not null check (to_min > from_min and to_min <= 2880),
    primary key (restaurant_id, weekday, from_min)
);

create table tip_tiers (
    restaurant_id uuid   not null references restaurants,
    from_won      bigint not null check (from_won >= 0),
    tip_won       bigint not null check (tip_won >= 0),
    primary key (restaurant_id, from_won)
);

create table menus (
    id            uuid    primary key,
    restaurant_id uuid    not null references restaurants,
    name          text    not null,
    price_won     bigint  not null check (price_won between 0 and 10000000),
    sold_out      boolean not null default false
);
create index menus_of_a_restaurant on menus (restaurant_id);

create table option_groups (
    id         uuid    primary key,
    menu_id    uuid    not null references menus,
    name       text    not null,
    min_choice integer not null check (min_choice >= 0),
    max_choice integer not null check (max_choice >= min_choice)
);
create index option_groups_of_a_menu on option_groups (menu_id);

create table options (
    id           uuid    primary key,
    group_id     uuid    not null references option_groups,
    name         text    not null,
    price_won    bigint  not null check (price_won between 0 and 10000000),
    max_quantity integer not null check (max_quantity > 0),
    sold_out     boolean not null default false
);
create index options_of_a_group on options (group_id);

create table customers (
    id   uuid primary key,
    name text not null
);

create table addresses (
    id            uuid             primary key,
    customer_id   uuid             not null references customers,
    lat           double precision not null,
    lon           double precision not null,
    road_address  text             not null,
    detail        text             not null,
    entrance_note text             not null
);
create index addresses_of_a_customer on addresses (customer_id);

create table payment_methods (
    id          uuid primary key,
    customer_id uuid not null references customers,
    kind        text not null check (kind in ('card', 'easy_pay', 'bank')),
    billing_key text not null
);
create index payment_methods_of_a_customer on payment_methods (customer_id);

-- A cart is read and written whole, so its lines are one document.
create table carts (
    customer_id   uuid        primary key,
    version       bigint      not null check (version > 0),
    restaurant_id uuid,
    lines         jsonb       not null,
    updated_at    timestamptz not null
);

create table quotes (
    id           uuid        primary key,
    customer_id  uuid        not null,
    cart_version bigint      not null,
    quote        jsonb       not null,
    expires_at   timestamptz not null
);
create index quotes_of_a_customer on quotes (customer_id, expires_at);

create table orders (
    id              uuid        primary key,
    version         bigint      not null,
    status          text        not null,
    customer_id     uuid        not null,
    restaurant_id   uuid        not null,
    restaurant_name text        not null,
    quote_id        uuid        not null,
    cart_version    bigint      not null,
    fulfilment      text        not null check (fulfilment in ('delivery', 'pickup')),
    subtotal_won    bigint      not null,
    tip_won         bigint      not null,
    payable_won     bigint      not null check (payable_won >= 0),
    vat_won         bigint      not null,
    drop_off        jsonb,
    note            text        not null,
    courier_note    text        not null,
    contactless     boolean     not null,
    cutlery         boolean     not null,
    created_at      timestamptz not null,
    placed_at       timestamptz,
    constraint orders_quote_once unique (quote_id)
);
-- Ids are in the order of their making, so they are the cursor of both lists.
create index orders_of_a_customer on orders (customer_id, id desc);
create index orders_of_a_restaurant on orders (restaurant_id, id desc) where placed_at is not null;
-- One version of a cart is ordered once, whatever quotes there are for it.
create unique index orders_one_live_per_cart on orders (customer_id, cart_version)
    where status not in ('cancelled', 'rejected', 'expired');

create table order_lines (
    order_id       uuid     not null references orders,
    number         smallint not null,
    line_id        uuid     not null,
    menu_id        uuid     not null,
    name           text     not null,
    quantity       integer  not null check (quantity > 0),
    unit_price_won bigint   not null,
    total_won      bigint   not null,
    options        jsonb    not null,
    primary key (order_id, number)
);

create table order_events (
    order_id uuid        not null references orders,
    number   bigint      not null,
    kind     text        not null,
    data     jsonb       not null,
    at       timestamptz not null,
    primary key (order_id, number)
);

create table payments (
    id          uuid        primary key,
    order_id    uuid        not null references orders,
    customer_id uuid        not null,
    method_id   uuid        not null,
    amount_won  bigint      not null,
    status      text        not null check (status in ('in_progress', 'unknown', 'done', 'aborted')),
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create index payments_of_an_order on payments (order_id);
create index payments_of_a_customer on payments (customer_id, id desc);
-- An order is never charged twice: a second payment waits until the first one has failed.
create unique index payments_one_live on payments (order_id)
    where status in ('in_progress', 'unknown', 'done');

-- Each call of the gateway, written down before it is made.
create table payment_tries (
    payment_id uuid        not null references payments,
    number     integer     not null,
    started_at timestamptz not null,
    ended_at   timestamptz,
    outcome    text,
    detail     text,
    primary key (payment_id, number)
);

-- Double entry: the postings of an entry are together zero. A debit is positive.
create table ledger_entries (
    id        uuid        primary key,
    kind      text        not null,
    reference uuid        not null,
    order_id  uuid        not null,
    at        timestamptz not null,
    constraint ledger_entries_once unique (kind, reference)
);
create index ledger_entries_of_an_order on ledger_entries (order_id);

create table ledger_postings (
    entry_id   uuid     not null references ledger_entries,
    number     smallint not null,
    account    text     not null,
    amount_won bigint   not null check (amount_won <> 0),
    primary key (entry_id, number)
);

-- The answers that were given under an idempotency key.
create table idempotency_keys (
    user_id      uuid        not null,
    name         text        not null,
    request_hash bytea       not null,
    status       smallint    not null,
    body         bytea       not null,
    created_at   timestamptz not null,
    primary key (user_id, name)
);

-- What is to be done after a commit. A worker takes the due ones with `for update skip locked`.
create table jobs (
    id      bigint      primary key generated always as identity,
    kind    text        not null,
    payload jsonb       not null,
    run_at  timestamptz not null
);
create index jobs_due on jobs (run_at, id);
