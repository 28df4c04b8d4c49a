//! Coupons: operators run campaigns, customers claim coupons of them and choose some in their cart.
//! Orders reserve and redeem them in their own transactions.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::cart::QuotedLine;
use domain::coupon::{
    Basket, Campaign, Chosen, Coupon, CouponCode, CouponRefusal, CouponState, Inapplicable, Kind, Terms,
    UNUSED_MAX, discount,
};
use domain::restaurant::Restaurant;
use domain::{CampaignId, CouponId, Failure, Principal, Refused, Role, TextRule, UserId, Won, fault};
use store::StoreError;
use store::coupon as rows;

use crate::idempotency::known_id;
use crate::{App, menu, restaurant};

/// What may be typed as a code; whether it is one is another question.
const CODE: TextRule = TextRule::line(40);

/// How often a claim is tried when it conflicts with others.
const ROUNDS: usize = 4;

/// What a coupon needs from orders. A trait, because the order module depends on this one.
#[async_trait]
pub trait PastOrders: Send + Sync + 'static {
    /// Whether the customer has an order that was paid and did not come to nothing.
    async fn has_ordered(&self, customer: UserId) -> Result<bool, Failure>;
}

/// Starts a campaign; for operators only. Refused as `coupon.code_taken` if another one has its code.
pub async fn create(app: &App, who: &Principal, terms: Terms) -> Result<Campaign, Failure> {
    who.require(Role::Admin)?;
    let now = app.now();
    let terms = terms.checked(now)?;
    check_named(app, &terms).await?;
    let id = CampaignId(app.ids.uuid());
    let campaign = Campaign { id, terms, issued: 0, created_at: now, withdrawn_at: None };
    match rows::create(&app.store, &campaign, who.user).await {
        Err(StoreError::Conflict) => return Err(CouponRefusal::CodeTaken.into()),
        other => other?,
    }
    tracing::info!(by = %who.user, campaign = %id, "a campaign was started");
    Ok(campaign)
}

/// Refuses terms that name a restaurant or a dish that there is not.
async fn check_named(app: &App, terms: &Terms) -> Result<(), Failure> {
    let unknown = |list: &str, place: usize, detail: &str| -> Failure {
        Refused::field(format!("/{list}/{place}"), fault::UNKNOWN_VALUE, detail).into()
    };
    for (place, id) in terms.restaurants.iter().enumerate() {
        if restaurant::known(app, *id).await?.is_none() {
            return Err(unknown("restaurant_ids", place, "There is no such restaurant."));
        }
    }
    let (Some(of), false) = (terms.restaurants.first(), terms.menus.is_empty()) else { return Ok(()) };
    let card = menu::card(app, *of).await?;
    match terms.menus.iter().position(|menu| card.menu(*menu).is_none()) {
        Some(place) => Err(unknown("menu_ids", place, "The restaurant has no such dish.")),
        None => Ok(()),
    }
}

/// Withdraws a campaign; for operators only. May be repeated.
pub async fn withdraw(app: &App, who: &Principal, id: CampaignId) -> Result<Campaign, Failure> {
    who.require(Role::Admin)?;
    if rows::withdraw(&app.store, id, app.now()).await? {
        tracing::info!(by = %who.user, campaign = %id, "a campaign was withdrawn");
    }
    campaign(app, who, id).await
}

/// A campaign, for operators only.
pub async fn campaign(app: &App, who: &Principal, id: CampaignId) -> Result<Campaign, Failure> {
    who.require(Role::Admin)?;
    find_campaign(app, id).await
}

async fn find_campaign(app: &App, id: CampaignId) -> Result<Campaign, Failure> {
    rows::campaign(&app.store, id).await?.ok_or_else(|| Failure::not_found("campaign"))
}

/// Campaigns newest first, for operators only.
pub async fn campaigns(
    app: &App,
    who: &Principal,
    before: Option<CampaignId>,
    limit: u32,
) -> Result<Vec<Campaign>, Failure> {
    who.require(Role::Admin)?;
    Ok(rows::campaigns(&app.store, before, limit).await?)
}

/// A campaign without a code, as a customer sees it.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The campaign.
    pub campaign: Campaign,
    /// Why they cannot claim a coupon of it now.
    pub refusal: Option<CouponRefusal>,
}

/// What everybody may claim, those that end soonest first, at most 100.
pub async fn offered(app: &App, who: &Principal) -> Result<Vec<Offered>, Failure> {
    let now = app.now();
    let all = rows::offered(&app.store, who.user, now).await?;
    let offered = |(campaign, had): (Campaign, u32)| Offered {
        refusal: campaign.check_claim(had, now).err(),
        campaign,
    };
    Ok(all.into_iter().map(offered).collect())
}

/// Which coupon is claimed.
#[derive(Clone, Debug)]
pub enum Claim {
    /// The one with this code.
    Code(String),
    /// One that is offered to everybody.
    Campaign(CampaignId),
}

/// Claims a coupon. Each claim gives another one, up to what there is for one customer; one under the
/// same `key` gives the same.
pub async fn claim(app: &App, who: &Principal, claim: &Claim, key: Option<&str>) -> Result<Coupon, Failure> {
    let key = key.map(|key| known_id(who.user.0, key));
    for _ in 0..ROUNDS {
        if let Some(key) = key
            && let Some(coupon) = rows::by_key(&app.store, who.user, key).await?
        {
            return Ok(coupon);
        }
        let campaign = claimed_of(app, claim).await?;
        let now = app.now();
        let (had, unused) = rows::counts(&app.store, campaign.id, who.user, now).await?;
        campaign.check_claim(had, now)?;
        if unused >= UNUSED_MAX {
            return Err(CouponRefusal::TooMany.into());
        }
        let id = CouponId(app.ids.uuid());
        match rows::claim(&app.store, campaign.id, (id, key), who.user, now).await {
            // The last one went to somebody else, or this customer claims twice at once: look again.
            Err(StoreError::Conflict) => {}
            claimed => {
                claimed?;
                return Ok(Coupon {
                    id,
                    campaign: campaign.id,
                    customer: who.user,
                    terms: campaign.terms,
                    is_withdrawn: false,
                    state: CouponState::Claimed,
                    claimed_at: now,
                });
            }
        }
    }
    Err(StoreError::Conflict.into())
}

async fn claimed_of(app: &App, claim: &Claim) -> Result<Campaign, Failure> {
    match claim {
        Claim::Code(typed) => {
            let unknown = || Failure::from(CouponRefusal::UnknownCode);
            let typed = CODE.read(typed).map_err(|flaw| Refused::invalid(vec![flaw.at("/code")]))?;
            let code = CouponCode::read(typed.as_str()).ok_or_else(unknown)?;
            rows::by_code(&app.store, &code).await?.ok_or_else(unknown)
        }
        Claim::Campaign(id) => {
            let campaign = find_campaign(app, *id).await?;
            // One with a code is for who knows it.
            if campaign.terms.code.is_none() { Ok(campaign) } else { Err(Failure::not_found("campaign")) }
        }
    }
}

/// One's coupons, newest first.
pub async fn list(
    app: &App,
    who: &Principal,
    before: Option<CouponId>,
    limit: u32,
) -> Result<Vec<Coupon>, Failure> {
    Ok(rows::of_customer(&app.store, who.user, before, limit).await?)
}

/// A customer's coupon, to be chosen in their cart.
pub(crate) async fn choose(app: &App, customer: UserId, id: CouponId) -> Result<Chosen, Failure> {
    let found = rows::find(&app.store, customer, &[id]).await?.pop();
    let coupon = found.ok_or_else(|| Refused::not_found("coupon"))?;
    if let CouponState::Redeemed(_) = coupon.state {
        return Err(CouponRefusal::Used.into());
    }
    Ok(Chosen { coupon: id, kind: coupon.terms.kind })
}

/// The coupons that are chosen in a customer's cart, in the cart's order, without those that are gone;
/// and whether the customer has ordered before, as far as that matters to one of them.
pub(crate) async fn chosen(
    app: &App,
    customer: UserId,
    chosen: &[Chosen],
) -> Result<(Vec<Coupon>, bool), Failure> {
    if chosen.is_empty() {
        return Ok((Vec::new(), false));
    }
    let ids: Vec<CouponId> = chosen.iter().map(|chosen| chosen.coupon).collect();
    let found = rows::find(&app.store, customer, &ids).await?;
    let mut by_id: HashMap<CouponId, Coupon> = found.into_iter().map(|coupon| (coupon.id, coupon)).collect();
    let coupons: Vec<Coupon> = ids.iter().filter_map(|id| by_id.remove(id)).collect();
    let has_ordered = has_ordered(app, customer, &coupons).await?;
    Ok((coupons, has_ordered))
}

async fn has_ordered(app: &App, customer: UserId, coupons: &[Coupon]) -> Result<bool, Failure> {
    let matters = coupons.iter().any(|coupon| coupon.terms.first_order);
    Ok(matters && app.past_orders.has_ordered(customer).await?)
}

/// A coupon, and what it would take off a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The coupon.
    pub coupon: Coupon,
    /// What it takes off, or why it takes nothing off.
    pub effect: Result<Won, Inapplicable>,
}

/// The dishes of a cart, to which coupons are applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dishes<'a> {
    /// Their restaurant.
    pub restaurant: &'a Restaurant,
    /// The lines that can be had.
    pub lines: &'a [QuotedLine],
}

/// What these coupons take off dishes, together. The tip is not known yet.
pub(crate) fn preview(
    app: &App,
    coupons: Vec<Coupon>,
    dishes: Dishes<'_>,
    has_ordered: bool,
) -> Vec<Preview> {
    let Dishes { restaurant, lines } = dishes;
    let (restaurant, category, at) = (restaurant.id, restaurant.category, app.now());
    let basket = Basket { restaurant, category, lines, tip: None, at, has_ordered };
    let discounts = discount(&coupons, &basket);
    let effect = |coupon: &Coupon| {
        let applied = discounts.applied.iter().find(|it| it.coupon == coupon.id).map(|it| Ok(it.amount));
        let refused =
            discounts.inapplicable.iter().find(|(id, _)| *id == coupon.id).map(|(_, why)| Err(*why));
        applied.or(refused).unwrap_or(Err(Inapplicable::NothingToDiscount))
    };
    coupons.into_iter().map(|coupon| Preview { effect: effect(&coupon), coupon }).collect()
}

/// What each of the customer's unused coupons would take off dishes, if it took the place of the chosen
/// one of its kind. Those that take most off come first, within each kind.
pub(crate) async fn previews(
    app: &App,
    customer: UserId,
    chosen: &[Chosen],
    dishes: Dishes<'_>,
) -> Result<Vec<Preview>, Failure> {
    let unused = rows::unused(&app.store, customer, app.now()).await?;
    let has_ordered = has_ordered(app, customer, &unused).await?;
    let is_chosen = |coupon: &Coupon| chosen.iter().any(|it| it.coupon == coupon.id);
    let mut previews: Vec<Preview> = Vec::with_capacity(unused.len());
    for coupon in &unused {
        let others = unused.iter().filter(|it| is_chosen(it) && it.terms.kind != coupon.terms.kind);
        let together = others.chain([coupon]).cloned().collect();
        let of_this = preview(app, together, dishes, has_ordered).into_iter().find(|it| it.coupon == *coupon);
        previews.extend(of_this);
    }
    let rank = |preview: &Preview| {
        let kind = Kind::ALL.iter().position(|kind| *kind == preview.coupon.terms.kind);
        (kind, std::cmp::Reverse(preview.effect.unwrap_or(Won(-1))), preview.coupon.terms.until)
    };
    previews.sort_by_key(rank);
    Ok(previews)
}

/// Forgets the unused coupons of somebody who leaves.
pub(crate) async fn erase(app: &App, user: UserId) -> Result<(), Failure> {
    Ok(rows::erase(&app.store, user).await?)
}
