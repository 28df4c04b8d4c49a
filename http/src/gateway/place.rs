//! Which replica a request goes to: rendezvous hashing (highest random weight, Thaler and
//! Ravishankar 1998).
//!
//! Every gateway ranks a service's replicas by a hash of the request's placing key (an entity or
//! the caller, as its operation's policy states) and the replica's name. So all gateways agree
//! without communicating. When a replica goes, only its entities move, evenly to the others; when
//! it comes back, they return.
//!
//! Placing keeps an entity's commands together, so that commits seldom conflict. Correctness does
//! not depend on it: every commit is fenced, in whichever process.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::kit::{Operations, Placing};

/// The placing key of a request for one of these operations; `None` if any replica will do.
pub(super) fn key(operations: &Operations, parts: &Parts) -> Option<String> {
    let (policy, parameters) = operations.find(&parts.method, parts.uri.path())?;
    match policy.placing() {
        Placing::Entity => parameters.iter().next().map(|(_, id)| plain(id)),
        Placing::Caller => caller(&parts.headers),
        Placing::Anywhere => None,
    }
}

/// An id in our canonical form.
fn plain(id: &str) -> String {
    Uuid::parse_str(id).map_or_else(|_| id.to_owned(), |id| id.to_string())
}

/// The subject of the request's token. **Not verified**: it only chooses the replica that verifies
/// it, and a forged token only chooses another replica.
pub(super) fn caller(headers: &HeaderMap) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    let (_, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.trim().split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok().map(|claims| plain(&claims.sub))
}

/// The rank of a replica for the entity; the highest is preferred.
fn weight(entity: &str, replica: &str) -> u64 {
    let mut hash = Sha256::new_with_prefix(entity);
    hash.update([0]);
    hash.update(replica);
    let digest: [u8; 32] = hash.finalize().into();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The replicas in the entity's order of preference.
pub(super) fn ranked<'a, R>(
    entity: &str,
    replicas: impl Iterator<Item = &'a R>,
    name: impl Fn(&R) -> &str,
) -> Vec<&'a R> {
    let mut weighed: Vec<_> = replicas.map(|replica| (weight(entity, name(replica)), replica)).collect();
    weighed.sort_unstable_by(|(one, a), (other, b)| other.cmp(one).then_with(|| name(a).cmp(name(b))));
    weighed.into_iter().map(|(_, replica)| replica).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use proptest::prelude::*;
    use utoipa_axum::router::OpenApiRouter;

    fn order<'a>(entity: &str, replicas: &'a [String]) -> Vec<&'a String> {
        ranked(entity, replicas.iter(), |replica| replica)
    }

    fn named(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("10.0.0.{number}:9109")).collect()
    }

    proptest! {
        #[test]
        fn the_order_does_not_depend_on_how_replicas_are_listed(
            entity in "[0-9a-f-]{1,36}", count in 1_usize..12, turned in 0_usize..12,
        ) {
            let replicas = named(count);
            let mut shuffled = replicas.clone();
            shuffled.rotate_left(turned % count);
            shuffled.reverse();
            prop_assert_eq!(order(&entity, &replicas), order(&entity, &shuffled));
        }

        #[test]
        fn when_a_replica_goes_only_its_own_entities_move(
            entity in "[0-9a-f-]{1,36}", count in 2_usize..12, gone in 0_usize..12,
        ) {
            let replicas = named(count);
            let gone = &replicas[gone % count];
            let left: Vec<String> = replicas.iter().filter(|each| *each != gone).cloned().collect();
            let before: Vec<_> = order(&entity, &replicas).into_iter().filter(|each| *each != gone).collect();
            prop_assert_eq!(before, order(&entity, &left));
        }
    }

    #[test]
    fn entities_are_spread_evenly() {
        const ENTITIES: usize = 20_000;
        for count in [2, 3, 5, 9] {
            let replicas = named(count);
            let mut homes = std::collections::BTreeMap::<&String, usize>::new();
            for entity in 0..ENTITIES {
                *homes.entry(order(&format!("entity-{entity}"), &replicas)[0]).or_default() += 1;
            }
            let fair = ENTITIES / count;
            // At least about five standard deviations of a fair distribution.
            let off = fair / 10;
            assert!(
                homes.len() == count && homes.values().all(|home| home.abs_diff(fair) < off),
                "{homes:?}"
            );
        }
    }

    fn bearer(subject: &str) -> String {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{subject}","iat":1}}"#));
        format!("Bearer e30.{claims}.c2ln")
    }

    #[test]
    fn a_request_is_placed_by_what_its_operation_is_about() {
        let (id, who) = ("01920000-0000-7000-8000-00000000000a", "somebody");
        let services = [
            crate::cart::routes(),
            crate::order::routes(),
            crate::restaurant::routes(),
            crate::support::routes(),
            crate::tracking::routes(),
        ];
        let documents: Vec<_> = services.into_iter().map(OpenApiRouter::into_openapi).collect();
        let operations = Operations::below(documents.iter().map(|api| ("", api)));
        for (method, path, expected) in [
            ("GET", format!("/v1/orders/{id}"), Some(id)),
            ("HEAD", format!("/v1/orders/{id}"), Some(id)),
            ("POST", format!("/v1/orders/{}/accept", id.to_uppercase()), Some(id)),
            ("GET", format!("/v1/deliveries/{id}/stream"), Some(id)),
            ("POST", format!("/v1/deliveries/{id}/steps"), Some(id)),
            ("GET", format!("/v1/conversations/{id}/messages"), Some(id)),
            ("GET", "/v1/cart".into(), Some(who)),
            ("PATCH", format!("/v1/cart/lines/{id}"), Some(who)),
            ("PUT", "/v1/couriers/me/shift".into(), Some(who)),
            ("DELETE", format!("/v1/couriers/me/devices/{id}"), Some(who)),
            ("POST", format!("/v1/offers/{id}/accept"), Some(who)),
            ("GET", "/v1/orders".into(), None),
            ("POST", "/v1/conversations".into(), None),
            ("GET", "/v1/restaurants/mine".into(), None),
            ("GET", format!("/v1/restaurants/{id}"), None),
            ("GET", "/v1/agents/me/desk".into(), None),
            ("GET", format!("/v1/faqs/{id}"), None),
            ("POST", "/v1/devices/osmand".into(), None),
            ("DELETE", format!("/v1/orders/{id}"), None),
            ("GET", "/v1/orders/".into(), None),
            ("GET", "/".into(), None),
        ] {
            let request = Request::builder().method(method).uri(&path);
            let request = request.header(header::AUTHORIZATION, bearer(who)).body(()).unwrap();
            let placed = key(&operations, &request.into_parts().0);
            assert_eq!(placed.as_deref(), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_token_names_its_bearer_and_nonsense_names_nobody() {
        let with =
            |value: &str| caller(&HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]));
        assert_eq!(with(&bearer("somebody")), Some("somebody".into()));
        for nonsense in ["Bearer", "Bearer a.b.c", "Bearer ..", "Basic dXNlcjpwYXNz", "Bearer e30.e30.e30"] {
            assert_eq!(with(nonsense), None, "{nonsense}");
        }
        assert_eq!(caller(&HeaderMap::new()), None);
    }
}
