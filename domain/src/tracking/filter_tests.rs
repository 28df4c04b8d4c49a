use chrono::DateTime;
use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A fix `secs` after [`now`], `north_m` metres north of a point in Gangnam.
#[expect(clippy::cast_possible_truncation, reason = "tests last for minutes")]
fn raw(secs: f64, north_m: f64) -> RawFix {
    RawFix {
        seq: 0,
        at: now() + TimeDelta::milliseconds((secs * 1000.0) as i64),
        lat: 37.49794 + north_m / 111_195.0,
        lon: 127.02758,
        accuracy_m: None,
        speed_mps: None,
        heading_deg: None,
    }
}

fn verdicts(fixes: &[RawFix]) -> Vec<Result<bool, Reason>> {
    let mut filter = Filter::default();
    fixes.iter().map(|raw| told(&filter.judge(&Settings::default(), *raw, raw.at))).collect()
}

/// `Ok(true)` if shown, `Ok(false)` if only stored, or the reason of a rejection.
fn told(verdict: &Verdict) -> Result<bool, Reason> {
    match (verdict, verdict.reason()) {
        (_, Some(reason)) => Err(reason),
        (verdict, None) => Ok(matches!(verdict, Verdict::Shown(_))),
    }
}

#[test]
fn each_bad_fix_is_turned_away_for_its_own_reason() {
    let good = raw(0.0, 0.0);
    let cases = [
        (RawFix { lat: f64::NAN, ..good }, Reason::InvalidCoordinates),
        (RawFix { lat: 0.0, lon: 0.0, ..good }, Reason::NullIsland),
        (raw(30.1, 0.0), Reason::Future),
        (raw(-86_401.0, 0.0), Reason::TooOld),
        (RawFix { accuracy_m: Some(100.1), ..good }, Reason::Accuracy),
        (RawFix { speed_mps: Some(55.1), ..good }, Reason::ImplausibleSpeed),
    ];
    for (bad, reason) in cases {
        let verdict = Filter::default().judge(&Settings::default(), bad, now());
        assert_eq!(verdict, Verdict::Rejected(reason));
    }
    for edge in [raw(30.0, 0.0), raw(-86_400.0, 0.0), RawFix { accuracy_m: Some(100.0), ..good }] {
        assert_eq!(told(&Filter::default().judge(&Settings::default(), edge, now())), Ok(true));
    }
}

#[test]
fn a_fix_older_than_the_shown_one_is_kept_but_not_shown() {
    assert_eq!(verdicts(&[raw(10.0, 0.0), raw(5.0, 30.0)]), [Ok(true), Ok(false)]);
}

#[test]
fn a_fix_sent_again_is_counted_and_still_goes_to_the_log() {
    let mut filter = Filter::default();
    filter.judge(&Settings::default(), raw(0.0, 0.0), now());
    let again = filter.judge(&Settings::default(), raw(0.0, 0.0), now());
    assert_eq!(again.reason(), Some(Reason::Duplicate));
    assert!(again.row().is_some());
}

#[test]
fn a_jump_is_doubted_and_then_believed() {
    let far = [raw(1.0, 5_000.0), raw(2.0, 5_010.0), raw(3.0, 5_020.0), raw(4.0, 5_030.0)];
    let jump = Err(Reason::Teleport);
    assert_eq!(verdicts(&[&[raw(0.0, 0.0)], &far[..]].concat()), [Ok(true), jump, jump, Ok(true), Ok(true)]);
}

#[test]
fn a_single_wild_fix_disturbs_nothing() {
    let path = [raw(0.0, 0.0), raw(1.0, 8.0), raw(2.0, 400.0), raw(3.0, 24.0)];
    assert_eq!(verdicts(&path), [Ok(true), Ok(true), Err(Reason::ImplausibleSpeed), Ok(true)]);
}

#[test]
fn a_long_gap_makes_a_long_way_plausible() {
    assert_eq!(verdicts(&[raw(0.0, 0.0), raw(600.0, 9_000.0)]), [Ok(true), Ok(true)]);
}

#[test]
fn who_stands_still_is_shown_now_and_then() {
    let standing: Vec<_> =
        (0..=10).map(|secs| RawFix { speed_mps: Some(0.1), ..raw(f64::from(secs), 1.0) }).collect();
    let shown = verdicts(&standing).iter().filter(|verdict| **verdict == Ok(true)).count();
    assert_eq!(shown, 2, "at 0 s and at 10 s");
}

#[test]
fn the_real_walk_passes() {
    let gpx = include_str!("../../../data/gps/garmin-activity.gpx");
    let walk: Vec<RawFix> = gpx.split("<trkpt ").skip(1).map(point).collect();
    assert_eq!(walk.len(), 988);
    let shown = verdicts(&walk).iter().filter(|verdict| **verdict == Ok(true)).count();
    assert!(shown * 100 >= walk.len() * 95, "{shown} of {} shown", walk.len());
}

/// One point of the recording, extracted from the text without an XML parser.
fn point(text: &str) -> RawFix {
    let between = |from: &str, to: &str| text.split_once(from).unwrap().1.split_once(to).unwrap().0;
    RawFix {
        at: between("<time>", "</time>").parse().unwrap(),
        lat: between("lat=\"", "\"").parse().unwrap(),
        lon: between("lon=\"", "\"").parse().unwrap(),
        ..raw(0.0, 0.0)
    }
}

/// The reference: it keeps every valid fix with its verdict, and applies the rules to the
/// whole list for each new fix.
#[derive(Default)]
struct Model(Vec<(Fix, Result<bool, Reason>)>);

impl Model {
    fn judge(&mut self, raw: RawFix, now: Timestamp) -> Result<bool, Reason> {
        let fix = by_itself(&Settings::default(), raw, now)?;
        let told = self.tell(&fix);
        self.0.push((fix, told));
        told
    }

    fn tell(&self, fix: &Fix) -> Result<bool, Reason> {
        let settings = Settings::default();
        let Some(shown) = self.0.iter().rposition(|(_, told)| *told == Ok(true)) else { return Ok(true) };
        let newest = self.0[shown].0;
        match fix.at.cmp(&newest.at) {
            std::cmp::Ordering::Less => return Ok(false),
            std::cmp::Ordering::Equal => return Err(Reason::Duplicate),
            std::cmp::Ordering::Greater => {}
        }
        let Some(reason) = jump(&settings, &newest, fix) else {
            return if is_noise(&settings, &newest, fix) { Err(Reason::StaticNoise) } else { Ok(true) };
        };
        // The agreeing fixes after a jump, since the newest shown fix.
        let mut together: Vec<Fix> = Vec::new();
        for (past, told) in &self.0[shown + 1..] {
            match told {
                Err(Reason::Teleport | Reason::ImplausibleSpeed) => match together.last() {
                    Some(last) if past.at <= last.at => {}
                    Some(last) if jump(&settings, last, past).is_none() => together.push(*past),
                    _ => together = vec![*past],
                },
                Err(Reason::StaticNoise) => together.clear(),
                _ => {}
            }
        }
        match together.last() {
            Some(last) if fix.at > last.at && jump(&settings, last, fix).is_none() && together.len() >= 2 => {
                Ok(true)
            }
            _ => Err(reason),
        }
    }
}

fn any_raw() -> impl Strategy<Value = RawFix> {
    let place = prop_oneof![
        8 => (0.0..60.0).boxed(),
        3 => (5_000.0..5_200.0).boxed(),
        1 => Just(f64::NAN).boxed(),
    ];
    let accuracy = prop_oneof![Just(None), (0.0..150.0).prop_map(Some)];
    let speed = prop_oneof![Just(None), (0.0..60.0).prop_map(Some), (0.0..1.0).prop_map(Some)];
    (0..240_i32, place, accuracy, speed).prop_map(|(quarters, north_m, accuracy_m, speed_mps)| RawFix {
        accuracy_m,
        speed_mps,
        ..raw(f64::from(quarters) / 4.0 - 25.0, north_m)
    })
}

proptest! {
    #[test]
    fn the_filter_agrees_with_the_model(fixes in prop::collection::vec(any_raw(), 1..60)) {
        let (mut filter, mut model) = (Filter::default(), Model::default());
        for raw in fixes {
            prop_assert_eq!(told(&filter.judge(&Settings::default(), raw, now())), model.judge(raw, now()));
        }
    }

    #[test]
    fn what_is_shown_moves_forward_in_time(fixes in prop::collection::vec(any_raw(), 1..60)) {
        let mut filter = Filter::default();
        let mut last = None;
        for raw in fixes {
            if let Verdict::Shown(fix) = filter.judge(&Settings::default(), raw, now()) {
                prop_assert!(last.is_none_or(|at| fix.at > at));
                last = Some(fix.at);
            }
        }
    }

    /// After any sequence, a device with plausible movement is shown again by its third fix
    /// at the latest.
    #[test]
    fn nobody_is_locked_out(
        fixes in prop::collection::vec(any_raw(), 0..60),
        north_m in -20_000.0..20_000.0_f64,
    ) {
        let mut filter = Filter::default();
        for raw in fixes {
            filter.judge(&Settings::default(), raw, now());
        }
        let shown = (0..3).any(|i| {
            let next = raw(60.0 + f64::from(i), north_m + 10.0 * f64::from(i));
            matches!(filter.judge(&Settings::default(), next, next.at), Verdict::Shown(_))
        });
        prop_assert!(shown);
    }
}
