//! The gateway in front of small real servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use futures::StreamExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use utoipa::openapi::OpenApi;

use super::{Gateway, Settings, by_name};
use crate::kit::{TrustedProxies, believe};

const SERVICE: &str = "order_service";

/// Fast enough to see a replica fail and recover.
const QUICK: Settings = Settings {
    check_every: Duration::from_millis(20),
    check_within: Duration::from_millis(200),
    failures: 2,
    connect_within: Duration::from_millis(500),
    in_flight: 8,
    tries: 3,
    idle_connections: 8,
};

/// So rare that no check runs before a test ends.
const NO_CHECKS: Settings = Settings { check_every: Duration::from_secs(3600), ..QUICK };

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A replica that is ready and answers with `handler`.
async fn replica<H, T>(handler: H) -> SocketAddr
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let (listener, address) = listen().await;
    serve(listener, handler);
    address
}

fn serve<H, T>(listener: TcpListener, handler: H) -> tokio::task::JoinHandle<()>
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let router = Router::new().route("/readyz", get(async || "ready")).fallback(any(handler));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

/// A gateway in front of these replicas.
async fn gateway(settings: Settings, replicas: &[SocketAddr]) -> SocketAddr {
    let origins = replicas.iter().map(|address| format!("http://{address}").parse().unwrap()).collect();
    let gateway = Gateway::open(settings, [(SERVICE, OpenApi::default(), origins)]);
    let router: Router = by_name(&gateway, []);
    let router = router.layer(from_fn_with_state(TrustedProxies::default(), believe));
    let (listener, address) = listen().await;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    address
}

async fn ask(gateway: SocketAddr, method: Method, headers: &[(&'static str, &str)]) -> Response {
    send(gateway, method, headers, Body::empty()).await
}

async fn send(gateway: SocketAddr, method: Method, headers: &[(&'static str, &str)], body: Body) -> Response {
    let mut request =
        Request::builder().method(method).uri(format!("http://{gateway}/{SERVICE}/v1/orders?limit=1"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    client.request(request.body(body).unwrap()).await.unwrap().map(Body::new).into_response()
}

async fn text(answer: Response) -> String {
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn eventually(mut done: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asking).await.unwrap();
}

/// An address on which nobody listens.
async fn nobody() -> SocketAddr {
    listen().await.1
}

#[tokio::test]
async fn a_request_reaches_its_service_with_all_that_is_known_of_the_client() {
    let told = async |method: Method, uri: axum::http::Uri, headers: HeaderMap, body: String| {
        let header = |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
        let forwarded = [header("x-forwarded-for"), header("x-forwarded-proto"), header("authorization")];
        let said = format!("{method} {uri} {} {body}", forwarded.join(" "));
        (
            StatusCode::CREATED,
            [("location", "/v1/orders/7"), ("connection", "x-inner"), ("x-inner", "1")],
            said,
        )
    };
    let gateway = gateway(NO_CHECKS, &[replica(told).await]).await;
    let headers =
        [("authorization", "Bearer t"), ("x-forwarded-for", "8.8.8.8"), ("forwarded", "for=8.8.8.8")];
    let answer = send(gateway, Method::POST, &headers, "{}".into()).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["location"], "/v1/orders/7");
    assert!(!answer.headers().contains_key("x-inner"));
    assert_eq!(text(answer).await, "POST /v1/orders?limit=1 127.0.0.1 http Bearer t {}");
}

#[tokio::test]
async fn a_replica_that_is_not_there_is_passed_over_whatever_is_asked() {
    let replicas = [nobody().await, nobody().await, replica(async || "here").await];
    for method in [Method::GET, Method::POST] {
        let gateway = gateway(NO_CHECKS, &replicas).await;
        assert_eq!(text(ask(gateway, method, &[]).await).await, "here");
    }
}

#[tokio::test]
async fn where_nobody_is_there_the_client_is_told_when_to_come_back() {
    let gateway = gateway(NO_CHECKS, &[nobody().await]).await;
    let answer = ask(gateway, Method::GET, &[]).await;
    assert_eq!(
        (answer.status(), &answer.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
}

/// Reads a request, counts it, and closes the connection.
async fn hangs_up(heard: Arc<AtomicU32>) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 1024];
            let read = stream.read(&mut bytes).await.unwrap();
            if !bytes[..read].windows(7).any(|part| part == b"/readyz") {
                heard.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    address
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again_unless_it_may_be() {
    for (method, headers, tries, status) in [
        (Method::POST, &[][..], 1, StatusCode::BAD_GATEWAY),
        (Method::PATCH, &[], 1, StatusCode::BAD_GATEWAY),
        (Method::POST, &[("idempotency-key", "k")], 2, StatusCode::SERVICE_UNAVAILABLE),
        (Method::GET, &[], 2, StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let heard = Arc::new(AtomicU32::new(0));
        let replicas = [hangs_up(heard.clone()).await, hangs_up(heard.clone()).await];
        let gateway = gateway(NO_CHECKS, &replicas).await;
        assert_eq!(ask(gateway, method.clone(), headers).await.status(), status);
        assert_eq!(heard.load(Ordering::SeqCst), tries, "{method} {headers:?}");
    }
}

#[tokio::test]
async fn a_replica_that_is_frozen_is_given_up_and_comes_back_when_it_thaws() {
    // Connections are accepted, but nothing is ever sent.
    let (frozen, address) = listen().await;
    let gateway = gateway(QUICK, &[address]).await;
    let waiting = ask(gateway, Method::GET, &[]).await;
    assert_eq!(waiting.status(), StatusCode::SERVICE_UNAVAILABLE);
    serve(frozen, async || "awake");
    eventually(async || ask(gateway, Method::GET, &[]).await.status() == StatusCode::OK).await;
}

#[tokio::test]
async fn more_than_a_replica_has_room_for_is_refused_at_once() {
    let (release, arrived) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
    let (hold, count) = (release.clone(), arrived.clone());
    let slow = replica(async move || {
        count.fetch_add(1, Ordering::SeqCst);
        hold.notified().await;
        "done"
    });
    let gateway = gateway(Settings { in_flight: 2, ..NO_CHECKS }, &[slow.await]).await;
    let waiting =
        [(); 2].map(|()| tokio::spawn(async move { ask(gateway, Method::GET, &[]).await.status() }));
    eventually(async || arrived.load(Ordering::SeqCst) == 2).await;
    assert_eq!(ask(gateway, Method::GET, &[]).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    release.notify_waiters();
    for answer in waiting {
        assert_eq!(answer.await.unwrap(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_stream_flows_as_it_comes_and_ends_broken_where_its_replica_goes() {
    let (say, said) = mpsc::channel::<&'static str>(1);
    let said = Arc::new(tokio::sync::Mutex::new(Some(said)));
    let streams = async move || {
        let said = said.lock().await.take().unwrap();
        Body::from_stream(futures::stream::unfold(said, async |mut said| {
            Some((Ok::<_, std::io::Error>(said.recv().await?), said))
        }))
    };
    let (listener, address) = listen().await;
    let serving = serve(listener, streams);
    let gateway = gateway(QUICK, &[address]).await;
    let mut body = ask(gateway, Method::GET, &[]).await.into_body().into_data_stream();
    for word in ["one", "two"] {
        say.send(word).await.unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), word);
    }
    // The listener is gone, so that checks fail; the stream's own connection lives on.
    serving.abort();
    let broken = tokio::time::timeout(Duration::from_secs(10), body.next()).await.unwrap();
    assert!(broken.unwrap().is_err());
    drop(say);
}

/// Answers the handshake and echoes everything, until it receives "end".
async fn echo() -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                let read = stream.read(&mut bytes).await.unwrap();
                let head = String::from_utf8_lossy(&bytes[..read]).to_lowercase();
                if !head.contains("upgrade: websocket") {
                    return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                }
                assert!(
                    head.starts_with("get /v1/realtime http/1.1") && head.contains("sec-websocket-key: k")
                );
                let agreed = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n";
                stream.write_all(agreed).await.unwrap();
                loop {
                    let read = stream.read(&mut bytes).await.unwrap();
                    if read == 0 || &bytes[..read] == b"end" {
                        return;
                    }
                    stream.write_all(&bytes[..read]).await.unwrap();
                }
            });
        }
    });
    address
}

async fn open_socket(gateway: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(gateway).await.unwrap();
    let handshake = format!(
        "GET /{SERVICE}/v1/realtime HTTP/1.1\r\nHost: {gateway}\r\nConnection: keep-alive, Upgrade\r\n\
         Upgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n\r\n"
    );
    socket.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101") && head.contains("sec-websocket-accept: a"), "{head}");
    socket
}

#[tokio::test]
async fn a_websocket_goes_through_both_ways_until_its_service_ends_it() {
    let gateway = gateway(QUICK, &[nobody().await, echo().await]).await;
    let mut socket = open_socket(gateway).await;
    for said in ["one", "two"] {
        socket.write_all(said.as_bytes()).await.unwrap();
        let mut heard = [0; 3];
        socket.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, said.as_bytes());
    }
    socket.write_all(b"end").await.unwrap();
    let rest = tokio::time::timeout(Duration::from_secs(10), socket.read_u8()).await.unwrap();
    assert!(rest.is_err(), "the tunnel outlived its service");
}

#[tokio::test]
async fn a_service_that_refuses_a_websocket_is_heard() {
    let refuses = replica(async || (StatusCode::BAD_REQUEST, "no")).await;
    let gateway = gateway(NO_CHECKS, &[refuses]).await;
    let asked = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "k")];
    let answer = ask(gateway, Method::GET, &asked).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(text(answer).await, "no");
}

#[tokio::test]
async fn a_service_beside_the_gateway_is_reached_by_its_name_in_process() {
    let port = Router::new()
        .route("/v1/orders", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()));
    let gateway = Gateway::open(NO_CHECKS, []);
    let router: Router = by_name(&gateway, [(SERVICE, port)]);
    let (listener, address) = listen().await;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    assert_eq!(text(ask(address, Method::GET, &[]).await).await, "127.0.0.1");
}
