-- Admins: what they do to accounts, and at whose data they look.

-- Which role a line of the audit log is about.
alter table auth.audit
    add column role text,
    add constraint audit_role_known check (role in ('customer', 'courier', 'owner', 'agent', 'admin'));

-- The log is read newest first, by account, actor, kind or time alone. Times are not unique, and
-- not in the order of the numbers where two processes write: a page ends at a time and a number.
drop index auth.audit_of_user;
drop index auth.audit_of_actor;
drop index auth.audit_of_kind;
drop index auth.audit_by_time;
create index audit_of_user on auth.audit (user_id, at desc, id desc) where user_id is not null;
create index audit_of_actor on auth.audit (actor, at desc, id desc) where actor is not null;
create index audit_of_kind on auth.audit (kind, at desc, id desc);
create index audit_by_time on auth.audit (at desc, id desc);

-- Those who may act as admins: a handful, locked together while one of them changes an account,
-- so that two who ban each other at once do not leave none.
create index accounts_of_admins on auth.accounts (user_id)
    where 'admin' = any (roles) and banned_at is null and withdrawn_at is null;

-- People by a part of their name, as couriers and restaurants.
create index profiles_by_name on users.profiles using gin (search.pairs(search.form(name)));

-- Who of the staff looked at whose data, at what, why, when and from where. Append-only; a look
-- in full is written in the transaction that reads what is shown. Kept for two years at least.
create table users.access_log (
    id       bigint      generated always as identity,
    at       timestamptz not null,
    actor    uuid        not null,
    -- Nobody's in particular: a search, or a page of a log.
    user_id  uuid,
    look     text        not null,
    order_id uuid,
    reason   text,
    address  text,
    constraint access_log_pkey primary key (id),
    constraint access_log_look_known check
        (look in ('search', 'person', 'sessions', 'audit', 'access_log', 'unmasked', 'order_unmasked')),
    constraint access_log_reason_given check (look not in ('unmasked', 'order_unmasked') or reason is not null),
    constraint access_log_of_somebody check
        (user_id is not null or look not in ('person', 'sessions', 'unmasked', 'order_unmasked'))
);

create index access_log_of_user on users.access_log (user_id, at desc, id desc) where user_id is not null;
create index access_log_of_actor on users.access_log (actor, at desc, id desc);
create index access_log_by_time on users.access_log (at desc, id desc);

-- What was written down of orders until now.
insert into users.access_log (at, actor, user_id, look, order_id, reason)
select u.at, u.by_user, o.customer_id, 'order_unmasked', u.order_id, u.reason
from orders.unmaskings u join orders.orders o on o.id = u.order_id
order by u.at, u.id;

drop table orders.unmaskings;

create trigger access_log_append_only before update or delete or truncate on users.access_log
    for each statement execute function users.refuse_change();
