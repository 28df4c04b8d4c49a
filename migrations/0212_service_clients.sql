-- Programs that call us in their own name, with tokens that they get for a secret of their own
-- (client credentials, RFC 6749, 4.4).
create table auth.service_clients (
    -- Its client_id, and the `sub` and `sid` of its tokens.
    id          uuid        not null,
    name        text        not null,
    -- SHA-256. The secret has 256 random bits, which no guessing finds: no slow hash is needed.
    secret_hash bytea       not null,
    created_at  timestamptz not null,
    revoked_at  timestamptz,
    constraint service_clients_pkey primary key (id),
    constraint service_clients_hash_is_sha256 check (octet_length(secret_hash) = 32)
);

-- A name can be given again after its client was revoked.
create unique index service_clients_name_once on auth.service_clients (name) where revoked_at is null;
-- Every process asks each second what was revoked lately.
create index service_clients_revoked_at on auth.service_clients (revoked_at) where revoked_at is not null;
