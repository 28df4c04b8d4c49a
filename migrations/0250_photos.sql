-- Photos of people. A photo is six files among the blobs, named by their content; this table says
-- whose they are. Files are never shared out by a count of references: a file is removed when no row
-- names it, which is looked at under a lock of the file (store/src/user/photo.rs).
create table users.photos (
    id          uuid        not null,
    user_id     uuid        not null,
    -- Keys of blobs: for each size, smallest first, WebP and JPEG. Those of a small picture may be equal.
    files       text[]      not null,
    -- Of the largest file, in pixels.
    width       integer     not null,
    height      integer     not null,
    -- The average colour, which a page shows until the photo is there.
    colour      text        not null,
    -- False from before the files are stored until all of them are.
    shown       boolean     not null default false,
    uploaded_at timestamptz not null,
    constraint photos_pkey primary key (id),
    constraint photos_user_fkey foreign key (user_id) references users.profiles (id),
    constraint photos_six_files check (cardinality(files) = 6),
    constraint photos_some_pixels check (width > 0 and height > 0),
    constraint photos_a_colour check (colour ~ '^#[0-9a-f]{6}$')
);

create unique index photos_one_is_shown on users.photos (user_id) where shown;
create index photos_user on users.photos (user_id);
create index photos_files on users.photos using gin (files);
