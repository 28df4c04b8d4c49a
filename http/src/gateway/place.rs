//! Which replica a request goes to: rendezvous hashing (highest random weight,
//! Thaler and Ravishankar 1998).
//!
//! Every gateway ranks a service's replicas by a hash of the entity that the
//! request is about and of the replica's name. So all gateways agree without
//! asking each other; when a replica goes, its entities alone move, evenly to
//! the others; when it comes back, they return.
//!
//! Placing keeps an entity's commands together, so that commits seldom conflict.
//! Nothing rests on it: every commit is fenced wherever it is decided.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What a request is about, if it is about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The entity with this id.
    Entity(String),
    /// Whatever belongs to whoever asks: their cart, their shift, their sockets.
    Caller,
    /// Anything: any replica will do.
    Anything,
}

/// What the request for `path` is about.
pub(super) fn about(path: &str) -> About {
    let mut parts = path.trim_start_matches('/').split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some("orders" | "deliveries" | "conversations"), Some(id)) if !id.is_empty() => {
            About::Entity(plain(id))
        }
        (Some("cart" | "couriers" | "offers" | "realtime"), _) => About::Caller,
        _ => About::Anything,
    }
}

/// An id in the one way in which we write it.
fn plain(id: &str) -> String {
    Uuid::parse_str(id).map_or_else(|_| id.to_owned(), |id| id.to_string())
}

/// Whom the request's token names. **Not verified**: it chooses the replica
/// that verifies it, and a lie brings its teller to a replica of their choice.
pub(super) fn caller(headers: &HeaderMap) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    let (_, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.trim().split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok().map(|claims| plain(&claims.sub))
}

/// How much the replica named so wants the entity.
fn weight(entity: &str, replica: &str) -> u64 {
    let mut hash = Sha256::new_with_prefix(entity);
    hash.update([0]);
    hash.update(replica);
    let digest: [u8; 32] = hash.finalize().into();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The replicas in the order in which the entity prefers them.
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
    use proptest::prelude::*;

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
            // Five standard deviations of a fair die are below this.
            let off = fair / 10;
            assert!(
                homes.len() == count && homes.values().all(|home| home.abs_diff(fair) < off),
                "{homes:?}"
            );
        }
    }

    #[test]
    fn a_path_says_what_it_is_about() {
        let id = "01920000-0000-7000-8000-00000000000a";
        let entity = || About::Entity(id.to_owned());
        for (path, expected) in [
            (format!("/v1/orders/{id}"), entity()),
            (format!("/v1/orders/{}/accept", id.to_uppercase()), entity()),
            (format!("/v1/deliveries/{id}/stream"), entity()),
            (format!("/v1/conversations/{id}/messages"), entity()),
            ("/v1/cart/lines".into(), About::Caller),
            ("/v1/couriers/me/shift".into(), About::Caller),
            ("/v1/realtime".into(), About::Caller),
            ("/v1/orders".into(), About::Anything),
            ("/v1/orders/".into(), About::Anything),
            ("/v1/restaurants/7".into(), About::Anything),
            ("/".into(), About::Anything),
        ] {
            assert_eq!(about(&path), expected, "{path}");
        }
    }

    #[test]
    fn a_token_names_its_bearer_and_nonsense_names_nobody() {
        let with =
            |value: &str| caller(&HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]));
        let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"sub":"somebody","iat":1}"#);
        assert_eq!(with(&format!("Bearer e30.{claims}.c2ln")), Some("somebody".into()));
        for nonsense in ["Bearer", "Bearer a.b.c", "Bearer ..", "Basic dXNlcjpwYXNz", "Bearer e30.e30.e30"] {
            assert_eq!(with(nonsense), None, "{nonsense}");
        }
        assert_eq!(caller(&HeaderMap::new()), None);
    }
}
