-- The ledger: double entry, in whole won. An entry is written in the transaction of its event,
-- once, and never changed; what was wrong is set right by another entry.
create schema ledger;

create table ledger.entries (
    id        bigint      not null generated always as identity,
    kind      text        not null,
    reference uuid        not null,
    order_id  uuid        not null,
    at        timestamptz not null,
    constraint entries_pkey primary key (id),
    constraint entries_once unique (kind, reference),
    constraint entries_kind_known
        check (kind in ('payment_taken', 'refund_owed', 'refund_paid', 'order_shared'))
);

create index entries_of_an_order on ledger.entries (order_id, id);
create index entries_by_time on ledger.entries (at);

-- A debit is positive, a credit negative. An account of a restaurant or a courier has a party.
create table ledger.postings (
    entry_id   bigint   not null,
    number     smallint not null,
    account    text     not null,
    party_id   uuid,
    amount_won bigint   not null,
    constraint postings_pkey primary key (entry_id, number),
    constraint postings_of_an_entry foreign key (entry_id) references ledger.entries (id),
    constraint postings_account_known check (account in ('gateway', 'deposits', 'refunds', 'restaurant',
        'courier', 'commission', 'vat', 'amends')),
    constraint postings_party_of_its_own
        check ((party_id is not null) = (account in ('restaurant', 'courier'))),
    constraint postings_not_zero check (amount_won <> 0)
);

create index postings_of_an_account on ledger.postings (account, party_id, entry_id) include (amount_won);

-- The parts of an entry are together zero, or its transaction cannot be committed.
create function ledger.check_balance() returns trigger language plpgsql as $$
declare
    total numeric;
begin
    select sum(amount_won) into total from ledger.postings where entry_id = new.entry_id;
    if total <> 0 then
        raise exception 'entry % is not balanced: %', new.entry_id, total
            using errcode = 'check_violation', constraint = 'postings_balanced';
    end if;
    return null;
end $$;

create constraint trigger postings_balanced after insert on ledger.postings
    deferrable initially deferred for each row execute function ledger.check_balance();

create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only' using errcode = 'restrict_violation';
end $$;

create trigger entries_append_only before update or delete or truncate on ledger.entries
    for each statement execute function ledger.refuse_change();
create trigger postings_append_only before update or delete or truncate on ledger.postings
    for each statement execute function ledger.refuse_change();

-- A customer's payments, newest first.
create index payments_of_a_customer on payment.payments (customer_id, id);

-- What there was before the ledger, by the rules of that time: no commission, no discounts. A payment
-- that an old version cancelled without a refund counts as its own refund.
create temporary table refunds_before as
select id, payment_id, order_id, amount_won, status, created_at, updated_at from payment.refunds
union all
select id, id, order_id, amount_won, 'succeeded', updated_at, updated_at from payment.payments
where status = 'cancelled' and not exists (select from payment.refunds where payment_id = payments.id);

create temporary table parts_before as
-- The gateway took another amount than was asked for, or took it too late: then that is what goes back.
with taken as (
    select id, order_id, updated_at, case when status = 'aborted'
        then (select sum(amount_won)::bigint from refunds_before where payment_id = payments.id)
        else amount_won end as won
    from payment.payments
    where status in ('done', 'partially_cancelled', 'cancelled')
       or exists (select from refunds_before where payment_id = payments.id)
), ended as (
    select orders.id, restaurant_id, courier_id, status, coalesce(placed_at, created_at) as at,
           (state ->> 'payable')::bigint as paid,
           state #>> '{ending,fault}' as fault,
           case when status = 'completed' or state #>> '{ending,reached}' in ('preparing', 'ready', 'picked_up', 'arrived')
                then (state ->> 'subtotal')::bigint else 0 end as food,
           case when status = 'completed' or state #>> '{ending,reached}' in ('picked_up', 'arrived')
                     and state #>> '{ending,fault}' <> 'courier'
                then (state ->> 'tip')::bigint else 0 end as tip
    from orders.orders
    where status in ('completed', 'cancelled', 'rejected', 'delivery_failed')
      and id in (select order_id from taken)
), shared as (
    select *, case when status = 'completed' then paid
                   when fault = 'customer' then least(food + tip, paid) else 0 end as kept,
              case when fault = 'restaurant' then -tip else food end as restaurant
    from ended
)
select 'payment_taken' as kind, id as reference, order_id, updated_at as at, 1 as number,
       'gateway' as account, null::uuid as party_id, won as amount_won from taken
union all select 'payment_taken', id, order_id, updated_at, 2, 'deposits', null, -won from taken
union all select 'refund_owed', id, order_id, created_at, 1, 'deposits', null, amount_won from refunds_before
union all select 'refund_owed', id, order_id, created_at, 2, 'refunds', null, -amount_won from refunds_before
union all select 'refund_paid', id, order_id, updated_at, 1, 'refunds', null, amount_won from refunds_before
    where status = 'succeeded'
union all select 'refund_paid', id, order_id, updated_at, 2, 'gateway', null, -amount_won from refunds_before
    where status = 'succeeded'
union all select 'order_shared', id, id, at, 1, 'deposits', null, kept from shared
union all select 'order_shared', id, id, at, 2, 'restaurant', restaurant_id, -restaurant from shared
union all select 'order_shared', id, id, at, 3, case when courier_id is null then 'restaurant' else 'courier' end,
    coalesce(courier_id, restaurant_id), -tip from shared
union all select 'order_shared', id, id, at, 4, 'amends', null, restaurant + tip - kept from shared;

delete from parts_before where amount_won = 0;

insert into ledger.entries (kind, reference, order_id, at)
select distinct on (at, reference, kind) kind, reference, order_id, at from parts_before
order by at, reference, kind;

insert into ledger.postings (entry_id, number, account, party_id, amount_won)
select entries.id, number, account, party_id, amount_won
from parts_before join ledger.entries using (kind, reference);

drop table parts_before, refunds_before;
