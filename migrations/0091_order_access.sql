-- An agent may see an order while they have a conversation about it: asked whenever
-- they open the order or follow its channels.
create index conversations_of_order on support.conversations (order_id, agent_id)
    where order_id is not null and status <> 'resolved';

-- Who looked at a customer's name and address, when, and why. Kept for good; written
-- in the transaction before anything is shown.
create table orders.unmaskings (
    id       uuid        not null,
    order_id uuid        not null,
    by_user  uuid        not null,
    reason   text        not null,
    at       timestamptz not null,
    constraint unmaskings_pkey primary key (id),
    constraint unmaskings_order_fkey foreign key (order_id) references orders.orders (id),
    constraint unmaskings_reason_said check (reason <> '')
);

create index unmaskings_by_order on orders.unmaskings (order_id, at);
