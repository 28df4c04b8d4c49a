-- People, and where their food goes. (`user` is a reserved word.)
create schema users;

create table users.profiles (
    id         uuid        not null,
    name       text        not null,
    -- E.164.
    phone      text        not null,
    -- Rises with each change; the ETag.
    version    bigint      not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint profiles_pkey primary key (id),
    constraint profiles_name_length check (char_length(name) between 1 and 50)
);

create table users.addresses (
    id            uuid             not null,
    user_id       uuid             not null,
    label         text             not null,
    road_address  text             not null,
    detail        text             not null,
    entrance_note text             not null,
    lat           double precision not null,
    lon           double precision not null,
    gu            text,
    dong          text,
    is_default    boolean          not null,
    created_at    timestamptz      not null,
    constraint addresses_pkey primary key (id),
    constraint addresses_of_profile foreign key (user_id) references users.profiles (id) on delete cascade,
    constraint addresses_on_earth check (lat between -90 and 90 and lon between -180 and 180)
);

create index addresses_of_user on users.addresses (user_id, id);
-- The rule keeps exactly one; this refuses a second whatever the code does.
create unique index addresses_one_default on users.addresses (user_id) where is_default;
