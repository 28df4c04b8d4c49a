//! The fabric of one process: listeners are called inline, in the order of publication.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use dashmap::DashMap;
use domain::Channel;

use super::{Fabric, Latest, Listener, Notice, Signal};

/// See the module.
#[derive(Default)]
pub struct Memory {
    listeners: RwLock<Vec<Arc<dyn Listener>>>,
    latest: DashMap<Channel, Arc<Latest>>,
}

impl Memory {
    fn each(&self, tell: impl Fn(&dyn Listener)) {
        // A listener that panicked while the list was read left it as it was.
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().for_each(|listener| tell(listener.as_ref()));
    }
}

#[async_trait]
impl Fabric for Memory {
    fn publish(&self, channel: &Channel, signal: Signal) {
        if let Signal::Latest(latest) = &signal {
            self.latest.insert(channel.clone(), Arc::clone(latest));
        }
        self.each(|listener| listener.hear(channel, &signal));
    }

    fn announce(&self, notice: Notice) {
        self.each(|listener| listener.notice(&notice));
    }

    fn listen(&self, listener: Arc<dyn Listener>) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
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
