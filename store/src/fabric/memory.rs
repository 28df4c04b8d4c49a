//! The fabric of one process: listeners are called inline, in the order of publication.

use std::sync::Arc;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::Channel;

use super::{Fabric, FabricListener, Latest, Listeners, Notice, Signal};

/// See the module.
#[derive(Default)]
pub struct Memory {
    listeners: Listeners,
    latest: DashMap<Channel, Arc<Latest>>,
}

#[async_trait]
impl Fabric for Memory {
    fn publish(&self, channel: &Channel, signal: Signal) {
        if let Signal::Latest(latest) = &signal {
            let mut newest = self.latest.entry(channel.clone()).or_insert_with(|| Arc::clone(latest));
            if newest.at <= latest.at {
                *newest = Arc::clone(latest);
            }
        }
        self.listeners.on_signal(channel, &signal);
    }

    fn announce(&self, notice: Notice) {
        self.listeners.on_notice(&notice);
    }

    fn listen(&self, listener: Arc<dyn FabricListener>) {
        self.listeners.add(listener);
    }

    fn watch(&self, _channel: &Channel) {}

    fn unwatch(&self, _channel: &Channel) {}

    async fn latest(&self, channel: &Channel) -> Option<Arc<Latest>> {
        self.latest.get(channel).map(|entry| Arc::clone(&entry))
    }

    fn forget(&self, channel: &Channel) {
        self.latest.remove(channel);
    }
}
