-- What happened, in order, per channel. Every log channel that a socket can
-- follow (order:…, delivery:…, merchant:…, courier:…, desk) is replayed from
-- here, so a row's offset is a promise: offsets of one channel start at 1 and
-- have no holes, because the offset is either the version of the entity that
-- is fenced in the same transaction or is drawn from journal.feeds under its
-- row lock.
create schema journal;

create table journal.events (
    channel  text        not null,
    "offset" bigint      not null,
    type     text        not null,
    at       timestamptz not null,
    data     jsonb       not null,
    -- 0 everyone who may subscribe, 1 staff only (domain::Audience)
    audience smallint    not null default 0,
    constraint events_pkey primary key (channel, "offset"),
    constraint events_offset_positive check ("offset" > 0),
    constraint events_audience_known check (audience in (0, 1))
);

-- Heads of the channels that merge several entities (a restaurant's board, a
-- courier's offers, the desk). An entity's own channel needs no row here.
create table journal.feeds (
    channel text   not null,
    head    bigint not null,
    constraint feeds_pkey primary key (channel)
);

-- Names this history. A restore from a backup must put a new value here:
-- clients that hold offsets of the lost history then get a fresh snapshot.
create table journal.epoch (
    only_row boolean not null default true,
    epoch    text    not null,
    constraint epoch_pkey primary key (only_row),
    constraint epoch_one_row check (only_row)
);

insert into journal.epoch (epoch) values (substr(md5(random()::text || clock_timestamp()::text), 1, 8));
