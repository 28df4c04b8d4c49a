//! The gateway's port serves the pages, with nothing from other hosts, and the map's streets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reqwest::{Client, Method, Response};
use serde_json::Value;
use server::Service;
use server::web::StreetMap;
use tests::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn the_gateway_serves_the_pages_and_their_configuration() {
    let app = TestApp::start().await;
    let url = app.url(Service::Gateway);

    let page = reqwest::get(&url).await.unwrap();
    assert_eq!(page.status(), 200, "are the pages built? (npm run build in web/)");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'self'"), "{policy}");
    // The script that opens the payment window, and nothing else, is another host's.
    assert!(policy.contains("script-src 'self' http://127.0.0.1:"), "{policy}");
    assert_eq!(policy.matches("http").count(), 1, "{policy}");
    assert!(policy.contains("manifest-src 'self'"), "{policy}");
    let html = page.text().await.unwrap();

    let script = html.split('"').find(|part| part.ends_with(".js")).unwrap().to_owned();
    let asset = reqwest::get(format!("{url}{script}")).await.unwrap();
    assert_eq!(asset.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(asset.headers()["content-type"], "text/javascript");

    let config: Value = reqwest::get(format!("{url}/config.json")).await.unwrap().json().await.unwrap();
    for nothing in ["map", "map_tile_url", "map_attribution"] {
        assert_eq!(config[nothing], Value::Null, "{nothing}");
    }

    let nothing = reqwest::get(format!("{url}/assets/nothing.js")).await.unwrap();
    assert_eq!(nothing.status(), 404);
    assert_eq!(nothing.headers()["content-type"], "application/problem+json");
    app.stop().await;
}

/// The names of what was built, as `owner/index.html`.
fn built() -> BTreeSet<String> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("web/dist");
    let (mut folders, mut names) = (vec![dist.clone()], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.insert(path.strip_prefix(&dist).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names
}

#[tokio::test]
async fn every_built_file_is_served_at_its_own_path() {
    let app = TestApp::start().await;
    let (client, url) = (Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(), {
        app.url(Service::Gateway)
    });
    let names = built();
    assert!(names.contains("index.html"), "are the pages built? (npm run build in web/)");
    for name in &names {
        let served = client.get(format!("{url}/{name}")).send().await.unwrap();
        assert_eq!(served.status(), 200, "{name}");
        let is_html = name.ends_with(".html");
        assert_eq!(served.headers().contains_key("content-security-policy"), is_html, "{name}");
        assert_eq!(served.headers()["x-content-type-options"], "nosniff", "{name}");
        let kept = served.headers()["cache-control"].to_str().unwrap();
        assert_eq!(kept.contains("immutable"), name.starts_with("assets/"), "{name}: {kept}");
        let tag = served.headers()["etag"].clone();
        let again = client.get(format!("{url}/{name}")).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{name}");
        if let Some(folder) = name.strip_suffix("/index.html") {
            let page = client.get(format!("{url}/{folder}/")).send().await.unwrap();
            assert_eq!(page.status(), 200, "/{folder}/");
            let led = client.get(format!("{url}/{folder}?lang=ko")).send().await.unwrap();
            assert_eq!(led.status(), 307, "/{folder}");
            let last = folder.rsplit('/').next().unwrap();
            assert_eq!(led.headers()["location"], format!("{last}/?lang=ko"));
        }
        let changed = client.put(format!("{url}/{name}")).send().await.unwrap();
        assert_eq!(changed.status(), 405, "{name}");
    }
    app.stop().await;
}

/// Asks with a path as it stands: clients of HTTP resolve dot segments before they send.
async fn raw(app: &TestApp, path: &str) -> String {
    let mut stream = TcpStream::connect(app.address(Service::Gateway)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn no_path_leads_out_of_the_pages_and_no_file_stands_where_the_api_does() {
    let app = TestApp::start().await;
    let up = ["..", "%2e%2e", ".%2e", "%2E.", "..%2f..", "..%5c..", "....", "assets/..", "assets/%2e%2e"];
    let mut paths: Vec<String> =
        up.iter().flat_map(|up| [format!("/{up}/package.json"), format!("/{up}/{up}/Cargo.toml")]).collect();
    paths
        .extend(["/..", "/../", "/.", "/%00", "/index.html%00.js", "/\\..\\package.json"].map(str::to_owned));
    paths.extend(["/%69ndex.html", "/index.html/", "//index.html", "/./index.html"].map(str::to_owned));
    for name in ["", "/gateway_service"] {
        for path in &paths {
            let answer = raw(&app, &format!("{name}{path}")).await;
            let status = answer.split(' ').nth(1).unwrap_or_default();
            assert!(matches!(status, "400" | "404"), "{name}{path}: {answer}");
            assert!(!answer.contains("[workspace]") && !answer.contains("devDependencies"), "{path}");
        }
    }
    // What the API does not know stays the API's, whatever the method.
    let rest = app.rest(Service::Gateway);
    for path in ["/v1", "/v1/nothing", "/v1/orders/x/y/z", "/order_service/nothing", "/nothing", "/nothing/"]
    {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let told = tests::rest::answer(rest.request(method.clone(), path)).await;
            told.expect_problem(404, "path_not_found");
        }
    }
    // Only the gateway has pages.
    app.rest(Service::Order).get("/index.html").await.expect_problem(404, "path_not_found");
    app.stop().await;
}

/// A file that begins as a map does: what matters here is which bytes come.
struct MapFile {
    folder: PathBuf,
    bytes: Vec<u8>,
}

impl MapFile {
    fn write() -> Self {
        let id = domain::Ids::uuid(&server::system::OsRandom).simple().to_string();
        let folder = std::env::temp_dir().join(format!("baedal_map_{id}"));
        std::fs::create_dir_all(&folder).unwrap();
        let mut bytes = b"PMTiles\x03".to_vec();
        bytes.extend((0..200_000_u32).map(|number| u8::try_from(number % 251).unwrap()));
        let file = Self { folder, bytes };
        std::fs::write(file.path(), &file.bytes).unwrap();
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.join("seoul.pmtiles")
    }
}

impl Drop for MapFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_map_with_streets_is_read_by_ranges_of_one_file() {
    let (mut app, mut file) = (TestApp::start().await, MapFile::write());
    app.pages.map = file.path().to_str().unwrap().parse().unwrap();
    app.restart().await;
    let (client, url) = (Client::new(), app.url(Service::Gateway));
    let config: Value = client.get(format!("{url}/config.json")).send().await.unwrap().json().await.unwrap();
    assert_eq!(config["map"], "/map/seoul.pmtiles");
    assert_eq!(config["map_attribution"], "© OpenStreetMap");
    let ask = async |headers: &[(&str, &str)]| -> Response {
        let mut request = client.get(format!("{url}/map/seoul.pmtiles")).header("accept-encoding", "gzip");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    };
    let part = async |range: &str, from: usize, to: usize| {
        let answer = ask(&[("range", range)]).await;
        assert_eq!(answer.status(), 206, "{range}");
        let told = answer.headers()["content-range"].to_str().unwrap().to_owned();
        assert_eq!(told, format!("bytes {from}-{to}/{}", file.bytes.len()), "{range}");
        assert!(!answer.headers().contains_key("content-encoding"), "{range}");
        assert_eq!(answer.bytes().await.unwrap(), &file.bytes[from..=to], "{range}");
    };
    let last = file.bytes.len() - 1;
    part("bytes=0-126", 0, 126).await;
    part("bytes=100000-100000", 100_000, 100_000).await;
    part("bytes=199000-", 199_000, last).await;
    part("bytes=-8", last - 7, last).await;
    part("bytes=199000-9999999", 199_000, last).await;

    let whole = ask(&[]).await;
    assert_eq!(
        (whole.status().as_u16(), &whole.headers()["accept-ranges"]),
        (200, &"bytes".parse().unwrap())
    );
    assert_eq!(whole.headers()["content-type"], "application/vnd.pmtiles");
    assert_eq!(whole.headers()["cache-control"], "public, max-age=86400, must-revalidate");
    assert!(!whole.headers().contains_key("content-encoding"));
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    let time = whole.headers()["last-modified"].to_str().unwrap().to_owned();
    assert!(tag.starts_with('"'), "{tag} is weak");
    assert_eq!(whole.bytes().await.unwrap(), file.bytes);

    // Ranges that the file does not have, and those that are ignored.
    for beyond in [format!("bytes={}-", file.bytes.len()), "bytes=9999999-99999999".to_owned()] {
        let answer = ask(&[("range", &beyond)]).await;
        assert_eq!(answer.status(), 416, "{beyond}");
        assert_eq!(answer.headers()["content-range"], format!("bytes */{}", file.bytes.len()));
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    for ignored in ["bytes=0-1,5-6", "tiles=0-1"] {
        assert_eq!(ask(&[("range", ignored)]).await.status(), 200, "{ignored}");
    }
    // A part of the same file, or all of another one.
    let parts =
        |validator: &str| [("range", "bytes=0-9"), ("if-range", validator)].map(|(a, b)| (a, b.to_owned()));
    for (validator, status) in [
        (tag.as_str(), 206),
        (time.as_str(), 206),
        ("\"another\"", 200),
        (&format!("W/{tag}"), 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ] {
        let headers = parts(validator);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(ask(&headers).await.status(), status, "{validator}");
    }
    assert_eq!(ask(&[("if-none-match", &tag)]).await.status(), 304);
    let head =
        client.head(format!("{url}/map/seoul.pmtiles")).header("range", "bytes=0-9").send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], file.bytes.len().to_string());
    let put = client.put(format!("{url}/map/seoul.pmtiles")).send().await.unwrap();
    assert_eq!(put.status(), 405);

    // Another file in its place is served at once, under another tag.
    file.bytes.truncate(1_000);
    std::fs::write(file.path(), &file.bytes).unwrap();
    let answer = ask(&[("range", "bytes=0-9"), ("if-range", &tag)]).await;
    assert_eq!(answer.status(), 200);
    assert_ne!(answer.headers()["etag"], *tag);
    // One that is gone is no such path, and the pages go on without it.
    std::fs::remove_file(file.path()).unwrap();
    let gone = ask(&[("range", "bytes=0-9")]).await;
    assert_eq!(gone.status(), 404);
    assert_eq!(gone.headers()["content-type"], "application/problem+json");
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    app.stop().await;
}

#[tokio::test]
async fn a_map_from_elsewhere_is_told_and_may_be_asked() {
    let mut app = TestApp::start().await;
    app.pages.map = "https://maps.example/seoul.pmtiles".parse().unwrap();
    app.restart().await;
    let rest = app.rest(Service::Gateway);
    let config = rest.get("/config.json").await.expect(200);
    assert_eq!(config["map"], "https://maps.example/seoul.pmtiles");
    let page = rest.get("/").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("connect-src 'self' https://maps.example;"), "{policy}");
    rest.get("/map/seoul.pmtiles").await.expect_problem(404, "path_not_found");
    assert!("/nowhere/seoul.pmtiles".parse::<StreetMap>().is_err());
    app.stop().await;
}
