-- Saved means of payment: the gateway's billing key, sealed, and what the customer knows it by. No number
-- stands here in full.
create table payment.methods (
    id                 uuid        not null,
    customer_id        uuid        not null,
    kind               text        not null,
    issuer             text        not null,
    number             text        not null,
    is_default         boolean     not null,
    sealed_billing_key bytea       not null,
    created_at         timestamptz not null,
    -- Deleted by its customer: it is shown and charged no more, and goes when the gateway has forgotten it.
    deleted_at         timestamptz,
    constraint methods_pkey primary key (id),
    constraint methods_kind_known check (kind in ('card', 'easy_pay', 'bank')),
    constraint methods_deleted_is_no_default check (deleted_at is null or not is_default)
);

create index methods_of_a_customer on payment.methods (customer_id, id);
create unique index methods_one_default on payment.methods (customer_id) where is_default;

-- Ways through the gateway's window. What the customer came back with is kept until its billing key is
-- there, so that a process that dies in between leaves no card at the gateway that nobody knows of.
create table payment.registrations (
    id              uuid        not null,
    customer_id     uuid        not null,
    created_at      timestamptz not null,
    sealed_auth_key bytea,
    method_id       uuid,
    constraint registrations_pkey primary key (id)
);

create index registrations_of_a_customer on payment.registrations (customer_id);
create index registrations_by_time on payment.registrations (created_at);

-- What each try was paid with; unknown of older ones.
alter table payment.payments add column method_id uuid;
alter table payment.payments add column method_kind text
    constraint payments_method_kind_known check (method_kind in ('card', 'easy_pay', 'bank'));
