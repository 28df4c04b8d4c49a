-- Wrong passwords for an account from all devices that it does not know, wherever they come
-- from (domain::auth::Strangers): who has many addresses must not guess without end. As
-- auth.attempts, kept whether or not there is such an account, so that replies do not tell.
-- There, `address` is now the /64 network of an IPv6 address, or `device:` and a session.
create table auth.stranger_attempts (
    email    text        not null,
    -- When the last attempt began.
    last_at  timestamptz not null,
    -- When nothing is held against strangers any more; each attempt puts it off.
    clear_at timestamptz,
    constraint stranger_attempts_pkey primary key (email)
);

create index stranger_attempts_last_at on auth.stranger_attempts (last_at);
