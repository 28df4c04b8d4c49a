//! `identity`: password sign-ins beside other people's requests, refreshes, and the end of
//! thousands of sessions at once. Beside them what the machine can do without a network: a bare
//! loop of password hashes on one core, and the verification of a token alone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures::StreamExt as _;
use futures::future::{join_all, try_join_all};
use serde::Deserialize;
use serde_json::{Value, json};
use sim::api::Api;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

use crate::Outcome;
use crate::args::Options;
use crate::city::City;
use crate::database::psql;
use crate::http::Caller;
use crate::latency::Latency;
use crate::process::Cost;
use crate::report::{Column, Figures, Report, say};
use crate::target::{Target, count};

/// People with a password.
const PEOPLE: u32 = 64;
const PASSWORD: &str = "한강에서치킨을먹자";
/// Sign-ins under way at a time: enough that one hash always waits.
const SIGN_INS: usize = 4;
/// Sessions that refresh at once, each as fast as it can.
const REFRESHING: usize = 16;
/// Requests a second of others, from connections of their own.
const OTHERS_PER_SEC: f64 = 200.0;
const OTHERS: usize = 4;
/// Refreshes after which rows are counted again.
const COUNTED: u64 = 10_000;
/// Sockets that see their sessions end.
const SOCKETS: u32 = 5_000;
/// Sockets that are opened at once.
const OPENING: usize = 64;
/// The device of the sessions that are ended.
const REVOKED: &str = "bench, revoked";

/// What `baedal measure-identity` prints.
#[derive(Debug, Deserialize)]
struct Measured {
    hashes_per_sec: f64,
    issue_us: f64,
    verify_first_us: f64,
    verify_seen_us: f64,
}

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let sockets = options.scaled(SOCKETS);
    let city = City::make(options, &[("rides", sockets.div_ceil(2))]).await?;
    let tokens: Vec<String> = city
        .rides
        .into_iter()
        .flat_map(|ride| [ride.courier, ride.customer])
        .take(sockets as usize)
        .collect();
    let title =
        format!("{PEOPLE} people sign in, {REFRESHING} sessions refresh, {sockets} sockets are revoked");
    let mut report = Report::new("identity", &title, options);
    let [mut ours, mut bare] = ["baedal", "bare loop, one core"].map(Column::new);
    let people = People::sign_up(options).await?;
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        let measured = measure(options).await?;
        let mut figures = Figures::default();
        figures.add("sign-ins/s", measured.hashes_per_sec);
        figures.add("issue µs", measured.issue_us);
        figures.add("verify first µs", measured.verify_first_us);
        figures.add("verify seen µs", measured.verify_seen_us);
        bare.add(figures, &Latency::default());
        let server = Target::server(options).await?;
        round(&server, &people, &tokens, options, &mut ours).await?;
    }
    report.at_least("sign-ins/s", 30.0, ours.median("sign-ins/s"));
    report.at_least("of a bare loop on one core", 0.8, ours.median("sign-ins/s") / bare.median("sign-ins/s"));
    report.at_most(
        "others' p99 in that without",
        1.2,
        ours.median("others' p99 ms") / ours.median("alone p99 ms"),
    );
    report.at_least("refreshes/s", 1_000.0, ours.median("refreshes/s"));
    report.at_most("rows more after 10,000", 0.0, ours.most("rows more"));
    report.at_most("verify when seen before, µs", 5.0, bare.median("verify seen µs"));
    report.at_most("revocation seen by all, s", 2.0, ours.most("revoked s"));
    report.columns = vec![ours, bare];
    Ok(report)
}

async fn measure(options: &Options) -> Outcome<Measured> {
    let output =
        Command::new(&options.server).arg("measure-identity").env("BAEDAL_LOG", "warn").output().await?;
    if !output.status.success() {
        return Err(format!("measure-identity: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn round(
    server: &Target,
    people: &People,
    tokens: &[String],
    options: &Options,
    column: &mut Column,
) -> Outcome<()> {
    let length = Duration::from_secs(options.seconds.into());
    let mut figures = Figures::default();
    let grants = people.sign_in_all(server.address).await?;
    let alone = others(server.address, &grants, length).await?;
    figures.add("alone p50 ms", alone.ms(0.5));
    figures.add("alone p99 ms", alone.ms(0.99));

    let before = Cost::of(server.process)?;
    let (signed_in, beside) = tokio::try_join!(
        people.sign_in_for(server.address, length),
        others(server.address, &grants, length)
    )?;
    let cost = Cost::of(server.process)?.since(before);
    figures.add("sign-ins/s", signed_in as f64 / options.secs());
    figures.add("others' p50 ms", beside.ms(0.5));
    figures.add("others' p99 ms", beside.ms(0.99));
    figures.add("server cores", cost.cpu_secs / options.secs());

    let rows = rows().await?;
    let before = Cost::of(server.process)?;
    let (refreshed, latency, secs) = refresh_for(server.address, &grants, length).await?;
    let cost = Cost::of(server.process)?.since(before);
    figures.add("refreshes/s", refreshed as f64 / secs);
    figures.add("refresh p50 ms", latency.ms(0.5));
    figures.add("refresh p99 ms", latency.ms(0.99));
    figures.add("refresh server cores", cost.cpu_secs / secs);
    figures.add("refresh machine cores", cost.machine_secs / secs);
    figures.add("refreshes", refreshed as f64);
    figures.add("rows more", self::rows().await? - rows);

    figures.add("revoked s", revoke(server.address, tokens).await?);
    column.add(figures, &latency);
    Ok(())
}

/// All rows that a session could leave.
async fn rows() -> Outcome<f64> {
    let tables = ["sessions", "refresh_tokens", "session_keys", "signing_keys", "audit", "accounts"];
    let counts = tables.map(|table| format!("(select count(*) from auth.{table})"));
    count(&format!("select {}", counts.join(" + "))).await
}

/// People who can sign in.
struct People {
    emails: Vec<String>,
}

/// A session's tokens.
#[derive(Clone, Debug, Deserialize)]
struct Grant {
    access_token: String,
    refresh_token: String,
}

impl People {
    async fn sign_up(options: &Options) -> Outcome<Self> {
        let server = Target::server(options).await?;
        let run = sim::system::fresh_id().simple().to_string();
        let api = Api::new(&format!("http://{}", server.address))?;
        let mut emails = Vec::new();
        for number in 0..PEOPLE {
            let email = format!("{run}-{number}@bench.example");
            let phone = format!("010-{:04}-{number:04}", 1_000 + number);
            api.sign_up(&email, PASSWORD, "김벤치", &phone).await?;
            emails.push(email);
        }
        Ok(Self { emails })
    }

    async fn sign_in_all(&self, address: SocketAddr) -> Outcome<Vec<Grant>> {
        let mut caller = Caller::connect(address).await?;
        let mut grants = Vec::new();
        for email in self.emails.iter().take(REFRESHING) {
            grants.push(sign_in(&mut caller, email).await?);
        }
        Ok(grants)
    }

    /// Signs in time and again; returns how often that was.
    async fn sign_in_for(&self, address: SocketAddr, length: Duration) -> Outcome<u64> {
        let until = Instant::now() + length;
        let share = self.emails.len() / SIGN_INS;
        let all = self.emails.chunks(share.max(1)).take(SIGN_INS).map(async |emails| {
            let mut caller = Caller::connect(address).await?;
            let mut done = 0;
            for email in emails.iter().cycle() {
                if Instant::now() >= until {
                    break;
                }
                sign_in(&mut caller, email).await?;
                done += 1;
            }
            Outcome::Ok(done)
        });
        Ok(try_join_all(all).await?.into_iter().sum())
    }
}

async fn sign_in(caller: &mut Caller, email: &str) -> Outcome<Grant> {
    let body = json!({ "email": email, "password": PASSWORD, "device": "bench" });
    match caller.post("/v1/auth/sign-in", "-", &body.to_string()).await? {
        200 => grant(caller),
        status => Err(format!("sign-in: {status} {}", caller.last()).into()),
    }
}

fn grant(caller: &Caller) -> Outcome<Grant> {
    let last = caller.last();
    let body = last.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    Ok(serde_json::from_str(body)?)
}

/// Other people's requests at a fixed rate; each leaves when it is due.
async fn others(address: SocketAddr, grants: &[Grant], length: Duration) -> Outcome<Latency> {
    let until = Instant::now() + length;
    let every = Duration::from_secs_f64(OTHERS as f64 / OTHERS_PER_SEC);
    let all = grants.iter().take(OTHERS).enumerate().map(async |(number, grant)| {
        let mut caller = Caller::connect(address).await?;
        let mut latency = Latency::default();
        let mut due = Instant::now() + every * u32::try_from(number)? / u32::try_from(OTHERS)?;
        while due < until {
            tokio::time::sleep_until(due.into()).await;
            match caller.get("/v1/users/me", &grant.access_token).await? {
                200 => latency.note(due.elapsed()),
                status => return Err(format!("another request: {status} {}", caller.last()).into()),
            }
            due += every;
        }
        Outcome::Ok(latency)
    });
    let mut latency = Latency::default();
    try_join_all(all).await?.iter().for_each(|each| latency.add(each));
    Ok(latency)
}

/// Refreshes each session time and again, at least [`COUNTED`] times in all. Returns how often
/// that was, how long each took, and how long all of them.
async fn refresh_for(
    address: SocketAddr,
    grants: &[Grant],
    length: Duration,
) -> Outcome<(u64, Latency, f64)> {
    let begun = Instant::now();
    let until = begun + length;
    let at_least = COUNTED.div_ceil(grants.len().max(1) as u64);
    let all = grants.iter().map(async |first| {
        let mut grant = first.clone();
        let mut caller = Caller::connect(address).await?;
        let (mut latency, mut done) = (Latency::default(), 0);
        while Instant::now() < until || done < at_least {
            let asked = Instant::now();
            let body = json!({ "refresh_token": grant.refresh_token }).to_string();
            match caller.post("/v1/auth/refresh", "-", &body).await? {
                200 => grant = self::grant(&caller)?,
                status => return Err(format!("refresh: {status} {}", caller.last()).into()),
            }
            latency.note(asked.elapsed());
            done += 1;
        }
        Outcome::Ok((done, latency))
    });
    let (mut done, mut latency) = (0, Latency::default());
    for (each, took) in try_join_all(all).await? {
        done += each;
        latency.add(&took);
    }
    Ok((done, latency, begun.elapsed().as_secs_f64()))
}

/// Ends the sessions of all tokens in one statement, past the server, so that it learns of it by
/// looking. Returns the seconds until the last socket was closed.
async fn revoke(address: SocketAddr, tokens: &[String]) -> Outcome<f64> {
    let mut sockets = Vec::new();
    let mut opening =
        futures::stream::iter(tokens).map(|token| open(address, token)).buffer_unordered(OPENING);
    while let Some(socket) = opening.next().await {
        sockets.push(socket?);
    }
    let sessions = tokens.iter().map(|token| Ok(format!("('{}'::uuid)", session_of(token)?)));
    let sessions = sessions.collect::<Outcome<Vec<_>>>()?.join(",");
    psql(&format!(
        "insert into auth.sessions
             (id, user_id, device, address, created_at, last_seen_at, expires_at, ended_at, method, proven_at)
         select id, (select user_id from auth.accounts limit 1), '{REVOKED}', '-', now(), now(), now(), now(),
             'password', now()
         from (values {sessions}) as ended (id)"
    ))
    .await?;
    let ended = Instant::now();
    let closed = join_all(sockets.into_iter().map(async |mut socket| {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
        ended.elapsed()
    }));
    let closed = tokio::time::timeout(Duration::from_secs(30), closed).await?;
    // The next round's server lets the same people in again.
    psql(&format!("delete from auth.sessions where device = '{REVOKED}'")).await?;
    Ok(closed.into_iter().max().unwrap_or_default().as_secs_f64())
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(address: SocketAddr, token: &str) -> Outcome<Socket> {
    let mut request = format!("ws://{address}/v1/realtime").into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let small = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
    let (mut socket, _) = tokio_tungstenite::connect_async_with_config(request, Some(small), true).await?;
    match socket.next().await {
        Some(Ok(first)) if first.to_text()?.contains("\"ready\"") => Ok(socket),
        other => Err(format!("a socket is not let in: {other:?}").into()),
    }
}

/// The `sid` of a token.
fn session_of(token: &str) -> Outcome<String> {
    let claims = token.split('.').nth(1).ok_or("not a token")?;
    let claims: BTreeMap<String, Value> = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims)?)?;
    let session: Uuid = claims.get("sid").and_then(Value::as_str).ok_or("no sid")?.parse()?;
    Ok(session.to_string())
}
