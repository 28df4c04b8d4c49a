//! The entries, by schema and table.
//!
//! What a line needs: [`plain`] for a column without personal data, with the reason; [`personal`]
//! for one with it; [`document`] for JSON. A column whose check constraint lists its words, and one
//! of ids, numbers or times, needs no entry.

use super::AtWithdrawal::{Erase, Expire, Pseudonymise, Retain};
use super::Subject::{self, Through};
use super::What::{
    Address, Choice, Device, Door, Email, EntranceNote, FreeText, Name, NetworkAddress, PaymentMeans, Phone,
    Photo, Position, Response, Secret, SignInName,
};
use super::{AtWithdrawal, Column, Content, Document, Kept, Personal, Purpose, What};

/// What the account and the profile need.
const ACCOUNT: Purpose = Purpose {
    why: "회원 가입과 계정 관리",
    kept: Kept::UntilWithdrawal,
    law: "개인정보 보호법 제15조 제1항 제4호",
};

/// What a delivery needs while it is under way.
const DELIVERY: Purpose = Purpose {
    why: "주문한 음식의 배달",
    kept: Kept::UntilWithdrawal,
    law: "개인정보 보호법 제15조 제1항 제4호",
};

/// Saved means of payment.
const PAYING: Purpose = Purpose {
    why: "결제수단의 등록과 결제",
    kept: Kept::UntilWithdrawal,
    law: "개인정보 보호법 제15조 제1항 제4호",
};

/// Records of contracts and of withdrawals from them.
pub const CONTRACT: Purpose = Purpose {
    why: "계약 또는 청약철회 등에 관한 기록",
    kept: Kept::Years(5),
    law: "전자상거래 등에서의 소비자보호에 관한 법률 시행령 제6조 제1항 제2호",
};

/// Records of complaints and disputes.
pub const DISPUTE: Purpose = Purpose {
    why: "소비자의 불만 또는 분쟁처리에 관한 기록",
    kept: Kept::Years(3),
    law: "전자상거래 등에서의 소비자보호에 관한 법률 시행령 제6조 제1항 제4호",
};

/// Who was connected from where.
pub const CONNECTION: Purpose = Purpose {
    why: "접속 기록과 부정 이용의 조사",
    kept: Kept::Days(90),
    law: "통신비밀보호법 시행령 제41조 제2항 제2호",
};

/// Wrong passwords and what providers told, so that nobody guesses without end.
pub const ATTEMPTS: Purpose =
    Purpose {
        why: "비밀번호 대입 공격의 방지", kept: Kept::Days(30), law: "개인정보 보호법 제29조"
    };

/// Why the rights of an account were changed.
pub const RIGHTS: Purpose = Purpose {
    why: "계정과 접근 권한의 변경 기록",
    kept: Kept::Years(3),
    law: "개인정보의 안전성 확보조치 기준 제5조 제3항",
};

/// Codes that were sent, so that nobody guesses or sends them without end.
pub const CODES: Purpose = Purpose {
    why: "이메일과 휴대전화 번호의 확인",
    kept: Kept::Days(1),
    law: "개인정보 보호법 제15조 제1항 제4호",
};

/// How many days a repeated request gets its first answer again: as long as the payment gateway
/// knows the key of a payment.
pub const REPEATS_DAYS: u16 = 15;

/// How many days an invitation to work at a restaurant may be accepted.
pub const INVITATION_DAYS: u16 = 7;

/// Answers that a repeated request gets again.
pub const REPEATS: Purpose = Purpose {
    why: "같은 요청의 중복 처리 방지",
    kept: Kept::Days(REPEATS_DAYS),
    law: "개인정보 보호법 제15조 제1항 제4호",
};

/// Invitations to work at a restaurant, until they are accepted.
pub const INVITATIONS: Purpose = Purpose {
    why: "가게 직원 초대",
    kept: Kept::Days(INVITATION_DAYS),
    law: "개인정보 보호법 제15조 제1항 제4호",
};

/// What people agreed to and refused, as the proof of it. Of whoever consented to advertising it
/// is kept for six months more.
pub const CONSENTS: Purpose = Purpose {
    why: "동의와 거부의 증명",
    kept: Kept::Months(6),
    law: "정보통신망법 제50조, 전자상거래 등에서의 소비자보호에 관한 법률 시행령 제6조 제1항 제1호",
};

/// Where couriers are.
pub const LOCATION: Purpose = Purpose {
    why: "배달 위치의 안내와 도착 시각의 계산",
    kept: Kept::Days(30),
    law: "위치정보의 보호 및 이용 등에 관한 법률 제15조, 제23조",
};

/// Who of the staff looked at what.
pub const STAFF_READS: Purpose = Purpose {
    why: "개인정보 처리시스템의 접속 기록",
    kept: Kept::Years(2),
    law: "개인정보의 안전성 확보조치 기준 제8조",
};

const OF_SESSION: Subject =
    Through { column: "session_id", table: "auth.sessions", key: "id", person: "user_id" };
const OF_IDENTITY: Subject =
    Through { column: "identity_id", table: "auth.identities", key: "id", person: "user_id" };
const OF_SUBJECT: Subject =
    Through { column: "subject", table: "auth.identities", key: "subject", person: "user_id" };
const OF_ORDER: Subject =
    Through { column: "order_id", table: "orders.orders", key: "id", person: "customer_id" };
const OF_CONVERSATION: Subject =
    Through { column: "conversation_id", table: "support.conversations", key: "id", person: "customer_id" };
const CUSTOMER: Subject = Subject::Column("customer_id");
const COURIER: Subject = Subject::Column("courier_id");
const USER: Subject = Subject::Column("user_id");

const NAME_OF_A_SHOP: &str = "published by a restaurant about its business";
const WORD: &str = "a word of the program";
const OURS: &str = "written by the people who run the service, for everybody";
const ENGINE: &str = "names and states of the job engine; payloads hold ids";

const fn of(what: What, subject: Subject, purpose: Purpose, at_withdrawal: AtWithdrawal) -> Personal {
    Personal { what, subject, purpose, at_withdrawal }
}

const fn plain(table: &'static str, name: &'static str, why: &'static str) -> Column {
    Column { table, name, content: Content::NotPersonal(why) }
}

const fn personal(table: &'static str, name: &'static str, personal: Personal) -> Column {
    Column { table, name, content: Content::Personal(personal) }
}

const fn document(
    table: &'static str,
    name: &'static str,
    personal: &'static [(&'static str, Personal)],
    not_personal: &'static [&'static str],
) -> Column {
    Column { table, name, content: Content::Document(Document { personal, not_personal }) }
}

/// Every column that can hold something of a person.
pub const REGISTRY: &[Column] = &[
    // auth
    personal("auth.attempts", "email", of(Email, Subject::Email("email"), ATTEMPTS, Expire)),
    personal("auth.attempts", "address", of(NetworkAddress, Subject::Email("email"), ATTEMPTS, Expire)),
    plain("auth.audit", "kind", WORD),
    personal("auth.audit", "address", of(NetworkAddress, USER, CONNECTION, Expire)),
    personal("auth.audit", "reason", of(FreeText, USER, RIGHTS, Expire)),
    personal("auth.codes", "target", of(SignInName, USER, CODES, Erase)),
    personal("auth.codes", "sealed", of(Secret, USER, CODES, Erase)),
    personal("auth.credentials", "secret", of(Secret, USER, ACCOUNT, Erase)),
    plain("auth.identities", "issuer", "the address of a provider"),
    personal("auth.identities", "subject", of(SignInName, USER, ACCOUNT, Erase)),
    personal("auth.notices", "email", of(Email, USER, CODES, Erase)),
    plain("auth.provider_events", "issuer", "the address of a provider"),
    plain("auth.provider_events", "event_id", "a provider's id of an event"),
    personal("auth.provider_events", "subject", of(SignInName, OF_SUBJECT, ACCOUNT, Expire)),
    plain("auth.provider_links_to_end", "issuer", "the address of a provider"),
    personal("auth.provider_links_to_end", "subject", of(SignInName, USER, ACCOUNT, Expire)),
    personal("auth.provider_links_to_end", "sealed_token", of(Secret, USER, ACCOUNT, Expire)),
    personal("auth.provider_tokens", "sealed", of(Secret, OF_IDENTITY, ACCOUNT, Erase)),
    personal("auth.refresh_tokens", "hash", of(Secret, OF_SESSION, ACCOUNT, Erase)),
    plain("auth.service_clients", "name", "the name of a program"),
    plain("auth.service_clients", "secret_hash", "of the secret of a program"),
    plain("auth.session_keys", "sealed_secret", "a key of the service"),
    personal("auth.reset_requests", "email", of(Email, Subject::Email("email"), CODES, Expire)),
    personal("auth.sessions", "device", of(Device, USER, ACCOUNT, Erase)),
    plain("auth.sessions", "method", WORD),
    personal("auth.sessions", "address", of(NetworkAddress, USER, ACCOUNT, Erase)),
    plain("auth.signing_keys", "kid", "the name of a key of the service"),
    plain("auth.signing_keys", "private_key", "a key of the service"),
    plain("auth.signing_keys", "sealed_private_key", "a key of the service"),
    personal("auth.social_attempts", "state_hash", of(Secret, USER, ACCOUNT, Expire)),
    personal("auth.social_attempts", "browser_hash", of(Secret, USER, ACCOUNT, Expire)),
    plain("auth.social_attempts", "provider", "the name of a provider"),
    plain("auth.social_attempts", "redirect_uri", "an address of ours"),
    plain("auth.social_attempts", "issuer", "the address of a provider"),
    personal("auth.social_attempts", "subject", of(SignInName, Subject::Email("email"), ACCOUNT, Expire)),
    personal("auth.social_attempts", "email", of(Email, Subject::Email("email"), ACCOUNT, Expire)),
    personal("auth.social_attempts", "name", of(Name, Subject::Email("email"), ACCOUNT, Expire)),
    personal("auth.social_attempts", "sealed_token", of(Secret, Subject::Email("email"), ACCOUNT, Expire)),
    personal("auth.stranger_attempts", "email", of(Email, Subject::Email("email"), ATTEMPTS, Expire)),
    // cart
    document("cart.carts", "coupons", &[], &["/*/kind"]),
    document("cart.carts", "lines", &[], &["/*/name", "/*/options/*/name"]),
    document(
        "cart.quotes",
        "quote",
        &[
            ("/drop_off/position/lat", of(Position, CUSTOMER, DELIVERY, Erase)),
            ("/drop_off/position/lon", of(Position, CUSTOMER, DELIVERY, Erase)),
            ("/drop_off/road_address", of(Address, CUSTOMER, DELIVERY, Erase)),
            ("/drop_off/detail", of(Door, CUSTOMER, DELIVERY, Erase)),
            ("/drop_off/entrance_note", of(EntranceNote, CUSTOMER, DELIVERY, Erase)),
        ],
        &[
            "/restaurant_name",
            "/lines/*/name",
            "/lines/*/options/*/name",
            "/pickup/lat",
            "/pickup/lon",
            "/problems/*/code",
            "/problems/*/name",
            "/problems/*/detail",
            "/problems/*/reason/why",
            "/tip_parts/*/kind",
            "/method",
            "/discounts/*/name",
            "/discounts/*/kind",
            "/discounts/*/funder",
            "/coupons/*/kind",
        ],
    ),
    personal("cart.quotes", "sealed_entrance_note", of(EntranceNote, CUSTOMER, DELIVERY, Erase)),
    plain("codes.tries", "code", "what the code opens, with the id of an order"),
    // coupon
    plain("coupon.campaigns", "code", OURS),
    document(
        "coupon.campaigns",
        "terms",
        &[],
        &["/name", "/kind", "/benefit/by", "/categories/*", "/funder", "/code"],
    ),
    // gateway
    plain("gateway.idempotency_keys", "name", "the client's random name of a request"),
    personal("gateway.idempotency_keys", "request_hash", of(Secret, USER, REPEATS, Expire)),
    document("gateway.idempotency_keys", "headers", &[], &["/*/*"]),
    personal("gateway.idempotency_keys", "body", of(Response, USER, REPEATS, Expire)),
    personal("gateway.idempotency_keys", "sealed_body", of(Response, USER, REPEATS, Expire)),
    // graphile_worker
    plain("graphile_worker._private_job_queues", "queue_name", ENGINE),
    plain("graphile_worker._private_job_queues", "locked_by", ENGINE),
    document(
        "graphile_worker._private_jobs",
        "payload",
        &[],
        &["/subscriber", "/channel", "/reminder/reminder"],
    ),
    plain("graphile_worker._private_jobs", "last_error", "causes of failures, which name no values"),
    plain("graphile_worker._private_jobs", "key", ENGINE),
    plain("graphile_worker._private_jobs", "locked_by", ENGINE),
    plain("graphile_worker._private_jobs", "flags", ENGINE),
    plain("graphile_worker._private_known_crontabs", "identifier", ENGINE),
    plain("graphile_worker._private_tasks", "identifier", ENGINE),
    plain("graphile_worker._private_workers", "id", ENGINE),
    plain("graphile_worker._private_workers", "metadata", ENGINE),
    // journal
    plain("journal.epoch", "epoch", "random, one for the database"),
    plain("journal.events", "channel", "the kind and the id of what the event belongs to"),
    plain("journal.events", "type", WORD),
    document(
        "journal.events",
        "data",
        &[
            ("/text", of(FreeText, Subject::Channel("channel"), DELIVERY, Erase)),
            ("/reason", of(FreeText, Subject::Channel("channel"), DELIVERY, Erase)),
            ("/card/cancel_request", of(FreeText, Subject::Channel("channel"), DELIVERY, Erase)),
            ("/card/note", of(FreeText, Subject::Channel("channel"), DELIVERY, Erase)),
            ("/name", of(Name, Subject::Channel("channel"), DELIVERY, Erase)),
            ("/drop_off/lat", of(Position, Subject::Channel("channel"), DELIVERY, Erase)),
            ("/drop_off/lon", of(Position, Subject::Channel("channel"), DELIVERY, Erase)),
        ],
        &[
            "/status",
            "/by",
            "/code",
            "/way",
            "/vehicle",
            "/author_role",
            "/restaurant_name",
            "/dong",
            "/pickup/lat",
            "/pickup/lon",
            "/distance_m",
            "/card/code",
            "/card/status",
            "/card/lines/*/name",
            "/card/lines/*/options/*",
            "/conversation/topic",
            "/conversation/status",
        ],
    ),
    plain("journal.feeds", "channel", "the kind and the id of what the feed belongs to"),
    // menu
    plain("menu.groups", "name", NAME_OF_A_SHOP),
    plain("menu.menus", "name", NAME_OF_A_SHOP),
    plain("menu.menus", "description", NAME_OF_A_SHOP),
    plain("menu.option_groups", "name", NAME_OF_A_SHOP),
    plain("menu.options", "name", NAME_OF_A_SHOP),
    plain("menu.groups", "external_id", NAME_OF_A_SHOP),
    plain("menu.menus", "external_id", NAME_OF_A_SHOP),
    plain("menu.menus", "origins", NAME_OF_A_SHOP),
    plain("menu.option_groups", "external_id", NAME_OF_A_SHOP),
    plain("menu.options", "external_id", NAME_OF_A_SHOP),
    plain("menu.price_changes", "name", NAME_OF_A_SHOP),
    plain("menu.pictures", "files", NAME_OF_A_SHOP),
    plain("menu.pictures", "colour", NAME_OF_A_SHOP),
    // orders
    document(
        "orders.adjustments",
        "state",
        &[],
        &["/lines/*/name", "/lines/*/options/*/name", "/reason", "/fault"],
    ),
    personal("orders.interventions", "reason", of(FreeText, OF_ORDER, DISPUTE, Expire)),
    plain("orders.orders", "status", WORD),
    document(
        "orders.orders",
        "state",
        &[
            ("/drop_off/position/lat", of(Position, CUSTOMER, DELIVERY, Erase)),
            ("/drop_off/position/lon", of(Position, CUSTOMER, DELIVERY, Erase)),
            ("/drop_off/road_address", of(Address, CUSTOMER, CONTRACT, Retain)),
            ("/drop_off/detail", of(Door, CUSTOMER, CONTRACT, Retain)),
            ("/drop_off/entrance_note", of(EntranceNote, CUSTOMER, DELIVERY, Erase)),
            ("/note", of(FreeText, CUSTOMER, CONTRACT, Retain)),
            ("/courier_note", of(FreeText, CUSTOMER, DELIVERY, Erase)),
            ("/cancel_request/reason", of(FreeText, CUSTOMER, CONTRACT, Retain)),
            ("/ending/reason", of(FreeText, CUSTOMER, CONTRACT, Retain)),
            ("/contact/answers/*/text", of(FreeText, CUSTOMER, DISPUTE, Retain)),
        ],
        &[
            "/status",
            "/restaurant_name",
            "/fulfilment/kind",
            "/fulfilment/code",
            "/discounts/*/name",
            "/discounts/*/kind",
            "/discounts/*/funder",
            "/cancellations/*/lines/*/name",
            "/cancellations/*/lines/*/options/*/name",
            "/lines/*/name",
            "/lines/*/options/*/name",
            "/pickup/lat",
            "/pickup/lon",
            "/ending/fault",
            "/ending/reached",
            "/ending/code",
            "/contact/attempts/*/way",
        ],
    ),
    personal("orders.orders", "sealed_entrance_note", of(EntranceNote, CUSTOMER, DELIVERY, Erase)),
    // payment
    personal("payment.methods", "issuer", of(PaymentMeans, CUSTOMER, PAYING, Erase)),
    personal("payment.methods", "number", of(PaymentMeans, CUSTOMER, PAYING, Erase)),
    personal("payment.methods", "sealed_billing_key", of(Secret, CUSTOMER, PAYING, Erase)),
    personal("payment.registrations", "sealed_auth_key", of(Secret, CUSTOMER, PAYING, Erase)),
    // privacy
    plain("privacy.copies", "blob", "the name of a file, which the vault has sealed"),
    personal("privacy.copies", "link_hash", of(Secret, USER, ACCOUNT, Erase)),
    plain("public._sqlx_migrations", "description", "the name of a migration"),
    plain("public._sqlx_migrations", "checksum", "of a migration"),
    // restaurant
    document(
        "restaurant.applications",
        "registration",
        &[],
        &[
            "/name",
            "/category",
            "/phone",
            "/seller/business_name",
            "/seller/representative",
            "/seller/business_number",
            "/seller/mail_order_number",
            "/seller/address",
            "/position/lat",
            "/position/lon",
            "/gu",
            "/dong",
        ],
    ),
    personal(
        "restaurant.applications",
        "sealed_account",
        of(Secret, Subject::Column("applicant_id"), ACCOUNT, Erase),
    ),
    plain("restaurant.applications", "reason", "said by an admin about a business"),
    plain("restaurant.holidays", "name", OURS),
    plain("restaurant.settlement_accounts", "sealed_account", "of a business, needed to pay what it is owed"),
    personal(
        "restaurant.staff_invitations",
        "email",
        of(Email, Subject::Email("email"), INVITATIONS, Expire),
    ),
    plain("restaurant.restaurants", "name", NAME_OF_A_SHOP),
    plain("restaurant.restaurants", "category", NAME_OF_A_SHOP),
    plain("restaurant.restaurants", "phone", NAME_OF_A_SHOP),
    plain("restaurant.restaurants", "lat", NAME_OF_A_SHOP),
    plain("restaurant.restaurants", "lon", NAME_OF_A_SHOP),
    plain("restaurant.restaurants", "gu", NAME_OF_A_SHOP),
    plain("restaurant.restaurants", "dong", NAME_OF_A_SHOP),
    document("restaurant.restaurants", "tip", &[], &["/times/*/spans/*/weekday"]),
    document(
        "restaurant.restaurants",
        "hours",
        &[],
        &[
            "/ranges/*/weekday",
            "/breaks/*/weekday",
            "/closings/*/kind",
            "/closings/*/weekday",
            "/closings/*/date",
            "/special_days/*/date",
        ],
    ),
    document("restaurant.restaurants", "zones", &[], &["/*/kind", "/*/outline/*/lat", "/*/outline/*/lon"]),
    document(
        "restaurant.restaurants",
        "exclusions",
        &[],
        &["/*/kind", "/*/outline/*/lat", "/*/outline/*/lon"],
    ),
    document("restaurant.restaurants", "preparation_times", &[], &["/*/spans/*/weekday"]),
    document(
        "restaurant.restaurants",
        "seller",
        &[],
        &["/business_name", "/representative", "/business_number", "/mail_order_number", "/address"],
    ),
    plain("restaurant.restaurants", "tags", NAME_OF_A_SHOP),
    plain("restaurant.restaurants", "introduction", NAME_OF_A_SHOP),
    plain("restaurant.restaurants", "notice", NAME_OF_A_SHOP),
    plain("schema.minimum_versions", "version", "a version of the program"),
    plain("schema.minimum_versions", "why", OURS),
    // retained
    plain("retained.records", "why", OURS),
    plain("retained.records", "law", OURS),
    personal("retained.records", "sealed", of(Response, USER, CONTRACT, Retain)),
    // support
    plain("support.entries", "kind", WORD),
    personal("support.entries", "text", of(FreeText, OF_CONVERSATION, DISPUTE, Retain)),
    plain("support.faqs", "question_ko", OURS),
    plain("support.faqs", "answer_ko", OURS),
    plain("support.faqs", "question_en", OURS),
    plain("support.faqs", "answer_en", OURS),
    // tracking
    personal("tracking.couriers", "name", of(Name, Subject::Column("id"), ACCOUNT, Erase)),
    plain("tracking.deliveries", "restaurant_name", NAME_OF_A_SHOP),
    plain("tracking.deliveries", "pickup_lat", NAME_OF_A_SHOP),
    plain("tracking.deliveries", "pickup_lon", NAME_OF_A_SHOP),
    personal("tracking.deliveries", "drop_off_lat", of(Position, CUSTOMER, DELIVERY, Erase)),
    personal("tracking.deliveries", "drop_off_lon", of(Position, CUSTOMER, DELIVERY, Erase)),
    personal("tracking.deliveries", "road_address", of(Address, CUSTOMER, DELIVERY, Erase)),
    personal("tracking.deliveries", "detail", of(Door, CUSTOMER, DELIVERY, Erase)),
    personal("tracking.deliveries", "entrance_note", of(EntranceNote, CUSTOMER, DELIVERY, Erase)),
    personal("tracking.deliveries", "sealed_entrance_note", of(EntranceNote, CUSTOMER, DELIVERY, Erase)),
    personal("tracking.deliveries", "courier_name", of(Name, COURIER, DELIVERY, Pseudonymise)),
    plain("tracking.deliveries", "courier_vehicle", WORD),
    document(
        "tracking.deliveries",
        "handover",
        &[("/note", of(FreeText, CUSTOMER, DELIVERY, Erase))],
        &["/dishes/*/name", "/dishes/*/options/*/name"],
    ),
    personal("tracking.devices", "name", of(Device, COURIER, ACCOUNT, Erase)),
    personal("tracking.devices", "token_sha256", of(Secret, COURIER, ACCOUNT, Erase)),
    personal("tracking.offers", "distance_m", of(Position, COURIER, LOCATION, Expire)),
    personal("tracking.positions", "lat", of(Position, COURIER, LOCATION, Erase)),
    personal("tracking.positions", "lon", of(Position, COURIER, LOCATION, Erase)),
    personal("tracking.positions", "accuracy_m", of(Position, COURIER, LOCATION, Erase)),
    personal("tracking.positions", "speed_mps", of(Position, COURIER, LOCATION, Erase)),
    personal("tracking.positions", "heading_deg", of(Position, COURIER, LOCATION, Erase)),
    plain("tracking.rejected", "reason", WORD),
    // users
    personal("users.access_log", "reason", of(FreeText, USER, STAFF_READS, Expire)),
    personal(
        "users.access_log",
        "address",
        of(NetworkAddress, Subject::Column("actor"), STAFF_READS, Expire),
    ),
    personal("users.addresses", "label", of(FreeText, USER, ACCOUNT, Erase)),
    personal("users.addresses", "road_address", of(Address, USER, ACCOUNT, Erase)),
    personal("users.addresses", "lot_address", of(Address, USER, ACCOUNT, Erase)),
    personal("users.addresses", "zip", of(Address, USER, ACCOUNT, Erase)),
    personal("users.addresses", "detail", of(Door, USER, ACCOUNT, Erase)),
    personal("users.addresses", "entrance_note", of(EntranceNote, USER, ACCOUNT, Erase)),
    personal("users.addresses", "sealed_entrance_note", of(EntranceNote, USER, ACCOUNT, Erase)),
    personal("users.addresses", "lat", of(Position, USER, ACCOUNT, Erase)),
    personal("users.addresses", "lon", of(Position, USER, ACCOUNT, Erase)),
    personal("users.addresses", "gu", of(Address, USER, ACCOUNT, Erase)),
    personal("users.addresses", "dong", of(Address, USER, ACCOUNT, Erase)),
    personal("users.consent_notices", "kind", of(Choice, USER, CONSENTS, Retain)),
    personal("users.consents", "purpose", of(Choice, USER, CONSENTS, Retain)),
    personal("users.consents", "agreed", of(Choice, USER, CONSENTS, Retain)),
    personal("users.notification_settings", "muted", of(Choice, USER, ACCOUNT, Erase)),
    personal("users.photos", "files", of(Photo, USER, ACCOUNT, Erase)),
    personal("users.photos", "colour", of(Photo, USER, ACCOUNT, Erase)),
    personal("users.profiles", "nickname", of(Name, Subject::Column("id"), ACCOUNT, Erase)),
    personal("users.profiles", "name", of(Name, Subject::Column("id"), ACCOUNT, Pseudonymise)),
    personal("users.profiles", "phone", of(Phone, Subject::Column("id"), ACCOUNT, Erase)),
];
