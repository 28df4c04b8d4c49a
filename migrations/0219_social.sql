-- Signing in by another company's word.

-- A browser's way to a provider and back. What it holds is in the browser: here are hashes, so
-- who reads this table can finish no attempt.
create table auth.social_attempts (
    -- SHA-256 of what the provider gives back with the browser.
    state_hash   bytea       not null,
    -- SHA-256 of the secret that only the page has. From it nonce and PKCE's verifier are derived.
    browser_hash bytea       not null,
    provider     text        not null,
    purpose      text        not null,
    -- Whose account is linked, or proven anew.
    user_id      uuid,
    redirect_uri text        not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    -- When the browser came back. The same again ends what came of it.
    used_at      timestamptz,
    -- The session that came of it.
    session_id   uuid,
    -- Who came back without an account here, until they sign up or expires_at.
    issuer       text,
    subject      text,
    email        text,
    name         text,
    -- See provider_tokens.
    sealed_token bytea,
    constraint social_attempts_pkey primary key (state_hash),
    constraint social_attempts_of_account foreign key (user_id) references auth.accounts (user_id) on delete cascade,
    constraint social_attempts_hashes_are_sha256 check (octet_length(state_hash) = 32 and octet_length(browser_hash) = 32),
    constraint social_attempts_purpose_known check (purpose in ('sign_in', 'link', 'prove')),
    constraint social_attempts_user_of_purpose check ((purpose = 'sign_in') = (user_id is null)),
    constraint social_attempts_person_whole check ((issuer is null) = (subject is null))
);

create index social_attempts_expires_at on auth.social_attempts (expires_at);
create index social_attempts_of_user on auth.social_attempts (user_id) where user_id is not null;

-- What a provider asks for before it ends our link to a person (Apple, Google and Naver: their
-- refresh token), encrypted: it is good for nothing else here, and for much elsewhere.
create table auth.provider_tokens (
    identity_id uuid  not null,
    sealed      bytea not null,
    constraint provider_tokens_pkey primary key (identity_id),
    constraint provider_tokens_of_identity foreign key (identity_id) references auth.identities (id) on delete cascade
);

-- What providers told of their accounts, once by their id of it (jti). Kept for investigations as
-- long as ended sessions are.
create table auth.provider_events (
    id          uuid        not null,
    issuer      text        not null,
    event_id    text        not null,
    -- The person there; empty once it was handled, because nobody needs it any more.
    subject     text        not null,
    kind        text        not null,
    received_at timestamptz not null,
    handled_at  timestamptz,
    constraint provider_events_pkey primary key (id),
    constraint provider_events_once unique (issuer, event_id),
    constraint provider_events_kind_known check (kind in ('sessions_end', 'unlinked', 'other'))
);

create index provider_events_received_at on auth.provider_events (received_at);

-- Links at providers that are to be ended there. A row is gone when the provider has done it.
create table auth.provider_links_to_end (
    id           uuid        not null,
    -- Whose it was.
    user_id      uuid        not null,
    issuer       text        not null,
    subject      text        not null,
    -- See provider_tokens.
    sealed_token bytea,
    tries        integer     not null default 0,
    created_at   timestamptz not null,
    constraint provider_links_to_end_pkey primary key (id)
);
