-- How many scheduled orders a restaurant takes for each half-hour, and how many there are.
alter table restaurant.restaurants
    add column orders_per_slot integer,
    add constraint restaurants_orders_per_slot_in_range check (orders_per_slot between 1 and 1000);

create table restaurant.slots (
    restaurant_id uuid        not null,
    starts_at     timestamptz not null,
    orders        integer     not null,
    constraint slots_pkey primary key (restaurant_id, starts_at),
    constraint slots_not_negative check (orders >= 0)
);

create index slots_by_time on restaurant.slots (starts_at);

-- Which order is counted in which slot. What an unpaid order holds does not count for its customer's
-- next one, which takes its place.
create table restaurant.slot_holds (
    order_id      uuid        not null,
    restaurant_id uuid        not null,
    starts_at     timestamptz not null,
    unpaid_of     uuid,
    constraint slot_holds_pkey primary key (order_id)
);

create index slot_holds_by_restaurant on restaurant.slot_holds (restaurant_id, starts_at);
create index slot_holds_unpaid on restaurant.slot_holds (unpaid_of) where unpaid_of is not null;
create index slot_holds_by_time on restaurant.slot_holds (starts_at);

-- Orders that are scheduled already hold their slots.
insert into restaurant.slot_holds (order_id, restaurant_id, starts_at, unpaid_of)
select id, restaurant_id, date_bin('30 minutes', (state ->> 'slot')::timestamptz, timestamptz '2000-01-01 00:00:00+00'),
       case when status = 'pending_payment' then customer_id end
from orders.orders
where status in ('pending_payment', 'scheduled') and state ->> 'slot' is not null;

insert into restaurant.slots (restaurant_id, starts_at, orders)
select restaurant_id, starts_at, count(*) from restaurant.slot_holds group by restaurant_id, starts_at;
