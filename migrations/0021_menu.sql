-- What restaurants offer. Options are rows and not documents, because each is
-- sold out, priced and moved on its own.
create schema menu;

-- One row for each restaurant with a menu. Whoever changes anything of the menu
-- raises the version in the same transaction: its row lock puts the changes of
-- one menu in order, and a quote can say which menu it saw.
create table menu.cards (
    restaurant_id uuid   not null,
    version       bigint not null,
    constraint cards_pkey primary key (restaurant_id)
);

create table menu.groups (
    id            uuid     not null,
    restaurant_id uuid     not null,
    name          text     not null,
    position      smallint not null,
    constraint groups_pkey primary key (id),
    constraint groups_of_card foreign key (restaurant_id) references menu.cards on delete cascade
);

create index groups_in_order on menu.groups (restaurant_id, position);

create table menu.menus (
    id          uuid     not null,
    group_id    uuid     not null,
    name        text     not null,
    description text     not null,
    price_won   bigint   not null,
    sold_out    boolean  not null,
    position    smallint not null,
    constraint menus_pkey primary key (id),
    constraint menus_of_group foreign key (group_id) references menu.groups on delete cascade,
    constraint menus_price_in_range check (price_won between 0 and 10000000)
);

create index menus_in_order on menu.menus (group_id, position);

create table menu.option_groups (
    id       uuid     not null,
    menu_id  uuid     not null,
    name     text     not null,
    min      smallint not null,
    max      smallint not null,
    -- Each option at most once, whatever its own maximum.
    is_unique boolean not null,
    position smallint not null,
    constraint option_groups_pkey primary key (id),
    constraint option_groups_of_menu foreign key (menu_id) references menu.menus on delete cascade,
    constraint option_groups_counts check (min >= 0 and max >= 1 and min <= max)
);

create index option_groups_in_order on menu.option_groups (menu_id, position);

create table menu.options (
    id           uuid     not null,
    group_id     uuid     not null,
    name         text     not null,
    price_won    bigint   not null,
    max_quantity smallint not null,
    sold_out     boolean  not null,
    position     smallint not null,
    constraint options_pkey primary key (id),
    constraint options_of_group foreign key (group_id) references menu.option_groups on delete cascade,
    constraint options_price_in_range check (price_won between 0 and 10000000),
    constraint options_max_positive check (max_quantity >= 1)
);

create index options_in_order on menu.options (group_id, position);
