//! Connections to Redis, to one server or a Cluster, that are reopened automatically.
//!
//! No command waits for an outage to end: it fails at once when the connection is
//! known to be lost, or times out, and its caller continues without the answer.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use redis::aio::{AsyncPushSender, ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{
    Arg, AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, IntoConnectionInfo, Pipeline,
    ProtocolVersion, RedisFuture, RedisResult, Value,
};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::StoreError;
use crate::shared::RedisSettings;

/// How long opening a connection may take, handshake included.
const OPEN_WITHIN: Duration = Duration::from_secs(2);

/// The interval of pings.
const PING_EVERY: Duration = Duration::from_secs(1);

/// Consecutive failed pings after which a Cluster connection counts as dead: for one lost
/// node the others are not given up, as the library finds its successor.
const CLUSTER_MISSES: u32 = 5;

/// Maximum commands in flight to a Cluster.
const CLUSTER_ABREAST: usize = 256;

/// Runs commands of one key, in order.
async fn together(mut connection: ClusterConnection, commands: Vec<Cmd>) -> Vec<RedisResult<Value>> {
    let count = commands.len();
    if let [command] = commands.as_slice() {
        return vec![command.query_async(&mut connection).await];
    }
    let mut pipeline = Pipeline::with_capacity(count);
    commands.into_iter().for_each(|command| {
        pipeline.add_command(command);
    });
    let done = pipeline.ignore_errors().query_async(&mut connection).await;
    done.unwrap_or_else(|error| vec![Err(error); count])
}

/// Groups the commands by key, each with its index among all.
fn by_key(commands: Vec<Cmd>) -> Vec<(Vec<usize>, Vec<Cmd>)> {
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut groups: Vec<(Vec<usize>, Vec<Cmd>)> = Vec::new();
    for (place, command) in commands.into_iter().enumerate() {
        let key = key_of(&command).to_vec();
        let group = *places.entry(key).or_insert_with(|| {
            groups.push((Vec::new(), Vec::new()));
            groups.len() - 1
        });
        groups[group].0.push(place);
        groups[group].1.push(command);
    }
    groups
}

/// A command's first key: after its name, or after a script and the number of its keys.
fn key_of(command: &Cmd) -> &[u8] {
    let word = |place| match command.args_iter().nth(place) {
        Some(Arg::Simple(word)) => word,
        _ => &[],
    };
    if word(0) == b"EVAL" { word(3) } else { word(1) }
}

/// The addresses and timeouts of Redis, from which connections are opened.
#[derive(Clone)]
pub(crate) struct RedisConnector {
    nodes: Vec<ConnectionInfo>,
    dead_after: Duration,
    longest_pause: Duration,
}

/// An open connection. Cheap to clone; commands of all clones share it.
#[derive(Clone)]
pub(crate) enum Connection {
    /// To one server.
    One(MultiplexedConnection),
    /// To all nodes of a Cluster.
    Many(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(cmd),
            Self::Many(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Many(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Many(connection) => connection.get_db(),
        }
    }
}

impl Connection {
    /// Runs all commands, in order for each key. One outcome for each.
    pub(crate) async fn all(&self, commands: Vec<Cmd>) -> Vec<RedisResult<Value>> {
        match self {
            Self::One(connection) => {
                let count = commands.len();
                let mut pipeline = Pipeline::with_capacity(count);
                commands.into_iter().for_each(|command| {
                    pipeline.add_command(command);
                });
                let done = pipeline.ignore_errors().query_async(&mut connection.clone()).await;
                done.unwrap_or_else(|error| vec![Err(error); count])
            }
            // The library keeps no order between requests: all commands of one key are one request.
            Self::Many(connection) => {
                let mut outcomes: Vec<_> = commands.iter().map(|_| None).collect();
                let mut done =
                    futures::stream::iter(by_key(commands).into_iter().map(|(places, commands)| {
                        let connection = connection.clone();
                        async move { (places, together(connection, commands).await) }
                    }))
                    .buffer_unordered(CLUSTER_ABREAST);
                while let Some((places, some)) = done.next().await {
                    for (place, outcome) in places.into_iter().zip(some) {
                        outcomes[place] = Some(outcome);
                    }
                }
                let lost = || Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into());
                outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(lost)).collect()
            }
        }
    }

    async fn is_alive(&mut self) -> bool {
        // The connection has its own response timeout.
        redis::cmd("PING").exec_async(self).await.is_ok()
    }
}

impl RedisConnector {
    /// Parses the addresses; does not connect yet.
    pub(crate) fn new(settings: &RedisSettings) -> Result<Self, StoreError> {
        let nodes = settings.nodes.iter().map(|url| {
            let info = url.as_str().into_connection_info().map_err(|error| {
                // Not the address itself: it holds a password.
                let wrong = error.category();
                StoreError::Setting(format!("REDIS_URL: {wrong}; write redis://user:password@host:port/0."))
            })?;
            let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
            Ok(info.set_redis_settings(redis))
        });
        Ok(Self {
            nodes: nodes.collect::<Result<_, StoreError>>()?,
            dead_after: settings.limits.dead_after,
            longest_pause: settings.limits.longest_pause,
        })
    }

    /// Opens a connection whose replies may take `within`; `push` receives the server's
    /// push messages.
    pub(crate) async fn open(
        &self,
        within: Duration,
        push: Option<Arc<dyn AsyncPushSender>>,
    ) -> RedisResult<Connection> {
        let opened = async {
            match self.nodes.as_slice() {
                [one] => {
                    let mut config = AsyncConnectionConfig::new()
                        .set_response_timeout(Some(within))
                        .set_connection_timeout(Some(OPEN_WITHIN));
                    if let Some(push) = push {
                        config = config.set_push_sender(push);
                    }
                    let client = Client::open(one.clone())?;
                    let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
                    Ok(Connection::One(connection))
                }
                many => {
                    let mut builder = ClusterClient::builder(many.to_vec())
                        .response_timeout(within)
                        .connection_timeout(OPEN_WITHIN)
                        .retries(3)
                        .use_protocol(ProtocolVersion::RESP3);
                    if let Some(push) = push {
                        builder = builder.push_sender(push);
                    }
                    Ok(Connection::Many(builder.build()?.get_async_connection().await?))
                }
            }
        };
        match timeout(OPEN_WITHIN, opened).await {
            Ok(opened) => opened,
            Err(late) => Err(std::io::Error::from(late).into()),
        }
    }

    /// Opens a connection, retrying with backoff until it succeeds.
    pub(crate) async fn open_at_last(
        &self,
        within: Duration,
        mut push: impl FnMut() -> Option<Arc<dyn AsyncPushSender>>,
    ) -> Connection {
        let mut pause = Duration::from_millis(50);
        loop {
            match self.open(within, push()).await {
                Ok(connection) => return connection,
                // Redis answers but rejects the credentials: retrying alone does not help.
                Err(error) if error.kind() == ErrorKind::AuthenticationFailed => {
                    tracing::error!("REDIS_URL: Redis refused the user or the password");
                }
                Err(error) => tracing::debug!(%error, "Redis does not answer yet"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(self.longest_pause);
        }
    }

    /// How long a reply may take until the connection counts as dead.
    pub(crate) fn dead_after(&self) -> Duration {
        self.dead_after
    }
}

/// Resolves when `connection` is dead; `well` holds whether the last ping was answered.
pub(crate) async fn death(mut connection: Connection, well: &AtomicBool) {
    let misses_max = if matches!(connection, Connection::One(_)) { 1 } else { CLUSTER_MISSES };
    let mut misses = 0;
    while misses < misses_max {
        sleep(PING_EVERY).await;
        let alive = connection.is_alive().await;
        well.store(alive, Ordering::Relaxed);
        misses = if alive { 0 } else { misses + 1 };
    }
}

/// The connection for commands, reopened after failures.
pub(crate) struct RedisConnection {
    connector: RedisConnector,
    open: watch::Sender<Option<Connection>>,
    torn: Notify,
    well: AtomicBool,
}

impl RedisConnection {
    /// A connection that [`keep`](Self::keep) has yet to open.
    pub(crate) fn new(connector: RedisConnector) -> Arc<Self> {
        let (open, torn) = (watch::Sender::new(None), Notify::new());
        Arc::new(Self { connector, open, torn, well: AtomicBool::new(false) })
    }

    /// Opens it, and reopens it whenever it is lost, until the task is aborted.
    pub(crate) async fn keep(self: Arc<Self>) {
        let within = self.connector.dead_after();
        loop {
            let connection = self.connector.open_at_last(within, || None).await;
            self.well.store(true, Ordering::Relaxed);
            self.open.send_replace(Some(connection.clone()));
            tracing::info!("Redis answers");
            tokio::select! {
                () = death(connection, &self.well) => {}
                () = self.torn.notified() => {}
            }
            self.well.store(false, Ordering::Relaxed);
            self.open.send_replace(None);
            tracing::warn!("Redis does not answer: this process goes on by itself");
        }
    }

    /// Whether Redis answered the last ping, and no command found the connection lost since.
    pub(crate) fn is_well(&self) -> bool {
        self.well.load(Ordering::Relaxed)
    }

    /// Resolves when a connection is open.
    pub(crate) async fn opened(&self) {
        // Cannot fail: the sender is part of `self`.
        let _ = self.open.subscribe().wait_for(Option::is_some).await;
    }

    /// Runs one command; `None` if Redis does not answer within `within`, or refuses it.
    pub(crate) async fn one<T: redis::FromRedisValue>(&self, within: Duration, command: Cmd) -> Option<T> {
        let mut connection = self.open.borrow().clone()?;
        let answered = timeout(within, command.query_async(&mut connection)).await;
        match answered {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                self.doubt(&connection, error.is_unrecoverable_error());
                tracing::warn!(%error, "Redis refused a command");
                None
            }
            Err(_) => None, // the next ping finds out whether the connection is dead
        }
    }

    /// Runs all commands, in order for each key; one outcome for each. `None` if none ran,
    /// or it is unknown which.
    pub(crate) async fn all(&self, commands: Vec<Cmd>) -> Option<Vec<RedisResult<Value>>> {
        let connection = self.open.borrow().clone()?;
        let outcomes = timeout(self.connector.dead_after(), connection.all(commands)).await;
        let Ok(outcomes) = outcomes else {
            self.doubt(&connection, true);
            return None;
        };
        let lost = |outcome: &RedisResult<Value>| {
            outcome.as_ref().is_err_and(redis::RedisError::is_unrecoverable_error)
        };
        self.doubt(&connection, outcomes.iter().any(lost));
        Some(outcomes)
    }

    /// Marks a lost connection for reopening. In a Cluster the library reconnects lost nodes.
    fn doubt(&self, connection: &Connection, lost: bool) {
        if lost && matches!(connection, Connection::One(_)) && self.is_well() {
            self.well.store(false, Ordering::Relaxed);
            self.torn.notify_one();
        }
    }
}

/// Tasks that are aborted when this is dropped.
#[derive(Default)]
pub(crate) struct Tasks(Vec<JoinHandle<()>>);

impl Tasks {
    /// Runs `work` until it completes or this is dropped.
    pub(crate) fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.push(tokio::spawn(work));
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}
