-- A shop from its application to its end. Until now restaurants were poured in whole; what existed
-- before is published, and has no seller that customers could see.
alter table restaurant.restaurants
    add column status text not null default 'published',
    -- What else customers find it by.
    add column tags text[] not null default '{}',
    add column introduction text not null default '',
    add column notice text not null default '',
    -- Who sells (domain::restaurant::Seller): what the law wants shown.
    add column seller jsonb,
    -- Zones that it does not deliver to, though others of its zones cover them.
    add column exclusions jsonb not null default '[]',
    -- How long it cooks at certain times (a list of domain::restaurant::PreparationTime).
    add column preparation_times jsonb not null default '[]',
    add column takes_pickup boolean not null default true,
    add column accepts_automatically boolean not null default false,
    -- It cooks more slowly until then.
    add column busy_extra_mins smallint,
    add column busy_until timestamptz,
    add constraint restaurants_status_known check (status in ('preparing', 'published', 'closed_down')),
    add constraint restaurants_busy_whole check ((busy_extra_mins is null) = (busy_until is null)),
    add constraint restaurants_busy_in_range check (busy_extra_mins between 1 and 60);

-- Applications: to open a shop, or to change what is reviewed of it.
create table restaurant.applications (
    id             uuid        not null,
    version        bigint      not null default 1,
    applicant_id   uuid        not null,
    -- Made with the first application; the shop itself is made when it is approved.
    restaurant_id  uuid        not null,
    status         text        not null,
    -- domain::restaurant::Registration
    registration   jsonb       not null,
    -- Where the seller is to be paid to (domain::restaurant::SettlementAccount), sealed. Emptied
    -- when the applicant leaves.
    sealed_account bytea,
    -- What the admin said at last: a question, or why it was refused.
    reason         text,
    submitted_at   timestamptz not null,
    decided_by     uuid,
    decided_at     timestamptz,
    constraint applications_pkey primary key (id),
    constraint applications_status_known
        check (status in ('submitted', 'asked_back', 'approved', 'refused', 'withdrawn')),
    constraint applications_decided_by_somebody check ((decided_by is null) = (decided_at is null))
);

create unique index applications_one_is_open on restaurant.applications (restaurant_id)
    where status in ('submitted', 'asked_back');
create index applications_of_applicant on restaurant.applications (applicant_id, id);
create index applications_by_status on restaurant.applications (status, id);

-- Where each shop is paid to: the account of its last approved application.
create table restaurant.settlement_accounts (
    restaurant_id  uuid  not null,
    sealed_account bytea not null,
    constraint settlement_accounts_pkey primary key (restaurant_id),
    constraint settlement_accounts_of_restaurant
        foreign key (restaurant_id) references restaurant.restaurants (id) on delete cascade
);

-- A business number belongs to the shops of one owner.
create index restaurants_by_business_number on restaurant.restaurants ((seller ->> 'business_number'))
    where seller is not null;
