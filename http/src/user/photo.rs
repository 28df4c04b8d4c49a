//! One's photo.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderName, HeaderValue, header};
use domain::Refused;
use domain::image::{Encoding, MAX_BYTES, Picture, PictureFile};
use serde::Serialize;
use services::limits::LimitClass;
use services::{App, user};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::USER;
use crate::kit::{FileBytes, Json, NoContent, Path, Problem, ProblemBody, Who, unreadable};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    let upload = USER.body_max_bytes(MAX_BYTES).limit(LimitClass::Upload);
    OpenApiRouter::new()
        .routes(USER.on(routes!(photo, remove_photo)))
        .routes(upload.on(routes!(replace_photo)))
        .routes(USER.on(routes!(photo_file)))
}

/// A person's photo.
#[derive(Serialize, ToSchema)]
#[schema(as = Photo)]
pub(super) struct PhotoBody {
    /// The average colour, to show until the photo is there.
    #[schema(example = "#a98c6f")]
    colour: String,
    /// In three sizes, smallest first; of each as WebP and as JPEG. No size is larger than the upload.
    files: Vec<PhotoFileBody>,
}

/// One file of a photo.
#[derive(Serialize, ToSchema)]
#[schema(as = PhotoFile)]
pub(super) struct PhotoFileBody {
    /// Where it is. It never changes: another photo has other files.
    #[schema(
        example = "/v1/users/me/photo/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.webp"
    )]
    path: String,
    /// Its format.
    #[schema(example = "image/webp")]
    media_type: &'static str,
    /// Its width in pixels.
    width: u32,
    /// Its height in pixels.
    height: u32,
}

impl From<Picture> for PhotoBody {
    fn from(photo: Picture) -> Self {
        let file = |file: PictureFile| PhotoFileBody {
            path: format!("/v1/users/me/photo/{}.{}", file.hash, file.encoding.ending()),
            media_type: file.encoding.media_type(),
            width: file.width,
            height: file.height,
        };
        Self { files: photo.files().map(file).collect(), colour: photo.colour }
    }
}

/// One's photo. Nobody else sees it.
#[utoipa::path(get, path = "/v1/users/me/photo", tag = "user",
    responses((status = 200, body = PhotoBody),
        (status = 404, description = "`not_found`: there is none", body = ProblemBody)))]
async fn photo(State(app): State<App>, Who(who): Who) -> Result<Json<PhotoBody>, Problem> {
    let photo = user::photo(&app, &who).await?.ok_or_else(|| Refused::not_found("photo"))?;
    Ok(Json(photo.into()))
}

/// Makes a picture one's photo, in the place of the one before: JPEG, PNG or WebP, at most 10 MiB and 40
/// megapixels, told by its content. It is turned upright and written anew; nothing else of the file is
/// kept, its position above all.
#[utoipa::path(put, path = "/v1/users/me/photo", tag = "user",
    request_body(content = FileBytes, content_type = "application/octet-stream"),
    responses((status = 200, body = PhotoBody),
        (status = 422, description = "`image.heic`, `image.svg`, `image.animated`, `image.unknown_format`, \
            `image.broken`, `image.too_large`, `image.too_many_pixels`", body = ProblemBody),
        (status = 503, description = "`overloaded`: too many pictures at once. See Retry-After; \
            `unavailable`: files can't be kept right now", body = ProblemBody)))]
async fn replace_photo(
    State(app): State<App>,
    Who(who): Who,
    upload: Result<Bytes, BytesRejection>,
) -> Result<Json<PhotoBody>, Problem> {
    let upload = upload.map_err(unreadable)?;
    Ok(Json(user::replace_photo(&app, &who, upload).await?.into()))
}

/// Removes one's photo, if there is one.
#[utoipa::path(delete, path = "/v1/users/me/photo", tag = "user", responses((status = 204)))]
async fn remove_photo(State(app): State<App>, Who(who): Who) -> Result<NoContent, Problem> {
    user::remove_photo(&app, &who).await?;
    Ok(NoContent)
}

/// A file of one's photo, which browsers may keep for ever. A file of anybody else does not exist.
#[utoipa::path(get, path = "/v1/users/me/photo/{file}", tag = "user",
    params(("file" = String, Path, description = "The end of its path")),
    responses((status = 200, content((FileBytes = "image/webp"), (FileBytes = "image/jpeg"))),
        (status = 404, description = "`not_found`", body = ProblemBody),
        (status = 503, description = "`unavailable`: files can't be read right now", body = ProblemBody)))]
async fn photo_file(
    State(app): State<App>,
    Who(who): Who,
    Path(file): Path<String>,
) -> Result<([(HeaderName, HeaderValue); 3], Vec<u8>), Problem> {
    let (hash, encoding) = Encoding::named(&file).ok_or_else(|| Refused::not_found("photo"))?;
    let bytes = user::photo_file(&app, &who, hash, encoding).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(encoding.media_type())),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, bytes))
}
