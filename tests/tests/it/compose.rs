//! What the compose file says of the services is true.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use server::Service;
use server::processes::{Networks, Upstreams};

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Container>,
    networks: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Container {
    image: String,
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    healthcheck: BTreeMap<String, Value>,
    #[serde(default)]
    networks: Value,
    mem_limit: String,
    pids_limit: u32,
    ulimits: BTreeMap<String, u32>,
    cap_drop: Vec<String>,
    security_opt: Vec<String>,
    restart: Option<String>,
}

fn text(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(name);
    std::fs::read_to_string(file).unwrap()
}

fn compose() -> Compose {
    serde_saphyr::from_str(&text("docker-compose.yml")).unwrap()
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
        assert_eq!(container.ports, [format!("127.0.0.1:{0}:{0}", port(service))], "{service}");
        assert_eq!(container.healthcheck["test"][2], port(service).to_string(), "{service}");
        assert!(container.environment["REDIS_URL"].starts_with("redis://:${REDIS_PASSWORD:?"), "{service}");
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

#[test]
fn a_container_has_limits_and_no_powers() {
    for (name, container) in compose().services {
        assert!(container.mem_limit.ends_with(['m', 'g']), "{name}");
        assert!(container.pids_limit > 0 && container.ulimits["nofile"] > 0, "{name}");
        assert_eq!(container.cap_drop, ["ALL"], "{name}");
        assert_eq!(container.security_opt, ["no-new-privileges:true"], "{name}");
        // A service that runs once and ends needs no health check.
        let ends = container.restart.as_deref() == Some("no");
        assert_eq!(container.healthcheck.contains_key("test"), !ends, "{name}");
        assert!(container.ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{name}");
    }
}

#[test]
fn nobody_but_the_gateway_can_get_its_address() {
    let compose = compose();
    let pool = &compose.networks["default"]["ipam"]["config"][0];
    let network = |key: &str| pool[key].as_str().unwrap().parse::<Networks>().unwrap().0[0];
    let fixed = compose.services["gateway_service"].networks["default"]["ipv4_address"].as_str().unwrap();
    let fixed: std::net::IpAddr = fixed.parse().unwrap();
    assert!(network("subnet").contains(&fixed));
    assert!(!network("ip_range").contains(&fixed), "the first container that starts would get it");
    assert_ne!(pool["gateway"], fixed.to_string());
}

#[test]
fn no_password_stands_in_the_compose_file() {
    let file = text("docker-compose.yml");
    for (at, _) in file.match_indices("PASSWORD") {
        let after = &file[at + "PASSWORD".len()..];
        assert!(after.starts_with(":?Run docker/passwords") || after.starts_with(": ${"), "{}", &after[..20]);
    }
}

#[test]
fn each_image_is_one_version() {
    let compose = compose();
    let images = compose.services.values().map(|container| container.image.clone());
    let dockerfile = text("Dockerfile");
    let bases = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")?.split(' ').next());
    for image in images.chain(bases.map(str::to_owned)).filter(|image| image != "baedal") {
        let tag = image.split_once(':').unwrap().1;
        let digits = tag.trim_start_matches('v').split('-').next().unwrap();
        let exact =
            digits.split('.').count() >= 2 && digits.split('.').all(|part| part.parse::<u32>().is_ok());
        assert!(exact, "{image} may be another one tomorrow");
    }
}

/// The first command of the documentation, on a file that has one of the two already.
#[test]
fn the_passwords_are_made_once_and_never_replaced() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("passwords.env");
    std::fs::write(&file, "REDIS_PASSWORD=mine").unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docker/passwords");
    let run = || {
        assert!(std::process::Command::new(&script).arg(&file).status().unwrap().success());
        std::fs::read_to_string(&file).unwrap()
    };
    let first = run();
    assert!(first.starts_with("REDIS_PASSWORD=mine\nPOSTGRES_PASSWORD="), "{first}");
    assert!(first.trim_end().len() > 60, "48 digits");
    assert!(first.contains("\nBAEDAL_METRICS_TOKEN="), "{first}");
    let (_, keys) = first.split_once("\nBAEDAL_VAULT_KEYS=").expect("the vault has a key");
    assert!(keys.trim_end().parse::<store::vault::VaultKeys>().is_ok(), "{first}");
    assert_eq!(run(), first);
}
