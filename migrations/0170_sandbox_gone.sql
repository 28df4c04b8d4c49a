-- The sandbox gateway has become a server of its own that remembers for itself. What its
-- tables know is settled before they go.

-- Tries that are open end as the table says, or without a charge if it knows none. The
-- reminder that each of them has tells the order.
update payment.payments p
   set status = case when exists (
           select from payment.sandbox_charges c
            where c.payment_id = p.id and c.outcome = 'approved' and c.amount_won = p.amount_won
       ) then 'done' else 'aborted' end,
       updated_at = now()
 where p.status in ('in_progress', 'unknown');

-- Money that was to go back is back: there was never any.
update payment.refunds set status = 'succeeded', updated_at = now() where status = 'requested';

update payment.payments p
   set status = case when r.won >= p.amount_won then 'cancelled' else 'partially_cancelled' end,
       updated_at = now()
  from (select payment_id, sum(amount_won) as won from payment.refunds
         where status = 'succeeded' group by payment_id) r
 where r.payment_id = p.id and p.status = 'done';

drop table payment.sandbox_refunds;
drop table payment.sandbox_charges;
