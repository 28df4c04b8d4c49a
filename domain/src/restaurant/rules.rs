//! The rules by which a restaurant sells: what its owner edits as one document.

use serde::{Deserialize, Serialize};

use super::slot::PER_SLOT_MAX;
use super::{Destination, Hours, Preparation, Zone, zone};
use crate::tip::TipPlan;
use crate::{Fault, LatLon, Refused, Won, fault};

/// The highest minimum order amount; anything above is taken for a mistake.
pub const MINIMUM_MAX: Won = Won(1_000_000);

/// When, where to, for how much and how fast a restaurant sells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// The smallest subtotal that can be ordered, 0 to [`MINIMUM_MAX`].
    pub minimum_order: Won,
    /// The delivery tip rules.
    pub tip: TipPlan,
    /// When it is open.
    pub hours: Hours,
    /// It delivers to any destination that one of these covers…
    pub zones: Vec<Zone>,
    /// … and none of these does.
    pub exclusions: Vec<Zone>,
    /// How long it cooks.
    pub preparation: Preparation,
    /// Whether customers may collect their orders.
    pub takes_pickup: bool,
    /// Whether orders are accepted without anybody's doing.
    pub accepts_automatically: bool,
    /// The most orders that are scheduled for one slot, 1 to [`PER_SLOT_MAX`]; no limit if none.
    #[serde(default)]
    pub orders_per_slot: Option<u32>,
}

impl Rules {
    /// The rules of a restaurant that has none yet: never open, no zone, no tip.
    pub fn none() -> Self {
        Self {
            minimum_order: Won::ZERO,
            tip: TipPlan::flat(Won::ZERO),
            hours: Hours::default(),
            zones: Vec::new(),
            exclusions: Vec::new(),
            preparation: Preparation::always(20),
            takes_pickup: true,
            accepts_automatically: false,
            orders_per_slot: None,
        }
    }

    /// Whether a restaurant at `kitchen` delivers to the destination.
    pub fn deliver_to(&self, kitchen: LatLon, to: Destination) -> bool {
        let distance_m = kitchen.distance_m(to.position);
        let covers = |zone: &Zone| zone.covers_at(distance_m, to);
        self.zones.iter().any(covers) && !self.exclusions.iter().any(covers)
    }

    /// The furthest reach of the zones from `kitchen` in metres, rounded up.
    pub fn reach_m(&self, kitchen: LatLon) -> u32 {
        self.zones.iter().map(|zone| zone.reach_m(kitchen)).max().unwrap_or(0)
    }

    /// All errors, one pointer for each.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = self.tip.check();
        faults.extend(self.hours.check());
        faults.extend(self.preparation.check());
        for (list, zones) in [("zones", &self.zones), ("exclusions", &self.exclusions)] {
            faults.extend(
                zones.iter().enumerate().filter_map(|(place, zone)| zone.check(&format!("/{list}/{place}"))),
            );
            if zones.len() > zone::ZONES_MAX {
                let detail = format!("At most {}.", zone::ZONES_MAX);
                faults.push(Fault::new(format!("/{list}"), fault::WRONG_LENGTH, detail));
            }
        }
        if !(Won::ZERO..=MINIMUM_MAX).contains(&self.minimum_order) {
            let detail = "A minimum order amount is 0 to 1000000.";
            faults.push(Fault::new("/minimum_order_won", fault::OUT_OF_RANGE, detail));
        }
        if self.orders_per_slot.is_some_and(|most| !(1..=PER_SLOT_MAX).contains(&most)) {
            let detail = format!("1 to {PER_SLOT_MAX}.");
            faults.push(Fault::new("/orders_per_slot", fault::OUT_OF_RANGE, detail));
        }
        faults
    }

    /// These rules, if they are sound.
    pub fn checked(self) -> Result<Self, Refused> {
        let faults = self.check();
        if faults.is_empty() { Ok(self) } else { Err(Refused::invalid(faults)) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Always open, 3 km around, 3,000 won of tip, at least 15,000 won.
    pub(crate) fn rules() -> Rules {
        Rules {
            minimum_order: Won(15_000),
            tip: TipPlan::flat(Won(3_000)),
            hours: Hours::always(),
            zones: vec![Zone::Radius { metres: 3_000 }],
            ..Rules::none()
        }
    }

    #[test]
    fn what_one_zone_covers_and_no_exclusion_does_is_delivered_to() {
        let kitchen = LatLon::new(37.5006, 127.0364).unwrap();
        let to = |lat| Destination { position: LatLon::new(lat, 127.0364).unwrap(), dong: None };
        let ring = Rules { exclusions: vec![Zone::Radius { metres: 500 }], ..rules() };
        assert!(rules().deliver_to(kitchen, to(37.5006)) && !ring.deliver_to(kitchen, to(37.5006)));
        assert!(ring.deliver_to(kitchen, to(37.51)) && !ring.deliver_to(kitchen, to(37.56)));
        assert!(!Rules { zones: vec![], ..rules() }.deliver_to(kitchen, to(37.5006)));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        assert!(rules().checked().is_ok());
        let mut wrong = rules();
        wrong.minimum_order = Won(-1);
        wrong.zones.push(Zone::Radius { metres: 0 });
        wrong.exclusions = vec![Zone::Dongs { dongs: vec![] }];
        wrong.preparation.usual_mins = 4;
        wrong.tip.tiers[0].from = Won(1);
        let pointers: Vec<_> =
            wrong.checked().unwrap_err().faults.into_iter().map(|fault| fault.pointer).collect();
        let expected =
            ["/tip/tiers", "/preparation/usual_mins", "/zones/1", "/exclusions/0", "/minimum_order_won"];
        assert_eq!(pointers, expected);
    }
}
