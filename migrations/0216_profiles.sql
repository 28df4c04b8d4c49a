-- What a person calls themselves to others.
alter table users.profiles
    add column nickname text,
    add constraint profiles_nickname_length check (octet_length(nickname) between 1 and 80);

-- An address as Korea writes it: by its road, by its lot, and with its zip code of five digits,
-- as far as they are known. Of what was kept before only the road is.
alter table users.addresses
    add column kind        text not null default 'other',
    add column lot_address text not null default '',
    add column zip         text not null default '',
    add constraint addresses_kind_known check (kind in ('home', 'work', 'other')),
    add constraint addresses_zip_digits check (zip ~ '^(\d{5})?$');
update users.addresses set kind = 'home' where label in ('집', 'Home', 'home');
update users.addresses set kind = 'work' where label in ('회사', 'Work', 'work');

-- What a person does not want to be notified of, and when not. Without a row nothing is muted.
create table users.notification_settings (
    user_id     uuid        not null,
    -- A category and a channel each; what is critical is not among them.
    muted       text[]      not null,
    -- Times of day in Korea; both or neither.
    quiet_from  time,
    quiet_until time,
    version     bigint      not null default 1,
    updated_at  timestamptz not null,
    constraint notification_settings_pkey primary key (user_id),
    constraint notification_settings_of_profile foreign key (user_id)
        references users.profiles (id) on delete cascade,
    constraint notification_settings_known check (
        muted <@ array[
            'order_status:in_app', 'order_status:push', 'order_status:sms', 'order_status:mail',
            'chat:in_app', 'chat:push', 'chat:sms', 'chat:mail',
            'review_request:in_app', 'review_request:push', 'review_request:sms', 'review_request:mail',
            'promotion:in_app', 'promotion:push', 'promotion:sms', 'promotion:mail'
        ]
    ),
    constraint notification_settings_quiet_both check ((quiet_from is null) = (quiet_until is null)),
    constraint notification_settings_quiet_differ check (quiet_from <> quiet_until)
);
