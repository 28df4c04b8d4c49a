-- OsmAnd's protocol says a speed without its unit: knots, by the book. Apps that speak it
-- send what they like, so each device has the unit that its own app really sends.
-- Devices of before say knots, as they were read.
alter table tracking.devices add column speed_unit text not null default 'kn';
alter table tracking.devices
    add constraint devices_speed_unit_known check (speed_unit in ('kn', 'kmh', 'ms'));

-- A courier's devices are listed in the order in which they were added: ids rise with time.
create index devices_by_courier on tracking.devices (courier_id, id);
