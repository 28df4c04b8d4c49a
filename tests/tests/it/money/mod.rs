//! Random lives of customers and their money, against books that are kept beside them.
//!
//! Each life claims coupons, is given points, fills carts, orders, pays with cards that are declined, stay
//! silent or arrive late, has dishes taken out, is rejected, cancelled, collected and made good. Every one of
//! its steps may be cut off at any of its awaits, and is then done again or left; may be done twice at once, in
//! two processes; or comes too late. In the end the gateway's books, what the customer was told, their points,
//! their coupons and the ledger must say the same ([`books`]).
//!
//! `BAEDAL_MONEY_LIVES` and `BAEDAL_MONEY_SEED` make it longer, or another one: `./dev chaos --money`.

mod books;
mod life;

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::TimeDelta;
use domain::coupon::{Benefit, Campaign, Funder, Kind, Terms};
use domain::menu::Card;
use domain::restaurant::Restaurant;
use domain::{Principal, Role, SessionId, UserId, Won};
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use services::coupon;
use tests::TestApp;
use tests::TestServer;
use tests::shop::{Guest, card, kitchen, open};

use life::Life;

/// The lives of a usual test, and those that share one town.
const LIVES: u64 = 100;
const TOGETHER: u64 = 100;
/// How often each life does something.
const ROUNDS: u32 = 18;

/// Where lives take place: a restaurant, two processes, an operator, and some campaigns.
struct Town {
    test: TestApp,
    second: TestServer,
    restaurant: Restaurant,
    card: Card,
    owner: Principal,
    admin: Principal,
    campaigns: Vec<Campaign>,
}

impl Town {
    async fn found() -> Self {
        let test = TestApp::start().await;
        let second = test.second_server().await;
        let (owner, admin) = (Guest::new(&test, Role::Owner).await, Guest::new(&test, Role::Admin).await);
        let restaurant = kitchen(owner.id, "역삼 치킨");
        let card = card(&restaurant, "후라이드");
        open(test.app(), &restaurant, &card).await;
        let admin = principal(admin.id, Role::Admin);
        let (owner, campaigns) = (principal(owner.id, Role::Owner), Vec::new());
        let mut town = Self { test, second, restaurant, card, owner, admin, campaigns };
        let won = |won| Benefit::Amount { won: Won(won) };
        let percent = |percent, most| Benefit::Percent { percent, at_most: Won(most) };
        for (kind, benefit, funder, total) in [
            (Kind::Order, won(3_000), Funder::Platform, Some(20)),
            (Kind::Order, percent(7, 5_000), Funder::Restaurant, None),
            (Kind::Item, percent(33, 4_000), Funder::Restaurant, Some(30)),
            (Kind::Delivery, won(2_000), Funder::Platform, None),
            // It pays for all of the food of small orders.
            (Kind::Order, won(100_000), Funder::Platform, Some(10)),
        ] {
            let terms = town.terms(kind, benefit, funder, total);
            let made = coupon::create(town.test.app(), &town.admin, terms).await.expect("a campaign");
            town.campaigns.push(made);
        }
        town
    }

    fn terms(&self, kind: Kind, benefit: Benefit, funder: Funder, total: Option<u32>) -> Terms {
        let now = self.test.app().now();
        let is_item = kind == Kind::Item;
        Terms {
            name: "할인".to_owned(),
            kind,
            benefit,
            minimum: Won(15_000),
            from: now,
            until: now + TimeDelta::days(300),
            restaurants: vec![self.restaurant.id],
            categories: Vec::new(),
            menus: if is_item { self.card.menus().map(|menu| menu.id).collect() } else { Vec::new() },
            first_order: false,
            funder,
            code: None,
            per_customer: 2,
            total,
        }
    }

    /// The two processes.
    fn apps(&self) -> [&services::App; 2] {
        [self.test.app(), self.second.app()]
    }
}

fn principal(user: UserId, role: Role) -> Principal {
    Principal { user, session: SessionId(user.0), roles: vec![role] }
}

/// A setting of the run.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a whole number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_won_is_accounted_for_whatever_is_cut_off_done_again_or_done_at_once() {
    let (lives, seed) = (setting("BAEDAL_MONEY_LIVES", LIVES), setting("BAEDAL_MONEY_SEED", 7));
    let begun = Instant::now();
    let mut happened = BTreeMap::new();
    for first in (0..lives).step_by(usize::try_from(TOGETHER).unwrap()) {
        let number = TOGETHER.min(lives - first);
        for (what, times) in town_of(number, seed.wrapping_add(first)).await {
            *happened.entry(what).or_default() += times;
        }
        println!("{} lives in {:.0?}: {happened:?}", first + number, begun.elapsed());
    }
    for what in life::HAPPENS {
        assert!(happened.get(what).is_some_and(|times: &u32| *times > 0), "never: {what}. {happened:?}");
    }
}

/// So many lives in one town, all at the same time. Returns how often what happened.
async fn town_of(lives: u64, seed: u64) -> BTreeMap<&'static str, u32> {
    let town = Town::found().await;
    let mut dice = StdRng::seed_from_u64(seed);
    let born =
        (0..lives).map(|number| Life::begin(&town, StdRng::seed_from_u64(seed.wrapping_add(number << 32))));
    // Accounts are opened by a few at a time: passwords are hashed.
    let mut lives: Vec<Life<'_>> = stream::iter(born).buffered(16).collect().await;
    for _ in 0..ROUNDS {
        join_all(lives.iter_mut().map(Life::step)).await;
        let pause = match dice.random_range(0..10) {
            0..6 => TimeDelta::seconds(dice.random_range(0..5)),
            6..9 => TimeDelta::seconds(dice.random_range(5..200)),
            // Orders that are not paid or not answered come to their end.
            _ => TimeDelta::minutes(20),
        };
        town.test.advance(pause).await;
        // Whoever does not answer, or is too busy, takes no orders for a while.
        open(town.test.app(), &town.restaurant, &town.card).await;
    }
    // Until the last look at a charge that was not found.
    for pause in [TimeDelta::minutes(30), TimeDelta::hours(2), TimeDelta::hours(26)] {
        town.test.advance(pause).await;
    }
    town.test.run_due_jobs().await;
    books::check(&town, &lives, seed).await;
    let mut happened = BTreeMap::new();
    for (what, times) in lives.iter().flat_map(|life| &life.happened) {
        *happened.entry(*what).or_default() += times;
    }
    drop(lives);
    let Town { test, second, .. } = town;
    second.stop(std::time::Duration::from_secs(5)).await;
    test.stop().await;
    happened
}
