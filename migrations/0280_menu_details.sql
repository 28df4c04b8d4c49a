-- What owners say of their menus: their own ids, what is hidden, what is sold out for a while, where
-- ingredients come from, and how many of a dish may be sold on one day.
--
-- All columns have defaults, so that an older process that still writes rows goes on doing so.
alter table menu.groups
    -- The id at the owner's system. That no two things of a card have the same one is a rule of the
    -- whole card (domain/src/menu/check.rs), which is checked with each of its versions.
    add column external_id text,
    add column hidden boolean not null default false;

alter table menu.menus
    add column external_id text,
    add column hidden boolean not null default false,
    add column kind text not null default 'food',
    -- Sold out until then; null with `sold_out`: until somebody says otherwise.
    add column sold_out_until timestamptz,
    add column daily_limit integer,
    -- Ingredient and origin by turns.
    add column origins text[] not null default '{}',
    add column allergens text[] not null default '{}',
    add constraint menus_kind check (kind in ('food', 'alcohol', 'disposable')),
    add constraint menus_end_of_sold_out check (sold_out_until is null or sold_out),
    add constraint menus_some_a_day check (daily_limit between 1 and 10000),
    add constraint menus_origins_in_pairs check (cardinality(origins) % 2 = 0),
    -- 식품 등의 표시·광고에 관한 법률 시행규칙 별표 2
    add constraint menus_allergens check (allergens <@ array[
        'egg', 'milk', 'buckwheat', 'peanut', 'soybean', 'wheat', 'mackerel', 'crab', 'shrimp', 'pork',
        'peach', 'tomato', 'sulfite', 'walnut', 'chicken', 'beef', 'squid', 'shellfish', 'oyster',
        'abalone', 'mussel', 'pine_nut']);

alter table menu.option_groups
    add column external_id text,
    -- How many of what is chosen cost nothing, the cheapest first.
    add column free_up_to smallint not null default 0,
    add constraint option_groups_free_in_range check (free_up_to >= 0 and free_up_to <= max);

alter table menu.options
    add column external_id text,
    add column hidden boolean not null default false,
    add column is_default boolean not null default false,
    add column sold_out_until timestamptz,
    add constraint options_end_of_sold_out check (sold_out_until is null or sold_out),
    add constraint options_default_costs_nothing check (not is_default or price_won = 0);

-- Which prices were changed by which version of a card, by whom and when. Rows are added and never
-- changed; dishes and options that are gone keep theirs.
create table menu.price_changes (
    id            bigint      generated always as identity,
    restaurant_id uuid        not null,
    version       bigint      not null,
    menu_id       uuid        not null,
    -- Null for the price of the dish itself.
    option_id     uuid,
    name          text        not null,
    -- Null if it was added.
    from_won      bigint,
    -- Null if it was removed.
    to_won        bigint,
    -- Null if the program itself did it.
    changed_by    uuid,
    changed_at    timestamptz not null,
    constraint price_changes_pkey primary key (id),
    constraint price_changes_one_price check (from_won is not null or to_won is not null)
);

create index price_changes_newest on menu.price_changes (restaurant_id, id desc);

-- How many of a dish with a daily limit are sold or reserved on a day of Seoul. An order adds its
-- portions in the transaction that places it, if that stays within the limit, and takes them away in
-- the one that ends it unsold; the row lock puts the orders for one dish in order.
create table menu.stock (
    menu_id uuid    not null,
    day     date    not null,
    sold    integer not null,
    constraint stock_pkey primary key (menu_id, day),
    constraint stock_not_negative check (sold >= 0)
);

-- The portions that an order holds, as long as it may still give them back.
create table menu.reservations (
    order_id uuid    not null,
    menu_id  uuid    not null,
    day      date    not null,
    quantity integer not null,
    -- Whose order it is, until that is paid: for them these portions are not gone, because another
    -- order of theirs takes its place.
    unpaid_of uuid,
    constraint reservations_pkey primary key (order_id, menu_id),
    constraint reservations_some check (quantity > 0)
);

create index reservations_unpaid on menu.reservations (unpaid_of) where unpaid_of is not null;
create index reservations_day on menu.reservations (day);
create index stock_day on menu.stock (day);
