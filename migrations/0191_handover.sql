-- What a courier is told of the food: the dishes, whether to leave it at the door, and the
-- customer's note (domain/src/tracking/handover.rs). Rows of before, and those that a program of
-- before writes while this one comes, have none: it is read from their order.
alter table tracking.deliveries add column handover jsonb;
