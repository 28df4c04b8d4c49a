use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn at(secs: i64) -> Timestamp {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::seconds(secs)
}

fn courier(n: u8) -> CourierId {
    CourierId(Uuid::from_u128(u128::from(n)))
}

fn id(n: u8) -> OfferId {
    OfferId(Uuid::from_u128(100 + u128::from(n)))
}

/// Offer `n` to courier `n`, two in each round. The first round expires at 30 s, each
/// later one 10 s after the one before.
fn offers(count: u8) -> Offers {
    let place = LatLon::new(37.5, 127.0).unwrap();
    Offers(
        (0..count)
            .map(|n| Offer {
                id: id(n),
                order: OrderId(Uuid::from_u128(1)),
                courier: courier(n),
                status: OfferStatus::Pending,
                round: u32::from(n / 2),
                restaurant_name: "한 그릇".into(),
                pickup: place,
                drop_off: place,
                dong: None,
                distance_m: 120.4,
                fee: Won(3_500),
                expires_at: at(30 + 10 * i64::from(n / 2)),
            })
            .collect(),
    )
}

#[test]
fn the_first_to_accept_wins_and_the_others_are_told() {
    let (after, told) = offers(3).accept(id(1), courier(1), at(5)).unwrap();
    let kinds: Vec<_> = told.iter().map(|(who, event)| (*who, event.kind())).collect();
    assert_eq!(
        kinds,
        [(courier(1), "offer.accepted"), (courier(0), "offer.revoked"), (courier(2), "offer.revoked")]
    );
    assert_eq!(after.clone().accept(id(0), courier(0), at(5)), Err(OfferRefusal::Gone));
    assert_eq!(after.clone().accept(id(1), courier(1), at(99)), Ok((after, Vec::new())), "said twice");
}

#[test]
fn an_offer_is_good_until_its_last_moment_and_not_after() {
    assert!(offers(1).accept(id(0), courier(0), at(29)).is_ok());
    assert_eq!(offers(1).accept(id(0), courier(0), at(30)), Err(OfferRefusal::Expired));
}

#[test]
fn nobody_answers_for_another() {
    assert_eq!(offers(2).accept(id(0), courier(1), at(0)), Err(OfferRefusal::NotYours));
    assert_eq!(offers(2).decline(id(0), courier(1)), Err(OfferRefusal::NotYours));
}

#[test]
fn an_offer_tells_its_courier_what_they_need_to_decide() {
    let made = OfferEvent::Made(offers(1).0.remove(0));
    assert_eq!(made.data()["distance_m"], 120.0);
    assert_eq!(made.data()["fee_won"], 3_500);
    assert!(crate::words::fit(&made));
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Accept(u8),
    Decline(u8),
    Expire,
    Revoke,
}

fn any_command() -> impl Strategy<Value = (Command, i64)> {
    let command = prop_oneof![
        3 => (0..6_u8).prop_map(Command::Accept),
        3 => (0..6_u8).prop_map(Command::Decline),
        2 => Just(Command::Expire),
        1 => Just(Command::Revoke),
    ];
    (command, 0..15_i64)
}

/// The reference: only the status of each offer.
#[derive(Clone, Debug)]
struct Model(BTreeMap<u8, OfferStatus>);

impl Model {
    fn run(&mut self, command: Command, secs: i64) -> Result<(), OfferRefusal> {
        use OfferStatus as S;
        let over = |n: u8| secs >= 30 + 10 * i64::from(n / 2);
        match command {
            Command::Accept(n) => match self.0.get(&n).ok_or(OfferRefusal::NotYours)? {
                S::Accepted => return Ok(()),
                S::Declined => return Err(OfferRefusal::Answered),
                S::Revoked => return Err(OfferRefusal::Gone),
                S::Expired => return Err(OfferRefusal::Expired),
                S::Pending if over(n) => return Err(OfferRefusal::Expired),
                S::Pending => {
                    self.turn(S::Revoked, |_| true);
                    self.0.insert(n, S::Accepted);
                }
            },
            Command::Decline(n) => match self.0.get(&n).ok_or(OfferRefusal::NotYours)? {
                S::Accepted => return Err(OfferRefusal::Answered),
                _ => self.turn(S::Declined, |other| other == n),
            },
            Command::Expire => self.turn(S::Expired, over),
            Command::Revoke => self.turn(S::Revoked, |_| true),
        }
        Ok(())
    }

    fn turn(&mut self, to: OfferStatus, which: impl Fn(u8) -> bool) {
        for (n, status) in &mut self.0 {
            if *status == OfferStatus::Pending && which(*n) {
                *status = to;
            }
        }
    }
}

proptest! {
    #[test]
    fn offers_agree_with_the_model(commands in prop::collection::vec(any_command(), 0..20)) {
        let mut offers = offers(5);
        let mut model = Model((0..5).map(|n| (n, OfferStatus::Pending)).collect());
        let mut secs = 0;
        for (command, wait) in commands {
            secs += wait;
            let before = offers.clone();
            let decided = match command {
                Command::Accept(n) => before.accept(id(n), courier(n), at(secs)).map(|(after, _)| after),
                Command::Decline(n) => before.decline(id(n), courier(n)),
                Command::Expire => Ok(before.expire(at(secs)).0),
                Command::Revoke => Ok(before.revoke().0),
            };
            prop_assert_eq!(decided.as_ref().map(|_| ()).map_err(|refusal| *refusal), model.run(command, secs));
            offers = decided.unwrap_or(offers);
            let statuses: Vec<_> = offers.0.iter().map(|offer| offer.status).collect();
            prop_assert_eq!(statuses, model.0.values().copied().collect::<Vec<_>>());
            let winners = offers.0.iter().filter(|offer| offer.status == OfferStatus::Accepted).count();
            prop_assert!(winners <= 1);
        }
    }
}
