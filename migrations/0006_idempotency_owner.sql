-- Which process does the work under a key. While it lives it holds the advisory
-- lock of this number, so that a repeat can tell a slow process from a dead one
-- and need not wait until the lease of a dead one is over.
alter table gateway.idempotency_keys add column owner bigint;
