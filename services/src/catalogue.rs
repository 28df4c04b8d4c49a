//! All restaurants in memory (`domain::catalogue`), in step with the database.
//!
//! 1. Each commit that changes a restaurant or its menu is announced on the fabric; who hears of it reads
//!    that restaurant again. So does whoever asks before that was done, so that a process sees its own
//!    changes at once.
//! 2. Announcements can be lost. A worker therefore looks twice a second for rows that were written since it
//!    looked before, and reads those again that this process has not seen like that. Its first look finds
//!    all restaurants: that is how the catalogue is filled.
//! 3. After each look it makes the indices of names that changes made void, so that whoever searches does not
//!    wait for them.
//!
//! Until it is whole, it is not used (`read` answers `None`).
//!
//! ```text
//! commit ─▶ notice ──▶ marked ──▶ read again (restaurants, menus) ──▶ catalogue ──▶ list, suggestions
//!              poll ──────┘
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use domain::catalogue::{Catalogue, Stamp};
use domain::{Failure, RestaurantId};
use store::changes;
use store::fabric::{FabricListener, Notice, Signal};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::module::{Module, Parts, Stopping};
use crate::{App, menu, restaurant};

/// How many restaurants are read at once.
const CHUNK: usize = 500;

/// How many are put into the catalogue between two pauses, in which others read it.
const PUT_AT_ONCE: usize = 20;

/// How long indices are made after a look, but for the first one: a tenth of a processor, until all are made.
const INDEXES_FOR: Duration = Duration::from_millis(50);

/// How long a reader waits at most for what was announced before.
const READER_WAITS: Duration = Duration::from_millis(300);

/// How the catalogue is kept.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often to look for changes whose announcement was lost. Default 500 ms. `None`: this process
    /// needs no catalogue.
    pub poll: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { poll: Some(Duration::from_millis(500)) }
    }
}

/// The catalogue of this process.
pub(crate) struct SharedCatalogue {
    catalogue: RwLock<Catalogue>,
    /// The restaurants to read again, each with the number of its mark: one that is marked meanwhile
    /// is read once more.
    marked: Mutex<HashMap<RestaurantId, u64>>,
    marks: AtomicU64,
    is_marked: Notify,
    /// Held while marked restaurants are read: what was read later is put later.
    reading: tokio::sync::Mutex<()>,
    /// Rows that changed before this were seen.
    horizon: AtomicU64,
    is_whole: AtomicBool,
}

impl SharedCatalogue {
    /// An empty one, that hears of changes.
    pub(crate) fn open(parts: &Parts<'_>) -> Arc<Self> {
        let shared = Arc::new(Self {
            catalogue: RwLock::default(),
            marked: Mutex::default(),
            marks: AtomicU64::new(0),
            is_marked: Notify::new(),
            reading: tokio::sync::Mutex::default(),
            horizon: AtomicU64::new(0),
            is_whole: AtomicBool::new(false),
        });
        if parts.settings.catalogue.poll.is_some() {
            parts.store.fabric().listen(Arc::clone(&shared) as _);
        }
        shared
    }

    fn mark(&self, ids: impl IntoIterator<Item = RestaurantId>) {
        let mark = self.marks.fetch_add(1, Ordering::Relaxed);
        let mut marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        marked.extend(ids.into_iter().map(|id| (id, mark)));
        if !marked.is_empty() {
            self.is_marked.notify_one();
        }
    }

    /// Some of those that are marked.
    fn chunk(&self) -> HashMap<RestaurantId, u64> {
        let marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        marked.iter().take(CHUNK).map(|(id, mark)| (*id, *mark)).collect()
    }

    /// Takes the marks away that are still the same.
    fn unmark(&self, chunk: &HashMap<RestaurantId, u64>) {
        let mut marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, mark) in chunk {
            if marked.get(id) == Some(mark) {
                marked.remove(id);
            }
        }
    }

    fn marked(&self) -> usize {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn with<T>(&self, ask: impl FnOnce(&Catalogue) -> T) -> T {
        ask(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Catalogue)) {
        change(&mut self.catalogue.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl FabricListener for SharedCatalogue {
    fn on_signal(&self, _: &domain::Channel, _: &Signal) {}

    fn on_notice(&self, notice: &Notice) {
        if let Notice::RestaurantChanged(id) = notice {
            self.mark([*id]);
        }
    }
}

/// The worker that keeps the catalogue in step.
pub(crate) fn module() -> Module {
    Module::default().worker("catalogue", follow)
}

/// Asks the catalogue, in which all is that this process heard of so far. `None`: it is not whole.
pub(crate) async fn read<T>(app: &App, ask: impl FnOnce(&Catalogue) -> T) -> Option<T> {
    let shared = &app.catalogue;
    if !shared.is_whole.load(Ordering::Acquire) {
        return None;
    }
    // Of more than that, the worker reads one chunk after the other, and nobody waits for it.
    if (1..=CHUNK).contains(&shared.marked()) {
        match tokio::time::timeout(READER_WAITS, read_marked(app)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "what changed in the catalogue could not be read"),
            Err(_) => tracing::debug!("what changed in the catalogue was not waited for"),
        }
    }
    Some(shared.with(ask))
}

/// Has a restaurant of the catalogue read again, before the answer to whoever asks next: it lacks an event.
pub(crate) fn read_soon(app: &App, id: RestaurantId) {
    app.catalogue.mark([id]);
}

async fn follow(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    let Some(every) = app.settings.catalogue.poll else {
        stopping.await;
        return Ok(());
    };
    tokio::select! {
        outcome = keep_in_step(&app, every) => outcome,
        () = &mut stopping => Ok(()),
    }
}

async fn keep_in_step(app: &App, every: Duration) -> Result<(), Failure> {
    loop {
        let next = Instant::now() + every;
        look(app).await?;
        read_marked(app).await?;
        let (restaurants, (names, bytes)) = app.catalogue.with(|all| (all.len(), all.names()));
        let is_new = !app.catalogue.is_whole.swap(true, Ordering::Release);
        if is_new {
            tracing::info!(restaurants, names, bytes, "the catalogue is whole");
        }
        make_indices(app, (!is_new).then_some(INDEXES_FOR)).await?;
        tell_size(restaurants, names, bytes);
        while tokio::time::timeout_at(next, app.catalogue.is_marked.notified()).await.is_ok() {
            read_marked(app).await?;
        }
    }
}

/// Makes the indices of what changed, as long as that may take. One at a time: changes wait for no more.
async fn make_indices(app: &App, at_most: Option<Duration>) -> Result<(), Failure> {
    let shared = Arc::clone(&app.catalogue);
    let until = at_most.map(|at_most| Instant::now() + at_most);
    let make = move || {
        while shared.with(Catalogue::index_one) && until.is_none_or(|until| Instant::now() < until) {}
    };
    tokio::task::spawn_blocking(make).await.map_err(Failure::fault)
}

#[expect(clippy::cast_precision_loss, reason = "less than 2^52 of each")]
fn tell_size(restaurants: usize, names: usize, bytes: usize) {
    metrics::gauge!("catalogue_restaurants").set(restaurants as f64);
    metrics::gauge!("catalogue_names").set(names as f64);
    metrics::gauge!("catalogue_name_bytes").set(bytes as f64);
}

/// Marks what changed since the last look and was not read like that.
async fn look(app: &App) -> Result<(), Failure> {
    let shared = &app.catalogue;
    let before = shared.horizon.load(Ordering::Relaxed);
    let horizon = changes::horizon(&app.store).await?;
    // A horizon that falls is that of a copy of the database, which may lack what was seen here.
    let is_new = horizon < before || before == 0;
    let since = if is_new { 0 } else { before };
    let restaurants = restaurant::changed_since(app, since).await?;
    let menus = menu::changed_since(app, since).await?;
    let mut changed: Vec<RestaurantId> = Vec::new();
    shared.with(|all| {
        let stamp = |id| all.find(id).map(|(_, stamp)| stamp).unwrap_or_default();
        // A restaurant that is not there is 0, as are all rows that did not change since there are numbers.
        let restaurants_changed =
            restaurants.iter().filter(|(id, number)| is_new || stamp(*id).restaurant != *number);
        changed.extend(restaurants_changed.map(|(id, _)| *id));
        changed.extend(menus.iter().filter(|(id, number)| stamp(*id).menu != *number).map(|(id, _)| *id));
        if is_new {
            let there: HashSet<_> = restaurants.iter().map(|(id, _)| *id).collect();
            changed.extend(all.ids().filter(|id| !there.contains(id)));
        }
    });
    shared.mark(changed);
    shared.horizon.store(horizon, Ordering::Relaxed);
    Ok(())
}

/// Reads all restaurants that are marked.
async fn read_marked(app: &App) -> Result<(), Failure> {
    let shared = &app.catalogue;
    let _reading = shared.reading.lock().await;
    loop {
        let chunk = shared.chunk();
        if chunk.is_empty() {
            return Ok(());
        }
        read_again(app, chunk.keys().copied().collect()).await?;
        shared.unmark(&chunk);
    }
}

async fn read_again(app: &App, ids: Vec<RestaurantId>) -> Result<(), Failure> {
    // Before the rows: what changes in between is read again.
    let offsets = restaurant::offsets(app, &ids).await?;
    let numbers = menu::last_changes(app, &ids).await?;
    let restaurants = restaurant::several(app, &ids).await?;
    let mut dishes: HashMap<RestaurantId, Vec<String>> = HashMap::new();
    for (id, dish) in menu::names(app, &ids).await? {
        dishes.entry(id).or_default().push(dish);
    }
    let there: HashSet<RestaurantId> = restaurants.iter().map(|(one, _)| one.id).collect();
    let gone = ids.into_iter().filter(|id| !there.contains(id));
    app.catalogue.change(|all| gone.for_each(|id| all.remove(id)));
    let mut left = restaurants.into_iter().peekable();
    while left.peek().is_some() {
        app.catalogue.change(|all| {
            for (restaurant, number) in left.by_ref().take(PUT_AT_ONCE) {
                let id = restaurant.id;
                let (menu, menu_version) = numbers.get(&id).copied().unwrap_or_default();
                let offset = offsets.get(&id).copied().unwrap_or_default();
                let stamp = Stamp { restaurant: number, menu, menu_version, offset };
                let dishes = dishes.remove(&id).unwrap_or_default();
                all.put(restaurant, dishes.iter().map(String::as_str), stamp);
            }
        });
        tokio::task::yield_now().await;
    }
    Ok(())
}
