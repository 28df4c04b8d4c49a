-- A copy of what the service knows about a person, for that person. It is made by a durable job,
-- kept sealed as a file, fetched once through a link that lives for minutes, and removed.
create table privacy.copies (
    id              uuid        not null,
    user_id         uuid        not null,
    format          text        not null,
    asked_at        timestamptz not null,
    -- The file; null until it is made, and when it is gone.
    blob            text,
    made_at         timestamptz,
    -- SHA-256 of the link's secret.
    link_hash       bytea,
    link_expires_at timestamptz,
    fetched_at      timestamptz,
    constraint copies_pkey primary key (id),
    constraint copies_format_known check (format in ('json', 'csv')),
    constraint copies_link_whole check ((link_hash is null) = (link_expires_at is null)),
    constraint copies_link_once unique (link_hash)
);

create index copies_of_user on privacy.copies (user_id, id);
create index copies_by_age on privacy.copies (asked_at);
