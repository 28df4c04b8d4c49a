-- A program works with a newer schema than its own, so that an upgrade can roll, unless a
-- migration says which version it needs at least: then it stands here, by the migration.
create schema schema;

create table schema.minimum_versions (
    migration bigint not null,
    version   text   not null,
    why       text   not null,
    constraint minimum_versions_pkey primary key (migration),
    constraint minimum_versions_three_numbers check (version ~ '^\d+\.\d+\.\d+$')
);
