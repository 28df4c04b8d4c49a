-- What people agreed to and refused, as the law wants it kept: which version of which document,
-- where and when. Nobody who signed up before this was asked, so they have no entries; the page of
-- consents asks them.
create table users.consents (
    id      uuid        not null,
    user_id uuid        not null,
    purpose text        not null,
    -- The document's version (domain::user::consent::DOCUMENTS).
    version integer     not null,
    -- False: refused.
    agreed  boolean     not null,
    channel text        not null,
    at      timestamptz not null,
    constraint consents_pkey primary key (id),
    constraint consents_purpose_known check (
        purpose in ('terms', 'privacy', 'location', 'advertising', 'night_advertising', 'third_party')
    ),
    constraint consents_channel_known check (channel in ('sign_up', 'account')),
    constraint consents_version_positive check (version > 0)
);

-- Ids rise with time: a person's ledger, oldest first.
create index consents_of_user on users.consents (user_id, id);

create function users.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'users.% is append-only', tg_table_name;
end
$$;

create trigger consents_append_only before update or delete or truncate on users.consents
    for each statement execute function users.refuse_change();

-- What people were told of their consents to advertising: the result of each, and every two years
-- that they have consented.
create table users.consent_notices (
    -- The key of the message too: it is sent once and recorded once.
    id         uuid        not null,
    user_id    uuid        not null,
    kind       text        not null,
    -- The newest entry of the ledger that it tells.
    covers     timestamptz not null,
    -- Whether a mail went out; the page of consents shows it in any case.
    by_mail    boolean     not null,
    at         timestamptz not null,
    constraint consent_notices_pkey primary key (id),
    constraint consent_notices_kind_known check (kind in ('result', 'confirmation'))
);

create index consent_notices_of_user on users.consent_notices (user_id, at);

create trigger consent_notices_append_only before update or delete or truncate on users.consent_notices
    for each statement execute function users.refuse_change();
