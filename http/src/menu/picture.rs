//! Pictures of dishes.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderName, HeaderValue, header};
use domain::image::{Encoding, MAX_BYTES};
use domain::{MenuId, Refused, Role};
use services::limits::LimitClass;
use services::{App, menu};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::DishBody;
use super::{MENU, tagged};
use crate::kit::{FileBytes, Path, Problem, ProblemBody, Tagged, Who, unreadable};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    let owner = MENU.role(Role::Owner);
    let upload = owner.body_max_bytes(MAX_BYTES).limit(LimitClass::Upload);
    OpenApiRouter::new()
        .routes(owner.on(routes!(remove_picture)))
        .routes(upload.on(routes!(replace_picture)))
        .routes(MENU.on(routes!(picture_file)))
}

/// Makes a picture that of a dish, in the place of the one before: JPEG, PNG or WebP, at most 10 MiB and
/// 40 megapixels, told by its content. It is turned upright and written anew; nothing else of the file is
/// kept.
#[utoipa::path(put, path = "/v1/menus/{id}/picture", tag = "menu",
    params(("id" = Uuid, Path, description = "The dish")),
    request_body(content = FileBytes, content_type = "application/octet-stream"),
    responses((status = 200, body = DishBody),
        (status = 409, description = "`conflict`: something else happened first", body = ProblemBody),
        (status = 422, description = "`image.heic`, `image.svg`, `image.animated`, `image.unknown_format`, \
            `image.broken`, `image.too_large`, `image.too_many_pixels`", body = ProblemBody),
        (status = 503, description = "`overloaded`: too many pictures at once. See Retry-After; \
            `unavailable`: files can't be kept right now", body = ProblemBody)))]
async fn replace_picture(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuId>,
    upload: Result<Bytes, BytesRejection>,
) -> Result<Tagged<DishBody>, Problem> {
    let upload = upload.map_err(unreadable)?;
    tagged(menu::replace_picture(&app, &who, id, upload).await?)
}

/// Removes the picture of a dish, if it has one.
#[utoipa::path(delete, path = "/v1/menus/{id}/picture", tag = "menu",
    params(("id" = Uuid, Path, description = "The dish")),
    responses((status = 200, body = DishBody),
        (status = 409, description = "`conflict`: something else happened first", body = ProblemBody)))]
async fn remove_picture(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuId>,
) -> Result<Tagged<DishBody>, Problem> {
    tagged(menu::remove_picture(&app, &who, id).await?)
}

/// A file of some dish's picture, which everybody may keep for ever.
#[utoipa::path(get, path = "/v1/images/{file}", tag = "menu", security(()),
    params(("file" = String, Path, description = "The end of its path")),
    responses((status = 200, content((FileBytes = "image/webp"), (FileBytes = "image/jpeg"))),
        (status = 404, description = "`not_found`", body = ProblemBody),
        (status = 503, description = "`unavailable`: files can't be read right now", body = ProblemBody)))]
async fn picture_file(
    State(app): State<App>,
    Path(file): Path<String>,
) -> Result<([(HeaderName, HeaderValue); 3], Vec<u8>), Problem> {
    let (hash, encoding) = Encoding::named(&file).ok_or_else(|| Refused::not_found("image"))?;
    let bytes = menu::picture_file(&app, hash, encoding).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(encoding.media_type())),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, bytes))
}
