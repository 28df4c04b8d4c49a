-- Restaurants, as their owners describe them.
create schema restaurant;

create table restaurant.restaurants (
    id                uuid             not null,
    owner_id          uuid             not null,
    name              text             not null,
    category          text             not null,
    phone             text             not null,
    lat               double precision not null,
    lon               double precision not null,
    gu                text             not null,
    dong              text             not null,
    minimum_order_won bigint           not null,
    preparation_mins  smallint         not null,
    paused_until      timestamptz,
    -- Rules that are read and written whole, and decided on only by the domain:
    -- domain::tip::TipPlan, domain::restaurant::Hours, and a list of Zones.
    tip               jsonb            not null,
    hours             jsonb            not null,
    zones             jsonb            not null,
    -- How far the zones reach at most. It lets the search near a point leave
    -- out restaurants that cannot deliver there without reading their zones.
    reach_m           integer          not null,
    constraint restaurants_pkey primary key (id),
    constraint restaurants_minimum_not_negative check (minimum_order_won >= 0),
    constraint restaurants_preparation_in_range check (preparation_mins between 5 and 90),
    constraint restaurants_on_earth check (lat between -90 and 90 and lon between -180 and 180),
    constraint restaurants_reach_in_range check (reach_m between 0 and 20000)
);

create index restaurants_of_owner on restaurant.restaurants (owner_id, id);
create index restaurants_by_place on restaurant.restaurants (lat, lon);
