-- An account is one thing, how its person is recognised another, and what proves it a third:
-- somebody may sign in with a password, by another company's word, or both. Programs of before
-- read auth.accounts.email and password_hash, which are gone: stop them first.
alter table auth.accounts
    -- Until it is lifted, nobody acts for this account.
    add column banned_at    timestamptz,
    -- Its person has left; the row stays so that what is kept of them has an owner.
    add column withdrawn_at timestamptz;

-- How an account's person is recognised: an e-mail address (lower case), a telephone number
-- (E.164, proven), or a subject at an OpenID provider.
create table auth.identities (
    id          uuid        not null,
    user_id     uuid        not null,
    kind        text        not null,
    -- The provider that knows the subject; empty for addresses, which are known everywhere.
    issuer      text        not null default '',
    subject     text        not null,
    -- When it was proven that it is theirs.
    verified_at timestamptz,
    created_at  timestamptz not null,
    constraint identities_pkey primary key (id),
    constraint identities_of_account foreign key (user_id) references auth.accounts (user_id) on delete cascade,
    constraint identities_once unique (issuer, kind, subject),
    constraint identities_kind_known check (kind in ('email', 'phone', 'openid')),
    constraint identities_issuer_of_openid check ((kind = 'openid') = (issuer <> '')),
    constraint identities_email_lower check (kind <> 'email' or subject = lower(subject)),
    constraint identities_phone_proven check (kind <> 'phone' or verified_at is not null)
);

-- One address and one telephone number each; as many providers as there are, each once.
create unique index identities_one_of_each on auth.identities (user_id, kind, issuer);

-- What proves that somebody is the account's person. A session begins with such a proof.
create table auth.credentials (
    id         uuid        not null,
    user_id    uuid        not null,
    kind       text        not null,
    -- Of a password: a PHC string, which holds its own parameters and salt.
    secret     text        not null,
    created_at timestamptz not null,
    -- When the person last chose it anew; a hash that is only renewed does not count.
    changed_at timestamptz not null,
    constraint credentials_pkey primary key (id),
    constraint credentials_of_account foreign key (user_id) references auth.accounts (user_id) on delete cascade,
    constraint credentials_kind_known check (kind in ('password'))
);

create unique index credentials_one_password on auth.credentials (user_id) where kind = 'password';

insert into auth.identities (id, user_id, kind, subject, created_at)
select gen_random_uuid(), user_id, 'email', email, created_at from auth.accounts;

insert into auth.credentials (id, user_id, kind, secret, created_at, changed_at)
select gen_random_uuid(), user_id, 'password', password_hash, created_at, created_at
from auth.accounts where password_hash <> '!';

alter table auth.accounts
    drop constraint accounts_email_once,
    drop constraint accounts_email_lower,
    drop column email,
    drop column password_hash;

-- A session remembers the proof that it began with: how (amr of RFC 8176), by which identity,
-- and when somebody last proved who they are.
alter table auth.sessions
    add column method      text not null default 'password',
    add column identity_id uuid,
    add column proven_at   timestamptz;
update auth.sessions set proven_at = created_at;
alter table auth.sessions
    alter column method drop default,
    alter column proven_at set not null;
create index sessions_of_identity on auth.sessions (identity_id) where identity_id is not null and ended_at is null;

-- Who did it to the account, if not its person, and why.
alter table auth.audit
    add column actor  uuid,
    add column reason text;
create index audit_of_actor on auth.audit (actor, id) where actor is not null;
create index audit_of_kind on auth.audit (kind, id);
create index audit_by_time on auth.audit (at);
