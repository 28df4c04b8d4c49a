-- What the adapters of all services share.
create schema gateway;

-- Answers that were given under an Idempotency-Key. A row without an answer is
-- a request in progress; if its process died, the lease on claimed_at runs out
-- and a repeat of the same request takes it over.
create table gateway.idempotency_keys (
    -- The nil UUID for requests without a user; their names carry the request's
    -- hash, so that strangers who chose the same name never meet.
    user_id      uuid        not null,
    name         text        not null,
    request_hash bytea       not null,
    claimed_at   timestamptz not null,
    status       smallint,
    headers      jsonb,
    body         bytea,
    constraint idempotency_keys_pkey primary key (user_id, name),
    constraint idempotency_keys_hash_is_sha256 check (octet_length(request_hash) = 32),
    constraint idempotency_keys_answer_whole check (
        num_nonnulls(status, headers, body) in (0, 3)
    )
);

-- For dropping what is too old to be repeated.
create index idempotency_keys_claimed_at on gateway.idempotency_keys (claimed_at);
