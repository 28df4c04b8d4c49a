//! A person's photo, which only they see.

use bytes::Bytes;
use domain::image::{Encoding, Picture};
use domain::user::UserReminder;
use domain::{Failure, Principal, UserId};
use store::user::PHOTOS;
use uuid::Uuid;

use crate::App;
use crate::blobs::BlobArea;
use crate::images::{self, Gallery};

const GALLERY: Gallery = Gallery {
    area: BlobArea::new("profile_photo"),
    table: PHOTOS,
    unused: |photo, files| UserReminder::PhotoUnused { photo, files }.into(),
};

/// One's photo; none if there is none.
pub async fn photo(app: &App, who: &Principal) -> Result<Option<Picture>, Failure> {
    Ok(PHOTOS.find(&app.store, who.user.0).await?)
}

/// Makes an uploaded picture one's photo, in the place of the one before.
pub async fn replace_photo(app: &App, who: &Principal, upload: Bytes) -> Result<Picture, Failure> {
    let made = GALLERY.make(app, upload).await?;
    let gone = || Failure::not_found("user");
    let mut tx = app.store.begin().await?;
    if !store::user::lock_photo(&mut tx, who.user).await? {
        return Err(gone());
    }
    GALLERY.keep(app, tx, who.user.0, &made).await?;

    let mut tx = app.store.begin().await?;
    store::user::lock_photo(&mut tx, who.user).await?;
    if !GALLERY.show(app, &mut tx, who.user.0, made.picture.id).await? {
        return Err(gone());
    }
    tx.commit().await?;
    Ok(made.picture)
}

/// Removes one's photo, if there is one.
pub async fn remove_photo(app: &App, who: &Principal) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    store::user::lock_photo(&mut tx, who.user).await?;
    GALLERY.take_away(app, &mut tx, who.user.0).await?;
    Ok(tx.commit().await?)
}

/// Erases what stands of a person in their profile, their addresses, consents and photo.
pub(crate) async fn erase(app: &App, user: UserId) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    store::user::lock_photo(&mut tx, user).await?;
    GALLERY.take_away(app, &mut tx, user.0).await?;
    store::user::erase(&mut tx, user, app.now()).await?;
    Ok(tx.commit().await?)
}

/// Removes the files that no photo has.
pub(super) async fn remove_files(app: &App, photo: Uuid, files: &[String]) -> Result<(), Failure> {
    GALLERY.remove_files(app, photo, files).await
}

/// A file of one's photo, by its hash. A file of anybody else is one that does not exist.
pub async fn photo_file(
    app: &App,
    who: &Principal,
    hash: &str,
    encoding: Encoding,
) -> Result<Vec<u8>, Failure> {
    let not_found = || Failure::not_found("photo");
    let photo = photo(app, who).await?.ok_or_else(not_found)?;
    let key = images::file(&photo, hash, encoding).ok_or_else(not_found)?;
    images::read(app, &key).await?.ok_or_else(not_found)
}

/// The largest JPEG of a person's photo, for their copy of what is known of them.
pub(crate) async fn largest(app: &App, user: UserId) -> Result<Option<Vec<u8>>, Failure> {
    let photo = PHOTOS.find(&app.store, user.0).await?;
    let Some(key) = photo.and_then(|mut photo| photo.files.pop()) else { return Ok(None) };
    images::read(app, &key.parse().map_err(Failure::fault)?).await
}
