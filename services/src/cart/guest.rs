//! The cart of a guest, which their browser keeps: what it would cost, and how it becomes the customer's.

use domain::cart::{Cart, Command, DropOff, GuestCart, Quote};
use domain::{ExpectedVersion, Failure, Fault, LatLon, Principal, Refused, Timestamp};

use super::{CartView, Promise, addition_id, build, change, out_of_range, view};
use crate::{App, menu};

/// Refuses quantities out of range, naming the field.
fn check(guest: &GuestCart) -> Result<(), Refused> {
    let lines = guest.lines.iter().enumerate();
    let faults =
        lines.flat_map(|(at, line)| out_of_range(&format!("/lines/{at}"), line.quantity, &line.picks));
    let faults: Vec<_> = faults.collect();
    if faults.is_empty() { Ok(()) } else { Err(Refused::invalid(faults)) }
}

/// What a guest's cart would cost, delivered to `door` or, without one, collected. No order is placed
/// from it, and nothing is stored.
pub async fn quote(
    app: &App,
    guest: &GuestCart,
    door: Option<LatLon>,
    slot: Option<Timestamp>,
) -> Result<Quote, Failure> {
    check(guest)?;
    let cart = priceable(app, guest).await?;
    let drop_off = door.map(|position| DropOff {
        position,
        road_address: String::new(),
        detail: String::new(),
        entrance_note: String::new(),
    });
    build(app, &cart, Promise { id: app.ids.uuid().into(), drop_off, slot, made_at: app.now() }).await
}

async fn priceable(app: &App, guest: &GuestCart) -> Result<Cart, Failure> {
    let card = menu::card(app, guest.restaurant_id).await?;
    Ok(guest.cart(&card, app.now())?)
}

/// Merges a guest's cart into the customer's, once for each key. Returns the cart, and the dishes that
/// were left out with the reason.
pub async fn merge(
    app: &App,
    who: &Principal,
    guest: &GuestCart,
    key: Option<&str>,
    replace: bool,
) -> Result<(CartView, Vec<Fault>), Failure> {
    check(guest)?;
    let card = menu::card(app, guest.restaurant_id).await?;
    let (lines, left_out) = guest.to_merge(&card, app.now(), || app.ids.uuid().into())?;
    let command = Command::Merge { id: addition_id(app, who, key), lines, replace };
    let cart = change(app, who.user, command, ExpectedVersion::Any).await?;
    Ok((view(app, cart).await?, left_out))
}
