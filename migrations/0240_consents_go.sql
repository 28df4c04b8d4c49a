-- Of who leaves no consent stays in the ledger: what the law demands to keep of them moves to
-- retained.records, sealed, and its entries and notices go. Of everybody else nothing goes.
create function privacy.has_left(who uuid) returns boolean language sql stable
  return exists (select from privacy.withdrawals where user_id = who);

drop trigger consents_append_only on users.consents;
create trigger consents_append_only before update or truncate on users.consents
    for each statement execute function users.refuse_change();
create trigger consents_kept before delete on users.consents
    for each row when (not privacy.has_left(old.user_id)) execute function users.refuse_change();

drop trigger consent_notices_append_only on users.consent_notices;
create trigger consent_notices_append_only before update or truncate on users.consent_notices
    for each statement execute function users.refuse_change();
create trigger consent_notices_kept before delete on users.consent_notices
    for each row when (not privacy.has_left(old.user_id)) execute function users.refuse_change();

alter table retained.records
    drop constraint records_kind_known,
    add constraint records_kind_known
        check (kind in ('identity', 'connections', 'order', 'conversation', 'advertising'));
