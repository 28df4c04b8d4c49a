//! A whole card by the owner's own ids, as JSON and as a table.

use reqwest::Method;
use serde_json::{Value, json};
use sim::card::large;
use tests::TestApp;
use tests::rest::{Answer, answer};

use super::{Shop, at_version, pointers};

async fn sheet(shop: &Shop, query: &str, table: &str) -> Answer {
    let path = shop.path(&format!("card.csv{query}"));
    answer(shop.owner.request(Method::PUT, &path).header("content-type", "text/csv").body(table.to_owned()))
        .await
}

fn counts(uploaded: &Value) -> (usize, usize, usize) {
    let count = |name: &str| uploaded[name].as_array().unwrap().len();
    (count("added"), count("changed"), count("removed"))
}

#[tokio::test]
async fn a_thousand_dishes_are_uploaded_at_once_and_the_same_again_changes_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let path = shop.path("card");
    let first = shop.owner.put(&path, large(1_000, 9_000)).await.expect(200);
    assert_eq!(counts(&first), (10 + 4 * 1_000, 0, 2 + 2 + 3));
    assert_eq!(first["version"], 2);
    let ids = shop.owned().await;
    let again = shop.owner.put(&path, large(1_000, 9_000)).await.expect(200);
    assert_eq!((counts(&again), &again["version"]), ((0, 0, 0), &json!(2)));
    assert_eq!(shop.owned().await, ids);

    // A dry run says what would change; only then it is changed.
    let dry = shop.owner.put(&format!("{path}?dry_run=true"), large(999, 9_500)).await.expect(200);
    assert_eq!((counts(&dry), &dry["version"], &dry["dry_run"]), ((0, 999, 4), &json!(2), &json!(true)));
    let change = &dry["changed"][0];
    assert_eq!((&change["part"], &change["fields"]), (&json!("menu"), &json!(["price_won"])));
    assert_eq!((&change["from_won"], &change["to_won"]), (&json!(9_000), &json!(9_500)));
    assert_eq!(dry["removed"][0]["external_id"], "m999");
    assert_eq!(shop.owned().await, ids);
    at_version(&shop.owner, Method::PUT, &path, 1, large(10, 1)).await.expect_problem(412, "stale");
    let wet = at_version(&shop.owner, Method::PUT, &path, 2, large(999, 9_500)).await.expect(200);
    assert_eq!((counts(&wet), &wet["version"]), ((0, 999, 4), &json!(3)));
    let after = shop.owned().await;
    assert_eq!(after["groups"][3]["menus"][7]["id"], ids["groups"][3]["menus"][7]["id"]);
    shop.owner.put(&path, large(1_001, 9_000)).await.expect_problem(422, "invalid");
    app.stop().await;
}

#[tokio::test]
async fn an_upload_is_all_or_nothing_and_keeps_what_is_sold_out() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let path = shop.path("card");
    let mut card = large(20, 9_000);
    shop.owner.put(&path, card.clone()).await.expect(200);
    let dish = shop.owned().await["groups"][0]["menus"][1]["id"].as_str().unwrap().to_owned();
    shop.owner.patch(&format!("/v1/menus/{dish}"), json!({ "sold_out": true })).await.expect(200);
    card["groups"][0]["menus"][0]["price_won"] = json!(1);
    card["groups"][4]["menus"][1]["external_id"] = json!("m3");
    card["groups"][5]["menus"][0]["option_groups"][0]["options"][1]["is_default"] = json!(true);
    let problem = shop.owner.put(&path, card.clone()).await.expect_problem(422, "invalid");
    assert_eq!(
        pointers(&problem),
        [
            ("/groups/4/menus/1/external_id", "duplicate"),
            ("/groups/5/menus/0/option_groups/0/max", "out_of_range"),
            ("/groups/5/menus/0/option_groups/0/options/1/is_default", "default_costs"),
        ]
    );
    assert_eq!(shop.owned().await["version"], 3);
    card["groups"][4]["menus"][1]["external_id"] = json!("m14");
    card["groups"][5]["menus"][0]["option_groups"][0]["options"][1]["is_default"] = json!(false);
    let uploaded = shop.owner.put(&path, card).await.expect(200);
    assert_eq!(counts(&uploaded), (0, 1, 0));
    let kept = &shop.owned().await["groups"][0]["menus"][1];
    assert_eq!((&kept["id"], &kept["sold_out"]), (&json!(dish), &json!(true)));
    app.stop().await;
}

#[tokio::test]
async fn a_table_is_the_same_as_json_and_its_faults_are_told_with_their_lines() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let head = "group_external_id,group_name,menu_external_id,menu_name,price_won,origins,allergens,\
        option_group_external_id,option_group_name,min,max,option_external_id,option_name,option_price_won,is_default";
    let table = format!(
        "\u{feff}{head}\r\ng,국밥,m1,\"돼지국밥, 특\",11000,돼지고기:국내산|쌀:국내산,pork,s,사리,1,1,a,소면,0,true\r\n\
         g,,m1,,,,,s,,,,b,당면,500,\r\ng,,m2,순대,6000,,,,,,,,,,\r\n"
    );
    let dry = sheet(&shop, "?dry_run=true", &table).await.expect(200);
    assert_eq!(counts(&dry), (1 + 2 + 1 + 2, 0, 7));
    sheet(&shop, "", &table).await.expect(200);
    let card = shop.owned().await;
    let menu = &card["groups"][0]["menus"][0];
    assert_eq!((&menu["name"], &menu["allergens"]), (&json!("돼지국밥, 특"), &json!(["pork"])));
    assert_eq!(menu["option_groups"][0]["options"][1]["price_won"], 500);
    assert_eq!(card["groups"][0]["menus"][1]["external_id"], "m2");
    let again = sheet(&shop, "", &table).await.expect(200);
    assert_eq!((counts(&again), &again["version"]), ((0, 0, 0), &json!(2)));

    let problem = sheet(&shop, "", &table.replace("11000", "비싸요").replace("pork", "pig")).await;
    let problem = problem.expect_problem(422, "invalid");
    assert_eq!(
        pointers(&problem),
        [("/lines/2/price_won", "wrong_type"), ("/lines/2/allergens", "unknown_value")]
    );
    let problem = sheet(&shop, "", &table.replace("500,", "500,true")).await.expect_problem(422, "invalid");
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.last().unwrap()["code"], "default_costs");
    assert!(errors.last().unwrap()["detail"].as_str().unwrap().starts_with("Line 3: "), "{problem}");
    let path = shop.path("card.csv");
    answer(shop.owner.request(Method::PUT, &path).body(table))
        .await
        .expect_problem(415, "media_type_unsupported");
    assert_eq!(shop.owned().await["version"], 2);
    app.stop().await;
}
