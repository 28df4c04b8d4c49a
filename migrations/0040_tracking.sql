-- Couriers, what they are asked to bring, and how it goes.
create schema tracking;

-- A courier is a user with that role; the row appears when they first work.
create table tracking.couriers (
    id            uuid    not null,
    name          text    not null,
    vehicle       text    not null,
    on_shift      boolean not null default false,
    -- The newest socket's number. What an older socket sends is refused.
    session_epoch bigint  not null default 0,
    constraint couriers_pkey primary key (id),
    constraint couriers_vehicle_known check (vehicle in ('walk', 'bicycle', 'motorbike', 'car'))
);

-- One delivery per order. Every change bumps the version under a fence, and the
-- version is the offset of the delivery's channel in journal.events.
create table tracking.deliveries (
    order_id        uuid             not null,
    version         bigint           not null,
    status          text             not null,
    customer_id     uuid             not null,
    restaurant_id   uuid             not null,
    restaurant_name text             not null,
    pickup_lat      double precision not null,
    pickup_lon      double precision not null,
    drop_off_lat    double precision not null,
    drop_off_lon    double precision not null,
    road_address    text             not null,
    detail          text             not null,
    entrance_note   text             not null,
    courier_id      uuid,
    courier_name    text,
    courier_vehicle text,
    requested_at    timestamptz      not null,
    ready_by        timestamptz      not null,
    promised_at     timestamptz      not null,
    near_told       boolean          not null default false,
    late_told       boolean          not null default false,
    constraint deliveries_pkey primary key (order_id),
    constraint deliveries_status_known check (status in (
        'requested', 'offered', 'assigned', 'at_restaurant', 'picked_up', 'at_dropoff',
        'delivered', 'cancelled', 'undeliverable', 'returned', 'disposed')),
    constraint deliveries_live_has_courier check (
        courier_id is not null or status in ('requested', 'offered', 'cancelled')),
    constraint deliveries_courier_whole check (
        (courier_id is null) = (courier_name is null) and (courier_id is null) = (courier_vehicle is null))
);

-- What a courier has to do now, read whenever their entity wakes up.
create index deliveries_live_by_courier on tracking.deliveries (courier_id)
    where status in ('assigned', 'at_restaurant', 'picked_up', 'at_dropoff');

-- A delivery shown to one courier. Changed only under the lock of its delivery.
create table tracking.offers (
    id         uuid             not null,
    order_id   uuid             not null,
    courier_id uuid             not null,
    status     text             not null default 'pending',
    round      integer          not null,
    distance_m double precision not null,
    fee_won    bigint           not null,
    expires_at timestamptz      not null,
    constraint offers_pkey primary key (id),
    constraint offers_order_fkey foreign key (order_id) references tracking.deliveries (order_id),
    constraint offers_status_known check (status in ('pending', 'accepted', 'declined', 'expired', 'revoked'))
);

create index offers_by_order on tracking.offers (order_id);
create index offers_pending_by_courier on tracking.offers (courier_id) where status = 'pending';

-- The rule says that one courier wins; this makes sure.
create unique index offers_one_winner on tracking.offers (order_id) where status = 'accepted';

-- Public tracking apps send their fixes with a token of their own: what is
-- kept is its hash, so that a stolen backup moves no courier.
create table tracking.devices (
    id           uuid        not null,
    courier_id   uuid        not null,
    name         text        not null,
    token_sha256 bytea       not null,
    -- Such an app counts nothing; its fixes go to a track of our own numbering.
    number       bigint      not null generated always as identity,
    created_at   timestamptz not null,
    constraint devices_pkey primary key (id),
    constraint devices_token_unique unique (token_sha256)
);
