//! The pictures of dishes, which everybody may see.

use std::sync::Arc;

use bytes::Bytes;
use domain::image::{Encoding, Picture};
use domain::menu::{Card, Edit, MenuReminder};
use domain::{Failure, MenuId, Principal, RestaurantId};
use store::menu::{Item, PICTURES};
use uuid::Uuid;

use super::edit::{self, Subject};
use super::{Dish, dish};
use crate::App;
use crate::blobs::{BlobArea, BlobKey};
use crate::conflict::retried;
use crate::images::{self, Gallery, Made};

const AREA: BlobArea = BlobArea::new("menu_image");

pub(super) const GALLERY: Gallery = Gallery {
    area: AREA,
    table: PICTURES,
    unused: |picture, files| MenuReminder::MenuPictureUnused { picture, files }.into(),
};

/// Makes an uploaded picture that of a dish, in the place of the one before, on behalf of somebody who
/// runs the restaurant.
pub async fn replace_picture(app: &App, who: &Principal, id: MenuId, upload: Bytes) -> Result<Dish, Failure> {
    // Nobody else has an upload decoded.
    Subject::Item(Item::Menu(id)).run_by(app, who).await?;
    give_picture(app, who, id, &make_picture(app, upload).await?).await
}

/// The files of an upload.
pub(crate) async fn make_picture(app: &App, upload: Bytes) -> Result<Made, Failure> {
    GALLERY.make(app, upload).await
}

/// The same for a picture whose files are made; others may have it too.
pub(crate) async fn give_picture(
    app: &App,
    who: &Principal,
    id: MenuId,
    made: &Made,
) -> Result<Dish, Failure> {
    let restaurant = Subject::Item(Item::Menu(id)).run_by(app, who).await?;
    GALLERY.keep(app, app.store.begin().await?, id.0, made).await?;
    depict(app, restaurant, id, Some(made.picture.clone())).await
}

/// Removes the picture of a dish, if it has one.
pub async fn remove_picture(app: &App, who: &Principal, id: MenuId) -> Result<Dish, Failure> {
    let restaurant = Subject::Item(Item::Menu(id)).run_by(app, who).await?;
    depict(app, restaurant, id, None).await
}

/// Gives a dish another picture, or none, as one version of its card.
async fn depict(
    app: &App,
    restaurant: RestaurantId,
    id: MenuId,
    picture: Option<Picture>,
) -> Result<Dish, Failure> {
    let picture = &picture;
    let card = retried(|| async move {
        let before = super::card(app, restaurant).await?;
        let after = before.apply(Edit::Depict(id, picture.clone()))?;
        if *before == after {
            return Ok(before);
        }
        let mut tx = app.store.begin().await?;
        // From here on the row of the card is locked: the dish stays until the commit.
        let version = store::menu::raise(&mut tx, restaurant, before.version).await?;
        match picture {
            Some(picture) => {
                if !GALLERY.show(app, &mut tx, id.0, picture.id).await? {
                    return Err(Failure::not_found("menu"));
                }
            }
            None => GALLERY.take_away(app, &mut tx, id.0).await?,
        }
        let after = Card { version, ..after };
        edit::follow(app, &mut tx, &before, &after).await?;
        tx.commit().await?;
        Ok(Arc::new(after))
    });
    let card = card.await?;
    let menu = card.menus().find(|menu| menu.id == id).cloned();
    dish(app, &card, menu.ok_or_else(|| Failure::not_found("menu"))?).await
}

/// Removes the files that no picture has.
pub(super) async fn remove_files(app: &App, picture: Uuid, files: &[String]) -> Result<(), Failure> {
    GALLERY.remove_files(app, picture, files).await
}

/// A file of some dish's picture, by its hash. A file is there as long as a dish shows it, and a while
/// longer.
pub async fn picture_file(app: &App, hash: &str, encoding: Encoding) -> Result<Vec<u8>, Failure> {
    // The format is told by the file's first bytes, so one hash has one format.
    let not_found = || Failure::not_found("image");
    let folder = hash.get(..2).ok_or_else(not_found)?;
    let key = format!("{}/{folder}/{hash}", AREA.as_str());
    let key: BlobKey = key.parse().map_err(|_| not_found())?;
    let bytes = images::read(app, &key).await?.ok_or_else(not_found)?;
    let is_webp = bytes.starts_with(b"RIFF");
    if is_webp == (encoding == Encoding::WebP) { Ok(bytes) } else { Err(not_found()) }
}
