-- Which restaurants and menus changed. Each process keeps a catalogue of all restaurants in memory
-- and asks twice a second what it may have missed.
--
-- The number of the transaction that wrote a row last. Numbers are given at the beginning and rows
-- become visible at the end, so the reader goes on from the oldest transaction that was under way
-- when it looked before (pg_snapshot_xmin), and may see a row again, but misses none. A sequence or
-- a time would miss what was written before, and committed after, the last look.
--
-- Triggers write it, so that older programs and the console do so as well. 0: before there was
-- this column.
alter table restaurant.restaurants add column changed xid8 not null default '0';
alter table menu.cards add column changed xid8 not null default '0';

create function schema.note_change() returns trigger
  language plpgsql as $$
begin
  new.changed := pg_current_xact_id();
  return new;
end $$;

create trigger restaurants_note_change before insert or update on restaurant.restaurants
  for each row execute function schema.note_change();
create trigger cards_note_change before insert or update on menu.cards
  for each row execute function schema.note_change();

create index restaurants_by_change on restaurant.restaurants (changed);
create index cards_by_change on menu.cards (changed);
