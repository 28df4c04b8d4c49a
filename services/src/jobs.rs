//! The worker that runs jobs: passes each to the noun that reacts, or that set the reminder.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use domain::{Channel, Failure, Reminder};
use store::jobs::JobHandler;
use store::journal::Recorded;

use crate::module::Module;
use crate::{App, Services, Subscribers, reminders};

/// Runs the jobs of these subscribers, and reminders.
pub(crate) fn module(subscribers: Subscribers) -> Module {
    Module::of_jobs().worker("jobs", move |app, stopping| {
        let handler = Arc::new(Jobs { app: Arc::downgrade(&app), subscribers: subscribers.clone() });
        async move { store::jobs::run(&app.store, handler, stopping).await }
    })
}

/// Passes jobs to the nouns. Holds the services weakly, so that jobs do not keep them alive.
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
