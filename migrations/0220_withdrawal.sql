-- Leaving the service. The account is closed at once; a durable job then erases what the service
-- knows of the person, noun by noun, and goes on where it was when a process dies (ADR 22).
create schema privacy;

create table privacy.withdrawals (
    user_id    uuid        not null,
    asked_at   timestamptz not null,
    -- How many of the steps are done (domain::privacy::Step).
    steps_done smallint    not null default 0,
    done_at    timestamptz,
    constraint withdrawals_pkey primary key (user_id),
    constraint withdrawals_steps_not_negative check (steps_done >= 0)
);

-- What the law demands to keep of people who left, apart from everything that the service reads,
-- sealed, each with its purpose and the time of its destruction.
create schema retained;

create table retained.records (
    -- What it was taken from: the account, an order, a conversation.
    subject_id uuid        not null,
    kind       text        not null,
    user_id    uuid        not null,
    -- What for, and by which law.
    why        text        not null,
    law        text        not null,
    sealed     bytea       not null,
    kept_at    timestamptz not null,
    destroy_at timestamptz not null,
    constraint records_pkey primary key (subject_id, kind),
    constraint records_kind_known check (kind in ('identity', 'connections', 'order', 'conversation'))
);

create index records_by_destruction on retained.records (destroy_at);
create index records_of_user on retained.records (user_id);

-- The deliveries of a courier who leaves: their name stands in each.
create index deliveries_of_courier on tracking.deliveries (courier_id, order_id) where courier_id is not null;

-- All that an account ever had, to forget it.
create index sessions_all_of_user on auth.sessions (user_id);
create index credentials_of_user on auth.credentials (user_id);
