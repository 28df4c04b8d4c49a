//! Unmasking a customer's name and address, for agents with an open conversation about the
//! order and for operators, who proved lately who they are. They must give a reason, which is
//! written down in the transaction that reads what is shown.

use std::net::IpAddr;

use domain::tracking::sight::Precision;
use domain::{Failure, OrderId, Party, Principal, Reason};
use serde::Serialize;
use utoipa::ToSchema;

use super::{PlaceView, authorise};
use crate::{App, auth, user};

/// What was masked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Unmasked {
    /// What the customer is called.
    customer_name: String,
    /// Where the order goes, or went.
    drop_off: Option<PlaceView>,
    /// The customer's words to the courier; may be empty.
    courier_note: String,
}

/// Shows the masked fields of the order, after recording who asks and why.
pub async fn unmask(
    app: &App,
    who: &Principal,
    id: OrderId,
    reason: &str,
    from: IpAddr,
) -> Result<Unmasked, Failure> {
    let (order, parties) = authorise(app, who, id).await?;
    if !parties.has(Party::Support) && !parties.has(Party::Operator) {
        return Err(Failure::forbidden());
    }
    let reason = Reason::read(reason)?;
    auth::require_fresh_proof(app, who).await?;
    let mut tx = app.store.begin().await?;
    let name = user::unmask_customer(app, &mut tx, who, (id, order.customer), &reason, from).await?;
    tx.commit().await?;
    Ok(Unmasked {
        courier_note: order.courier_note,
        customer_name: name.unwrap_or_default(),
        drop_off: order.drop_off.and_then(|door| PlaceView::of(door, Precision::Door)),
    })
}
