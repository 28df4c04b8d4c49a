-- Codes that prove an e-mail address or a telephone number. A row is kept for a day after its code
-- is over, because it counts: how many were sent, and how many were guessed, decides what may be
-- sent next. The code itself is sealed, not hashed: whoever reads the table finds six digits by
-- their hash in a moment, but not without the vault's key.
create table auth.codes (
    id         uuid        not null,
    purpose    text        not null,
    -- Whose code it is. Somebody who asks for a new password with an address that has no account
    -- leaves such a row too, so that the answers and their times tell nothing of accounts.
    user_id    uuid,
    -- The address or number that it is sent to, and that it proves.
    target     text        not null,
    -- The digits, while they are good for anything.
    sealed     bytea,
    -- Wrong tries.
    tries      smallint    not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- When it was used, or another one took its place.
    ended_at   timestamptz,
    constraint codes_pkey primary key (id),
    constraint codes_of_account foreign key (user_id) references auth.accounts (user_id) on delete cascade,
    constraint codes_purpose_known
        check (purpose in ('email_verification', 'phone_verification', 'password_reset', 'email_change')),
    constraint codes_five_tries check (tries between 0 and 5),
    constraint codes_sealed_while_live check ((sealed is null) = (ended_at is not null)),
    constraint codes_nobody_resets check (user_id is not null or purpose = 'password_reset')
);

-- One live code for each purpose of an account; a password is reset by whoever knows the address,
-- so there it is one for each address.
create unique index codes_one_live_of_account on auth.codes (user_id, purpose)
    where ended_at is null and purpose <> 'password_reset';
create unique index codes_one_live_reset on auth.codes (target) where ended_at is null and purpose = 'password_reset';

create index codes_sent_of_account on auth.codes (user_id, purpose, created_at);
create index codes_sent_to_target on auth.codes (target, purpose, created_at);
create index codes_by_time on auth.codes (created_at);

-- Who forgot their password, until a job has looked whether there is such an account. Jobs are
-- kept with ids alone: an address stands here, and is deleted with the request.
create table auth.reset_requests (
    id         uuid        not null,
    email      text        not null,
    created_at timestamptz not null,
    constraint reset_requests_pkey primary key (id),
    constraint reset_requests_email_lower check (email = lower(email))
);

create index reset_requests_by_time on auth.reset_requests (created_at);

-- What the person of an account still has to be told by mail, and at which address: after a
-- change of it that is the old one.
create table auth.notices (
    id         uuid        not null,
    user_id    uuid        not null,
    kind       text        not null,
    email      text        not null,
    created_at timestamptz not null,
    constraint notices_pkey primary key (id),
    constraint notices_of_account foreign key (user_id) references auth.accounts (user_id) on delete cascade,
    constraint notices_kind_known check (kind in
        ('password_changed', 'email_change_asked', 'email_changed', 'phone_lost', 'email_wanted'))
);

create index notices_of_user on auth.notices (user_id);
create index notices_by_time on auth.notices (created_at);
