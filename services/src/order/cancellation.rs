//! Dishes are taken out of an order that is paid.

use domain::cart::QuotedLine;
use domain::cart::alcohol::missing_food;
use domain::order::{By, Command, LinePart, Order, OrderRefusal};
use domain::{Failure, OrderId, Principal, Role};

use super::{decide, find, is_cooked_by};
use crate::idempotency::known_id;
use crate::{App, menu};

/// Takes `parts` out of an order that cannot be had after all, on behalf of its restaurant or an admin; under
/// the same `key` once. `sold_out`: the dishes are marked so for the day. Refused as `order.too_much_alcohol`
/// if the rest could not be ordered.
pub async fn cancel_lines(
    app: &App,
    who: &Principal,
    id: OrderId,
    parts: Vec<LinePart>,
    sold_out: bool,
    key: Option<&str>,
) -> Result<Order, Failure> {
    let order = find(app, id).await?;
    let by = if is_cooked_by(app, who, &order).await? {
        By::Owner(order.restaurant)
    } else if who.is(Role::Admin) {
        By::Admin(who.user)
    } else {
        return Err(Failure::not_found("order"));
    };
    let cancellation = key.map_or_else(|| app.ids.uuid(), |key| known_id(id.0, key)).into();
    let command = Command::CancelLines { id: cancellation, parts, sold_out };
    // What another process commits meanwhile is judged again by the order, but for the alcohol: an order
    // does not know which of its dishes are that.
    let (rest, _) = order.decide(by, &command, app.now())?;
    let rest: Vec<&QuotedLine> = rest.lines.iter().collect();
    let card = menu::card(app, order.restaurant).await?;
    if let Some(shortfall) = missing_food(&rest, &card).map_err(Failure::fault)? {
        return Err(OrderRefusal::TooMuchAlcohol { shortfall }.into());
    }
    decide(app, id, by, command).await
}
