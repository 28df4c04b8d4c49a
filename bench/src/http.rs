//! A keep-alive HTTP connection with little client overhead.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

/// See the module.
pub(crate) struct Caller {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Caller {
    pub(crate) async fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Posts JSON, waits for the whole response, and returns its status.
    pub(crate) async fn post(&mut self, path: &str, token: &str, body: &str) -> Outcome<u16> {
        self.call("POST", path, token, &json_head(body), body).await
    }

    /// Puts JSON, waits for the whole response, and returns its status.
    pub(crate) async fn put(&mut self, path: &str, token: &str, body: &str) -> Outcome<u16> {
        self.call("PUT", path, token, &json_head(body), body).await
    }

    /// Gets, waits for the whole response, and returns its status.
    pub(crate) async fn get(&mut self, path: &str, token: &str) -> Outcome<u16> {
        self.call("GET", path, token, "", "").await
    }

    async fn call(&mut self, method: &str, path: &str, token: &str, head: &str, body: &str) -> Outcome<u16> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{head}\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let (head, length) = loop {
            if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                break (end + 4, length.unwrap_or("0").trim().parse::<usize>()?);
            }
            self.fill().await?;
        };
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        let status = self.buffer.get(9..12).map(String::from_utf8_lossy).unwrap_or_default();
        Ok(status.parse()?)
    }

    /// The last response, with its head.
    pub(crate) fn last(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    /// The JSON of the last response.
    pub(crate) fn json(&self) -> Outcome<serde_json::Value> {
        let end = memchr::memmem::find(&self.buffer, b"\r\n\r\n").ok_or("no response")?;
        Ok(serde_json::from_slice(&self.buffer[end + 4..])?)
    }

    async fn fill(&mut self) -> Outcome<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server hung up".into()),
            _ => Ok(()),
        }
    }
}

fn json_head(body: &str) -> String {
    format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
}
