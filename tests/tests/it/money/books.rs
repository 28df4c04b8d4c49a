//! What must be true of all lives together when nothing is under way any more.

use std::collections::{BTreeMap, BTreeSet};

use domain::coupon::CouponState;
use domain::order::{Back, Order, Status};
use domain::payment::RefundStatus;
use domain::{CampaignId, CouponId, Timestamp, Won};
use services::payment::{adjustment, decision, history};
use services::{coupon, order, points};
use store::scratch;

use super::Town;
use super::life::Life;

/// The most that one life makes of anything.
const ALL: u32 = 100;

pub(super) async fn check(town: &Town, lives: &[Life<'_>], seed: u64) {
    let app = town.test.app();
    let (mut at_the_gateway, mut issued) = (0, BTreeMap::<CampaignId, u32>::new());
    for life in lives {
        let books = Books::of(town, life, seed).await;
        books.orders_and_gateway().await;
        books.points().await;
        at_the_gateway += books.kept.values().sum::<i64>();
        for campaign in books.coupons().await {
            *issued.entry(campaign).or_default() += 1;
        }
    }
    for campaign in &town.campaigns {
        let known = coupon::campaign(app, &town.admin, campaign.id).await.expect("the campaign");
        assert_eq!(
            known.issued,
            issued.get(&campaign.id).copied().unwrap_or_default(),
            "seed {seed}: issued"
        );
        assert!(known.terms.total.is_none_or(|total| known.issued <= total), "seed {seed}: {known:?}");
    }
    assert_eq!(decision::count(app).await.expect("a number"), 0, "seed {seed}: payments wait for a decision");
    let (_, discrepancies) =
        services::ledger::compare(app, Timestamp::UNIX_EPOCH..app.now()).await.expect("the ledger");
    assert!(discrepancies.is_empty(), "seed {seed}: {discrepancies:?}");
    let account = "select coalesce(sum(amount_won), 0)::text from ledger.postings where account = 'gateway'";
    let entered = scratch::texts(town.test.database(), account).await.expect("the account");
    assert_eq!(entered, [at_the_gateway.to_string()], "seed {seed}: the ledger and the gateway's own books");
}

struct Books<'a> {
    town: &'a Town,
    life: &'a Life<'a>,
    orders: Vec<Order>,
    /// What the gateway has taken for each order, and not given back.
    kept: BTreeMap<domain::OrderId, i64>,
    /// How a failure names the life.
    name: String,
}

impl<'a> Books<'a> {
    async fn of(town: &'a Town, life: &'a Life<'a>, seed: u64) -> Self {
        let app = town.test.app();
        let orders = order::list(app, &life.who, None, None, None, ALL).await.expect("the orders");
        let (mut kept, toss) = (BTreeMap::new(), town.test.sandbox.toss());
        let payments = history::list(app, &life.who, history::PaymentFilter::default(), None, ALL).await;
        for view in payments.expect("the payments") {
            let balance = toss.balance(&view.payment.id.to_string()).unwrap_or_default();
            *kept.entry(view.payment.order).or_default() += balance;
            let open = |status| matches!(status, RefundStatus::Requested | RefundStatus::Failed);
            assert!(view.refunds.iter().all(|it| !open(it.refund.status)), "seed {seed}: {view:?}");
        }
        Self { town, life, orders, kept, name: format!("seed {seed}, {}", life.who.user) }
    }

    /// What was to be paid for an order. One that nobody heard of stands as it was placed.
    fn price(&self, order: &Order) -> Back {
        let placed = Back { money: order.payable, points: order.points };
        self.life.prices.get(&order.id).copied().unwrap_or(placed)
    }

    /// What goes back of an order by all that was decided about it.
    async fn back(&self, order: &Order) -> Back {
        let app = self.town.test.app();
        let (adjusted, left) = adjustment::list(app, &self.town.admin, order.id).await.expect("adjustments");
        let ended = order.back().unwrap_or_default();
        let mut all = vec![ended, order.cancelled()];
        all.extend(adjusted.iter().map(|it| it.adjustment.back));
        let sum = |part: fn(&Back) -> Won| Won(all.iter().map(|back| part(back).0).sum());
        let back = Back { money: sum(|it| it.money), points: sum(|it| it.points) };
        if order.placed_at.is_some() && order.status.is_terminal() {
            let price = self.price(order);
            let rest = (price.money.0 - back.money.0, price.points.0 - back.points.0);
            assert_eq!(
                (left.paid.money.0, left.paid.points.0),
                rest,
                "{}: what is left of {order:?}",
                self.name
            );
        }
        back
    }

    /// Whatever the gateway keeps is what orders cost without what goes back; and nothing that the customer was
    /// told is taken back.
    async fn orders_and_gateway(&self) {
        for order in &self.orders {
            let name = format!("{}, order {} ({:?})", self.name, order.id, order.status);
            let back = self.back(order).await;
            let kept = self.kept.get(&order.id).copied().unwrap_or_default();
            let is_paid = order.placed_at.is_some();
            if !is_paid {
                assert_eq!(kept, 0, "{name}: nobody paid for it");
                continue;
            }
            let price = self.price(order);
            assert!(Won::ZERO <= back.money && back.money <= price.money, "{name}: {back:?} of {price:?}");
            assert!(Won::ZERO <= back.points && back.points <= price.points, "{name}: {back:?} of {price:?}");
            assert_eq!(kept, price.money.0 - back.money.0, "{name}: {price:?}, {back:?}");
            let is_untouched = order.cancellations.is_empty() && back == Back::default();
            if matches!(order.status, Status::Rejected) {
                assert_eq!(back, price, "{name}: all of it");
            }
            if is_untouched {
                let of_lines: i64 = order.lines.iter().map(|line| line.total.0 - line.discount.0).sum();
                let off_the_tip: i64 = order.discounts.iter().map(|it| it.amount.0).sum::<i64>()
                    - order.lines.iter().map(|line| line.discount.0).sum::<i64>();
                let all = of_lines + order.tip.0 - off_the_tip;
                assert_eq!(all, price.money.0 + price.points.0, "{name}: its parts");
            }
        }
        let of = |id| self.orders.iter().find(|order| order.id == id);
        for id in &self.life.told_paid {
            assert!(of(*id).is_some_and(|order| order.placed_at.is_some()), "{}: {id} was paid", self.name);
        }
        for (id, told) in &self.life.told_back {
            let order = of(*id).expect("the order");
            let back = self.back(order).await;
            assert!(told.money <= back.money && told.points <= back.points, "{}: {id} {told:?}", self.name);
        }
    }

    /// Points are what was given and earned without what paid for something.
    async fn points(&self) {
        let app = self.town.test.app();
        let mut expected = self.life.given.0;
        for order in self.orders.iter().filter(|order| order.placed_at.is_some()) {
            expected -= self.price(order).points.0 - self.back(order).await.points.0;
            if order.status == Status::Completed {
                expected += order.reward.0;
            }
        }
        let balance = points::balance(app, &self.life.who).await.expect("the points");
        assert_eq!((balance.available.0, balance.held.0), (expected, 0), "{}: points", self.name);
        let history = services::ledger::points_history(app, &self.life.who, None, ALL).await;
        let change: i64 = history.expect("the history").iter().map(|event| event.change.0).sum();
        assert_eq!(change, expected, "{}: what the customer sees of their points", self.name);
    }

    /// A coupon is redeemed by exactly the order that has it. Returns the campaigns of all of them.
    async fn coupons(&self) -> Vec<CampaignId> {
        let all = coupon::list(self.town.test.app(), &self.life.who, None, ALL).await.expect("the coupons");
        let used: BTreeSet<(CouponId, domain::OrderId)> = self
            .orders
            .iter()
            .filter(|order| order.placed_at.is_some() && !order.is_undone())
            .flat_map(|order| order.discounts.iter().map(|discount| (discount.coupon, order.id)))
            .collect();
        let redeemed = all.iter().filter_map(|coupon| match coupon.state {
            CouponState::Claimed => None,
            CouponState::Redeemed(order) => Some((coupon.id, order)),
            CouponState::Reserved(order) => panic!("{}: {order} still holds a coupon", self.name),
        });
        assert_eq!(redeemed.collect::<BTreeSet<_>>(), used, "{}: coupons", self.name);
        all.iter().map(|coupon| coupon.campaign).collect()
    }
}
