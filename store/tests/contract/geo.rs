//! The index of couriers' positions.

use std::time::Duration;

use domain::{Clock, CourierId, LatLon};

use crate::environment::{Environment, eventually, fresh};

fn place(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).unwrap()
}

const STATION: (f64, f64) = (37.4979, 127.0276);

pub(crate) async fn the_nearest_couriers_are_found_by_every_process(environment: &Environment) {
    let (seer, asker) = (environment.process().await, environment.process().await);
    let centre = place(STATION.0, STATION.1);
    let couriers: Vec<CourierId> = (0..40).map(|_| CourierId(fresh())).collect();
    for (step, courier) in (0u32..).zip(&couriers) {
        // About 111 m further north each.
        let position = place(STATION.0 + f64::from(step) * 0.001, STATION.1);
        seer.geo_index.put(*courier, position, environment.clock.now());
    }
    // The process that stored the positions finds them at once.
    let own = seer.geo_index.near(centre, 1_500.0, 5).await;
    assert_eq!(own.iter().map(|spotted| spotted.courier).collect::<Vec<_>>(), couriers[..5]);
    eventually("the others know", || async { asker.geo_index.near(centre, 10_000.0, 100).await.len() == 40 })
        .await;
    let found = asker.geo_index.near(centre, 1_500.0, 100).await;
    assert_eq!(found.iter().map(|spotted| spotted.courier).collect::<Vec<_>>(), couriers[..14]);
    for (step, spotted) in (0u32..).zip(&found) {
        assert!((spotted.distance_m - f64::from(step) * 111.2).abs() < 2.0, "{spotted:?}");
    }
    assert!(asker.geo_index.near(place(35.1, 129.0), 10_000.0, 100).await.is_empty());
}

pub(crate) async fn who_is_removed_or_silent_for_long_is_not_found(environment: &Environment) {
    let (seer, asker) = (environment.process().await, environment.process().await);
    let centre = place(STATION.0, STATION.1);
    let (gone, silent, there) = (CourierId(fresh()), CourierId(fresh()), CourierId(fresh()));
    let now = environment.clock.now();
    seer.geo_index.put(gone, centre, now);
    seer.geo_index.put(there, centre, now);
    seer.geo_index.put(silent, centre, now - environment.settings.courier_kept + Duration::from_secs(60));
    eventually("all are found", || async { asker.geo_index.near(centre, 100.0, 9).await.len() == 3 }).await;
    // The shift ends through another process than the one that stored the position.
    asker.geo_index.remove(gone);
    environment.clock.advance(Duration::from_secs(61));
    for process in [&seer, &asker] {
        eventually("only one is found", || async {
            let found = process.geo_index.near(centre, 100.0, 9).await;
            found.len() == 1 && found[0].courier == there
        })
        .await;
    }
}

pub(crate) async fn a_courier_is_found_once_and_where_they_were_last(environment: &Environment) {
    let (first, second, asker) =
        (environment.process().await, environment.process().await, environment.process().await);
    let courier = CourierId(fresh());
    let (here, there) = (place(STATION.0, STATION.1), place(STATION.0 + 0.05, STATION.1));
    let now = environment.clock.now();
    first.geo_index.put(courier, here, now);
    eventually("they are here", || async { asker.geo_index.near(here, 500.0, 9).await.len() == 1 }).await;
    second.geo_index.put(courier, there, now + Duration::from_secs(10));
    eventually("they are there", || async { asker.geo_index.near(there, 500.0, 9).await.len() == 1 }).await;
    assert!(asker.geo_index.near(here, 500.0, 9).await.is_empty());
    assert_eq!(asker.geo_index.near(here, 20_000.0, 9).await.len(), 1);
}
