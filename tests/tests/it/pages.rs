//! The gateway's port serves the pages, with nothing from other hosts.

use server::Service;
use tests::TestApp;

#[tokio::test]
async fn the_gateway_serves_the_pages_and_their_configuration() {
    let app = TestApp::start().await;
    let url = app.url(Service::Gateway);

    let page = reqwest::get(&url).await.unwrap();
    assert_eq!(page.status(), 200, "are the pages built? (npm run build in web/)");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'self'") && !policy.contains("http"), "{policy}");
    let html = page.text().await.unwrap();

    let script = html.split('"').find(|part| part.ends_with(".js")).unwrap().to_owned();
    let asset = reqwest::get(format!("{url}{script}")).await.unwrap();
    assert_eq!(asset.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(asset.headers()["content-type"], "text/javascript");

    let config: serde_json::Value =
        reqwest::get(format!("{url}/config.json")).await.unwrap().json().await.unwrap();
    assert_eq!(config["map_tile_url"], serde_json::Value::Null);

    let nothing = reqwest::get(format!("{url}/assets/nothing.js")).await.unwrap();
    assert_eq!(nothing.status(), 404);
    assert_eq!(nothing.headers()["content-type"], "application/problem+json");
    app.stop().await;
}
