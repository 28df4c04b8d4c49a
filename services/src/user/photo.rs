//! A person's photo, which only they see.
//!
//! A row and a reminder are committed before the files are stored, so wherever a process dies, the
//! files that no photo has are removed later.

use bytes::Bytes;
use chrono::TimeDelta;
use domain::image::{Encoding, Size};
use domain::user::UserReminder;
use domain::{Failure, Principal, UserId};
use futures::TryStreamExt as _;
use store::user::Photo as Row;
use store::{Tx, jobs};
use uuid::Uuid;

use crate::blobs::{BlobArea, BlobKey};
use crate::{App, images};

const AREA: BlobArea = BlobArea::new("profile_photo");

/// How long an upload has until it counts as abandoned; longer than any request lasts.
const ABANDONED_AFTER: TimeDelta = TimeDelta::hours(1);

/// A person's photo.
pub struct Photo {
    /// The average colour, `#rrggbb`.
    pub colour: String,
    /// For each size, smallest first, one file for each encoding.
    pub files: Vec<PhotoFile>,
}

/// One file of a photo.
pub struct PhotoFile {
    /// The SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
    /// Its format.
    pub encoding: Encoding,
    /// Its width in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

impl From<Row> for Photo {
    fn from(row: Row) -> Self {
        let (width, height) = (row.width.unsigned_abs(), row.height.unsigned_abs());
        let kinds = Size::ALL.iter().flat_map(|size| Encoding::ALL.map(|encoding| (size, encoding)));
        let file = |((size, encoding), key): ((&Size, Encoding), &String)| {
            let (width, height) = size.of(width, height);
            let hash = key.rsplit('/').next().unwrap_or_default().to_owned();
            PhotoFile { hash, encoding, width, height }
        };
        Self { files: kinds.zip(&row.files).map(file).collect(), colour: row.colour }
    }
}

/// One's photo; none if there is none.
pub async fn photo(app: &App, who: &Principal) -> Result<Option<Photo>, Failure> {
    Ok(store::user::photo(&app.store, who.user).await?.map(Photo::from))
}

/// Makes an uploaded picture one's photo, in the place of the one before.
pub async fn replace_photo(app: &App, who: &Principal, upload: Bytes) -> Result<Photo, Failure> {
    let made = images::make(app, AREA, upload).await?;
    let row = Row {
        id: app.ids.uuid(),
        files: made.keys().iter().map(ToString::to_string).collect(),
        width: i32::try_from(made.width).map_err(Failure::fault)?,
        height: i32::try_from(made.height).map_err(Failure::fault)?,
        colour: made.colour.clone(),
    };
    let gone = || Failure::not_found("user");
    let now = app.now();
    let mut tx = app.store.begin().await?;
    if !store::user::begin_photo(&mut tx, who.user, &row, now).await? {
        return Err(gone());
    }
    let reminder = UserReminder::PhotoUnused { photo: row.id, files: row.files.clone() };
    jobs::remind(&mut tx, &key(row.id), now + ABANDONED_AFTER, reminder);
    tx.commit().await?;

    made.store(app).await?;

    let mut tx = app.store.begin().await?;
    take_away(app, &mut tx, who.user).await?;
    if !store::user::show_photo(&mut tx, row.id).await? {
        return Err(gone());
    }
    tx.commit().await?;
    Ok(row.into())
}

/// Removes one's photo, if there is one.
pub async fn remove_photo(app: &App, who: &Principal) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    take_away(app, &mut tx, who.user).await?;
    Ok(tx.commit().await?)
}

/// Erases what stands of a person in their profile, their addresses, consents and photo.
pub(crate) async fn erase(app: &App, user: UserId) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    take_away(app, &mut tx, user).await?;
    store::user::erase(&mut tx, user, app.now()).await?;
    Ok(tx.commit().await?)
}

async fn take_away(app: &App, tx: &mut Tx, user: UserId) -> Result<(), Failure> {
    if let Some((photo, files)) = store::user::remove_photo(tx, user).await? {
        jobs::remind(tx, &key(photo), app.now(), UserReminder::PhotoUnused { photo, files });
    }
    Ok(())
}

fn key(photo: Uuid) -> String {
    format!("photo-{photo}")
}

/// Removes the files that no photo has. Their locks are held until they are gone.
pub(super) async fn remove_files(app: &App, photo: Uuid, files: &[String]) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    for file in store::user::unused_files(&mut tx, photo, files).await? {
        app.third_parties.blobs.delete(&file.parse().map_err(Failure::fault)?).await?;
    }
    Ok(tx.commit().await?)
}

/// A file of one's photo, by its hash. A file of anybody else is one that does not exist.
pub async fn photo_file(
    app: &App,
    who: &Principal,
    hash: &str,
    encoding: Encoding,
) -> Result<Vec<u8>, Failure> {
    let row = store::user::photo(&app.store, who.user).await?;
    let files = row.into_iter().flat_map(|row| row.files).zip(Encoding::ALL.into_iter().cycle());
    let mut named = files.filter(|(key, of)| *of == encoding && key.rsplit('/').next() == Some(hash));
    let (key, _) = named.next().ok_or_else(|| Failure::not_found("photo"))?;
    read(app, &key).await?.ok_or_else(|| Failure::not_found("photo"))
}

/// The largest JPEG of a person's photo, for their copy of what is known of them.
pub(crate) async fn largest(app: &App, user: UserId) -> Result<Option<Vec<u8>>, Failure> {
    let row = store::user::photo(&app.store, user).await?;
    let Some(key) = row.and_then(|mut row| row.files.pop()) else { return Ok(None) };
    read(app, &key).await
}

async fn read(app: &App, key: &str) -> Result<Option<Vec<u8>>, Failure> {
    let key: BlobKey = key.parse().map_err(Failure::fault)?;
    let Some(blob) = app.third_parties.blobs.get(&key, None).await? else { return Ok(None) };
    let parts: Vec<Bytes> = blob.bytes.try_collect().await?;
    Ok(Some(parts.concat()))
}
