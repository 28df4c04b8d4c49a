-- Where couriers were. Written thousands of times a second and never changed,
-- kept by day: retention drops a day's partition instead of deleting rows. The
-- partition keeper makes them ahead.
--
-- A device sends a fix again when its acknowledgement was lost; the key lets it
-- be stored once. `at` is part of it because a partition's key must hold what
-- it is partitioned by. There is no second index: a courier's day is small
-- enough to be read by the key's first column.
create table tracking.positions (
    courier_id  uuid             not null,
    -- The device's own id of a run of sequence numbers; below zero our own.
    track       bigint           not null,
    seq         bigint           not null,
    at          timestamptz      not null,
    lat         double precision not null,
    lon         double precision not null,
    accuracy_m  real,
    speed_mps   real,
    heading_deg real,
    constraint positions_pkey primary key (courier_id, track, seq, at)
) partition by range (at);

-- Fixes that were turned away, by day and reason: a bad receiver shows here.
create table tracking.rejected (
    courier_id uuid   not null,
    day        date   not null,
    reason     text   not null,
    fixes      bigint not null,
    constraint rejected_pkey primary key (courier_id, day, reason)
);
