//! One customer, and what they and others do with their orders.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use domain::cart::DropOff;
use domain::coupon::CouponState;
use domain::menu::Pick;
use domain::order::{
    AdjustmentReason, AdjustmentRequest, Back, Command, Fault, LinePart, Order, RejectReason, Status, Wanted,
};
use domain::points::GrantReason;
use domain::{ExpectedVersion, Failure, MethodId, OrderId, Principal, Role, Won};
use rand::RngExt;
use rand::rngs::StdRng;
use services::payment::{adjustment, request};
use services::{App, cart, coupon, order, payment, points};
use sim::sandbox::toss::cards;
use tests::shop::Guest;
use tests::shop::YEOKSAM;

use super::{Town, principal};

/// What must happen in a run of the usual length, so that it says something.
pub(super) const HAPPENS: [&str; 16] = [
    "accepted",
    "adjusted",
    "again",
    "cancelled",
    "claimed",
    "completed",
    "confirmed",
    "cut off",
    "ended",
    "given",
    "lines cancelled",
    "ordered",
    "paid",
    "refused",
    "rejected",
    "twice at once",
];

pub(super) struct Life<'a> {
    pub(super) town: &'a Town,
    pub(super) who: Principal,
    /// The points that operators gave.
    pub(super) given: Won,
    /// What was to be paid for each order when it was placed.
    pub(super) prices: BTreeMap<OrderId, Back>,
    /// What the customer was told that they have paid.
    pub(super) told_paid: Vec<OrderId>,
    /// What the customer was told that goes back of each order.
    pub(super) told_back: BTreeMap<OrderId, Back>,
    pub(super) happened: BTreeMap<&'static str, u32>,
    methods: Vec<MethodId>,
    dice: StdRng,
    order: Option<OrderId>,
    keys: u32,
}

impl<'a> Life<'a> {
    pub(super) async fn begin(town: &'a Town, dice: StdRng) -> Self {
        let customer = Guest::new(&town.test, Role::Customer).await;
        let mut life = Self {
            town,
            who: principal(customer.id, Role::Customer),
            given: Won::ZERO,
            prices: BTreeMap::new(),
            told_paid: Vec::new(),
            told_back: BTreeMap::new(),
            happened: BTreeMap::new(),
            methods: Vec::new(),
            dice,
            order: None,
            keys: 0,
        };
        for card in [cards::GOOD, life.any_card()] {
            let saved = customer.save_card(card).await;
            life.methods.push(saved["id"].as_str().and_then(|id| id.parse().ok()).expect("an id"));
        }
        life
    }

    /// Does something: whatever is possible now.
    pub(super) async fn step(&mut self) {
        match self.dice.random_range(0..10) {
            0 => return self.give().await,
            1 => return self.claim().await,
            _ => {}
        }
        let Some(id) = self.order else { return self.shop().await };
        let now = order::find(self.town.test.app(), id).await.expect("the order");
        match now.status {
            Status::PendingPayment => match self.dice.random_range(0..10) {
                0 => self.cancel(id).await,
                1 => self.shop().await,
                2..5 => self.pay_in_the_window(id).await,
                _ => self.pay(id).await,
            },
            Status::Placed => match self.dice.random_range(0..10) {
                0 => self.cancel(id).await,
                1 => self.reject(id).await,
                2 => {}
                3 => self.pay(id).await,
                _ => self.accept(id).await,
            },
            Status::Accepted | Status::Preparing => match self.dice.random_range(0..10) {
                0 => self.end(id).await,
                1..4 => self.cancel_lines(&now).await,
                4 => drop(self.owner(id, Command::StartPreparing).await),
                _ => drop(self.owner(id, Command::MarkReady).await),
            },
            Status::Ready if self.dice.random_bool(0.2) => self.end(id).await,
            Status::Ready => self.complete(&now).await,
            _ => match self.dice.random_range(0..10) {
                0..4 => self.adjust(&now).await,
                _ => self.shop().await,
            },
        }
    }

    /// Does `step` as people and networks do: once; cut off at one of its awaits, and perhaps again; or twice at
    /// once, in two processes. `None` if it was refused, or nobody heard its answer.
    async fn ask<T>(&mut self, step: impl AsyncFn(&App) -> Result<T, Failure>) -> Option<T> {
        let [one, other] = self.town.apps();
        let (here, there) = if self.dice.random_bool(0.5) { (one, other) } else { (other, one) };
        match self.dice.random_range(0..10) {
            0..5 => self.heard(step(here).await),
            5..8 => {
                let polls = self.dice.random_range(0..24);
                if let Some(answer) = cut_off(step(here), polls).await {
                    return self.heard(answer);
                }
                self.note("cut off");
                if self.dice.random_bool(0.3) {
                    return None;
                }
                self.note("again");
                self.heard(step(there).await)
            }
            _ => {
                self.note("twice at once");
                let (first, second) = tokio::join!(step(here), step(there));
                let (first, second) = (self.heard(first), self.heard(second));
                first.or(second)
            }
        }
    }

    fn heard<T>(&mut self, answer: Result<T, Failure>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(Failure::Refused(refused)) => {
                self.note(refused.code);
                self.note("refused");
                None
            }
            Err(Failure::Fault(fault)) => panic!("nobody's fault but ours: {fault:?}"),
        }
    }

    fn note(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    /// A key for a request and its repetitions.
    fn key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.who.user, self.keys)
    }

    fn any_card(&mut self) -> &'static str {
        match self.dice.random_range(0..8) {
            0 => cards::TIMEOUT,
            1 => cards::LATE,
            2 => cards::SHORT,
            3 => cards::DECLINED,
            _ => cards::GOOD,
        }
    }

    async fn give(&mut self) {
        let (key, customer) = (self.key(), self.who.user);
        let amount = Won(self.dice.random_range(1..=15_000));
        let admin = self.town.admin.clone();
        let new = points::NewGrant { customer, amount, reason: GrantReason::Prize, days: 30 };
        let mut given = self.ask(async |app| points::give(app, &admin, new, Some(&key)).await).await;
        if given.is_none() {
            // Whether it came through is told by a repetition.
            given = points::give(self.town.test.app(), &admin, new, Some(&key)).await.ok();
        }
        self.note("given");
        self.given.0 += given.expect("points").amount.0;
    }

    async fn claim(&mut self) {
        let at = self.dice.random_range(0..self.town.campaigns.len());
        let (key, who) = (self.key(), self.who.clone());
        let wanted = coupon::Claim::Campaign(self.town.campaigns[at].id);
        if self.ask(async |app| coupon::claim(app, &who, &wanted, Some(&key)).await).await.is_some() {
            self.note("claimed");
        }
    }

    /// Fills a cart, chooses coupons and points, and orders.
    async fn shop(&mut self) {
        let (app, who, town) = (self.town.test.app(), self.who.clone(), self.town);
        cart::clear(app, &who, ExpectedVersion::Any).await.expect("an empty cart");
        for at_least in [2, 1, 1].into_iter().take(self.dice.random_range(1..=3)) {
            let addition = self.dish(at_least);
            self.ask(async |app| cart::add(app, &who, &addition).await).await;
        }
        let coupons = coupon::list(app, &who, None, 50).await.expect("the coupons");
        for coupon in coupons.iter().filter(|coupon| coupon.state == CouponState::Claimed) {
            if self.dice.random_bool(0.7) {
                self.ask(async |app| cart::choose_coupon(app, &who, coupon.id, ExpectedVersion::Any).await)
                    .await;
            }
        }
        if self.dice.random_bool(0.7) {
            // A few more than there are.
            let there = points::balance(app, &who).await.expect("the points").available.0;
            let wanted = Won(self.dice.random_range(0..=there + there / 10));
            self.ask(async |app| cart::use_points(app, &who, wanted, ExpectedVersion::Any).await).await;
        }
        let drop_off = self.dice.random_bool(0.3).then(|| DropOff {
            position: domain::LatLon::new(YEOKSAM.0, YEOKSAM.1).expect("a place"),
            road_address: "서울 강남구 테헤란로 1".to_owned(),
            detail: String::new(),
            entrance_note: String::new(),
        });
        let quoted = self.ask(async |app| cart::quote_to(app, &who, drop_off.clone(), None).await).await;
        let Some(quote) = quoted else { return };
        assert_eq!(quote.restaurant_id, town.restaurant.id);
        let wish = order::Request {
            quote: quote.id,
            note: String::new(),
            courier_note: String::new(),
            contactless: false,
            cutlery: false,
            pickup: None,
            slot: None,
        };
        let placed = self.ask(async |app| order::place(app, &who, wish.clone()).await).await;
        // Who heard nothing looks at their orders: one that costs nothing is paid at once.
        let newest = order::list(app, &who, None, None, None, 1).await.expect("the orders").pop();
        let Some(placed) = placed.or_else(|| newest.filter(|order| !self.prices.contains_key(&order.id)))
        else {
            return;
        };
        self.note("ordered");
        self.took(&placed);
        self.prices.insert(placed.id, Back { money: placed.payable, points: placed.points });
        self.order = Some(placed.id);
    }

    fn dish(&mut self, at_least: u32) -> cart::Addition {
        let menu = self.town.card.menus().next().expect("a dish");
        let [tastes, extras] = &menu.option_groups[..] else { panic!("two groups") };
        let taste = self.dice.random_range(0..tastes.options.len());
        let cheese = self.dice.random_range(0..=3);
        let mut picks = vec![Pick { option_id: tastes.options[taste].id, quantity: 1 }];
        if cheese > 0 {
            picks.push(Pick { option_id: extras.options[0].id, quantity: cheese });
        }
        cart::Addition {
            key: Some(self.key()),
            restaurant_id: self.town.restaurant.id,
            menu_id: menu.id,
            quantity: self.dice.random_range(at_least..=4),
            picks,
            replace: false,
        }
    }

    /// What the customer was told of an order.
    fn took(&mut self, order: &Order) {
        if order.placed_at.is_some() && !self.told_paid.contains(&order.id) {
            self.note("paid");
            self.told_paid.push(order.id);
        }
        let back = order.back().unwrap_or_default();
        let cancelled = order.cancelled();
        let known = self.told_back.entry(order.id).or_default();
        known.money = known.money.max(Won(back.money.0 + cancelled.money.0));
        known.points = known.points.max(Won(back.points.0 + cancelled.points.0));
    }

    async fn pay(&mut self, id: OrderId) {
        let (who, method) = (self.who.clone(), self.methods[self.dice.random_range(0..self.methods.len())]);
        if let Some(order) = self.ask(async |app| payment::pay(app, &who, id, method).await).await {
            self.took(&order);
        }
    }

    async fn pay_in_the_window(&mut self, id: OrderId) {
        let who = self.who.clone();
        let begun = self.ask(async |app| request::request(app, &who, id).await).await;
        let Some((request, window)) = begun else { return };
        let (card, amount) = (self.any_card(), request.amount.0);
        let key = sim::window::pay(&window.script_url, request.id.0, amount, card).await.expect("a key");
        if self.dice.random_bool(0.1) {
            let other = Won(amount + [-1, 1][usize::from(self.dice.random_bool(0.5))]);
            let _ = request::confirm(self.town.test.app(), &who, id, request.id, &key, other).await;
            let taken = self.town.test.sandbox.toss().balance(&request.id.to_string());
            assert_eq!(taken, None, "another amount was confirmed");
        }
        let confirm =
            async |app: &App| request::confirm(app, &who, id, request.id, &key, request.amount).await;
        if let Some(order) = self.ask(confirm).await {
            self.note("confirmed");
            self.took(&order);
        }
    }

    async fn cancel(&mut self, id: OrderId) {
        let who = self.who.clone();
        let cancelled = self.ask(async |app| order::cancel(app, &who, id, "그냥".to_owned()).await).await;
        if let Some(order) = cancelled {
            self.note("cancelled");
            self.took(&order);
        }
    }

    async fn accept(&mut self, id: OrderId) {
        if self.owner(id, Command::Accept { preparation_mins: 10 }).await {
            self.note("accepted");
        }
    }

    async fn reject(&mut self, id: OrderId) {
        // Who is too busy takes nobody's orders for a while.
        let is_busy = self.dice.random_bool(0.05);
        let reason = if is_busy { RejectReason::TooBusy } else { RejectReason::Unreachable };
        if self.owner(id, Command::Reject { reason, sold_out: Vec::new() }).await {
            self.note("rejected");
        }
    }

    /// A command of the restaurant. Whether it was told that it is done.
    async fn owner(&mut self, id: OrderId, command: Command) -> bool {
        let owner = self.town.owner.clone();
        let done = self.ask(async |app| order::as_owner(app, &owner, id, command.clone()).await).await;
        done.inspect(|order| self.took(order)).is_some()
    }

    async fn complete(&mut self, order: &Order) {
        use domain::order::Fulfilment::{Delivery, Pickup};
        let code = match &order.fulfilment {
            Pickup { code } => Some(code.clone()),
            Delivery { .. } => return self.end(order.id).await,
        };
        let owner = self.town.owner.clone();
        let done = self.ask(async |app| order::complete(app, &owner, order.id, code.clone()).await).await;
        if let Some(order) = done {
            self.note("completed");
            self.took(&order);
        }
    }

    async fn end(&mut self, id: OrderId) {
        let (admin, fault) = (self.town.admin.clone(), self.any_fault());
        let ended = self.ask(async |app| order::end(app, &admin, id, fault, "사고".to_owned()).await).await;
        if let Some(order) = ended {
            self.note("ended");
            self.took(&order);
        }
    }

    fn any_fault(&mut self) -> Fault {
        let all = [Fault::Customer, Fault::Restaurant, Fault::Courier, Fault::Platform];
        all[self.dice.random_range(0..all.len())]
    }

    /// Some of the dishes of an order, also more of them than there are.
    fn some_dishes(&mut self, order: &Order) -> Vec<LinePart> {
        let mut parts = Vec::new();
        for line in &order.lines {
            if self.dice.random_bool(0.6) {
                let quantity = self.dice.random_range(1..=line.quantity.max(1) + 1).min(line.quantity + 1);
                parts.push(LinePart { line: line.line_id, quantity });
            }
        }
        parts
    }

    async fn cancel_lines(&mut self, order: &Order) {
        let (owner, id, key) = (self.town.owner.clone(), order.id, self.key());
        let parts = self.some_dishes(order);
        let done = self
            .ask(async |app| order::cancel_lines(app, &owner, id, parts.clone(), false, Some(&key)).await)
            .await;
        if let Some(order) = done {
            self.note("lines cancelled");
            self.took(&order);
        }
    }

    async fn adjust(&mut self, order: &Order) {
        let wanted = if self.dice.random_bool(0.5) {
            Wanted::Amount(Won(self.dice.random_range(1..=30_000)))
        } else {
            Wanted::Parts { lines: self.some_dishes(order), tip: self.dice.random_bool(0.3) }
        };
        let admin = self.town.admin.clone();
        let (reason, fault) = (AdjustmentReason::Quality, self.any_fault());
        let wanted = AdjustmentRequest { wanted, reason, fault, operator: admin.user };
        let (id, key) = (order.id, self.key());
        let done = self.ask(async |app| adjustment::adjust(app, &admin, id, &wanted, Some(&key)).await).await;
        if done.is_some() {
            self.note("adjusted");
        }
    }
}

/// Polls `future` so many times more than once, and drops it then: it ends at an await. `None` if it did.
async fn cut_off<F: Future>(future: F, polls: u32) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
