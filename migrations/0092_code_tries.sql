-- How often a short code was tried. A row for each code that was ever tried; a try is
-- counted before the code is looked at, so that many at once are not all free.
create schema codes;

create table codes.tries (
    -- What the code opens, with whose it is: pickup:{order id}
    code text    not null,
    used integer not null,
    constraint tries_pkey primary key (code),
    constraint tries_not_negative check (used >= 0)
);
