//! Pictures of dishes: uploaded by the owner, seen by everybody, and gone with all of their files.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use domain::Role;
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use store::scratch;
use tests::TestApp;
use tests::rest::{Answer, Rest, answer};
use tests::shop::Guest;

use super::Shop;

fn png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb(colour)).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn upload(rest: &Rest, dish: &str, bytes: Vec<u8>) -> Answer {
    let request = rest.request(Method::PUT, &format!("{dish}/picture"));
    answer(request.header("content-type", "application/octet-stream").body(bytes)).await
}

/// The files of all pictures of dishes.
fn files(app: &TestApp) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    below(&app.blobs().join("menu_image"), &mut found);
    found
}

fn paths(picture: &Value) -> Vec<String> {
    let files = picture["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_picture_of_a_dish_is_a_version_of_the_card_and_kept_by_everybody_for_ever() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let dish = upload(&shop.owner, &shop.dish(), png(1_600, 800, [200, 100, 50])).await.expect(200);
    let picture = &dish["picture"];
    assert_eq!((&dish["version"], &picture["colour"]), (&json!(2), &json!("#c86432")));
    assert_eq!((&picture["width"], &picture["height"]), (&json!(1_280), &json!(640)));
    let shown = shop.offered(&app).await;
    assert_eq!((&shown["version"], &shown["groups"][0]["menus"][0]["picture"]), (&json!(2), picture));
    let nobody = app.rest(Service::Menu);
    for (path, media_type) in paths(picture).iter().zip(["image/webp", "image/jpeg"].into_iter().cycle()) {
        let file = nobody.request(Method::GET, path).send().await.unwrap();
        let said = |name: &str| file.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(said("content-type"), media_type);
        assert_eq!(said("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(said("x-content-type-options"), "nosniff");
    }
    let webp = &paths(picture)[0];
    let wrong = [
        webp.replace(".webp", ".jpg"),
        webp.replace(".webp", ""),
        "/v1/images/.webp".into(),
        "/v1/images/..%2f..%2fprofile_photo.webp".into(),
        "/v1/images/%F0%9F%8D%97.webp".into(),
    ];
    for path in wrong {
        nobody.get(&path).await.expect_problem(404, "not_found");
    }
    // What is edited keeps it; what replaces it has other files.
    shop.owner.put(&shop.dish(), json!({ "name": "반반", "price_won": 1 })).await.expect(200);
    assert_eq!(&shop.owned().await["groups"][0]["menus"][0]["picture"], picture);
    let second = upload(&shop.owner, &shop.dish(), png(1_300, 1_300, [9, 9, 9])).await.expect(200);
    app.run_due_jobs().await;
    assert_eq!(files(&app).len(), 6);
    assert_ne!(&second["picture"], picture);
    let removed = shop.owner.delete(&format!("{}/picture", shop.dish())).await.expect(200);
    assert_eq!(removed.get("picture"), None);
    shop.owner.delete(&format!("{}/picture", shop.dish())).await.expect(200);
    app.run_due_jobs().await;
    assert_eq!(files(&app), Vec::<PathBuf>::new());
    app.stop().await;
}

#[tokio::test]
async fn a_picture_that_is_not_taken_is_refused_by_its_name_and_only_the_owner_may() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let gif = [b"GIF89a".to_vec(), vec![0; 100]].concat();
    let refused: [(Vec<u8>, &str); 4] = [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1".to_vec(), "image.heic"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "image.svg"),
        (gif, "image.animated"),
        (Vec::new(), "image.unknown_format"),
    ];
    for (bytes, code) in refused {
        upload(&shop.owner, &shop.dish(), bytes).await.expect_problem(422, code);
    }
    let (other, customer) = (Guest::new(&app, Role::Owner).await, Guest::new(&app, Role::Customer).await);
    upload(&other, &shop.dish(), png(9, 9, [0; 3])).await.expect_problem(404, "not_found");
    upload(&customer, &shop.dish(), png(9, 9, [0; 3])).await.expect_problem(403, "forbidden");
    other.delete(&format!("{}/picture", shop.dish())).await.expect_problem(404, "not_found");
    assert_eq!(files(&app), Vec::<PathBuf>::new());
    assert_eq!(shop.owned().await["version"], 1);
    app.stop().await;
}

#[tokio::test]
async fn a_dish_that_goes_takes_its_picture_along_and_an_upload_that_ended_early_leaves_nothing() {
    let mut app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    upload(&shop.owner, &shop.dish(), png(1_300, 1_300, [70, 7, 7])).await.expect(200);
    assert_eq!(files(&app).len(), 6);
    shop.owner.delete(&shop.dish()).await.expect(200);
    app.run_due_jobs().await;
    assert_eq!(files(&app), Vec::<PathBuf>::new());

    let group = shop.card.groups[0].id;
    let draft = json!({ "name": "양념", "price_won": 9_000 });
    let dish = shop.owner.post(&format!("/v1/menu-groups/{group}/menus"), draft).await.expect(201);
    let dish = format!("/v1/menus/{}", dish["id"].as_str().unwrap());
    // The files are stored, and then nothing can be shown: as if the process had died in between.
    let never = "alter table menu.pictures add constraint never check (not shown)";
    scratch::run_in(app.database(), never).await.unwrap();
    assert_eq!(upload(&shop.owner, &dish, png(1_300, 1_300, [7, 7, 7])).await.status, 500);
    app.restart().await;
    app.run_due_jobs().await;
    assert_eq!(files(&app).len(), 6, "nobody knows yet that they are abandoned");
    app.advance(TimeDelta::hours(1)).await;
    app.run_due_jobs().await;
    assert_eq!(files(&app), Vec::<PathBuf>::new());
    app.stop().await;
}
