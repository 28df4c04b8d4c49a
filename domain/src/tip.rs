//! The delivery tip (배달팁): the fee that the customer pays for the delivery.
//!
//! The list, the detail, the cart and the order all use this calculation, so that the
//! tip shown is the tip charged:
//!
//! tip = tier of the subtotal + distance + neighbourhood + time and holiday surcharges

use serde::{Deserialize, Serialize};

use crate::gazetteer::DongCode;
use crate::week::Span;
use crate::won::Overflow;
use crate::{Fault, Timestamp, Won, fault};

/// The highest part of a tip; anything above is taken for a mistake.
pub const TIP_MAX: Won = Won(50_000);

/// The most tiers of a plan.
pub const TIERS_MAX: usize = 20;

/// The most neighbourhoods with a surcharge.
pub const DONGS_MAX: usize = 200;

/// The most surcharges by time, and the most spans of all of them.
pub const TIMES_MAX: usize = 100;

/// The tip for subtotals of at least `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// The smallest subtotal with this tip, inclusive.
    pub from: Won,
    /// The tip.
    pub tip: Won,
}

/// A surcharge for every started `step_m` metres beyond a base distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistanceSteps {
    /// Metres in a straight line without a surcharge.
    pub base_m: u32,
    /// The increment in metres, at least 1.
    pub step_m: u32,
    /// The surcharge for each started increment.
    pub step: Won,
}

/// A surcharge for a neighbourhood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DongSurcharge {
    /// The neighbourhood.
    pub dong: DongCode,
    /// The surcharge.
    pub surcharge: Won,
}

/// A surcharge at certain times of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSurcharge {
    /// When it applies; overlapping spans of one surcharge count once.
    pub spans: Vec<Span>,
    /// The surcharge.
    pub surcharge: Won,
}

/// A restaurant's tip rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipPlan {
    /// By subtotal, in ascending order; the first starts at zero.
    pub tiers: Vec<Tier>,
    /// By distance.
    pub distance: Option<DistanceSteps>,
    /// By neighbourhood.
    pub dongs: Vec<DongSurcharge>,
    /// By time.
    pub times: Vec<TimeSurcharge>,
    /// On public holidays, all day; 0 for none.
    #[serde(default)]
    pub holiday: Won,
}

/// A part of a tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipPart {
    /// What it is for.
    pub kind: TipPartKind,
    /// More than nothing.
    pub amount: Won,
}

/// What a part of a tip is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TipPartKind {
    /// The tip for the subtotal.
    Subtotal,
    /// The surcharge for the distance.
    Distance,
    /// The surcharge for the neighbourhood.
    Dong,
    /// The surcharges for the time.
    Time,
    /// The surcharge on a public holiday.
    Holiday,
}

/// The delivery that a tip is calculated for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeliveryLeg {
    /// Metres in a straight line.
    pub distance_m: f64,
    /// The neighbourhood of the destination, if known.
    pub dong: Option<DongCode>,
    /// When the delivery takes place.
    pub at: Timestamp,
    /// Whether that is a public holiday.
    pub on_holiday: bool,
}

impl DistanceSteps {
    /// The number of started increments beyond the base distance; zero exactly at it.
    fn started(self, distance_m: f64) -> u32 {
        // Rounding up to whole metres does not change the result, because base and
        // increment are whole metres too. The cast saturates, and no distance on earth
        // exceeds u32 metres.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, see above")]
        let metres = distance_m.ceil() as u32;
        metres.saturating_sub(self.base_m).div_ceil(self.step_m.max(1))
    }
}

impl TipPlan {
    /// The same tip for every order and distance.
    pub fn flat(tip: Won) -> Self {
        Self {
            tiers: vec![Tier { from: Won::ZERO, tip }],
            distance: None,
            dongs: Vec::new(),
            times: Vec::new(),
            holiday: Won::ZERO,
        }
    }

    /// The tip for a subtotal and a delivery.
    pub fn tip(&self, subtotal: Won, way: DeliveryLeg) -> Result<Won, Overflow> {
        Won::sum(self.all_parts(subtotal, way)?.into_iter().map(|part| part.amount))
    }

    /// What the tip consists of, without parts of nothing.
    pub fn parts(&self, subtotal: Won, way: DeliveryLeg) -> Result<Vec<TipPart>, Overflow> {
        let parts = self.all_parts(subtotal, way)?.into_iter();
        Ok(parts.filter(|part| part.amount > Won::ZERO).collect())
    }

    fn all_parts(&self, subtotal: Won, way: DeliveryLeg) -> Result<[TipPart; 5], Overflow> {
        let tier =
            self.tiers.iter().rev().find(|tier| tier.from <= subtotal).map_or(Won::ZERO, |tier| tier.tip);
        let steps = self.distance.map_or(Ok(Won::ZERO), |d| d.step.times(d.started(way.distance_m)))?;
        let dongs = self.dongs.iter().filter(|d| Some(d.dong) == way.dong).map(|d| d.surcharge);
        let times =
            self.times.iter().filter(|t| t.spans.iter().any(|span| span.covers(way.at))).map(|t| t.surcharge);
        let holiday = if way.on_holiday { self.holiday } else { Won::ZERO };
        let parts = [
            (TipPartKind::Subtotal, tier),
            (TipPartKind::Distance, steps),
            (TipPartKind::Dong, Won::sum(dongs)?),
            (TipPartKind::Time, Won::sum(times)?),
            (TipPartKind::Holiday, holiday),
        ];
        Ok(parts.map(|(kind, amount)| TipPart { kind, amount }))
    }

    /// All errors in the rules.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut wrong = |pointer: String, detail: &str| {
            faults.push(Fault::new(pointer, fault::OUT_OF_RANGE, detail));
        };
        if self.tiers.first().is_none_or(|first| first.from != Won::ZERO) {
            wrong("/tip/tiers".into(), "The first tier starts at 0.");
        }
        for (place, pair) in self.tiers.windows(2).enumerate() {
            if pair[0].from >= pair[1].from {
                wrong(format!("/tip/tiers/{}/from_won", place + 1), "A tier starts above the one before.");
            }
        }
        if self.distance.is_some_and(|distance| distance.step_m == 0) {
            wrong("/tip/distance/step_m".into(), "A step is at least 1 metre.");
        }
        for (pointer, amount) in self.amounts() {
            if !(Won::ZERO..=TIP_MAX).contains(&amount) {
                wrong(pointer, "A tip is 0 to 50000.");
            }
        }
        for (place, dong) in self.dongs.iter().enumerate() {
            if self.dongs[..place].iter().any(|earlier| earlier.dong == dong.dong) {
                let detail = "This neighbourhood has a surcharge already.";
                faults.push(Fault::new(format!("/tip/dongs/{place}"), fault::DUPLICATE, detail));
            }
        }
        for (place, time) in self.times.iter().enumerate() {
            let spans = time.spans.iter().enumerate();
            faults.extend(
                spans.filter_map(|(span, one)| one.check(&format!("/tip/times/{place}/spans/{span}"))),
            );
        }
        let spans = self.times.iter().map(|time| time.spans.len()).sum();
        let lists = [
            ("tiers", self.tiers.len(), TIERS_MAX),
            ("dongs", self.dongs.len(), DONGS_MAX),
            ("times", self.times.len().max(spans), TIMES_MAX),
        ];
        let long = lists.into_iter().filter(|(_, length, max)| length > max).map(|(list, _, max)| {
            Fault::new(format!("/tip/{list}"), fault::WRONG_LENGTH, format!("At most {max}."))
        });
        faults.extend(long);
        faults
    }

    /// All amounts, with their pointers.
    fn amounts(&self) -> impl Iterator<Item = (String, Won)> {
        let tiers = self.tiers.iter().enumerate();
        let tiers = tiers.map(|(place, tier)| (format!("/tip/tiers/{place}/tip_won"), tier.tip));
        let step = self.distance.map(|distance| ("/tip/distance/step_won".to_owned(), distance.step));
        let dongs = self.dongs.iter().enumerate();
        let dongs = dongs.map(|(place, dong)| (format!("/tip/dongs/{place}/surcharge_won"), dong.surcharge));
        let times = self.times.iter().enumerate();
        let times = times.map(|(place, time)| (format!("/tip/times/{place}/surcharge_won"), time.surcharge));
        tiers.chain(step).chain(dongs).chain(times).chain([("/tip/holiday_won".to_owned(), self.holiday)])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noon() -> Timestamp {
        "2026-11-20T03:00:00Z".parse().unwrap()
    }

    fn way(distance_m: f64) -> DeliveryLeg {
        DeliveryLeg { distance_m, dong: None, at: noon(), on_holiday: false }
    }

    fn plan() -> TipPlan {
        TipPlan {
            tiers: vec![
                Tier { from: Won(0), tip: Won(4_000) },
                Tier { from: Won(15_000), tip: Won(3_000) },
                Tier { from: Won(30_000), tip: Won(0) },
            ],
            distance: Some(DistanceSteps { base_m: 1_500, step_m: 500, step: Won(500) }),
            dongs: vec![DongSurcharge { dong: DongCode(11_680_101), surcharge: Won(700) }],
            times: vec![TimeSurcharge { spans: Span::daily(22 * 60, 26 * 60), surcharge: Won(1_000) }],
            holiday: Won(2_000),
        }
    }

    #[test]
    fn a_subtotal_exactly_at_a_tiers_start_gets_that_tier() {
        for (subtotal, tip) in [(0, 4_000), (14_999, 4_000), (15_000, 3_000), (29_999, 3_000), (30_000, 0)] {
            assert_eq!(plan().tip(Won(subtotal), way(0.0)), Ok(Won(tip)), "{subtotal}");
        }
    }

    #[test]
    fn each_started_step_beyond_the_base_distance_counts() {
        for (distance_m, steps) in
            [(0.0, 0), (1_500.0, 0), (1_500.01, 1), (2_000.0, 1), (2_000.5, 2), (3_900.0, 5)]
        {
            assert_eq!(plan().tip(Won(30_000), way(distance_m)), Ok(Won(steps * 500)), "{distance_m}");
        }
    }

    #[test]
    fn neighbourhood_and_time_surcharges_add_up() {
        let night = "2026-11-20T16:59:00Z".parse().unwrap();
        let way =
            DeliveryLeg { distance_m: 0.0, dong: Some(DongCode(11_680_101)), at: night, on_holiday: false };
        assert_eq!(plan().tip(Won(30_000), way), Ok(Won(1_700)));
        let on_holiday = DeliveryLeg { on_holiday: true, ..way };
        assert_eq!(plan().tip(Won(30_000), on_holiday), Ok(Won(3_700)));
        let parts = |subtotal, way| {
            let parts: Vec<TipPart> = plan().parts(Won(subtotal), way).unwrap();
            parts.iter().map(|part| (part.kind, part.amount.0)).collect::<Vec<_>>()
        };
        use TipPartKind::{Distance, Dong, Holiday, Subtotal, Time};
        assert_eq!(parts(30_000, on_holiday), [(Dong, 700), (Time, 1_000), (Holiday, 2_000)]);
        let far = DeliveryLeg { at: noon(), dong: None, distance_m: 2_000.5, ..way };
        assert_eq!(parts(14_999, far), [(Subtotal, 4_000), (Distance, 1_000)]);
        assert_eq!(parts(30_000, DeliveryLeg { distance_m: 0.0, ..far }), []);
    }

    #[test]
    fn a_tip_that_does_not_fit_is_refused() {
        let mut plan = plan();
        plan.tiers[0].tip = Won(i64::MAX);
        assert_eq!(plan.tip(Won(0), way(2_000.0)), Err(Overflow));
    }

    #[test]
    fn tiers_that_do_not_start_at_zero_or_do_not_rise_are_faulty() {
        assert!(plan().check().is_empty());
        let mut plan = plan();
        plan.tiers.swap(0, 1);
        assert_eq!(plan.check().len(), 2);
    }

    #[test]
    fn each_fault_has_its_pointer() {
        let mut wrong = plan();
        wrong.tiers[2].from = Won(15_000);
        wrong.tiers[1].tip = Won(50_001);
        wrong.distance = Some(DistanceSteps { base_m: 0, step_m: 0, step: Won(-1) });
        wrong.dongs.push(wrong.dongs[0]);
        wrong.times[0].spans[6].to_min = 0;
        wrong.holiday = Won(-1);
        let pointers: Vec<_> = wrong.check().into_iter().map(|fault| fault.pointer).collect();
        let expected = [
            "/tip/tiers/2/from_won",
            "/tip/distance/step_m",
            "/tip/tiers/1/tip_won",
            "/tip/distance/step_won",
            "/tip/holiday_won",
            "/tip/dongs/1",
            "/tip/times/0/spans/6",
        ];
        assert_eq!(pointers, expected);
    }

    proptest! {
        #[test]
        fn the_tip_is_what_a_walk_along_the_way_would_pay(subtotal in 0..50_000i64, metres in 0..20_000u32) {
            // The reference adds up the increments one by one and goes through the tiers.
            let plan = plan();
            let mut expected = 0;
            for tier in &plan.tiers {
                if subtotal >= tier.from.0 {
                    expected = tier.tip.0;
                }
            }
            let mut walked = 1_500;
            while walked < metres {
                expected += 500;
                walked += 500;
            }
            prop_assert_eq!(plan.tip(Won(subtotal), way(f64::from(metres))), Ok(Won(expected)));
        }

        /// The reference adds up what each rule says on its own, from the last tier down.
        #[test]
        fn a_tip_is_the_sum_of_what_each_rule_says(
            subtotal in 0..50_000i64,
            metres in 0..5_000u32,
            dong in prop_oneof![Just(None), Just(Some(DongCode(11_680_101))), Just(Some(DongCode(11_680_103)))],
            minute in 0..7 * 24 * 60i64,
            on_holiday: bool,
        ) {
            // 2026-11-16 is a Monday; from its midnight in Korea.
            let at = crate::week::midnight("2026-11-16".parse().unwrap()) + chrono::Duration::minutes(minute);
            let tier = if subtotal >= 30_000 { 0 } else if subtotal >= 15_000 { 3_000 } else { 4_000 };
            let steps = i64::from(metres.saturating_sub(1_500)).unsigned_abs().div_ceil(500);
            let night = !(120..22 * 60).contains(&(minute % (24 * 60)));
            let expected = tier + 500 * steps as i64
                + if dong == Some(DongCode(11_680_101)) { 700 } else { 0 }
                + if night { 1_000 } else { 0 }
                + if on_holiday { 2_000 } else { 0 };
            let way = DeliveryLeg { distance_m: f64::from(metres), dong, at, on_holiday };
            prop_assert_eq!(plan().tip(Won(subtotal), way), Ok(Won(expected)));
        }
    }
}
