//! What the documents state of each operation's surroundings, and that it is so.

use std::collections::BTreeSet;

use domain::Role;
use reqwest::Method;
use serde_json::Value;
use server::Service;
use tests::TestApp;
use tests::rest::{Rest, answer};

use crate::documents::operations;

const ROLES: [Role; 5] = [Role::Customer, Role::Courier, Role::Owner, Role::Agent, Role::Admin];

/// The operations that are for one role.
const FOR_ONE_ROLE: [&str; 118] = [
    "admin delete /v1/holidays/{date}",
    "admin get /v1/admin/access-log",
    "admin get /v1/admin/accounts/{id}",
    "admin get /v1/admin/accounts/{id}/sessions",
    "admin get /v1/admin/audit",
    "admin get /v1/admin/people",
    "admin get /v1/admin/people/{id}",
    "admin get /v1/coupon-campaigns",
    "admin get /v1/coupon-campaigns/{id}",
    "admin get /v1/ledger/days/{day}",
    "admin get /v1/ledger/entries",
    "admin get /v1/orders/{id}/adjustments",
    "admin get /v1/payments/undecided",
    "admin get /v1/points/grants",
    "admin get /v1/restaurant-applications",
    "admin get /v1/system/actors",
    "admin get /v1/system/city",
    "admin get /v1/system/couriers",
    "admin get /v1/system/couriers/{id}",
    "admin get /v1/system/history",
    "admin get /v1/system/orders",
    "admin get /v1/system/search",
    "admin post /v1/admin/accounts/{id}/ban",
    "admin post /v1/admin/accounts/{id}/end-sessions",
    "admin post /v1/admin/accounts/{id}/grant",
    "admin post /v1/admin/accounts/{id}/lift-ban",
    "admin post /v1/admin/accounts/{id}/revoke",
    "admin post /v1/admin/accounts/{id}/sessions/{session_id}/end",
    "admin post /v1/admin/accounts/{id}/unlock",
    "admin post /v1/admin/people/{id}/unmask",
    "admin post /v1/coupon-campaigns",
    "admin post /v1/coupon-campaigns/{id}/withdrawal",
    "admin post /v1/orders/{id}/adjustments",
    "admin post /v1/orders/{id}/adjustments/preview",
    "admin post /v1/payments/{id}/decision",
    "admin post /v1/points/grants",
    "admin post /v1/refunds/{id}/retry",
    "admin post /v1/restaurant-applications/{id}/approve",
    "admin post /v1/restaurant-applications/{id}/ask-back",
    "admin post /v1/restaurant-applications/{id}/refuse",
    "admin post /v1/restaurants",
    "admin put /v1/holidays/{date}",
    "admin put /v1/restaurants/{id}/owner",
    "agent get /v1/agents/me/desk",
    "agent put /v1/agents/me/presence",
    "courier delete /v1/couriers/me/devices/{device_id}",
    "courier get /v1/couriers/me",
    "courier get /v1/couriers/me/devices",
    "courier patch /v1/couriers/me/devices/{device_id}",
    "courier post /v1/couriers/me/devices",
    "courier post /v1/couriers/me/fixes",
    "courier post /v1/deliveries/{order_id}/steps",
    "courier post /v1/offers/{offer_id}/accept",
    "courier post /v1/offers/{offer_id}/decline",
    "courier post /v1/orders/{id}/contact-attempts",
    "courier put /v1/couriers/me",
    "courier put /v1/couriers/me/shift",
    "customer delete /v1/cart",
    "customer delete /v1/cart/coupons/{coupon_id}",
    "customer delete /v1/cart/lines/{line_id}",
    "customer delete /v1/payment-methods/{id}",
    "customer get /v1/cart",
    "customer get /v1/cart/coupons",
    "customer get /v1/coupons",
    "customer get /v1/coupons/offered",
    "customer get /v1/payment-methods",
    "customer get /v1/points",
    "customer get /v1/points/history",
    "customer patch /v1/cart/lines/{line_id}",
    "customer post /v1/cart/lines",
    "customer post /v1/cart/merge",
    "customer post /v1/cart/quote",
    "customer post /v1/coupons",
    "customer post /v1/orders/{id}/reorder",
    "customer post /v1/payment-methods/registrations",
    "customer post /v1/payment-methods/registrations/{id}/completion",
    "customer put /v1/cart/coupons/{coupon_id}",
    "customer put /v1/cart/points",
    "customer put /v1/payment-methods/{id}/default",
    "owner delete /v1/menu-groups/{id}",
    "owner delete /v1/menus/{id}",
    "owner delete /v1/menus/{id}/picture",
    "owner delete /v1/option-groups/{id}",
    "owner delete /v1/options/{id}",
    "owner delete /v1/restaurants/{id}/busy",
    "owner delete /v1/restaurants/{id}/invitations/{invitation_id}",
    "owner delete /v1/restaurants/{id}/pause",
    "owner delete /v1/restaurants/{id}/staff/{user_id}",
    "owner get /v1/restaurants/mine",
    "owner get /v1/restaurants/{id}/card",
    "owner get /v1/restaurants/{id}/preview",
    "owner get /v1/restaurants/{id}/price-changes",
    "owner get /v1/restaurants/{id}/rules",
    "owner get /v1/restaurants/{id}/shop",
    "owner get /v1/restaurants/{id}/staff",
    "owner patch /v1/menus/{id}",
    "owner patch /v1/options/{id}",
    "owner patch /v1/restaurants/{id}/shop",
    "owner post /v1/menu-groups/{id}/menus",
    "owner post /v1/menus/{id}/option-groups",
    "owner post /v1/option-groups/{id}/options",
    "owner post /v1/restaurants/{id}/menu-groups",
    "owner post /v1/restaurants/{id}/publish",
    "owner post /v1/restaurants/{id}/staff",
    "owner put /v1/menu-groups/{id}",
    "owner put /v1/menu-groups/{id}/menus/order",
    "owner put /v1/menus/{id}",
    "owner put /v1/menus/{id}/option-groups/order",
    "owner put /v1/menus/{id}/picture",
    "owner put /v1/option-groups/{id}",
    "owner put /v1/option-groups/{id}/options/order",
    "owner put /v1/options/{id}",
    "owner put /v1/restaurants/{id}/busy",
    "owner put /v1/restaurants/{id}/card",
    "owner put /v1/restaurants/{id}/card.csv",
    "owner put /v1/restaurants/{id}/menu-groups/order",
    "owner put /v1/restaurants/{id}/pause",
    "owner put /v1/restaurants/{id}/rules",
];

fn method(name: &str) -> Method {
    name.to_uppercase().parse().unwrap()
}

/// The path with the id of nothing for its parameters.
fn filled(path: &str) -> String {
    let part = |part: &str| {
        if part.starts_with('{') { "01920000-0000-7000-8000-000000000001" } else { part }.to_owned()
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether the operation says that nobody needs to sign in for it, or not with a token.
fn is_open(operation: &Value) -> bool {
    let schemes = operation["security"].as_array().into_iter().flatten();
    schemes.into_iter().any(|scheme| scheme.as_object().is_some_and(|scheme| !scheme.contains_key("bearer")))
}

#[tokio::test]
async fn every_operation_states_its_policy_and_the_gateway_states_the_same() {
    let app = TestApp::start().await;
    let gateway = app.rest(Service::Gateway).get("/openapi.json").await.expect(200);
    let (mut stated, mut of_one_role) = (0, BTreeSet::new());
    for service in Service::ALL {
        let document = app.rest(service).get("/openapi.json").await.expect(200);
        for (path, method, operation) in operations(&document) {
            let policy = &operation["x-baedal-policy"];
            let at = format!("{service} {method} {path}: {policy}");
            assert!(policy["noun"].is_string() && policy["placing"].is_string(), "{at}");
            assert!(policy["limit"].is_string() && policy["idempotency_key"].is_boolean(), "{at}");
            assert!(policy["timeout_secs"].as_u64() > Some(0), "{at}");
            assert!(policy["body_max_bytes"].as_u64() > Some(0), "{at}");
            assert_eq!(*policy, gateway["paths"][path][method]["x-baedal-policy"], "{at}");
            if let Some(role) = policy["role"].as_str() {
                assert!(!is_open(operation), "{at} is for one role, and open");
                of_one_role.insert(format!("{role} {method} {path}"));
            }
            stated += 1;
        }
    }
    assert!(stated > 60, "{stated}");
    assert_eq!(of_one_role.iter().map(String::as_str).collect::<Vec<_>>(), FOR_ONE_ROLE);
    app.stop().await;
}

#[tokio::test]
async fn an_operation_that_is_for_one_role_refuses_all_others_by_every_way() {
    let app = TestApp::start().await;
    let mut without = Vec::new();
    for role in ROLES {
        let others: Vec<Role> = ROLES.into_iter().filter(|other| *other != role).collect();
        without.push((role.as_str(), app.person(&format!("no-{}", role.as_str()), &others).await));
    }
    let everybody = app.person("everybody", &ROLES).await;
    for service in Service::ALL {
        let document = app.rest(service).get("/openapi.json").await.expect(200);
        for (path, name, operation) in operations(&document) {
            if is_open(operation) {
                continue;
            }
            let ways: [(Rest, String); 3] = [
                (app.rest(service), filled(path)),
                (app.rest(Service::Gateway), filled(path)),
                (app.rest(Service::Gateway), format!("/{service}{}", filled(path))),
            ];
            for (rest, path) in ways {
                let nobody = answer(rest.request(method(name), &path)).await;
                nobody.expect_problem(401, "unauthenticated");
                let Some(role) = operation["x-baedal-policy"]["role"].as_str() else { continue };
                let (_, person) = without.iter().find(|(lacks, _)| *lacks == role).unwrap();
                let other = rest.with_token(&person.access_token);
                answer(other.request(method(name), &path)).await.expect_problem(403, "forbidden");
                let one = rest.with_token(&everybody.access_token);
                let let_in = answer(one.request(method(name), &path)).await;
                assert!(
                    let_in.status != 401 && let_in.body["type"] != "forbidden",
                    "{path}: {}",
                    let_in.body
                );
            }
        }
    }
    app.stop().await;
}
