-- Reads that went through a whole table, found by planning every query against tables of
-- 100,000 rows. The tables are small today: the indexes are made at once.

-- The last try to pay for an order.
create index payments_of_an_order on payment.payments (order_id, created_at desc, id desc);

-- What the sandbox gave back of a charge.
create index sandbox_refunds_of_a_charge on payment.sandbox_refunds (payment_id);

-- Sessions that are over for long enough to be forgotten.
create index sessions_by_end on auth.sessions (coalesce(ended_at, expires_at));

-- A restaurant's board: few of its orders are open, however many it had.
create index orders_open on orders.orders (restaurant_id, id)
    where placed_at is not null and status in ('placed', 'accepted', 'preparing', 'ready', 'picked_up');
