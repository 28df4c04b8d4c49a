//! A person's photo: uploaded, seen by them alone, replaced, and gone with all of its files.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use domain::Role;
use futures::future::join;
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use sha2::{Digest as _, Sha256};
use store::scratch;
use tests::TestApp;
use tests::rest::{Answer, Rest, answer};

const PHOTO: &str = "/v1/users/me/photo";

fn png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb(colour)).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn upload(rest: &Rest, bytes: Vec<u8>) -> Answer {
    answer(rest.request(Method::PUT, PHOTO).header("content-type", "application/octet-stream").body(bytes))
        .await
}

/// The names of all photos' files, sorted.
fn files(app: &TestApp) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    below(&app.blobs().join("profile_photo"), &mut found);
    found.sort();
    found
}

fn paths(photo: &Value) -> Vec<String> {
    let files = photo["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_photo_is_kept_in_three_sizes_for_ever_and_seen_by_its_person_alone() {
    let app = TestApp::start().await;
    let [mina, other] =
        [app.person("mina", &[Role::Customer]).await, app.person("other", &[Role::Customer]).await];
    let rest = app.rest_as(Service::Gateway, &mina);
    rest.get(PHOTO).await.expect_problem(404, "not_found");
    let photo = upload(&rest, png(1_600, 800, [200, 100, 50])).await.expect(200);
    assert_eq!(rest.get(PHOTO).await.expect(200), photo);
    assert_eq!(photo["colour"], "#c86432");
    let widths: Vec<_> =
        photo["files"].as_array().unwrap().iter().map(|file| file["width"].clone()).collect();
    assert_eq!(json!(widths), json!([160, 160, 480, 480, 1280, 1280]));

    let strangers = app.rest_as(Service::Gateway, &other);
    for (path, media_type) in paths(&photo).iter().zip(["image/webp", "image/jpeg"].into_iter().cycle()) {
        let file = rest.request(Method::GET, path).send().await.unwrap();
        let said = |name: &str| file.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(said("content-type"), media_type);
        assert_eq!(said("cache-control"), "private, max-age=31536000, immutable");
        assert_eq!(said("x-content-type-options"), "nosniff");
        let bytes = file.bytes().await.unwrap();
        assert!(path.contains(&hex::encode(Sha256::digest(&bytes))), "named by its content");
        strangers.get(path).await.expect_problem(404, "not_found");
        app.rest(Service::User).get(path).await.expect_problem(401, "unauthenticated");
    }
    let known = &paths(&photo)[0];
    let hash = known.rsplit('/').next().unwrap();
    let wrong = [
        known.replace(".webp", ".jpg"),
        known.replace(".webp", ""),
        format!("{PHOTO}/..%2f{hash}"),
        format!("{PHOTO}/%00.webp"),
        format!("{PHOTO}/.webp"),
    ];
    for path in wrong {
        rest.get(&path).await.expect_problem(404, "not_found");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_picture_that_is_not_taken_is_refused_by_its_name_and_leaves_nothing() {
    let app = TestApp::start().await;
    let person = app.person("mina", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &person);
    let gif = [b"GIF89a".to_vec(), vec![0; 100]].concat();
    let cut = png(100, 100, [1, 2, 3])[..60].to_vec();
    let refused: [(Vec<u8>, &str); 5] = [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1".to_vec(), "image.heic"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "image.svg"),
        (gif, "image.animated"),
        (cut, "image.broken"),
        (Vec::new(), "image.unknown_format"),
    ];
    for (bytes, code) in refused {
        upload(&rest, bytes).await.expect_problem(422, code);
    }
    let korean = rest.request(Method::PUT, PHOTO).header("accept-language", "ko").body("<svg/>");
    assert_eq!(answer(korean).await.body["detail"], "SVG 그림은 올릴 수 없어요. PNG로 바꿔서 올려 주세요.");
    let large = vec![0; domain::image::MAX_BYTES as usize + 1];
    assert_eq!(upload(&rest, large).await.status, 413);
    assert_eq!(upload(&app.rest(Service::User), png(9, 9, [0; 3])).await.status, 401);
    rest.get(PHOTO).await.expect_problem(404, "not_found");
    assert_eq!(files(&app), Vec::<PathBuf>::new());
    app.stop().await;
}

#[tokio::test]
async fn another_photo_takes_the_place_of_the_first_and_files_that_two_share_stay_for_the_second() {
    let app = TestApp::start().await;
    let [mina, other] =
        [app.person("mina", &[Role::Customer]).await, app.person("other", &[Role::Customer]).await];
    let [rest, others] = [&mina, &other].map(|person| app.rest_as(Service::Gateway, person));
    let first = upload(&rest, png(1_300, 1_300, [9, 9, 9])).await.expect(200);
    upload(&others, png(1_300, 1_300, [9, 9, 9])).await.expect(200);
    assert_eq!(files(&app).len(), 6, "the same picture is stored once");

    let second = upload(&rest, png(1_300, 1_300, [99, 9, 9])).await.expect(200);
    app.run_due_jobs().await;
    assert_eq!(files(&app).len(), 12, "somebody else has the first one");
    rest.get(&paths(&first)[0]).await.expect_problem(404, "not_found");
    others.delete(PHOTO).await.expect(204);
    others.delete(PHOTO).await.expect(204);
    app.run_due_jobs().await;
    assert_eq!(files(&app).len(), 6);
    assert_eq!(rest.get(PHOTO).await.expect(200), second);
    assert_eq!(rest.request(Method::GET, &paths(&second)[5]).send().await.unwrap().status(), 200);

    // At the same moment, in two processes: one is shown, and what is not leaves no file.
    let server = app.second_server().await;
    let elsewhere = rest.at(format!("http://{}", server.address(Service::User).unwrap()));
    let (one, two) =
        join(upload(&rest, png(700, 500, [1, 1, 1])), upload(&elsewhere, png(700, 500, [250, 1, 1]))).await;
    let both = [one.expect(200), two.expect(200)];
    assert!(both.contains(&rest.get(PHOTO).await.expect(200)));
    app.run_due_jobs().await;
    assert_eq!(files(&app).len(), 6);
    rest.delete(PHOTO).await.expect(204);
    app.run_due_jobs().await;
    assert_eq!(files(&app), Vec::<PathBuf>::new());
    server.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn files_of_an_upload_that_ended_before_it_was_shown_are_removed() {
    let mut app = TestApp::start().await;
    let person = app.person("mina", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &person);
    // The files are stored, and then nothing can be shown: as if the process had died in between.
    let never = "alter table users.photos add constraint never check (not shown)";
    scratch::run_in(app.database(), never).await.unwrap();
    assert_eq!(upload(&rest, png(1_300, 1_300, [7, 7, 7])).await.status, 500);
    app.restart().await;
    let rest = app.rest_as(Service::User, &person);
    rest.get(PHOTO).await.expect_problem(404, "not_found");
    app.run_due_jobs().await;
    assert_eq!(files(&app).len(), 6, "nobody knows yet that they are abandoned");
    app.advance(TimeDelta::hours(1)).await;
    app.run_due_jobs().await;
    assert_eq!(files(&app), Vec::<PathBuf>::new());
    app.stop().await;
}

#[tokio::test]
async fn a_copy_has_the_photo_and_a_withdrawal_removes_it() {
    let app = TestApp::start().await;
    let person = app.person("mina", &[Role::Customer]).await;
    let rest = app.rest_as(Service::Gateway, &person);
    let photo = upload(&rest, png(1_300, 1_300, [70, 7, 7])).await.expect(200);
    let jpeg = rest.request(Method::GET, &paths(&photo)[5]).send().await.unwrap().bytes().await.unwrap();

    let asked = rest.post("/v1/users/me/copies", json!({ "format": "json" })).await.expect(201);
    app.run_due_jobs().await;
    let link = format!("/v1/users/me/copies/{}/link", asked["id"].as_str().unwrap());
    let secret = rest.post(&link, json!({})).await.expect(201)["secret"].clone();
    let copy = rest.post("/v1/users/copies", json!({ "secret": secret })).await.expect(200);
    let rows = copy["data"]["users.photos"].as_array().unwrap();
    let picture = rows[0]["picture"].as_str().unwrap().strip_prefix("data:image/jpeg;base64,").unwrap();
    assert_eq!(BASE64_STANDARD.decode(picture).unwrap(), jpeg);

    assert_eq!(files(&app).len(), 6);
    rest.post("/v1/users/me/withdrawal", json!({})).await.expect(204);
    app.run_due_jobs().await;
    assert_eq!(files(&app), Vec::<PathBuf>::new());
    app.stop().await;
}
