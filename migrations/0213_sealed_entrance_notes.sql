-- Entrance notes (door codes) are sealed by the vault (store/src/vault.rs): who reads the database,
-- a dump or a backup learns none. SQL cannot seal. So the plain columns, and the notes inside of
-- documents, stay readable for now: the server writes no more of them, and seals what is left.
--
-- Null: there is no note, or it still stands where it stood before.
alter table users.addresses add column sealed_entrance_note bytea;
alter table cart.quotes add column sealed_entrance_note bytea;
alter table orders.orders add column sealed_entrance_note bytea;
alter table tracking.deliveries add column sealed_entrance_note bytea;

-- New rows have none that is plain.
alter table users.addresses alter column entrance_note set default '';
alter table tracking.deliveries alter column entrance_note set default '';

-- What is left to seal: empty indexes once that is done. An operation of the server walks them, so
-- that it need not read the tables.
create index addresses_unsealed on users.addresses (id) where entrance_note <> '';
create index quotes_unsealed on cart.quotes (id) where quote #>> '{drop_off,entrance_note}' <> '';
create index orders_unsealed on orders.orders (id) where state #>> '{drop_off,entrance_note}' <> '';
create index deliveries_unsealed on tracking.deliveries (order_id) where entrance_note <> '';

-- The answers under an Idempotency-Key repeat what a service said, door codes too. An answer with a
-- sealed body has an empty plain one.
alter table gateway.idempotency_keys add column sealed_body bytea;
create index idempotency_keys_unsealed on gateway.idempotency_keys (user_id) where body <> '';
