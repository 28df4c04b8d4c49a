-- Public holidays that were decreed after those that ship with the program were published, and days
-- that ship and are none after all.
create table restaurant.holidays (
    date    date    not null,
    -- Its name; null for a day that ships and is no holiday.
    name    text,
    constraint holidays_pkey primary key (date)
);
