-- What an owner, a customer or a courier changes as a whole has a version that rises with
-- each change, so that who changes what they looked at does not undo what came between.
alter table restaurant.restaurants add column version bigint not null default 1;
alter table users.addresses add column version bigint not null default 1;
alter table tracking.couriers add column version bigint not null default 1;
