//! The worker on jobs: hands each to the noun that reacts or set the reminder.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use domain::{Channel, Failure, Reminder};
use store::jobs::JobHandler;
use store::journal::Recorded;

use crate::module::Module;
use crate::{App, Services, Subscribers, reminders};

/// Works on jobs, of these subscribers.
pub(crate) fn module(subscribers: Subscribers) -> Module {
    Module::of_jobs().worker("jobs", move |app, stopping| {
        let handler = Arc::new(Jobs { app: Arc::downgrade(&app), subscribers: subscribers.clone() });
        async move { store::jobs::run(&app.store, handler, stopping).await }
    })
}

/// Hands jobs to the nouns, for as long as the services live.
struct Jobs {
    app: Weak<Services>,
    subscribers: Subscribers,
}

impl Jobs {
    fn app(&self) -> Result<App, Failure> {
        self.app.upgrade().ok_or_else(|| Failure::fault("the services have stopped"))
    }
}

#[async_trait]
impl JobHandler for Jobs {
    async fn react(&self, subscriber: &str, channel: Channel, event: Arc<Recorded>) -> Result<(), Failure> {
        self.subscribers.react(self.app()?, subscriber, &channel, event).await
    }

    async fn remind(&self, reminder: Reminder) -> Result<(), Failure> {
        reminders::remind(&self.app()?, reminder).await
    }
}
