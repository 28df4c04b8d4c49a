-- Pictures of dishes, kept like the photos of people (0250): six files each among the blobs, named by
-- their content, which are removed when no row names them any more (store/src/picture.rs).
create table menu.pictures (
    id          uuid        not null,
    menu_id     uuid        not null,
    files       text[]      not null,
    width       integer     not null,
    height      integer     not null,
    colour      text        not null,
    -- False from before the files are stored until all of them are.
    shown       boolean     not null default false,
    uploaded_at timestamptz not null,
    constraint pictures_pkey primary key (id),
    -- Not a foreign key: a dish may go while its picture is uploaded, and the row then names the
    -- files that are to be removed.
    constraint pictures_six_files check (cardinality(files) = 6),
    constraint pictures_some_pixels check (width > 0 and height > 0),
    constraint pictures_a_colour check (colour ~ '^#[0-9a-f]{6}$')
);

create unique index pictures_one_is_shown on menu.pictures (menu_id) where shown;
create index pictures_files on menu.pictures using gin (files);
