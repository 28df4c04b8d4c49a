-- One cart is ordered once. An order remembers the version of the cart that it was made
-- from (orders from before do not), and while it lives, no second one of that version
-- is made, by whichever process. Dead are those that came to nothing before anybody
-- cooked: the same cart may then be ordered again.
alter table orders.orders add column cart_version bigint;

create unique index orders_one_live_per_cart on orders.orders (customer_id, cart_version)
    where cart_version is not null and status not in ('cancelled', 'rejected', 'expired', 'payment_failed');

-- And of a customer's orders at most one waits for its payment: a newer one replaces it.
create unique index orders_one_unpaid on orders.orders (customer_id)
    where cart_version is not null and status = 'pending_payment';
