-- What is said to be kept for a time is dropped after it, in logs that are append-only, too.

-- Whether a line of a log is within its term. The transaction that drops what is not says since
-- when lines are kept; without its word all of them are.
create function privacy.is_kept(at timestamptz) returns boolean language sql stable
  return at >= coalesce(nullif(current_setting('privacy.kept_since', true), '')::timestamptz, '-infinity');

-- Lines of the access log go after their term.
drop trigger access_log_append_only on users.access_log;
create trigger access_log_append_only before update or truncate on users.access_log
    for each statement execute function users.refuse_change();
create trigger access_log_kept before delete on users.access_log
    for each row when (privacy.is_kept(old.at)) execute function users.refuse_change();

-- Lines of the audit log stay; addresses and reasons in them go, each after its own term.
drop trigger audit_append_only on auth.audit;
create trigger audit_append_only before delete or truncate on auth.audit
    for each statement execute function auth.refuse_change();
create trigger audit_kept before update on auth.audit for each row when (
    privacy.is_kept(old.at)
    or (new.id, new.at, new.kind, new.user_id, new.session_id, new.actor, new.role)
        is distinct from (old.id, old.at, old.kind, old.user_id, old.session_id, old.actor, old.role)
    or (new.address is not null and new.address is distinct from old.address)
    or (new.reason is not null and new.reason is distinct from old.reason)
) execute function auth.refuse_change();
create index audit_with_address on auth.audit (at) where address is not null;
create index audit_with_reason on auth.audit (at) where reason is not null;

-- How far a courier was says where they were; why an operator ended an order is free text.
create index offers_with_distance on tracking.offers (expires_at) where distance_m <> 0;
create index interventions_with_reason on orders.interventions (at) where reason <> '';

-- A search by telephone number was written into a log of its own, without the searcher's address,
-- and by people's search into the access log as well: one log has all looks.
alter table users.access_log add column found integer;

insert into users.access_log (at, actor, look, found)
select at, by_user, 'search', found from users.phone_searches order by at, id;

drop table users.phone_searches;
