-- What operators search and list. The tables are small today: the indexes are made at once.

-- Names are searched by their parts. A btree index finds the beginning of a name only, so each
-- name is indexed by all pairs of neighbouring characters; that also works for two syllables,
-- which are too short for trigrams.
create schema search;

-- The form in which names are compared (domain::text::searchable). Stored names are composed and
-- visible already.
create function search.form(name text) returns text
  language sql immutable strict parallel safe
  return regexp_replace(lower(name), '\s', '', 'g');

create function search.pairs(form text) returns text[]
  language sql immutable strict parallel safe
  return array(select distinct substr(form, at, 2) from generate_series(1, char_length(form) - 1) as at);

create index couriers_by_name on tracking.couriers using gin (search.pairs(search.form(name)));
create index restaurants_by_name on restaurant.restaurants using gin (search.pairs(search.form(name)));

-- Telephone numbers by their last four digits.
create index profiles_by_phone_ending on users.profiles (right(phone, 4), id desc);

-- Who searched by a telephone number, when, and how many people had it. The digits are not kept.
-- Kept for good; written before anything is shown.
create table users.phone_searches (
    id      uuid        not null,
    by_user uuid        not null,
    found   integer     not null,
    at      timestamptz not null,
    constraint phone_searches_pkey primary key (id)
);

create index phone_searches_by_user on users.phone_searches (by_user, at);

-- The orders of one status, newest first.
create index orders_by_status on orders.orders (status, id desc);
