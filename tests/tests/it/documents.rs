//! What the OpenAPI documents say is complete, and their examples are taken.

use domain::Role;
use reqwest::Method;
use serde_json::{Map, Value, json};
use server::Service;
use tests::TestApp;
use tests::rest::answer;
use uuid::Uuid;

/// Path, method and words of each operation.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

#[tokio::test]
async fn a_document_is_complete_and_compressed() {
    let app = TestApp::start().await;
    for service in Service::ALL {
        let url = format!("{}/openapi.json", app.url(service));
        let client = reqwest::Client::new();
        let answer = client.get(&url).header("accept-encoding", "br, gzip;q=0.5").send().await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], "gzip", "{service}");
        let refused = client.get(&url).header("accept-encoding", "gzip;q=0").send().await.unwrap();
        assert!(!refused.headers().contains_key("content-encoding"), "{service}");
        let document: Value = refused.json().await.unwrap();
        assert_eq!(document["servers"][0]["url"], "/", "{service}");
        for (path, method, operation) in operations(&document) {
            let responses = operation["responses"].as_object().unwrap();
            for status in ["400", "429", "500", "503"] {
                assert!(responses.contains_key(status), "{method} {path} may answer {status}");
            }
            let limited = &document["components"]["responses"]["Problem429"];
            assert_eq!(limited["headers"]["Retry-After"]["$ref"], "#/components/headers/Retry-After");
            for (status, response) in responses.iter().filter(|(_, response)| response["$ref"].is_null()) {
                assert!(response["headers"]["X-Request-Id"].is_object(), "{method} {path} {status}");
                let codes = &response["content"]["application/problem+json"]["schema"]["allOf"][1];
                let codes = codes["properties"]["type"]["enum"].as_array().map_or(0, Vec::len);
                assert_eq!(codes > 0, status.starts_with(['4', '5']), "{method} {path} {status} has codes");
            }
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let keyed = parameters.filter(|one| one["$ref"] == "#/components/parameters/IdempotencyKey");
            let takes_key = &operation["x-baedal-policy"]["idempotency_key"];
            assert_eq!(*takes_key, keyed.count() == 1, "{method} {path}");
            assert_eq!(*takes_key, method == "post", "{method} {path}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn a_document_is_printed_without_a_server_as_its_port_serves_it() {
    let app = TestApp::start().await;
    for service in Service::ALL {
        let served = app.rest(service).get("/openapi.json").await.expect(200);
        assert!(serde_json::to_value(service.document()).unwrap() == served, "{service}");
    }
    app.stop().await;
}

/// An id that belongs to nothing.
const NOBODYS: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);

const ROLES: [Role; 5] = [Role::Customer, Role::Courier, Role::Owner, Role::Agent, Role::Admin];

/// An instance of a schema, of its examples as far as it has any.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(path) = schema["$ref"].as_str() {
        return example(document, document.pointer(path.trim_start_matches('#')).unwrap());
    }
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    for key in ["enum", "oneOf", "anyOf", "allOf"] {
        let of_several = schema[key].as_array().into_iter().flatten();
        if let Some(one) = of_several.into_iter().find(|one| one["type"] != "null") {
            return if key == "enum" { one.clone() } else { example(document, one) };
        }
    }
    let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]);
    match (kind.as_str().unwrap_or_default(), schema["format"].as_str().unwrap_or_default()) {
        ("string", "uuid") => json!(NOBODYS),
        ("string", "date-time") => json!("2030-01-01T12:00:00Z"),
        ("string", "date") => json!("2030-01-01"),
        ("string", _) => json!("가나다라마바사아"),
        ("integer" | "number", _) if !schema["minimum"].is_null() => schema["minimum"].clone(),
        ("integer" | "number", _) => json!(1),
        ("boolean", _) => json!(false),
        ("array", _) => json!([example(document, &schema["items"])]),
        _ => Value::Object(object(document, schema)),
    }
}

/// What an object must have, and what it has an example of.
fn object(document: &Value, schema: &Value) -> Map<String, Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let told = properties.filter(|(name, of)| required.contains(&json!(name)) || !of["example"].is_null());
    told.map(|(name, of)| (name.clone(), example(document, of))).collect()
}

#[tokio::test]
async fn somebody_signs_up_and_in_with_what_the_document_shows() {
    let app = TestApp::start().await;
    let rest = app.rest(Service::Gateway);
    let document = rest.get("/openapi.json").await.expect(200);
    let shown = |path: &str| {
        let schema = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        example(&document, schema)
    };
    rest.post("/v1/users", shown("/v1/users")).await.expect(201);
    rest.post("/v1/auth/sign-in", shown("/v1/auth/sign-in")).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn no_documented_example_is_invalid() {
    let app = TestApp::start().await;
    let document = app.rest(Service::Gateway).get("/openapi.json").await.expect(200);
    let mut asked = 0;
    for (path, method, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        asked += 1;
        let person = app.person(&format!("person-{asked}"), &ROLES).await;
        let place = path.split('/').map(|part| match part.strip_prefix('{') {
            Some("date}") => "2030-01-01".to_owned(),
            Some(_) => NOBODYS.to_string(),
            None => part.to_owned(),
        });
        let place = place.collect::<Vec<_>>().join("/");
        let body = example(&document, schema);
        let rest = app.rest_as(Service::Gateway, &person);
        let method: Method = method.to_uppercase().parse().unwrap();
        let said = answer(rest.request(method.clone(), &place).json(&body)).await;
        let status = said.status.as_u16();
        assert!(
            !matches!(status, 400 | 415 | 422 | 500..),
            "{method} {path} with {body}: {status} {}",
            said.body
        );
    }
    assert!(asked > 20, "{asked} operations take a body");
    app.stop().await;
}
