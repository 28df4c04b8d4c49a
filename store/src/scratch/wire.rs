//! A proxy to PostgreSQL that records the statements sent to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{Database, StoreError};

/// The recorded queries, one for each round trip: a statement's text, or [`PING`]. `BEGIN` and `COMMIT` are
/// followed by the first statement of their transaction, so that it is known whose they are.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<Mutex<Vec<String>>>);

/// The entry for a pool's check that a connection still works.
pub const PING: &str = "ping";

impl Asked {
    /// The entries since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// The database reached through this proxy, and the record of its queries. Preparing a
/// statement is not recorded, because a connection does it once for each statement.
pub async fn watched(database: &Database) -> Result<(Database, Asked), StoreError> {
    let options: PgConnectOptions = database.url.parse()?;
    let there = (options.get_host().to_owned(), options.get_port());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(sqlx::Error::Io)?;
    let port = listener.local_addr().map_err(sqlx::Error::Io)?.port();
    let asked = Asked::default();
    let lines = asked.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await
            && let Ok(server) = TcpStream::connect(&there).await
        {
            let ((client, mut back), (mut answers, server)) = (client.into_split(), server.into_split());
            tokio::spawn(forward(client, server, lines.clone()));
            tokio::spawn(async move { tokio::io::copy(&mut answers, &mut back).await });
        }
    });
    let options = options.host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable);
    Ok((Database { url: options.to_url_lossy().to_string(), ..database.clone() }, asked))
}

/// Reads one message of the protocol: its type, `None` for the first one, and all its bytes.
async fn message(from: &mut (impl AsyncRead + Unpin), first: bool) -> std::io::Result<(Option<u8>, Vec<u8>)> {
    let kind = if first { None } else { Some(from.read_u8().await?) };
    let length = from.read_u32().await?;
    let mut whole: Vec<u8> = kind.into_iter().chain(length.to_be_bytes()).collect();
    let head = whole.len();
    whole.resize(head + length as usize - 4, 0);
    from.read_exact(&mut whole[head..]).await?;
    Ok((kind, whole))
}

async fn forward(
    mut client: impl AsyncRead + Unpin,
    mut server: impl tokio::io::AsyncWrite + Unpin,
    asked: Asked,
) {
    let mut conversation = Conversation::default();
    let mut first = true;
    while let Ok((kind, whole)) = message(&mut client, first).await {
        first = false;
        if let Some(line) = kind.and_then(|kind| conversation.hear(kind, &whole[5..])) {
            conversation.entries(line).into_iter().for_each(|entry| asked.note(entry));
        }
        if server.write_all(&whole).await.is_err() {
            return;
        }
    }
}

#[derive(Default)]
struct Conversation {
    /// The texts of prepared statements, by name.
    statements: HashMap<String, String>,
    executed: Option<String>,
    prepares: bool,
    transaction: Transaction,
}

#[derive(Default)]
enum Transaction {
    #[default]
    None,
    /// Begun by this text; what follows says whose it is.
    Begun(String),
    /// With its first statement.
    Of(String),
}

impl Conversation {
    /// What is recorded for a statement. The beginning of a transaction is recorded with its first one.
    fn entries(&mut self, line: String) -> Vec<String> {
        if line == PING {
            return vec![line];
        }
        let word = line.trim_start().get(..5).unwrap_or_default().to_ascii_uppercase();
        match (std::mem::take(&mut self.transaction), word.as_str()) {
            (_, "BEGIN") => {
                self.transaction = Transaction::Begun(line);
                Vec::new()
            }
            (Transaction::Begun(begin), "COMMI" | "ROLLB") => vec![begin, line],
            (Transaction::Of(first), "COMMI" | "ROLLB") => vec![format!("{line} {first}")],
            (Transaction::Begun(begin), _) => {
                self.transaction = Transaction::Of(line.clone());
                vec![format!("{begin} {line}"), line]
            }
            (within, _) => {
                self.transaction = within;
                vec![line]
            }
        }
    }

    /// The entry to record, if this message requires a reply.
    fn hear(&mut self, kind: u8, body: &[u8]) -> Option<String> {
        let mut words = body.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        let mut word = || words.next().unwrap_or_default();
        match kind {
            b'Q' => return Some(word()),
            b'P' => {
                self.statements.insert(word(), word());
                self.prepares = true;
            }
            b'C' => self.prepares = true,
            b'B' => {
                word();
                self.executed = self.statements.get(&word()).cloned();
            }
            b'S' => {
                let prepares = std::mem::take(&mut self.prepares);
                return self.executed.take().or_else(|| (!prepares).then(|| PING.to_owned()));
            }
            _ => {}
        }
        None
    }
}
