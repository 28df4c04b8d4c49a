-- The journal by the kind of its channels, and within each by month. Orders and deliveries keep
-- their events; those of the others are dropped by month once nobody reads them any more. How far
-- a merged channel has come stands in journal.feeds, which outlives its events.
--
-- The first level is an expression over the channel's name, so that a program of before, which
-- runs on while this one comes, writes and reads as it did. A key of the whole table would have to
-- hold the expression, which PostgreSQL does not allow: each kind has its own. It holds `at`,
-- because a partition's key must hold what it is partitioned by. That an offset is given once is
-- the fence's promise now: the entity's version, or the lock of the row in journal.feeds.
--
-- Where a month was not made in time, its rows go to the kind's `_rest`, and move when it is made.
alter table journal.events rename to events_before;
alter table journal.events_before rename constraint events_pkey to events_before_pkey;

create table journal.events (
    channel  text        not null,
    "offset" bigint      not null,
    type     text        not null,
    at       timestamptz not null,
    data     jsonb       not null,
    -- Who hears it: a set of parties (domain::Audience).
    audience smallint    not null default 0,
    constraint events_offset_positive check ("offset" > 0),
    constraint events_audience_known check (audience between 0 and 127)
) partition by list (split_part(channel, ':', 1));

do $$
declare
  kind text;
  month date;
begin
  foreach kind in array array['order', 'delivery', 'merchant', 'courier', 'desk', 'other'] loop
    execute format('create table journal.events_%s partition of journal.events %s partition by range (at)', kind,
      case kind when 'other' then 'default' else format('for values in (%L)', kind) end);
    execute format('alter table journal.events_%s add constraint events_%s_pkey primary key (channel, "offset", at)',
      kind, kind);
    execute format('create table journal.events_%s_rest partition of journal.events_%s default', kind, kind);
    -- From the first month that has events to two months ahead, in UTC.
    for month in select generate_series(
        date_trunc('month', coalesce((select min(at) from journal.events_before), now()) at time zone 'UTC'),
        date_trunc('month', now() at time zone 'UTC') + interval '2 months', interval '1 month')
    loop
      execute format('create table journal.events_%s_%s partition of journal.events_%s for values from (%L) to (%L)',
        kind, to_char(month, 'YYYYMM'), kind, month || ' 00:00:00+00',
        (month + interval '1 month')::date || ' 00:00:00+00');
    end loop;
  end loop;
end $$;

insert into journal.events (channel, "offset", type, at, data, audience)
select channel, "offset", type, at, data, audience from journal.events_before;

drop table journal.events_before;
