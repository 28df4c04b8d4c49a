//! `catalogue`: lists, searches and suggestions over restaurants of the whole country. Beside them PostgreSQL
//! with the same rows: searched with `ILIKE` near the point, and listed by H3 cells; neither asks
//! whether a restaurant is open, or delivers to the point.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use h3o::{LatLng, Resolution};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tokio::process::Command;

use crate::Outcome;
use crate::args::Options;
use crate::city::City;
use crate::database::{self, Measured, psql};
use crate::http::Caller;
use crate::latency::Latency;
use crate::process::Cost;
use crate::report::{Column, Figures, Report, say};
use crate::target::{Target, count};

const RESTAURANTS: u32 = 100_000;
/// Requests a second, in all.
const SEARCHES_PER_SEC: f64 = 500.0;
const OTHERS_PER_SEC: f64 = 200.0;
/// Connections that they come from.
const CALLERS: usize = 8;
/// Where people look from, and what for.
const POINTS: usize = 500;
/// Dishes of the card that is uploaded.
const UPLOADED: usize = 1_000;
/// How long a process may take to read all restaurants.
const WHOLE_WITHIN: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The ports of the second process begin so many after those of the first.
const NEXT_PORTS: u16 = 20;

/// What people search for: names, kinds and dishes, whole and on the way there.
const TYPED: [&str; 24] = [
    "치킨",
    "피자",
    "떡볶이",
    "김치찌개",
    "할머니",
    "교촌",
    "치ㅋ",
    "ㅊㅋ",
    "clzls",
    "교촌치긴",
    "허니 치킨",
    "마라탕",
    "BHC",
    "족발",
    "국밥",
    "치즈돈까스",
    "로제 떡볶",
    "ㄸㅂㅇ",
    "쌀국수",
    "와플",
    "행복한 버거",
    "역삼점",
    "짜장",
    "크림 파스타",
];

struct Point {
    lat: f64,
    lon: f64,
    typed: &'static str,
}

/// Always the same ones: seven in ten around Seoul.
fn points() -> Vec<Point> {
    let mut luck = StdRng::seed_from_u64(2026);
    let point = |_| {
        let (lat, lon) = match luck.random_range(0..10) {
            0..=6 => (37.53, 127.0),
            7 => (35.16, 129.06),
            8 => (36.35, 127.38),
            _ => (35.87, 128.60),
        };
        let mut aside = || luck.random_range(-0.06..0.06);
        let (lat, lon) = (lat + aside(), lon + aside());
        Point { lat, lon, typed: TYPED.choose(&mut luck).copied().unwrap_or("치킨") }
    };
    (0..POINTS).map(point).collect()
}

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let restaurants = options.scaled(RESTAURANTS);
    say(&format!("making {restaurants} restaurants with 20 dishes each"));
    let there = count("select count(*) from restaurant.restaurants").await?;
    if there < f64::from(restaurants) {
        load(options, restaurants).await?;
    }
    psql("vacuum analyze").await?;
    let points = points();
    make_baselines(&points).await?;
    let title = format!("{restaurants} restaurants with {} dishes", restaurants * 20);
    let mut report = Report::new("catalogue", &title, options);
    let [mut ours, mut ilike, mut cells] =
        ["baedal", "ILIKE near the point", "by H3 cells, without text"].map(Column::new);
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        baseline(ILIKE, "search", options, &mut ilike).await?;
        baseline(CELLS, "list", options, &mut cells).await?;
        let begun = Instant::now();
        let server = Target::server(options).await?;
        let whole_secs = whole(&server, restaurants, begun).await?;
        round(&server, &points, (restaurants, whole_secs), options, &mut ours).await?;
    }
    report.at_most("search p50, ms", 3.0, ours.median("search p50 ms"));
    report.at_most("search p99, ms", 15.0, ours.median("search p99 ms"));
    report.at_most("cores at 500 searches/s, PostgreSQL included", 1.0, ours.median("search machine cores"));
    report.at_most("suggestions p50, ms", 1.0, ours.median("suggestions p50 ms"));
    report.at_most("list p50, ms", 1.0, ours.median("list p50 ms"));
    report.at_most("detail p50, ms", 1.0, ours.median("detail p50 ms"));
    report.at_least("details per core second", 5_000.0, ours.median("details per core second"));
    report.at_most("upload of 1,000 dishes, s", 2.0, ours.median("upload of 1,000 dishes s"));
    report.at_most("a change is found in two processes, s", 1.0, ours.most("change found s"));
    report.columns = vec![ours, ilike, cells];
    Ok(report)
}

async fn load(options: &Options, restaurants: u32) -> Outcome<()> {
    let made = Command::new(&options.server)
        .args(["load-catalogue", "--restaurants", &restaurants.to_string()])
        .env("BAEDAL_LOG", "warn")
        .status()
        .await?;
    if made.success() { Ok(()) } else { Err("the restaurants could not be made".into()) }
}

/// Waits until the process has read all restaurants; the seconds since it began.
async fn whole(server: &Target, restaurants: u32, begun: Instant) -> Outcome<f64> {
    let read = async {
        while server.metric("catalogue_restaurants").await? < f64::from(restaurants) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Outcome::Ok(())
    };
    tokio::time::timeout(WHOLE_WITHIN, read).await.map_err(|_| "the catalogue did not become whole")??;
    Ok(begun.elapsed().as_secs_f64())
}

async fn round(
    server: &Target,
    points: &[Point],
    (restaurants, whole_secs): (u32, f64),
    options: &Options,
    column: &mut Column,
) -> Outcome<()> {
    let mut figures = Figures::default();
    let secs = options.secs();
    let before = Cost::of(server.process)?;
    let paths = |path: &dyn Fn(&Point) -> String| points.iter().map(path).collect::<Vec<_>>();
    let searches = paths(&|point| {
        format!("/v1/restaurants?lat={}&lon={}&q={}", point.lat, point.lon, encoded(point.typed))
    });
    let searched = ask(server.address, &searches, SEARCHES_PER_SEC, secs).await?;
    let cost = Cost::of(server.process)?.since(before);
    figures.add("searches/s", searched.count() as f64 / secs);
    figures.add("search p50 ms", searched.ms(0.5));
    figures.add("search p99 ms", searched.ms(0.99));
    figures.add("search server cores", cost.cpu_secs / secs);
    figures.add("search machine cores", cost.machine_secs / secs);
    let lists = paths(&|point| format!("/v1/restaurants?lat={}&lon={}", point.lat, point.lon));
    let listed = ask(server.address, &lists, OTHERS_PER_SEC, secs).await?;
    figures.add("list p50 ms", listed.ms(0.5));
    figures.add("list p99 ms", listed.ms(0.99));
    let suggestions = paths(&|point| {
        format!("/v1/restaurants/suggestions?lat={}&lon={}&q={}", point.lat, point.lon, encoded(point.typed))
    });
    let suggested = ask(server.address, &suggestions, OTHERS_PER_SEC, secs).await?;
    figures.add("suggestions p50 ms", suggested.ms(0.5));
    figures.add("suggestions p99 ms", suggested.ms(0.99));
    let details = details(server.address, &lists).await?;
    let looked_at = ask(server.address, &details, OTHERS_PER_SEC, secs).await?;
    figures.add("detail p50 ms", looked_at.ms(0.5));
    figures.add("detail p99 ms", looked_at.ms(0.99));
    let before = Cost::of(server.process)?;
    let answered = flood(server.address, &details, secs).await?;
    figures.add(
        "details per core second",
        f64::from(answered) / Cost::of(server.process)?.since(before).cpu_secs,
    );
    figures.add("resident MB", server.process.resident_kb()? / 1024.0);
    let bytes = server.metric("jemalloc_allocated_bytes").await?;
    figures.add("allocated bytes per restaurant", bytes / f64::from(restaurants));
    let names = server.metric("catalogue_name_bytes").await?;
    figures.add("bytes of names per restaurant", names / f64::from(restaurants));
    figures.add("different names", server.metric("catalogue_names").await?);
    figures.add("start until whole s", whole_secs);
    let [first, again] = upload(server, options).await?;
    figures.add("upload of 1,000 dishes s", first);
    figures.add("the same again s", again);
    figures.add("change found s", change(server, restaurants, options).await?);
    column.add(figures, &searched);
    Ok(())
}

/// A text in a query.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        // Writing to a string cannot fail.
        let _ = write!(all, "%{byte:02X}");
        all
    })
}

/// The first restaurant of each list, as a customer there sees it with its menu.
async fn details(address: SocketAddr, lists: &[String]) -> Outcome<Vec<String>> {
    let mut caller = Caller::connect(address).await?;
    let mut details = Vec::new();
    for list in lists {
        caller.get(list, "").await?;
        let answer = caller.last();
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let found: serde_json::Value = serde_json::from_str(body)?;
        let place = list.split_once('?').map_or("", |(_, place)| place);
        if let Some(id) = found["items"][0]["id"].as_str() {
            details.push(format!("/v1/restaurants/{id}/storefront?{place}"));
        }
    }
    Ok(details)
}

/// Gets as fast as it is answered; how often.
async fn flood(address: SocketAddr, paths: &[String], secs: f64) -> Outcome<u32> {
    let until = Instant::now() + Duration::from_secs_f64(secs);
    let all = (0..CALLERS).map(async |number| {
        let mut caller = Caller::connect(address).await?;
        let mut answered = 0;
        for path in paths.iter().cycle().skip(number) {
            if Instant::now() >= until {
                break;
            }
            match caller.get(path, "").await? {
                200 => answered += 1,
                status => return Err(format!("{path}: {status} {}", caller.last()).into()),
            }
        }
        Outcome::Ok(answered)
    });
    Ok(try_join_all(all).await?.into_iter().sum())
}

/// Gets at a fixed rate; each request leaves when it is due.
async fn ask(address: SocketAddr, paths: &[String], rate: f64, secs: f64) -> Outcome<Latency> {
    let until = Instant::now() + Duration::from_secs_f64(secs);
    let every = Duration::from_secs_f64(CALLERS as f64 / rate);
    let all = (0..CALLERS).map(async |number| {
        let mut caller = Caller::connect(address).await?;
        let mut latency = Latency::default();
        let mut due = Instant::now() + every * u32::try_from(number)? / u32::try_from(CALLERS)?;
        let mut mine = paths.iter().cycle().skip(number).step_by(CALLERS);
        while due < until {
            // Late for the answer before: that counts. Late for the timer, which counts milliseconds: that
            // is no delay of the server's.
            let is_late = Instant::now() > due;
            tokio::time::sleep_until(due.into()).await;
            let left = if is_late { due } else { Instant::now() };
            let Some(path) = mine.next() else { break };
            match caller.get(path, "").await? {
                200 => latency.note(left.elapsed()),
                status => return Err(format!("{path}: {status} {}", caller.last()).into()),
            }
            due += every;
        }
        Outcome::Ok(latency)
    });
    let mut latency = Latency::default();
    try_join_all(all).await?.iter().for_each(|each| latency.add(each));
    Ok(latency)
}

/// Uploads a card of a thousand dishes, each with a choice of two, and the same once more; the seconds of
/// each.
async fn upload(server: &Target, options: &Options) -> Outcome<[f64; 2]> {
    let city = City::make(options, &[("shops", 1)]).await?;
    let shop = city.shops.first().ok_or("no shop was made")?;
    let card = sim::card::large(UPLOADED, 9_000).to_string();
    let path = format!("/v1/restaurants/{}/card", shop.restaurant);
    let mut caller = Caller::connect(server.address).await?;
    let mut seconds = [0.0; 2];
    for taken in &mut seconds {
        let begun = Instant::now();
        let status = caller.put(&path, &shop.owner, &card).await?;
        if status != 200 {
            return Err(format!("{path}: {status} {}", caller.last()).into());
        }
        *taken = begun.elapsed().as_secs_f64();
    }
    Ok(seconds)
}

/// Changes a row past two processes; the seconds until both find it.
async fn change(server: &Target, restaurants: u32, options: &Options) -> Outcome<f64> {
    let begun = Instant::now();
    let next = Options { first_port: options.first_port + NEXT_PORTS, ..options.clone() };
    let second = Target::server(&next).await?;
    whole(&second, restaurants, begun).await?;
    let name = format!("없던이름{}", count("select (random() * 1e9)::bigint").await?);
    let row = "select id, lat, lon from restaurant.restaurants
        where zones -> 0 ->> 'kind' = 'radius' order by id limit 1";
    let row = database::rows(row).await?;
    let [id, lat, lon] = row.trim().split('|').collect::<Vec<_>>()[..] else {
        return Err("there is no restaurant".into());
    };
    psql(&format!("update restaurant.restaurants set name = '{name}' where id = '{id}'")).await?;
    let changed = Instant::now();
    let path = format!("/v1/restaurants?lat={lat}&lon={lon}&q={}", encoded(&name));
    let found = [server.address, second.address].map(async |address| {
        let mut caller = Caller::connect(address).await?;
        while caller.get(&path, "").await? != 200 || !caller.last().contains(id) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Outcome::Ok(changed.elapsed().as_secs_f64())
    });
    let found = tokio::time::timeout(WHOLE_WITHIN, try_join_all(found)).await??;
    Ok(found.into_iter().fold(0.0, f64::max))
}

/// Points, and the cells of all restaurants, for the baselines.
async fn make_baselines(points: &[Point]) -> Outcome<()> {
    let cell = |lat: f64, lon: f64| Outcome::Ok(LatLng::new(lat, lon)?.to_cell(Resolution::Seven));
    let mut sql = String::from(
        "drop schema if exists bench cascade; create schema bench;
         create table bench.points (n int primary key, lat float8, lon float8, typed text, cells bigint[]);
         create table bench.cells (cell bigint, id uuid);\n",
    );
    for (number, Point { lat, lon, typed }) in points.iter().enumerate() {
        // Two rings: 3 km at least, as most restaurants deliver.
        let cells = cell(*lat, *lon)?.grid_disk::<Vec<_>>(2);
        let cells: Vec<String> = cells.into_iter().map(|cell| u64::from(cell).to_string()).collect();
        writeln!(
            sql,
            "insert into bench.points values ({number}, {lat}, {lon}, '{typed}', '{{{}}}');",
            cells.join(",")
        )?;
    }
    sql.push_str("copy bench.cells from stdin with (delimiter '|');\n");
    for row in database::rows("select id, lat, lon from restaurant.restaurants").await?.lines() {
        let [id, lat, lon] = row.split('|').collect::<Vec<_>>()[..] else { continue };
        writeln!(sql, "{}|{id}", u64::from(cell(lat.parse()?, lon.parse()?)?))?;
    }
    sql.push_str("\\.\ncreate index on bench.cells (cell); vacuum analyze bench.cells;\n");
    psql(&sql).await
}

/// The same rows near the point whose name, or a dish's, contains the text.
const ILIKE: &str = "\\set n random(0, :points - 1)
select r.id, r.name, r.hours, r.zones, r.tip
from bench.points p
join restaurant.restaurants r
  on r.lat between p.lat - 0.027 and p.lat + 0.027 and r.lon between p.lon - 0.034 and p.lon + 0.034
where p.n = :n
  and (r.name ilike '%' || p.typed || '%'
       or exists (select from menu.groups g join menu.menus m on m.group_id = g.id
                  where g.restaurant_id = r.id and m.name ilike '%' || p.typed || '%'))
order by (r.lat - p.lat) ^ 2 + ((r.lon - p.lon) * 0.8) ^ 2 limit 21;
";

/// The same rows of the cells around the point, without text.
const CELLS: &str = "\\set n random(0, :points - 1)
select r.id, r.name, r.hours, r.zones, r.tip
from bench.points p
join bench.cells c on c.cell = any(p.cells)
join restaurant.restaurants r on r.id = c.id
where p.n = :n
order by (r.lat - p.lat) ^ 2 + ((r.lon - p.lon) * 0.8) ^ 2 limit 21;
";

/// A statement, time and again on one connection.
async fn baseline(sql: &str, what: &'static str, options: &Options, column: &mut Column) -> Outcome<()> {
    let points = format!("points={POINTS}");
    let Measured { latency, machine_secs } =
        database::pgbench(sql, &["-c", "1", "-D", &points], options).await?;
    let (p50, p99) = match what {
        "search" => ("search p50 ms", "search p99 ms"),
        _ => ("list p50 ms", "list p99 ms"),
    };
    let mut figures = Figures::default();
    figures.add(p50, latency.ms(0.5));
    figures.add(p99, latency.ms(0.99));
    figures.add("machine ms a query", machine_secs * 1e3 / latency.count().max(1) as f64);
    column.add(figures, &latency);
    Ok(())
}
