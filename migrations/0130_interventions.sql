-- An operator may end an order that its own people cannot, and says at whose cost and why.
-- Kept for good, written in the transaction that ends the order; what goes back of the
-- money follows from the fault, by the table that holds for everybody.
create table orders.interventions (
    order_id   uuid        not null,
    operator   uuid        not null,
    fault      text        not null,
    reason     text        not null,
    refund_won bigint      not null,
    at         timestamptz not null,
    -- An order ends once.
    constraint interventions_pkey primary key (order_id),
    constraint interventions_order_fkey foreign key (order_id) references orders.orders (id),
    constraint interventions_fault_known check (fault in ('customer', 'restaurant', 'courier', 'platform')),
    constraint interventions_refund_not_negative check (refund_won >= 0)
);
