-- Access tokens are signed with ES256 by default, keys are rotated, and a refresh token is a signed
-- (session, counter) instead of a row.

-- A key says how it signs, and from when. It is announced before it signs, and verifies until all
-- that it signed has expired (domain::auth::KeySchedule).
alter table auth.signing_keys
    add column alg       text not null default 'EdDSA',
    add column begins_at timestamptz,
    -- By the vault (store/src/vault.rs). Null: the key still stands where it stood before.
    add column sealed_private_key bytea,
    alter column private_key set default '',
    -- Successors of refresh tokens were derived from it: it need not lie about any more.
    drop column pepper;
update auth.signing_keys set begins_at = created_at;
alter table auth.signing_keys
    alter column alg drop default,
    alter column begins_at set not null,
    add constraint signing_keys_alg_known check (alg in ('ES256', 'EdDSA')),
    add constraint signing_keys_have_a_key check (private_key <> '' or sealed_private_key is not null);
create index signing_keys_unsealed on auth.signing_keys (kid) where private_key <> '';

-- What refresh tokens are signed with: each session has a key derived from one of these. They are
-- apart from the signing keys, which live for weeks: a refresh token outlives many of them.
create table auth.session_keys (
    version       integer     not null,
    sealed_secret bytea       not null,
    created_at    timestamptz not null,
    begins_at     timestamptz not null,
    constraint session_keys_pkey primary key (version),
    constraint session_keys_version_short check (version between 1 and 65535)
);

-- When an access token that came with the newest refresh token was first seen. Until then its
-- response may have been lost, and the refresh token before it is good (domain::auth::Renewal).
alter table auth.sessions add column seen_at timestamptz;

-- Of sessions of before it is not known: their newest token counts as seen when it was issued, so
-- that a copy of an older one is still recognised.
update auth.sessions as session set seen_at = token.used_at
from auth.refresh_tokens as token
where token.session_id = session.id and token.generation = session.newest - 1;

-- auth.refresh_tokens gets no rows any more. Those of before are good until their sessions end.
