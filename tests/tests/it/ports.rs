//! What every one of the thirteen ports has in common.

use serde_json::Value;
use server::Service;
use tests::TestApp;

fn operations(document: &Value) -> Vec<&str> {
    let items = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    let operations = items.filter_map(Value::as_object).flat_map(|item| item.values());
    operations.filter_map(|operation| operation["operationId"].as_str()).collect()
}

#[tokio::test]
async fn every_port_is_alive_ready_and_documented() {
    let app = TestApp::start().await;
    for service in Service::ALL {
        let url = app.url(service);
        for path in ["/healthz", "/readyz", "/metrics", "/docs/"] {
            let answer = reqwest::get(format!("{url}{path}")).await.unwrap();
            assert_eq!(answer.status(), 200, "{service}{path}");
        }
        let document: Value =
            reqwest::get(format!("{url}/openapi.json")).await.unwrap().json().await.unwrap();
        assert_eq!(document["openapi"], "3.1.0", "{service}");
        let mut names = operations(&document);
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{service} has two operations of one name");
    }
    app.stop().await;
}
