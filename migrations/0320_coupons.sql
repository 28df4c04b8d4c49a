-- Coupons: campaigns issue them, customers claim them, orders use them.
create schema coupon;

-- What the coupons of a campaign give never changes: orders and customers rely on it.
create table coupon.campaigns (
    id           uuid        not null,
    terms        jsonb       not null,
    code         text,
    until_at     timestamptz not null,
    total        integer,
    per_customer integer     not null,
    issued       integer     not null default 0,
    created_by   uuid        not null,
    created_at   timestamptz not null,
    withdrawn_at timestamptz,
    constraint campaigns_pkey primary key (id),
    constraint campaigns_issue_no_more_than_there_are check (issued between 0 and coalesce(total, issued))
);

create unique index campaigns_code_once on coupon.campaigns (code) where withdrawn_at is null;
create index campaigns_offered on coupon.campaigns (until_at, id) where code is null and withdrawn_at is null;

create table coupon.coupons (
    id          uuid        not null,
    campaign_id uuid        not null,
    customer_id uuid        not null,
    -- The first, second, … of the campaign for this customer.
    number      integer     not null,
    state       text        not null default 'claimed',
    order_id    uuid,
    claimed_at  timestamptz not null,
    -- Of the request that claimed it, so that its repetition claims no other one.
    claim_key   uuid,
    constraint coupons_pkey primary key (id),
    constraint coupons_of_a_campaign foreign key (campaign_id) references coupon.campaigns (id),
    constraint coupons_claimed_once unique (claim_key),
    constraint coupons_numbered_once unique (campaign_id, customer_id, number),
    constraint coupons_state_known check (state in ('claimed', 'reserved', 'redeemed')),
    constraint coupons_order_that_has_it check ((state = 'claimed') = (order_id is null))
);

create index coupons_of_a_customer on coupon.coupons (customer_id, id);
create index coupons_unused on coupon.coupons (customer_id, id) where state <> 'redeemed';
create index coupons_of_an_order on coupon.coupons (order_id) where order_id is not null;

-- The coupons that are chosen in a cart.
alter table cart.carts add column coupons jsonb not null default '[]';

alter table ledger.postings drop constraint postings_account_known;
alter table ledger.postings add constraint postings_account_known check (account in ('gateway', 'deposits',
    'refunds', 'restaurant', 'courier', 'commission', 'vat', 'amends', 'coupons'));
