//! Pictures that people upload: decoded in a bounded pool, stored as blobs, shown, and collected.
//!
//! A picture is six files, one for each size and encoding of `domain::image`, which the room `images`
//! makes. A file is a blob, so its URL never changes its meaning. Whose a picture is, and who
//! may see it, is the noun's to say.
//!
//! A row and a reminder are committed before the files are stored, so wherever a process dies, the
//! files that no picture has are removed later.

use bytes::Bytes;
use chrono::TimeDelta;
use domain::image::{Encoding, Picture};
use domain::{Failure, Reminder};
use futures::TryStreamExt as _;
use futures::future::try_join_all;
use store::picture::PictureTable;
use store::{Tx, jobs};
use uuid::Uuid;

use crate::App;
use crate::blobs::{BlobArea, BlobKey};
use crate::blocking_pool::BlockingPool;

/// How many uploads may wait for each one that is decoded. Each has up to 10 MiB.
const WAITING_EACH: usize = 8;

/// How long an upload has until it counts as abandoned; longer than any request lasts.
const ABANDONED_AFTER: TimeDelta = TimeDelta::hours(1);

/// Limits of uploads.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many are decoded at once. Each takes a processor, and up to 160 MB of memory; a progressive
    /// JPEG up to 400 MB. Default 2.
    pub at_once: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { at_once: 2 }
    }
}

impl Settings {
    pub(crate) fn pool(self) -> BlockingPool {
        BlockingPool::new(self.at_once, WAITING_EACH)
    }
}

/// A picture whose files are made.
pub struct Made {
    /// What is kept of it.
    pub picture: Picture,
    area: BlobArea,
    files: Vec<Bytes>,
}

impl Made {
    /// The same files as another picture.
    pub(crate) fn again(&self, app: &App) -> Self {
        let picture = Picture { id: app.ids.uuid(), ..self.picture.clone() };
        Self { picture, area: self.area, files: self.files.clone() }
    }

    /// Stores the files.
    async fn store(&self, app: &App) -> Result<(), Failure> {
        let blobs = &app.third_parties.blobs;
        try_join_all(self.files.iter().map(|file| blobs.put(self.area, file.clone()))).await?;
        Ok(())
    }
}

/// Makes the files of an upload. Too many at once are refused as `overloaded`.
async fn make(app: &App, area: BlobArea, upload: Bytes) -> Result<Made, Failure> {
    let images::Made { width, height, colour: [red, green, blue], files } =
        app.image_pool.run(move || images::make(&upload)).await??;
    let files: Vec<Bytes> = files.into_iter().map(Bytes::from).collect();
    let picture = Picture {
        id: app.ids.uuid(),
        // Those of a small picture may be the same.
        files: files.iter().map(|file| BlobKey::of(area, file).to_string()).collect(),
        width,
        height,
        colour: format!("#{red:02x}{green:02x}{blue:02x}"),
    };
    Ok(Made { picture, area, files })
}

/// The pictures of one noun's things.
pub(crate) struct Gallery {
    /// Where the files are kept.
    pub(crate) area: BlobArea,
    /// Whose pictures they are.
    pub(crate) table: PictureTable,
    /// The noun's reminder that a picture's files may be unused.
    pub(crate) unused: fn(Uuid, Vec<String>) -> Reminder,
}

impl Gallery {
    /// Makes the files of an upload.
    pub(crate) async fn make(&self, app: &App, upload: Bytes) -> Result<Made, Failure> {
        make(app, self.area, upload).await
    }

    /// Commits `tx`, in which the caller has made sure that there is such an `owner`, with a row of the
    /// picture; then stores the files. After that it can be [shown](Self::show).
    pub(crate) async fn keep(&self, app: &App, mut tx: Tx, owner: Uuid, made: &Made) -> Result<(), Failure> {
        self.table.begin(&mut tx, owner, &made.picture, app.now()).await?;
        let reminder = (self.unused)(made.picture.id, made.picture.files.clone());
        jobs::remind(&mut tx, &key(made.picture.id), app.now() + ABANDONED_AFTER, reminder);
        tx.commit().await?;
        made.store(app).await
    }

    /// Shows a picture in the place of the one before. The caller holds a lock of the owner. False: the
    /// picture is gone.
    pub(crate) async fn show(
        &self,
        app: &App,
        tx: &mut Tx,
        owner: Uuid,
        picture: Uuid,
    ) -> Result<bool, Failure> {
        self.take_away(app, tx, owner).await?;
        Ok(self.table.show(tx, picture).await?)
    }

    /// Takes the picture of an owner away, if it has one. The caller holds a lock of the owner.
    pub(crate) async fn take_away(&self, app: &App, tx: &mut Tx, owner: Uuid) -> Result<(), Failure> {
        let gone = self.table.remove(tx, &[owner]).await?;
        self.collect(app, tx, gone);
        Ok(())
    }

    /// Has the files of these pictures removed, which nothing shows any more.
    pub(crate) fn collect(&self, app: &App, tx: &mut Tx, gone: Vec<Picture>) {
        for picture in gone {
            jobs::remind(tx, &key(picture.id), app.now(), (self.unused)(picture.id, picture.files));
        }
    }

    /// Removes the files that no picture has. Their locks are held until they are gone.
    pub(crate) async fn remove_files(
        &self,
        app: &App,
        picture: Uuid,
        files: &[String],
    ) -> Result<(), Failure> {
        let mut tx = app.store.begin().await?;
        for file in self.table.unused_files(&mut tx, picture, files).await? {
            app.third_parties.blobs.delete(&file.parse().map_err(Failure::fault)?).await?;
        }
        Ok(tx.commit().await?)
    }
}

fn key(picture: Uuid) -> String {
    format!("picture-{picture}")
}

/// The bytes of a file; none if it is gone.
pub(crate) async fn read(app: &App, key: &BlobKey) -> Result<Option<Vec<u8>>, Failure> {
    let Some(blob) = app.third_parties.blobs.get(key, None).await? else { return Ok(None) };
    let parts: Vec<Bytes> = blob.bytes.try_collect().await?;
    Ok(Some(parts.concat()))
}

/// The key of a picture's file with this hash and format, if it has one.
pub(crate) fn file(picture: &Picture, hash: &str, encoding: Encoding) -> Option<BlobKey> {
    let mut files = picture.files().zip(&picture.files);
    let named = files.find(|(file, _)| file.encoding == encoding && file.hash == hash);
    named.and_then(|(_, key)| key.parse().ok())
}
