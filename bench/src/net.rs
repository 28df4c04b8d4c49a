//! Many WebSockets in one thread, with little overhead: the client shares the
//! machine's two cores with the server that it measures.
//!
//! There is one poll for all sockets and one read per socket and wake-up. There
//! are no tasks, whole frames are not copied, and prepared bytes are sent. The
//! masking key of RFC 6455 is zero, which leaves the text unchanged. Only the
//! part of the protocol that the server uses is implemented: unfragmented
//! frames, no extensions.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};

use crate::Outcome;

/// Sockets per source address, fewer than its ports.
const PER_SOURCE: usize = 10_000;
/// Local ports to bind, below the kernel's ephemeral range.
const PORTS: std::ops::Range<u16> = 10_000..32_000;
/// The size of the read buffer in bytes.
const READ: usize = 64 * 1024;

/// The size of a small receive buffer, which is soon full. The kernel doubles it.
const NARROW: usize = 2 * 1024;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The callbacks of a load for its sockets.
pub(crate) trait Handler {
    /// A socket is connected and upgraded.
    fn opened(&mut self, number: usize, sock: &mut Sock);
    /// A text frame came.
    fn heard(&mut self, number: usize, sock: &mut Sock, text: &[u8]);
    /// A socket has ended.
    fn gone(&mut self, number: usize, why: &str);
}

/// How to reach a server.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    /// Whether to use a small receive buffer, so that the server soon detects a stalled reader.
    pub(crate) narrow: bool,
}

/// One socket.
#[derive(Debug)]
pub(crate) struct Sock {
    stream: TcpStream,
    /// The request of the handshake, until the socket is writable.
    asking: Option<Vec<u8>>,
    upgraded: bool,
    unread: Vec<u8>,
    unwritten: Vec<u8>,
    asleep: bool,
}

/// All sockets of this process, by number.
pub(crate) struct Net {
    poll: Poll,
    events: Events,
    socks: Vec<Option<Sock>>,
    buffer: Vec<u8>,
    /// How many are connecting or in the handshake.
    pub(crate) opening: usize,
    /// The last local port that was bound.
    port: u16,
}

impl Net {
    pub(crate) fn new() -> Outcome<Self> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(4096));
        Ok(Self { poll, events, socks: Vec::new(), buffer: vec![0; READ], opening: 0, port: PORTS.start })
    }

    /// Starts connecting. Each process of a load has its own `source`, the third
    /// byte of its loopback addresses.
    pub(crate) fn dial(&mut self, number: usize, endpoint: &Endpoint, source: u8) -> Outcome<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        let host = u8::try_from(number / PER_SOURCE + 1)?;
        let from = IpAddr::from(Ipv4Addr::new(127, 0, source, host));
        self.bind(&socket, from)?;
        socket.set_tcp_nodelay(true)?;
        if endpoint.narrow {
            socket.set_recv_buffer_size(NARROW)?;
        }
        socket.set_nonblocking(true)?;
        match socket.connect(&endpoint.address.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let mut stream = TcpStream::from_std(socket.into());
        if self.socks.len() <= number {
            self.socks.resize_with(number + 1, || None);
        }
        self.poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
        self.socks[number] = Some(Sock {
            stream,
            asking: Some(request(endpoint)),
            upgraded: false,
            unread: Vec::new(),
            unwritten: Vec::new(),
            asleep: false,
        });
        self.opening += 1;
        Ok(())
    }

    /// Binds the next free port. If the kernel chose it, it would search among thousands of
    /// closing ports, which takes longer than the server's work.
    fn bind(&mut self, socket: &Socket, from: IpAddr) -> Outcome<()> {
        socket.set_reuse_address(true)?;
        for _ in PORTS {
            self.port = if PORTS.contains(&(self.port + 1)) { self.port + 1 } else { PORTS.start };
            match socket.bind(&SocketAddr::new(from, self.port).into()) {
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                bound => return Ok(bound?),
            }
        }
        Err("no port is free".into())
    }

    /// The socket of that number, while it exists.
    pub(crate) fn sock(&mut self, number: usize) -> Option<&mut Sock> {
        self.socks.get_mut(number)?.as_mut()
    }

    /// Drops a socket without a close frame, as a lost network does.
    pub(crate) fn drop(&mut self, number: usize) {
        if let Some(mut sock) = self.socks.get_mut(number).and_then(Option::take) {
            let _ = self.poll.registry().deregister(&mut sock.stream);
            self.opening -= usize::from(!sock.upgraded);
        }
    }

    /// How many sockets are open.
    pub(crate) fn open(&self) -> usize {
        self.socks.iter().flatten().filter(|sock| sock.upgraded).count()
    }

    /// Waits for events for at most `timeout`, and handles them.
    pub(crate) fn turn(&mut self, timeout: Duration, handler: &mut impl Handler) -> Outcome<()> {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let polled = self.poll.poll(&mut events, Some(timeout));
        if let Err(error) = polled
            && error.kind() != ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        for event in &events {
            self.ready(event.token().0, event.is_writable(), handler);
        }
        self.events = events;
        Ok(())
    }

    /// Lets a sleeping socket read again, and reads what has arrived.
    pub(crate) fn wake(&mut self, number: usize, handler: &mut impl Handler) {
        if let Some(sock) = self.sock(number) {
            sock.asleep = false;
        }
        self.ready(number, false, handler);
    }

    fn ready(&mut self, number: usize, writable: bool, handler: &mut impl Handler) {
        let Some(mut sock) = self.socks.get_mut(number).and_then(Option::take) else { return };
        let was_open = sock.upgraded;
        let outcome = if writable { sock.flush() } else { Ok(()) };
        let outcome = outcome.and_then(|()| sock.read(&mut self.buffer, number, handler));
        self.opening -= usize::from(!was_open && (sock.upgraded || outcome.is_err()));
        match outcome {
            Ok(()) => self.socks[number] = Some(sock),
            Err(why) => {
                let _ = self.poll.registry().deregister(&mut sock.stream);
                drop(sock);
                handler.gone(number, &why);
            }
        }
    }
}

/// EINPROGRESS: the connection is being established.
const IN_PROGRESS: i32 = 115;

fn request(endpoint: &Endpoint) -> Vec<u8> {
    let authorization =
        endpoint.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: baedal.v1.json\r\n{authorization}\r\n",
        endpoint.path, endpoint.address
    )
    .into_bytes()
}

impl Sock {
    /// Sends a text frame.
    pub(crate) fn say(&mut self, text: &str) {
        self.send(&frame(text.as_bytes()));
    }

    /// Sends bytes made by [`frame`]. What the kernel does not accept now is buffered.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.unwritten.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => rest = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // The next read reports the error.
                Err(_) => return,
            }
        }
        self.unwritten.extend_from_slice(rest);
    }

    /// Stops reading until [`Net::wake`].
    pub(crate) fn sleep(&mut self) {
        self.asleep = true;
    }

    fn flush(&mut self) -> Result<(), String> {
        if let Some(request) = self.asking.take() {
            match self.stream.take_error() {
                Ok(None) => {}
                Ok(Some(error)) | Err(error) => return Err(format!("not connected: {error}")),
            }
            self.unwritten = request;
        }
        while !self.unwritten.is_empty() {
            match self.stream.write(&self.unwritten) {
                Ok(count) => drop(self.unwritten.drain(..count)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    break;
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        if self.unwritten.is_empty() {
            self.unwritten = Vec::new();
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], number: usize, handler: &mut impl Handler) -> Result<(), String> {
        while !self.asleep {
            let count = match self.stream.read(buffer) {
                Ok(0) => return Err("the server hung up".to_owned()),
                Ok(count) => count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    break;
                }
                Err(error) => return Err(error.to_string()),
            };
            if self.unread.is_empty() {
                let used = self.take(&buffer[..count], number, handler)?;
                self.unread.extend_from_slice(&buffer[used..count]);
            } else {
                let mut unread = std::mem::take(&mut self.unread);
                unread.extend_from_slice(&buffer[..count]);
                let used = self.take(&unread, number, handler)?;
                unread.drain(..used);
                self.unread = if unread.is_empty() { Vec::new() } else { unread };
            }
            if count < buffer.len() {
                break; // drained: more data raises another event
            }
        }
        Ok(())
    }

    /// Handles all complete frames. Returns the number of bytes used.
    fn take(&mut self, bytes: &[u8], number: usize, handler: &mut impl Handler) -> Result<usize, String> {
        let mut used = 0;
        if !self.upgraded {
            let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Ok(0) };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                return Err(format!("not upgraded: {}", String::from_utf8_lossy(&bytes[..end.min(300)])));
            }
            (self.upgraded, used) = (true, end + 4);
            handler.opened(number, self);
        }
        while let Some((opcode, from, until)) = parse(&bytes[used..]) {
            let payload = &bytes[used + from..used + until];
            match opcode {
                TEXT => handler.heard(number, self, payload),
                PING => self.send(&frame_of(PONG, payload)),
                CLOSE => return Err(close(payload)),
                _ => {}
            }
            used += until;
        }
        Ok(used)
    }
}

fn close(payload: &[u8]) -> String {
    let code = payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code));
    format!("closed with {code} {}", String::from_utf8_lossy(payload.get(2..).unwrap_or_default()))
}

/// The opcode of the first frame, and the start and end of its payload; none
/// while the frame is incomplete.
fn parse(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, length) = (bytes.first()?, bytes.get(1)?);
    let (from, length) = match length & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?),
        short => (2, usize::from(short)),
    };
    (bytes.len() >= from + length).then_some((first & 0x0f, from, from + length))
}

/// A complete text frame of a client.
pub(crate) fn frame(text: &[u8]) -> Vec<u8> {
    frame_of(TEXT, text)
}

fn frame_of(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 14);
    bytes.push(0x80 | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..=125), _) => bytes.push(0x80 | short),
        (_, Ok(length)) => {
            bytes.push(0x80 | 126);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_found_only_when_it_is_whole() {
        for length in [0, 125, 126, 70_000] {
            // Without the mask's four bytes, a client's frame is a server's frame.
            let mut bytes = frame(&vec![b'x'; length]);
            let head = bytes.len() - length - 4;
            bytes.drain(head..head + 4);
            bytes[1] &= 0x7f;
            assert_eq!(parse(&bytes), Some((TEXT, head, head + length)));
            assert_eq!(parse(&bytes[..bytes.len() - 1]), None);
        }
    }
}
