//! Looking at what is masked: a customer's name and address, for the agent who has the
//! order's conversation and for operators. They say why, and it is written down first.

use domain::tracking::sight::Precision;
use domain::{Failure, OrderId, Party, Principal, Refused, TextRule, fault};
use serde::Serialize;
use utoipa::ToSchema;

use super::{PlaceView, authorise};
use crate::{App, user};

/// Characters of a reason.
const REASON_CHARS: usize = 200;

/// What was masked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Unmasked {
    /// What the customer is called.
    customer_name: String,
    /// Where the order goes, or went.
    drop_off: Option<PlaceView>,
}

/// Shows what is masked in the order, once it is written down who looks, and why.
pub async fn unmask(app: &App, who: &Principal, id: OrderId, reason: &str) -> Result<Unmasked, Failure> {
    let (order, parties) = authorise(app, who, id).await?;
    if !parties.has(Party::Support) && !parties.has(Party::Operator) {
        return Err(Failure::forbidden());
    }
    let reason = TextRule::line(REASON_CHARS).read(reason).map_err(|flaw| {
        Refused::field("/reason", fault::OUT_OF_RANGE, format!("A reason has 1 to 200 characters. {flaw}"))
    })?;
    let (key, reason) = (app.ids.uuid(), reason.as_str());
    store::order::unmasking::record(&app.store, key, id, who.user, reason, app.now()).await?;
    let name = user::name(app, order.customer).await?;
    Ok(Unmasked {
        customer_name: name.unwrap_or_default(),
        drop_off: order.drop_off.and_then(|door| PlaceView::of(door, Precision::Door)),
    })
}
