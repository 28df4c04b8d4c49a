-- The hand-over code of an order (domain/src/order/code.rs) as a number: the last 32 bits of the
-- id, of which 390,625 codes are made. Orders are found by it, the newest first. The table is
-- small today: the index is made at once.
create function orders.code_number(id uuid) returns bigint
  language sql immutable strict parallel safe
  return ('x' || right(id::text, 8))::bit(32)::bigint % 390625;

create index orders_by_code on orders.orders (orders.code_number(id), id desc);
