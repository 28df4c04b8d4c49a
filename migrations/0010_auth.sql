-- Who somebody is, and on which devices they are signed in.
create schema auth;

-- An account: how somebody signs in, and as what. Their name and the rest of
-- the person stand in users.
create table auth.accounts (
    user_id       uuid        not null,
    -- In lower case: one address is one account.
    email         text        not null,
    -- A PHC string, which holds its own parameters and salt.
    password_hash text        not null,
    roles         text[]      not null,
    created_at    timestamptz not null,
    constraint accounts_pkey primary key (user_id),
    constraint accounts_email_once unique (email),
    constraint accounts_email_lower check (email = lower(email)),
    constraint accounts_roles_known check (
        roles <@ array['customer', 'courier', 'owner', 'agent', 'admin', 'service']
    )
);

-- A signed-in device, the token's `sid`. It ends when it is not used until
-- expires_at, or at once by ended_at.
create table auth.sessions (
    id           uuid        not null,
    user_id      uuid        not null,
    device       text        not null,
    -- The network address it was last seen at.
    address      text        not null,
    created_at   timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    -- The newest refresh token's generation.
    newest       integer     not null default 0,
    constraint sessions_pkey primary key (id),
    constraint sessions_of_account foreign key (user_id) references auth.accounts (user_id) on delete cascade
);

create index sessions_of_user on auth.sessions (user_id, id) where ended_at is null;
-- Every process asks each second what was ended lately.
create index sessions_ended_at on auth.sessions (ended_at) where ended_at is not null;

-- Every refresh token that a session had, so that a copy of an old one is told
-- from one that never was. Only hashes: who reads this table cannot refresh.
create table auth.refresh_tokens (
    hash       bytea       not null,
    session_id uuid        not null,
    generation integer     not null,
    used_at    timestamptz,
    constraint refresh_tokens_pkey primary key (hash),
    constraint refresh_tokens_of_session foreign key (session_id) references auth.sessions (id) on delete cascade,
    constraint refresh_tokens_generation_once unique (session_id, generation),
    constraint refresh_tokens_hash_is_sha256 check (octet_length(hash) = 32)
);

-- What access tokens are signed with. The newest one signs, all verify, so that
-- a new key can be added while tokens of the old one are still good.
create table auth.signing_keys (
    kid         text        not null,
    -- Ed25519, PKCS #8 DER.
    private_key bytea       not null,
    -- From this and a refresh token its successor is derived (HMAC-SHA256), so
    -- that a lost answer can be given again although only hashes are kept.
    pepper      bytea       not null,
    created_at  timestamptz not null,
    constraint signing_keys_pkey primary key (kid),
    constraint signing_keys_pepper_long check (octet_length(pepper) = 32)
);

-- Wrong passwords for an address, by where they came from (domain::auth::Attempts).
-- Kept whether or not there is such an account, so that replies do not tell.
create table auth.attempts (
    email        text        not null,
    address      text        not null,
    count        integer     not null,
    last_at      timestamptz not null,
    locked_until timestamptz,
    constraint attempts_pkey primary key (email, address)
);

create index attempts_last_at on auth.attempts (last_at);

-- What happened to accounts, for whoever investigates. Append-only.
create table auth.audit (
    id         bigint      generated always as identity,
    at         timestamptz not null,
    kind       text        not null,
    user_id    uuid,
    session_id uuid,
    address    text,
    constraint audit_pkey primary key (id)
);

create index audit_of_user on auth.audit (user_id, id) where user_id is not null;

create function auth.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'auth.audit is append-only';
end
$$;

create trigger audit_append_only before update or delete or truncate on auth.audit
    for each statement execute function auth.refuse_change();
