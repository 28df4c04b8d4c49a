-- The ids of the last lines that were added. A process may die after it added a
-- line and before it kept its answer; the repeat brings the same id, and adds
-- nothing.
alter table cart.carts add column added uuid[] not null default '{}';
