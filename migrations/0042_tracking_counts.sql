-- What operators count every few seconds, without reading all that ever was.
-- Couriers on shift; a new session does not touch the column, so it stays cheap.
create index couriers_on_shift on tracking.couriers (id) where on_shift;

-- Deliveries that look for a courier, the oldest first.
create index deliveries_unclaimed on tracking.deliveries (requested_at) where status in ('requested', 'offered');
