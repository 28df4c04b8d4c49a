//! What the compose file says of the services is true.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use server::Service;
use server::processes::{Networks, Upstreams};

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Container>,
}

#[derive(Deserialize)]
struct Container {
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    healthcheck: BTreeMap<String, serde_json::Value>,
}

fn compose() -> Compose {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docker-compose.yml");
    serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn port(service: Service) -> u16 {
    9101 + service.offset()
}

#[test]
fn each_service_is_a_container_of_its_name_on_its_port() {
    let compose = compose();
    for service in Service::ALL {
        let container = &compose.services[service.name()];
        assert_eq!(container.command, ["serve", service.name()]);
        assert_eq!(container.ports, [format!("{0}:{0}", port(service))], "{service}");
        assert_eq!(container.healthcheck["test"][2], port(service).to_string(), "{service}");
        assert!(container.environment["REDIS_URL"].starts_with("redis://"), "{service}");
    }
    let served = compose
        .services
        .values()
        .filter(|container| container.command.first().is_some_and(|it| it == "serve"));
    assert_eq!(served.count(), Service::ALL.len());
}

#[test]
fn the_gateway_knows_every_container_and_is_believed_by_each() {
    let compose = compose();
    let upstreams: Upstreams =
        compose.services["gateway_service"].environment["BAEDAL_UPSTREAMS"].parse().unwrap();
    for service in Service::ALL.into_iter().filter(|service| *service != Service::Gateway) {
        let upstream = upstreams.0.iter().find(|each| each.service == service).unwrap();
        let [replica] = &upstream.replicas[..] else { panic!("{service} has one container") };
        assert_eq!(replica.to_string(), format!("http://{service}:{}", port(service)));
        let trusted: Networks =
            compose.services[service.name()].environment["BAEDAL_TRUSTED_PROXIES"].parse().unwrap();
        let [gateway] = &trusted.0[..] else { panic!("{service} believes the gateway alone") };
        assert_eq!(gateway.prefix_len(), 32, "{service} must not believe a whole network");
    }
}

#[test]
fn postgres_has_room_for_all_containers() {
    let compose = compose();
    let connections = |container: &Container| -> u32 {
        container.environment.get("BAEDAL_DATABASE_CONNECTIONS").map_or(7, |count| count.parse().unwrap())
    };
    let all: u32 = Service::ALL.iter().map(|service| connections(&compose.services[service.name()])).sum();
    let room =
        compose.services["postgres"].command.iter().find_map(|word| word.strip_prefix("max_connections="));
    assert!(all + 20 < room.unwrap().parse().unwrap(), "{all} connections");
}
