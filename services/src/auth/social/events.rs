//! What providers tell of their accounts: kept first, once by its id, and worked off by a job.
//!
//! Kakao asks for an answer within three seconds whatever happens. When the database does not take
//! an event in time, it waits in memory and in a file (the place of blobs), until a worker keeps it.
//! A file outlives its process: every process looks for files, and keeps what it finds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::auth::AuditKind;
use domain::auth::social::{EventKind, ProviderEvent};
use domain::{Failure, IdentityId, Timestamp};
use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use store::auth::Audit;
use store::auth::social::Link;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::App;
use crate::auth::session::{announce_ended, end_sessions};
use crate::blobs::{BlobArea, BlobKey};
use crate::module::Stopping;

/// How long the database may take before the provider is answered without it.
const KEPT_WITHIN: Duration = Duration::from_secs(2);

/// The interval between tries to keep what waits.
const TRIED_EVERY: Duration = Duration::from_secs(1);

/// The longest name of a person at a provider, in bytes.
const SUBJECT_MAX: usize = 255;

/// The most events that wait.
const WAITING_MAX: usize = 10_000;

/// Where events stand while the database is away.
const FILES: BlobArea = BlobArea::new("provider_events");

/// How long writing such a file may take.
const FILED_WITHIN: Duration = Duration::from_millis(500);

/// The interval between looks for files that another process left.
const FILES_READ_EVERY: Duration = Duration::from_secs(60);

/// An event that the database did not take.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    event: ProviderEvent,
    /// When it came: whoever linked the identity anew since is not meant.
    received_at: Timestamp,
    #[serde(skip)]
    file: Option<BlobKey>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Unkept(Mutex<Vec<Waiting>>);

impl Unkept {
    fn push(&self, one: Waiting) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = one.file.is_some() && waiting.iter().any(|other| other.file == one.file);
        if is_known {
            return;
        }
        if waiting.len() < WAITING_MAX {
            waiting.push(one);
        } else if one.file.is_none() {
            tracing::error!("too many events of providers wait for the database; one is lost");
        }
    }

    fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes a security event token. It is answered when it is kept: a provider repeats what is not.
pub async fn event(app: &App, provider: &str, token: &str) -> Result<(), Failure> {
    let (_, configured) = app.third_parties.providers.get(provider)?;
    let event = configured.provider.read_event(token).await?;
    keep(app, &event, app.now()).await
}

/// Takes a provider's call that somebody unlinked us. A call with the agreed key is answered with
/// success within three seconds, also about somebody whom nobody knows.
pub async fn unlinked(app: &App, provider: &str, key: &str, subject: &str) -> Result<(), Failure> {
    let (_, configured) = app.third_parties.providers.get(provider)?;
    let event = configured.provider.read_unlink(key, subject)?;
    if subject.is_empty() || subject.len() > SUBJECT_MAX {
        return Ok(()); // nobody has such a name
    }
    let one = Waiting { event, received_at: app.now(), file: None };
    if !is_kept_in_time(app, &one).await {
        tracing::error!("an event of a provider waits for the database");
        let file = timeout(FILED_WITHIN, write_file(app, &one)).await.ok().flatten();
        app.identity.unkept.push(Waiting { file, ..one });
    }
    Ok(())
}

async fn keep(app: &App, event: &ProviderEvent, received_at: Timestamp) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    store::auth::social::keep_event(&mut tx, app.ids.uuid(), event, received_at).await?;
    Ok(tx.commit().await?)
}

async fn is_kept_in_time(app: &App, one: &Waiting) -> bool {
    let kept = timeout(KEPT_WITHIN, keep(app, &one.event, one.received_at)).await;
    if let Ok(Err(error)) = &kept {
        tracing::warn!(%error, "the database does not take an event of a provider");
    }
    matches!(kept, Ok(Ok(())))
}

/// Writes an event into a file. Without a place for files it waits in memory alone.
async fn write_file(app: &App, one: &Waiting) -> Option<BlobKey> {
    let bytes = serde_json::to_vec(one).ok()?;
    app.third_parties.blobs.put(FILES, bytes.into()).await.ok()
}

/// Reads what another process, or an earlier one, could not keep. What cannot be read now is
/// looked at again later.
async fn read_files(app: &App) {
    let blobs = &app.third_parties.blobs;
    let mut files = blobs.list(FILES);
    while let Some(Ok(info)) = files.next().await {
        let Ok(Some(blob)) = blobs.get(&info.key, None).await else { continue };
        let Ok(parts) = blob.bytes.try_collect::<Vec<_>>().await else { continue };
        match serde_json::from_slice::<Waiting>(&parts.concat()) {
            Ok(one) => app.identity.unkept.push(Waiting { file: Some(info.key), ..one }),
            // Perhaps a newer version's: it is not ours to remove.
            Err(error) => tracing::error!(file = %info.key, %error, "an event of a provider cannot be read"),
        }
    }
}

/// The worker that keeps what waits.
pub(crate) async fn keep_unkept(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    let mut files_read = None::<Instant>;
    loop {
        if files_read.is_none_or(|at| at.elapsed() >= FILES_READ_EVERY) {
            read_files(&app).await;
            files_read = Some(Instant::now());
        }
        let is_last = tokio::select! {
            () = tokio::time::sleep(TRIED_EVERY) => false,
            () = &mut stopping => true,
        };
        let mut waiting = app.identity.unkept.take();
        if is_last {
            // The next process reads what has a file.
            waiting.retain(|one| one.file.is_none());
        }
        keep_all(&app, waiting).await;
        if is_last {
            return Ok(());
        }
    }
}

/// Keeps events until the database does not take one: the others would wait as long.
async fn keep_all(app: &App, waiting: Vec<Waiting>) {
    let mut waiting = waiting.into_iter();
    while let Some(one) = waiting.next() {
        if !is_kept_in_time(app, &one).await {
            // To the end, so that one which is never taken holds up no other.
            waiting.for_each(|other| app.identity.unkept.push(other));
            app.identity.unkept.push(one);
            return;
        }
        if let Some(file) = &one.file {
            // One that stays is read again, and known by its event's id.
            let _ = app.third_parties.blobs.delete(file).await;
        }
    }
}

/// Does what an event is about (reminder). It may run twice.
pub(super) async fn handle(app: &App, id: Uuid) -> Result<(), Failure> {
    let Some((event, received_at)) = store::auth::social::event(&app.store, id).await? else { return Ok(()) };
    let link = store::auth::social::link_of(&app.store, &event.issuer, &event.subject).await?;
    // Somebody who linked it anew since is not meant.
    let link = link.filter(|link| link.linked_at <= received_at);
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let ended = match link {
        Some(link) => {
            store::auth::lock_account(&mut tx, link.user).await?;
            let ended = end_sessions(app, &mut tx, link.user, Some(link.id)).await?;
            let kind = match event.kind {
                EventKind::Unlinked if is_another_way_in(&mut tx, &link).await? => {
                    store::auth::social::remove_identity(&mut tx, link.id).await?;
                    AuditKind::IdentityUnlinkedByProvider
                }
                _ => AuditKind::SessionsEndedByProvider,
            };
            let line = Audit { user: Some(link.user), ..Audit::of(kind) };
            store::auth::audit(&mut tx, &line, now).await?;
            ended
        }
        None => Vec::new(),
    };
    store::auth::social::event_handled(&mut tx, id, now).await?;
    tx.commit().await?;
    announce_ended(app, &ended);
    Ok(())
}

/// Whether the account has another way in. The last one stays: whoever links us anew at the
/// provider is the same person there, and finds their account again.
async fn is_another_way_in(tx: &mut store::Tx, link: &Link) -> Result<bool, Failure> {
    let others = store::auth::social::links(tx, link.user).await?;
    let has_password = store::auth::social::has_password(tx, link.user).await?;
    let is_other = |other: &Link| other.id != IdentityId(link.id.0);
    Ok(has_password || others.iter().any(is_other))
}
