//! Which couriers get an offer, and which one wins the order.

use domain::tracking::Offers;
use futures::future::join_all;
use services::Settings;
use services::tracking::dispatch;

use super::*;

fn settings(per_round: usize, answer_within_secs: i64) -> Settings {
    let mut settings = tests::settings();
    settings.tracking.dispatch.per_round = per_round;
    settings.tracking.dispatch.answer_within = TimeDelta::seconds(answer_within_secs);
    settings
}

#[tokio::test]
async fn of_many_who_accept_at_once_exactly_one_wins() {
    let test = TestApp::start_with(settings(12, 30)).await;
    let app = test.app();
    let couriers = join_all((0..12).map(|n| courier_at(app, 50.0 + f64::from(n)))).await;
    let order = accepted_order(app).await;
    let offers = join_all(couriers.iter().map(|who| offer_to(app, who))).await;

    let answers =
        join_all(couriers.iter().zip(&offers).map(|(who, offer)| dispatch::accept(app, who, offer.id))).await;

    let winners: Vec<_> = couriers.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).collect();
    assert_eq!(winners.len(), 1, "exactly one");
    let winner = winners[0].0;
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(code(refused), "offer.gone");
    }
    for who in &couriers {
        let last = if who == winner { "offer.accepted" } else { "offer.revoked" };
        assert!(history(app, own(who)).await.contains(&last.to_owned()), "{last}");
    }
    told(app, Channel::Order(order.id), "order.courier_assigned").await;
    let shown = services::tracking::show(app, winner, order.id).await.unwrap();
    assert_eq!(shown.courier.unwrap().id, CourierId::from(winner.user));
    // Answering again is answered the same.
    let offer = &offers[couriers.iter().position(|who| who == winner).unwrap()];
    assert!(dispatch::accept(app, winner, offer.id).await.is_ok());
    test.stop().await;
}

#[tokio::test]
async fn an_offer_that_nobody_answers_expires_and_the_search_widens() {
    let test = TestApp::start_with(settings(1, 10)).await;
    let app = test.app();
    let near = courier_at(app, 100.0).await;
    let far = courier_at(app, 2_200.0).await;
    accepted_order(app).await;

    let first = offer_to(app, &near).await;
    assert!(first.expires_at <= app.now() + TimeDelta::seconds(10));
    test.advance(TimeDelta::seconds(10)).await;
    let second = offer_to(app, &far).await;

    assert_eq!((first.round, second.round), (0, 1));
    assert_eq!(history(app, own(&near)).await[..2], ["offer.made", "offer.expired"]);
    assert_eq!(code(dispatch::accept(app, &near, first.id).await.unwrap_err()), "offer.expired");
    dispatch::accept(app, &far, second.id).await.unwrap();
    test.stop().await;
}

#[tokio::test]
async fn who_declines_is_not_asked_again_and_the_next_is_asked_at_once() {
    let test = TestApp::start_with(settings(1, 60)).await;
    let app = test.app();
    let near = courier_at(app, 100.0).await;
    let next = courier_at(app, 200.0).await;
    accepted_order(app).await;

    let offer = offer_to(app, &near).await;
    dispatch::decline(app, &near, offer.id).await.unwrap();

    let offer = offer_to(app, &next).await;
    assert_eq!(code(dispatch::accept(app, &near, offer.id).await.unwrap_err()), "not_found");
    dispatch::decline(app, &next, offer.id).await.unwrap();
    assert_eq!(history(app, own(&near)).await, ["offer.made"], "not again");
    test.stop().await;
}

#[tokio::test]
async fn a_courier_who_drops_out_before_pickup_is_replaced() {
    let test = TestApp::start_with(settings(1, 60)).await;
    let app = test.app();
    let near = courier_at(app, 100.0).await;
    let next = courier_at(app, 200.0).await;
    let order = accepted_order(app).await;
    let offer = offer_to(app, &near).await;
    dispatch::accept(app, &near, offer.id).await.unwrap();

    services::tracking::step(app, &near, order.id, services::tracking::Step::DropOut).await.unwrap();

    let offer = offer_to(app, &next).await;
    dispatch::accept(app, &next, offer.id).await.unwrap();
    let counts = counted(history(app, Channel::Delivery(order.id)).await);
    assert_eq!((counts["delivery.assigned"], counts["delivery.unassigned"]), (2, 1));
    until("the order's new courier", async || {
        let order = store::order::load(&app.store, order.id).await.unwrap().unwrap();
        (order.courier == Some(next.user.into())).then_some(())
    })
    .await;
    assert!(services::tracking::show(app, &near, order.id).await.is_err(), "it is theirs no more");
    test.stop().await;
}

#[tokio::test]
async fn a_cancelled_order_takes_its_offers_back() {
    let test = TestApp::start_with(settings(2, 60)).await;
    let app = test.app();
    let who = courier_at(app, 100.0).await;
    let order = accepted_order(app).await;
    let offer = offer_to(app, &who).await;

    let reason = "재료 소진".to_owned();
    ask(app, order.id, By::Owner(order.restaurant), Command::Cancel { reason }).await.unwrap();

    told(app, own(&who), "offer.revoked").await;
    told(app, Channel::Delivery(order.id), "delivery.cancelled").await;
    assert_eq!(code(dispatch::accept(app, &who, offer.id).await.unwrap_err()), "offer.gone");
    test.stop().await;
}

#[tokio::test]
async fn nobody_off_shift_or_far_away_is_asked() {
    let test = TestApp::start_with(settings(5, 10)).await;
    let app = test.app();
    let off = courier_at(app, 100.0).await;
    courier::shift(app, &off, false).await.unwrap();
    let far = courier_at(app, 9_000.0).await;
    let order = accepted_order(app).await;
    told(app, Channel::Delivery(order.id), "delivery.requested").await;
    let near = courier_at(app, 300.0).await;
    test.advance(TimeDelta::seconds(10)).await;

    // Once this one is asked, the others would have been.
    offer_to(app, &near).await;
    assert!(history(app, own(&off)).await.is_empty() && history(app, own(&far)).await.is_empty());
    test.stop().await;
}

#[tokio::test]
async fn an_offer_is_not_accepted_off_shift() {
    let test = TestApp::start_with(settings(1, 60)).await;
    let app = test.app();
    let who = courier_at(app, 100.0).await;
    accepted_order(app).await;
    let offer = offer_to(app, &who).await;
    courier::shift(app, &who, false).await.unwrap();
    assert_eq!(code(dispatch::accept(app, &who, offer.id).await.unwrap_err()), "offer.off_shift");
    courier::shift(app, &who, true).await.unwrap();
    assert!(dispatch::accept(app, &who, offer.id).await.is_ok(), "the offer still stands");
    test.stop().await;
}

#[tokio::test]
async fn who_accepts_many_offers_at_once_on_two_servers_carries_no_more_than_one_may() {
    let test = TestApp::start_with(settings(1, 60)).await;
    let second = test.second_server().await;
    let app = test.app();
    let orders = join_all((0..6).map(|_| accepted_order(app))).await;
    for order in &orders {
        told(app, Channel::Delivery(order.id), "delivery.requested").await;
    }
    // Far from the restaurant, so that nobody asks but this test.
    let who = courier_at(app, 9_000.0).await;
    let mut offers = Vec::new();
    for order in &orders {
        let offer = Offer {
            id: app.ids.uuid().into(),
            order: order.id,
            courier: who.user.into(),
            status: domain::tracking::OfferStatus::Pending,
            round: 0,
            restaurant_name: order.restaurant_name.clone(),
            pickup: order.pickup,
            drop_off: order.drop_off.as_ref().unwrap().position,
            dong: None,
            distance_m: 9_000.0,
            fee: Won(5_000),
            expires_at: app.now() + TimeDelta::minutes(1),
        };
        let mut tx = app.store.begin().await.unwrap();
        let (before, after) = (Offers::default(), Offers(vec![offer.clone()]));
        store::tracking::save_offers(&mut tx, &before, &after).await.unwrap();
        tx.commit().await.unwrap();
        offers.push(offer.id);
    }

    let apps = [app, second.app()];
    let accept = |(n, offer): (usize, &domain::OfferId)| dispatch::accept(apps[n % 2], &who, *offer);
    let answers = join_all(offers.iter().enumerate().map(accept)).await;
    let taken = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(taken, 2, "as many as one courier may carry");
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(code(refused), "offer.at_capacity");
    }
    assert_eq!(store::tracking::live(&app.store, who.user.into()).await.unwrap().len(), 2);
    second.stop(Duration::from_secs(5)).await;
    test.stop().await;
}
