//! The channel `cart:{user_id}`: a customer's devices learn that their cart has changed.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Audience, Channel, Failure, Party, Principal, UserId};
use hub::{ChannelRules, Snapshot};
use serde_json::json;
use store::journal::Recorded;

use crate::App;
use crate::channel_kind::ChannelKind;

/// A customer's cart. Its log is not in the journal: an event says no more than a version, and every version
/// up to the present one has been.
pub(crate) struct CartChannel(pub(crate) UserId);

#[async_trait]
impl ChannelKind for CartChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules::LOG
    }

    async fn authorise(&self, _app: &App, who: &Principal) -> Result<Audience, Failure> {
        if who.user == self.0 { Ok(Party::Customer.into()) } else { Err(Failure::not_found("channel")) }
    }

    async fn snapshot(&self, app: &App, _who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        let version = store::cart::version(&app.store, self.0).await?;
        Ok(Snapshot { offset: version, data: json!({ "version": version }), ended: None })
    }

    async fn history(
        &self,
        app: &App,
        _channel: &Channel,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        let newest = store::cart::version(&app.store, self.0).await?;
        let versions = (after + 1..=newest).take(limit as usize);
        Ok(versions.map(|version| Arc::new(store::cart::changed(version, app.now()))).collect())
    }
}

/// The last offset of the channels of these customers' carts, as far as they have one.
pub(crate) async fn heads(app: &App, customers: &[UserId]) -> Result<Vec<(Channel, u64)>, Failure> {
    let versions = store::cart::versions(&app.store, customers).await?;
    Ok(versions.into_iter().map(|(customer, version)| (Channel::Cart(customer), version)).collect())
}
