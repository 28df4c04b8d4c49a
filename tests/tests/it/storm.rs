//! More connections than a process can hold.

use tests::TestApp;
use tests::people::eventually;
use tests::process::Process;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_process_without_file_descriptors_goes_on_when_it_has_some_again() {
    const FILES: u32 = 120;
    let mut app = TestApp::start().await;
    app.halt().await;
    let server = Process::cramped(&app, FILES).await;
    let gateway = server.gateway().replace("http://", "");
    let mut first = TcpStream::connect(&gateway).await.unwrap();
    let mut storm = Vec::new();
    for _ in 0..2 * FILES {
        // The kernel takes them all; the process can't accept that many.
        storm.push(TcpStream::connect(&gateway).await.unwrap());
    }
    // Accepted connections are served meanwhile.
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    drop(storm);
    for url in server.urls() {
        let ready = format!("{url}/readyz");
        eventually(|| async { reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) })
            .await;
    }
    drop(server);
    app.restart().await;
    app.stop().await;
}
