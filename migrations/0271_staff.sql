-- Who works at a restaurant besides its owner.
create table restaurant.staff (
    restaurant_id uuid        not null,
    user_id       uuid        not null,
    role          text        not null,
    since         timestamptz not null,
    constraint staff_pkey primary key (restaurant_id, user_id),
    constraint staff_of_restaurant
        foreign key (restaurant_id) references restaurant.restaurants (id) on delete cascade,
    constraint staff_role_known check (role in ('manager', 'kitchen'))
);

create index staff_of_user on restaurant.staff (user_id);

-- Who was invited, by the address that they must have proven to accept. An owner does not learn
-- from it whether there is an account.
create table restaurant.staff_invitations (
    id            uuid        not null,
    restaurant_id uuid        not null,
    email         text        not null,
    role          text        not null,
    invited_at    timestamptz not null,
    expires_at    timestamptz not null,
    constraint staff_invitations_pkey primary key (id),
    constraint staff_invitations_of_restaurant
        foreign key (restaurant_id) references restaurant.restaurants (id) on delete cascade,
    constraint staff_invitations_role_known check (role in ('manager', 'kitchen'))
);

create unique index staff_invitations_one_each on restaurant.staff_invitations (restaurant_id, email);
create index staff_invitations_to on restaurant.staff_invitations (email);
create index staff_invitations_expire on restaurant.staff_invitations (expires_at);
