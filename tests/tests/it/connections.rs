//! What a connection may cost that brings no complete request, and how it ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Role;
use serde_json::Value;
use server::processes::ProcessArgs;
use server::system::{OsRandom, SystemClock};
use server::web::PagesArgs;
use server::{Parts, Server, Service};
use store::shared;
use tests::TestApp;
use tests::people::eventually;
use tests::process::Process;
use tests::socket::Socket;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(10);

async fn connect(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = timeout(WITHIN, stream.read_to_end(&mut bytes)).await.expect("an end in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The head of one answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(WITHIN, stream.read_u8()).await.expect("an answer in time").unwrap());
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

/// The head of one answer, its body read and dropped.
async fn whole(stream: &mut TcpStream) -> String {
    let head = head(stream).await;
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    head
}

/// The problem document of a whole answer that ends its connection.
#[track_caller]
fn refusal(answer: &str, status: u16) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let head = head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: application/problem+json") && head.contains("connection: close"),
        "{head}"
    );
    let problem: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no document: {answer}"));
    assert_eq!(problem["status"], status);
    let id = problem["request_id"].as_str().unwrap();
    assert!(id.len() > 10 && head.contains(&format!("x-request-id: {id}")), "{answer}");
    for member in ["type", "title", "detail", "instance"] {
        assert!(problem[member].is_string(), "{member}: {problem}");
    }
    problem
}

#[tokio::test]
async fn a_connection_without_a_complete_request_ends_in_time() {
    let mut settings = tests::settings();
    settings.connections.header_within = Duration::from_millis(200);
    settings.connections.idle = Duration::from_millis(300);
    let app = TestApp::start_with(settings).await;
    for service in Service::ALL {
        let address = app.address(service);
        let mut silent = connect(address, "").await;
        let mut unfinished = connect(address, "GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ").await;
        let mut idle = connect(address, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(whole(&mut idle).await.starts_with("http/1.1 200"), "{service}");
        assert_eq!(rest(&mut silent).await, "", "{service}");
        let late = refusal(&rest(&mut unfinished).await, 408);
        assert_eq!(
            (&late["type"], &late["instance"]),
            (&"request_timeout".into(), &"/healthz".into()),
            "{service}"
        );
        assert_eq!(rest(&mut idle).await, "", "{service}");
    }
    // A byte now and then gives no new time.
    let (mut read, mut write) =
        connect(app.address(Service::Gateway), "GET / HTTP/1.1\r\nx: ").await.into_split();
    let dripping = async {
        let mut drip = tokio::time::interval(Duration::from_millis(20));
        while write.write_all(b"x").await.is_ok() {
            drip.tick().await;
        }
    };
    let mut bytes = Vec::new();
    let reading = async { drop(read.read_to_end(&mut bytes).await) };
    timeout(WITHIN, async {
        tokio::select! { () = dripping => {} () = reading => {} }
    })
    .await
    .unwrap();
    app.stop().await;
}

#[tokio::test]
async fn a_connection_that_asks_on_stays_open_for_longer_than_any_limit() {
    let mut settings = tests::settings();
    settings.connections.header_within = Duration::from_millis(400);
    settings.connections.idle = Duration::from_millis(400);
    let app = TestApp::start_with(settings).await;
    let mut stream = connect(app.address(Service::Gateway), "").await;
    // Each request comes while the server waits for one, and is answered without a pause.
    let mut pace = tokio::time::interval(Duration::from_millis(40));
    for number in 0..40 {
        pace.tick().await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert!(whole(&mut stream).await.starts_with("http/1.1 200"), "request {number}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_408_and_one_too_large_is_413_before_it_comes() {
    let mut settings = tests::settings();
    settings.connections.body_within = Duration::from_millis(200);
    let app = TestApp::start_with(settings).await;
    let asks = |length: usize, more: &str| {
        format!(
            "POST /v1/auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n"
        )
    };
    for service in [Service::Auth, Service::Gateway] {
        let address = app.address(service);
        let mut slow = connect(address, &(asks(20, "") + "{")).await;
        let answer = rest(&mut slow).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"), "{answer}");
        let mut large = connect(address, &asks(300_000, "expect: 100-continue\r\n")).await;
        let answer = rest(&mut large).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("body_too_large"), "{answer}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_head_of_too_many_bytes_or_lines_is_refused() {
    let app = TestApp::start().await;
    let address = app.address(Service::Order);
    let start = "GET /healthz HTTP/1.1\r\nhost: x\r\n";
    let long = format!("{start}x: {}\r\n\r\n", "x".repeat(70_000));
    let many = format!("{start}{}\r\n", "x: y\r\n".repeat(110));
    for text in [long, many] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may close before all of it is written.
        let _ = stream.write_all(text.as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert_eq!(refusal(&answer, 431)["instance"], "/healthz");
    }
    app.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_so_and_the_next_gets_in() {
    let mut settings = tests::settings();
    settings.connections.in_all = 4;
    let app = TestApp::start_with(settings).await;
    let address = app.address(Service::Gateway);
    let mut held = Vec::new();
    for service in [Service::Order, Service::Cart, Service::Gateway, Service::Gateway] {
        held.push(connect(app.address(service), "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await);
        assert!(whole(held.last_mut().unwrap()).await.starts_with("http/1.1 200"));
    }
    let answer = rest(&mut connect(address, "").await).await;
    assert_eq!(refusal(&answer, 503)["type"], "connections_full");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    held.pop();
    eventually(|| async {
        let mut next = TcpStream::connect(address).await.unwrap();
        let _ = next.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        rest(&mut next).await.starts_with("HTTP/1.1 200 ")
    })
    .await;
    drop(held);
    app.stop().await;
}

#[tokio::test]
async fn idle_connections_leave_a_process_the_files_that_it_needs() {
    const FILES: usize = 256;
    let mut app = TestApp::start().await;
    app.halt().await;
    let server = Process::cramped(&app, 256).await;
    let gateway: SocketAddr = server.gateway().replace("http://", "").parse().unwrap();
    let mut first = connect(gateway, "").await;
    let mut storm = Vec::new();
    for _ in 0..FILES + 10 {
        storm.push(TcpStream::connect(gateway).await.unwrap());
    }
    // A surplus connection gets 503 at once; an admitted one still reaches the database.
    let answer = rest(&mut connect(gateway, "").await).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    first.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(head(&mut first).await.starts_with("http/1.1 200"));
    drop((storm, server));
    app.restart().await;
    app.stop().await;
}

#[tokio::test]
async fn nobody_waits_at_shutdown_for_a_request_that_is_not_complete() {
    let mut app = TestApp::start().await;
    let gateway = app.address(Service::Gateway);
    let mut unfinished = connect(gateway, "GET /healthz HTTP/1.1\r\nhost: x\r\n").await;
    let mut idle = connect(gateway, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    whole(&mut idle).await;
    let began = Instant::now();
    app.halt().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(rest(&mut unfinished).await, "");
    app.restart().await;
    app.stop().await;
}

#[tokio::test]
async fn a_body_that_nobody_reads_spoils_no_later_request() {
    let app = TestApp::start().await;
    let address = app.address(Service::Gateway);
    let post =
        "POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n";
    let (refused, next) = ("http/1.1 401", "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    // The body follows: it is read away, and the connection goes on.
    let mut stream = connect(address, post).await;
    stream.write_all(&[b' '; 20]).await.unwrap();
    let answer = whole(&mut stream).await;
    assert!(answer.starts_with(refused), "{answer}");
    if !answer.contains("connection: close") {
        stream.write_all(next.as_bytes()).await.unwrap();
        assert!(whole(&mut stream).await.starts_with("http/1.1 200"));
    }
    // It does not: the client is told that the connection ends.
    let answer = rest(&mut connect(address, post).await).await.to_ascii_lowercase();
    assert!(answer.starts_with(refused) && answer.contains("connection: close"), "{answer}");
    app.stop().await;
}

#[tokio::test]
async fn what_two_servers_could_read_differently_is_refused_on_every_port() {
    let app = TestApp::start().await;
    for service in Service::ALL {
        let ask = async |head: &str| {
            let text = format!("POST /v1/users HTTP/1.1\r\n{head}connection: close\r\n\r\n0\r\n\r\n");
            rest(&mut connect(app.address(service), &text).await).await
        };
        for bad in [
            "transfer-encoding: chunked\r\n",
            "host: x\r\nhost: y\r\ntransfer-encoding: chunked\r\n",
            "host: x\r\ntransfer-encoding: chunked, chunked\r\n",
            "host: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        ] {
            let answer = ask(bad).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{service} {bad} {answer}");
            assert!(answer.contains("application/problem+json"), "{service} {bad} {answer}");
        }
        let answer = ask("host: x\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 415 "), "{service} {answer}");
    }
    app.stop().await;
}

#[tokio::test]
async fn what_is_no_request_is_told_so_in_a_problem_document() {
    let app = TestApp::start().await;
    let fine = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    for service in Service::ALL {
        let address = app.address(service);
        for (bad, status, instance) in [
            ("nonsense\r\n\r\n".to_owned(), 400, ""),
            ("GET /v1/orders?token=secret HTTP/9.9\r\nhost: x\r\n\r\n".into(), 400, "/v1/orders"),
            ("GET /v1/o\x00rders HTTP/1.1\r\nhost: x\r\n\r\n".into(), 400, ""),
            ("GET /v1/orders HTTP/1.1\r\nhost: x\r\nbad header: x\r\n\r\n".into(), 400, "/v1/orders"),
            ("GET /v1/orders HTTP/1.1\r\nhost: x\r\nname: \x01\r\n\r\n".into(), 400, "/v1/orders"),
            ("POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n".into(), 400, "/v1/orders"),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), 400, ""),
            (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(65_000 + 5_000)), 431, ""),
        ] {
            for before in ["", fine] {
                let mut stream = connect(address, before).await;
                if !before.is_empty() {
                    assert!(whole(&mut stream).await.starts_with("http/1.1 200"));
                }
                let _ = stream.write_all(bad.as_bytes()).await;
                let problem = refusal(&rest(&mut stream).await, status);
                assert_eq!(problem["instance"], instance, "{service} {problem}");
            }
        }
        // A body that is cut into wrong pieces: its route answers.
        let chunks = "POST /v1/users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                      transfer-encoding: chunked\r\n\r\nnonsense\r\n\r\n";
        if [Service::User, Service::Gateway].contains(&service) {
            let problem = refusal(&rest(&mut connect(address, chunks).await).await, 400);
            assert_eq!(problem["type"], "body_unreadable");
        }
    }
    // What was asked before is still answered as it is, however the rest comes.
    let both = format!("{fine}nonsense\r\n\r\n");
    let answers = rest(&mut connect(app.address(Service::Gateway), &both).await).await;
    assert!(answers.starts_with("HTTP/1.1 200 ") && answers.contains("HTTP/1.1 400 "), "{answers}");
    app.stop().await;
}

/// A gateway before `app`'s order_service, everything else beside it.
pub(crate) async fn gateway_before_orders(app: &TestApp) -> Server {
    let upstreams = format!("order_service={}", app.url(Service::Order)).parse().unwrap();
    gateway(app, ProcessArgs { upstreams, ..ProcessArgs::default() }).await
}

/// Another server on the database of `app`, without the services that it reaches elsewhere.
pub(crate) async fn gateway(app: &TestApp, processes: ProcessArgs) -> Server {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let elsewhere = |service: &Service| processes.upstreams.0.iter().any(|each| each.service == *service);
    let beside: Vec<_> = Service::ALL.into_iter().filter(|service| !elsewhere(service)).collect();
    let parts = Parts {
        database: store::Database {
            url: app.database_url().to_owned(),
            max_connections: 4,
            acquire_timeout: Duration::from_secs(3),
        },
        vault_keys: app.vault_keys.clone(),
        shared: shared::Settings::default(),
        services: beside.into_iter().map(|service| (service, any)).collect(),
        backlog: 1024,
        clock: Arc::new(SystemClock),
        ids: Arc::new(OsRandom),
        settings: tests::settings(),
        subscribers: services::Subscribers::default(),
        metrics: Arc::new(String::new),
        pages: PagesArgs::default(),
        processes,
        third_parties: integrations::Settings::default(),
    };
    Box::pin(Server::start(parts)).await.unwrap()
}

#[tokio::test]
async fn a_goodbye_is_answered_also_through_the_gateways_tunnel() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let gateway = gateway_before_orders(&app).await;
    let bearer = format!("Bearer {}", minji.access_token);
    let here = [127, 0, 0, 1].into();
    let ways = [
        (app.address(Service::Gateway), "/v1/realtime"),
        (app.address(Service::Order), "/v1/realtime"),
        (gateway.address(Service::Gateway).unwrap(), "/order_service/v1/realtime"),
    ];
    for (address, path) in ways {
        for code in [1000, 1001, 4321] {
            let headers = [("authorization", bearer.as_str())];
            let mut socket = Socket::dial_at(path, here, address, &headers).await.unwrap();
            assert_eq!(socket.frame().await["op"], "ready");
            assert_eq!(socket.leave(code).await, code, "{path}");
        }
        // Also before it is known who is there.
        assert_eq!(
            Socket::dial_at(path, here, address, &[]).await.unwrap().leave(1000).await,
            1000,
            "{path}"
        );
    }
    gateway.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_handshake_that_is_none_is_told_what_is_spoken_here() {
    let app = TestApp::start().await;
    let gateway = gateway_before_orders(&app).await;
    let ways = [
        (app.address(Service::Gateway), "/v1/realtime"),
        (gateway.address(Service::Gateway).unwrap(), "/order_service/v1/realtime"),
    ];
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\n";
    for (address, path) in ways {
        let ask = async |more: &str| {
            let text = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n");
            head(&mut connect(address, &text).await).await
        };
        for more in
            [String::new(), format!("{upgrade}{key}sec-websocket-version: 12\r\n"), format!("{upgrade}{key}")]
        {
            let answer = ask(&more).await;
            assert!(answer.starts_with("http/1.1 426"), "{path} {more} {answer}");
            for header in ["upgrade: websocket", "sec-websocket-version: 13", "application/problem+json"] {
                assert!(answer.contains(header), "{path} {header} {answer}");
            }
        }
        for bad in ["", "sec-websocket-key: x\r\n", "sec-websocket-key: dGhl\r\n", &format!("{key}{key}")] {
            let answer = ask(&format!("{upgrade}{bad}sec-websocket-version: 13\r\n")).await;
            assert!(answer.starts_with("http/1.1 400"), "{path} {bad} {answer}");
        }
        let answer = ask(&format!("{upgrade}{key}sec-websocket-version: 13\r\n")).await;
        assert!(answer.starts_with("http/1.1 101"), "{path} {answer}");
    }
    gateway.stop(Duration::from_secs(5)).await;
    app.stop().await;
}
