//! `checkout`: customers who put a dish in their cart, ask what it costs, order it and pay by a saved card;
//! counted when the answer says that the order is placed. Beside it the same flow in FastAPI and
//! SQLAlchemy (`bench/baseline`), on the same PostgreSQL, and `pgbench` with the statements that Baedal sends,
//! which pays for no HTTP, no gateway and no rules.
//!
//! Each customer orders once: what is measured is a new cart, a new order and a new payment each time, and
//! no customer waits for their own last order.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures::future::try_join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use sim::card;
use sim::sandbox::toss::cards;
use uuid::Uuid;

use crate::Outcome;
use crate::args::Options;
use crate::city::{City, Shop};
use crate::database::{self, Measured, psql};
use crate::fastapi::FastApi;
use crate::http::Caller;
use crate::latency::Latency;
use crate::process::Cost;
use crate::replay::{self, Replay};
use crate::report::{Column, Figures, Report, say};
use crate::target::Target;

/// Customers for each second that is counted: more than either service serves.
const CUSTOMERS_PER_SEC: u32 = 500;
/// Restaurants among which the customers are divided.
const SHOPS: u32 = 50;
/// Connections that order side by side.
const CALLERS: usize = 32;
/// Connections that prepare the customers.
const PREPARING: usize = 8;
/// More than `pgbench` repeats.
const REPLAYED_PER_SEC: u32 = 2_000;
/// What is not counted at the beginning.
const WARM_UP: Duration = Duration::from_secs(2);

/// A customer with all that an order needs.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Buyer {
    pub(crate) token: String,
    pub(crate) address_id: Uuid,
    pub(crate) payment_method_id: Uuid,
    pub(crate) restaurant_id: Uuid,
    pub(crate) menu_id: Uuid,
}

/// Those who have not ordered yet.
type Queue = Arc<Mutex<VecDeque<Buyer>>>;

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    // A round as fast as it goes, and one at half of that.
    let secs = options.seconds + u32::try_from(WARM_UP.as_secs())?;
    let customers = options.scaled(CUSTOMERS_PER_SEC * secs * 2 * options.rounds);
    let server = Target::server(options).await?;
    let mut buyers = buyers(&server, customers, options).await?;
    let fast_api = FastApi::start(customers).await?;
    let replay = replay(&server, &mut buyers).await?;
    say(&format!("a checkout is {} statements", replay.statements));
    let [ours, theirs] = [buyers, fast_api.buyers()?].map(|all| Arc::new(Mutex::new(VecDeque::from(all))));
    let title = "cart, quote, order and payment, each durable";
    let mut report = Report::new("checkout", title, options);
    let [mut baedal, mut bare, mut baseline] = ["baedal", "pgbench", "FastAPI"].map(Column::new);
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        pgbench(&replay, options, &mut bare).await?;
        round(fast_api.address, None, &theirs, options, &mut baseline).await?;
        round(server.address, Some(&server), &ours, options, &mut baedal).await?;
    }
    let per_sec = baedal.median("checkouts/s");
    report.at_least("checkouts/s in those of pgbench", 0.6, per_sec / bare.median("checkouts/s"));
    report.at_least("checkouts/s in those of FastAPI", 5.0, per_sec / baseline.median("checkouts/s"));
    report.at_most("checkout p99 at half of it, ms", 30.0, baedal.median("half p99 ms"));
    report.columns = vec![baedal, bare, baseline];
    Ok(report)
}

/// What PostgreSQL is asked for the checkout of one of them, who is taken out.
async fn replay(server: &Target, buyers: &mut Vec<Buyer>) -> Outcome<Replay> {
    let mut caller = Caller::connect(server.address).await?;
    // What is read once is read now.
    let [first, buyer] = [buyers.pop(), buyers.pop()].map(|buyer| buyer.ok_or("there are no customers"));
    check_out(&mut caller, &first?).await?;
    let buyer = buyer?;
    let checkout = async {
        let Placed { order, quote } = check_out(&mut caller, &buyer).await?;
        let customer = serde_json::from_value(claims(&buyer.token)?["sub"].clone())?;
        Ok(vec![order, quote, customer])
    };
    replay::record(checkout, &[buyer.restaurant_id, buyer.menu_id]).await
}

/// The same statements, with as many connections.
async fn pgbench(replay: &Replay, options: &Options, column: &mut Column) -> Outcome<()> {
    let clients = CALLERS.to_string();
    let turns = format!("clients={clients}");
    replay.prepare(column.rounds.len(), REPLAYED_PER_SEC * options.seconds).await?;
    let mut arguments = vec!["-c", &clients, "-D", &turns, "-D", "turn=-1"];
    arguments.extend(replay.constants.iter().map(String::as_str));
    let Measured { latency, machine_secs } = database::pgbench(&replay.sql, &arguments, options).await?;
    let mut figures = Figures::default();
    figures.add("checkouts/s", latency.count() as f64 / options.secs());
    figures.add("p50 ms", latency.ms(0.5));
    figures.add("p99 ms", latency.ms(0.99));
    figures.add("machine cpu ms each", machine_secs * 1e3 / latency.count().max(1) as f64);
    column.add(figures, &latency);
    Ok(())
}

/// As many checkouts as there can be, and then half as many a second.
async fn round(
    address: SocketAddr,
    server: Option<&Target>,
    queue: &Queue,
    options: &Options,
    column: &mut Column,
) -> Outcome<()> {
    let secs = options.secs();
    let before = server.map(|server| Cost::of(server.process)).transpose()?;
    let full = order_for(address, queue, secs, None).await?;
    let per_sec = full.count() as f64 / secs;
    let mut figures = Figures::default();
    figures.add("checkouts/s", per_sec);
    figures.add("p50 ms", full.ms(0.5));
    figures.add("p99 ms", full.ms(0.99));
    if let (Some(server), Some(before)) = (server, before) {
        let cost = Cost::of(server.process)?.since(before);
        let each = 1e3 / full.count().max(1) as f64;
        figures.add("server cpu ms each", cost.cpu_secs * each);
        figures.add("machine cpu ms each", cost.machine_secs * each);
    }
    let half = order_for(address, queue, secs, Some(per_sec / 2.0)).await?;
    figures.add("half p50 ms", half.ms(0.5));
    figures.add("half p99 ms", half.ms(0.99));
    column.add(figures, &full);
    Ok(())
}

/// Orders for so many seconds after the warm-up, as fast as it goes or at a rate.
async fn order_for(address: SocketAddr, queue: &Queue, secs: f64, rate: Option<f64>) -> Outcome<Latency> {
    let begun = Instant::now() + WARM_UP;
    let until = begun + Duration::from_secs_f64(secs);
    let every = rate.map(|rate| Duration::from_secs_f64(CALLERS as f64 / rate));
    let all = (0..CALLERS).map(async |number| {
        let mut caller = Caller::connect(address).await?;
        let mut latency = Latency::default();
        let mut due = Instant::now();
        if let Some(every) = every {
            due += every * u32::try_from(number)? / u32::try_from(CALLERS)?;
        }
        while due < until {
            // Late for the checkout before: that counts. Late for the timer is no delay of the server's.
            let is_late = Instant::now() > due;
            tokio::time::sleep_until(due.into()).await;
            let left = if is_late && every.is_some() { due } else { Instant::now() };
            let buyer = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let buyer = buyer.ok_or("more customers are needed: --seconds or --rounds is too high")?;
            check_out(&mut caller, &buyer).await?;
            if left >= begun && Instant::now() < until {
                latency.note(left.elapsed());
            }
            due = every.map_or_else(Instant::now, |every| due + every);
        }
        Outcome::Ok(latency)
    });
    let mut latency = Latency::default();
    try_join_all(all).await?.iter().for_each(|each| latency.add(each));
    Ok(latency)
}

/// What came of a checkout.
struct Placed {
    order: Uuid,
    quote: Uuid,
}

/// What a token says.
fn claims(token: &str) -> Outcome<Value> {
    let claims = token.split('.').nth(1).ok_or("not a token")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims)?)?)
}

/// From the empty cart to the order that is placed.
async fn check_out(caller: &mut Caller, buyer: &Buyer) -> Outcome<Placed> {
    let Buyer { token, address_id, payment_method_id, restaurant_id, menu_id } = buyer;
    let line = json!({ "restaurant_id": restaurant_id, "menu_id": menu_id, "quantity": 1, "options": [] });
    post(caller, "/v1/cart/lines", token, &line).await?;
    let wish = json!({ "fulfilment": "delivery", "address_id": address_id });
    let quote = post(caller, "/v1/cart/quote", token, &wish).await?;
    let quote = serde_json::from_value(quote["quote_id"].clone())?;
    let order = post(caller, "/v1/orders", token, &json!({ "quote_id": quote })).await?;
    let order: Uuid = serde_json::from_value(order["id"].clone())?;
    let method = json!({ "payment_method_id": payment_method_id });
    let paid = post(caller, &format!("/v1/orders/{order}/payments"), token, &method).await?;
    if paid["status"] == "placed" {
        Ok(Placed { order, quote })
    } else {
        Err(format!("not placed: {paid}").into())
    }
}

async fn post(caller: &mut Caller, path: &str, token: &str, body: &Value) -> Outcome<Value> {
    let status = caller.post(path, token, &body.to_string()).await?;
    if matches!(status, 200 | 201) {
        caller.json()
    } else {
        Err(format!("{path}: {status} {}", caller.last()).into())
    }
}

/// Customers with an address and a card, among restaurants that are open for them.
async fn buyers(server: &Target, customers: u32, options: &Options) -> Outcome<Vec<Buyer>> {
    let city = City::make(options, &[("customers", customers), ("shops", SHOPS)]).await?;
    let mut caller = Caller::connect(server.address).await?;
    let mut shops = Vec::new();
    for shop in &city.shops {
        shops.push(opened(&mut caller, shop).await?);
    }
    sign_in(&city.customers).await?;
    say(&format!("{customers} customers save a card"));
    let share = city.customers.len().div_ceil(PREPARING).max(1);
    let all = city.customers.chunks(share).map(async |tokens| {
        let mut caller = Caller::connect(server.address).await?;
        let mut buyers = Vec::new();
        for (token, open) in tokens.iter().zip(shops.iter().cycle()) {
            buyers.push(buyer(&mut caller, token, open).await?);
        }
        Outcome::Ok(buyers)
    });
    Ok(try_join_all(all).await?.into_iter().flatten().collect())
}

/// Opens the sessions that the tokens name: saving a card asks how long ago somebody signed in.
async fn sign_in(tokens: &[String]) -> Outcome<()> {
    let session = |token: &String| {
        let claims = claims(token)?;
        let [user, session] = ["sub", "sid"].map(|name| serde_json::from_value::<Uuid>(claims[name].clone()));
        Outcome::Ok(format!("('{}'::uuid, '{}'::uuid)", session?, user?))
    };
    let sessions = tokens.iter().map(session).collect::<Outcome<Vec<_>>>()?.join(",");
    psql(&format!(
        "insert into auth.sessions
             (id, user_id, device, address, created_at, last_seen_at, expires_at, method, proven_at)
         select id, user_id, 'bench', '-', now(), now(), now() + interval '1 day', 'password', now()
         from (values {sessions}) as opened (id, user_id)"
    ))
    .await
}

/// A restaurant that is always open, with its position and its one dish.
struct Open {
    restaurant_id: Uuid,
    menu_id: Uuid,
    position: Value,
}

async fn opened(caller: &mut Caller, shop: &Shop) -> Outcome<Open> {
    let path = format!("/v1/restaurants/{}", shop.restaurant);
    caller.put(&format!("{path}/rules"), &shop.owner, &card::rules().to_string()).await?;
    let card = json!({ "groups": [{ "external_id": "g", "name": "치킨", "menus": [
        { "external_id": "m", "name": "후라이드 치킨", "price_won": 18_000, "option_groups": [] },
    ] }] });
    caller.put(&format!("{path}/card"), &shop.owner, &card.to_string()).await?;
    let storefront = get(caller, &format!("{path}/storefront")).await?;
    let menu_id = &storefront["menu"]["groups"][0]["menus"][0]["id"];
    Ok(Open {
        restaurant_id: shop.restaurant,
        menu_id: serde_json::from_value(menu_id.clone())?,
        position: storefront["restaurant"]["position"].clone(),
    })
}

async fn get(caller: &mut Caller, path: &str) -> Outcome<Value> {
    match caller.get(path, "").await? {
        200 => caller.json(),
        status => Err(format!("{path}: {status} {}", caller.last()).into()),
    }
}

async fn buyer(caller: &mut Caller, token: &str, open: &Open) -> Outcome<Buyer> {
    let address = json!({
        "label": "집", "road_address": "테헤란로 1", "detail": "101호", "entrance_note": "",
        "position": open.position, "is_default": true,
    });
    let address = post(caller, "/v1/users/me/addresses", token, &address).await?;
    let registrations = "/v1/payment-methods/registrations";
    let begun = post(caller, registrations, token, &json!({})).await?;
    let text = |name: &str| begun[name].as_str().ok_or("no such text");
    let auth_key =
        sim::window::agree(text("script_url")?, text("customer_key")?.parse()?, cards::GOOD).await?;
    let completion = format!("{registrations}/{}/completion", text("id")?);
    let method = post(caller, &completion, token, &json!({ "auth_key": auth_key })).await?;
    Ok(Buyer {
        token: token.to_owned(),
        address_id: serde_json::from_value(address["id"].clone())?,
        payment_method_id: serde_json::from_value(method["id"].clone())?,
        restaurant_id: open.restaurant_id,
        menu_id: open.menu_id,
    })
}
