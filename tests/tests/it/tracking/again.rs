//! Commands over the socket that are sent again.

use serde_json::json;
use server::Service;
use tests::socket::Socket;

use super::*;

#[tokio::test]
async fn a_command_that_is_sent_again_under_its_ref_gets_the_first_answer() {
    let test = TestApp::start().await;
    let app = test.app();
    let account = test.person("jiho", &[Role::Courier]).await;
    let rider = principal(&account, Role::Courier);
    courier::shift(app, &rider, true).await.unwrap();
    let batch = Batch::new(1, vec![fix(0, app.now(), north(100.0))]).unwrap();
    courier::fixes(app, rider.user.into(), None, batch).await.unwrap();
    let order = accepted_order(app).await;
    let offer = offer_to(app, &rider).await;
    let mut phone = Socket::open(test.address(Service::Tracking), &account.access_token).await;
    let accept = json!({ "op": "offer_answer", "ref": "a", "offer_id": offer.id, "accept": true });
    let arrive = json!({ "op": "delivery_step", "ref": "b", "order_id": order.id, "step": "at_restaurant" });
    for command in [accept, arrive] {
        phone.say(command.clone()).await;
        let first = phone.next("reply").await;
        assert!(first["ok"].is_object(), "{first}");
        // The answer was lost on the way, as far as the phone knows.
        phone.say(command.clone()).await;
        assert_eq!(phone.next("reply").await, first);
        // Under another ref it is another command, which finds it done.
        let mut other = command;
        other["ref"] = json!(format!("{}-other", first["ref"].as_str().unwrap()));
        phone.say(other).await;
        assert_ne!(phone.next("reply").await["ref"], first["ref"]);
    }
    let told = history(app, Channel::Delivery(order.id)).await;
    assert_eq!(counted(told.iter().map(String::as_str))["delivery.at_restaurant"], 1, "{told:?}");
    test.stop().await;
}
