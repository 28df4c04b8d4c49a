//! A minimal realtime socket: it sends any bytes, malformed frames included, and
//! returns every frame and the close code.
#![expect(clippy::panic, reason = "what a test does not expect fails it")]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

/// How long a test waits for a frame or the close.
const WITHIN: Duration = Duration::from_secs(20);

/// Received bytes that the client's kernel holds at most, so that a test can be
/// a slow reader.
const RECEIVE_BUFFER: u32 = 8 * 1024;

/// One WebSocket connection.
pub struct Socket(WebSocketStream<TcpStream>);

/// A frame, or the end of the connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A frame.
    Frame(Value),
    /// The end; 0 without a close frame.
    Closed(u16),
}

/// What came to a socket that [plays dead](Socket::plays_dead).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    /// A WebSocket ping.
    Ping,
    /// The end, with this code.
    Close(u16),
}

impl Socket {
    /// Connects with these headers, and waits for nothing.
    pub async fn dial(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        Self::dial_from([127, 0, 0, 1].into(), address, headers).await
    }

    /// The same from another network address of this machine.
    pub async fn dial_from(
        source: IpAddr,
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        Self::dial_at("/v1/realtime", source, address, headers).await
    }

    /// The same with a path, and whatever is behind its question mark.
    pub async fn dial_at(
        path: &str,
        source: IpAddr,
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{address}{path}").into_client_request()?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header's value");
            request.headers_mut().insert(*name, value);
        }
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.bind(SocketAddr::new(source, 0))?;
        let stream = socket.connect(address).await?;
        Ok(Self(tokio_tungstenite::client_async(request, stream).await?.0))
    }

    /// Connects as the token's user, and waits until the session is ready.
    pub async fn open(address: SocketAddr, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let mut socket = Self::dial(address, &[("authorization", &bearer)]).await.expect("an upgrade");
        assert_eq!(socket.frame().await["op"], "ready");
        socket
    }

    /// Sends a frame.
    pub async fn say(&mut self, frame: Value) {
        self.text(&frame.to_string()).await;
    }

    /// Sends any text.
    pub async fn text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends bytes in a text frame, UTF-8 or not.
    pub async fn text_bytes(&mut self, bytes: &'static [u8]) {
        self.send(Message::Frame(Frame::message(bytes, OpCode::Data(Data::Text), true))).await;
    }

    /// Sends a binary frame.
    pub async fn binary(&mut self, bytes: &'static [u8]) {
        self.send(Message::binary(bytes)).await;
    }

    async fn send(&mut self, message: Message) {
        // An error is ignored: a server that has closed may have sent frames that are still unread.
        let _ = self.0.send(message).await;
    }

    /// Closes with this code. Returns the close code of the server, or 1006 if the
    /// connection ends without one.
    pub async fn leave(mut self, code: u16) -> u16 {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.send(Message::Close(Some(frame))).await;
        loop {
            let next = tokio::time::timeout(WITHIN, self.0.next()).await.expect("an end in time");
            match next {
                Some(Ok(Message::Close(frame))) => return frame.map_or(1005, |frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return 1006,
            }
        }
    }

    /// What comes next.
    pub async fn hear(&mut self) -> Heard {
        loop {
            let next = tokio::time::timeout(WITHIN, self.0.next()).await.expect("something comes in time");
            match next {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Frame(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map_or(0, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(0),
            }
        }
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Value {
        match self.hear().await {
            Heard::Frame(frame) => frame,
            Heard::Closed(code) => panic!("closed with {code}"),
        }
    }

    /// The next event of this type; everything else is passed over.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next("event").await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// The next frame with this `op`; others are passed over.
    pub async fn next(&mut self, op: &str) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["op"] == op {
                return frame;
            }
        }
    }

    /// The code that the socket closes with, whatever comes before.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code) = self.hear().await {
                return code;
            }
        }
    }

    /// Sends a frame and waits for its reply, passing over others.
    pub async fn ask(&mut self, mut frame: Value) -> Value {
        frame["ref"] = json!("asked");
        self.say(frame).await;
        loop {
            let reply = self.next("reply").await;
            if reply["ref"] == "asked" {
                return reply;
            }
        }
    }

    /// Resumes a channel after `offset`; returns whether the server could.
    pub async fn resume(&mut self, channel: &str, epoch: &Value, offset: u64) -> bool {
        let since = json!({ "epoch": epoch, "offset": offset });
        let reply = self.ask(json!({ "op": "subscribe", "channel": channel, "since": since })).await;
        reply["ok"]["recovered"].as_bool().unwrap_or_else(|| panic!("{reply}"))
    }

    /// Reads on without ever answering, as a connection does whose other half is
    /// lost, until the server closes it.
    pub async fn plays_dead(self) -> Vec<Dead> {
        let mut stream = self.0.into_inner();
        let mut seen = Vec::new();
        let reading = async {
            loop {
                // The server's frames are not masked, and these are short.
                let mut head = [0; 2];
                stream.read_exact(&mut head).await.expect("a frame");
                let mut body = vec![0; usize::from(head[1])];
                stream.read_exact(&mut body).await.expect("its body");
                match (head[0] & 0x0f, body.as_slice()) {
                    (0x9, _) => seen.push(Dead::Ping),
                    (0x8, [high, low, ..]) => {
                        seen.push(Dead::Close(u16::from_be_bytes([*high, *low])));
                        return;
                    }
                    other => panic!("an unexpected frame: {other:?}"),
                }
            }
        };
        tokio::time::timeout(WITHIN, reading).await.expect("it is closed in time");
        seen
    }

    /// Subscribes to a channel, and returns its snapshot.
    pub async fn follow(&mut self, channel: &str) -> Value {
        let reply = self.ask(json!({ "op": "subscribe", "channel": channel })).await;
        assert_eq!(reply["ok"], json!({}), "{reply}");
        self.next("snapshot").await
    }
}
