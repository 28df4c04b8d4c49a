//! A courier's movement: along streets with corners, at a rider's speed, with
//! stops at lights. The GPS readings are a few metres off.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::outbox::Reading;
use crate::responses::{Moment, Place};

/// Metres of one degree of latitude.
const DEGREE_M: f64 = 111_195.0;
/// The length in metres of one leg on short ways.
const BLOCK_M: f64 = 90.0;
/// The most legs along each axis: longer ways have longer legs.
const MOST_LEGS: u32 = 12;
/// The share of the GPS error that carries over to the next reading, so that the
/// error drifts rather than jumps.
const DRIFT: f64 = 0.92;

/// Metres east and north from `from` to `to`, on the tangent plane at `from`.
pub fn offset_m(from: Place, to: Place) -> (f64, f64) {
    let east = (to.lon - from.lon) * DEGREE_M * from.lat.to_radians().cos();
    (east, (to.lat - from.lat) * DEGREE_M)
}

/// The point so many metres east and north of another.
pub fn moved(from: Place, east_m: f64, north_m: f64) -> Place {
    let lon = from.lon + east_m / (DEGREE_M * from.lat.to_radians().cos());
    Place { lat: from.lat + north_m / DEGREE_M, lon }
}

/// Metres between two points of one city.
pub fn distance_m(from: Place, to: Place) -> f64 {
    let (east, north) = offset_m(from, to);
    east.hypot(north)
}

/// Degrees clockwise from north, 0 to 360.
pub fn heading_deg(from: Place, to: Place) -> f64 {
    let (east, north) = offset_m(from, to);
    east.atan2(north).to_degrees().rem_euclid(360.0)
}

/// A moving person with a phone.
pub struct Walker {
    rng: StdRng,
    place: Place,
    corners: VecDeque<Place>,
    cruise_mps: f64,
    speed_mps: f64,
    heading_deg: f64,
    waiting_secs: f64,
    drift_m: (f64, f64),
}

impl Walker {
    /// Starts at `place`; all random choices are drawn from `seed`.
    pub fn new(place: Place, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let cruise_mps = rng.random_range(6.0..10.0);
        Self {
            rng,
            place,
            corners: VecDeque::new(),
            cruise_mps,
            speed_mps: 0.0,
            heading_deg: 0.0,
            waiting_secs: 0.0,
            drift_m: (0.0, 0.0),
        }
    }

    /// The true position.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether they have reached their destination.
    pub fn arrived(&self) -> bool {
        self.corners.is_empty()
    }

    /// Sets the destination, with a route of streets from the current position.
    pub fn go(&mut self, to: Place) {
        self.corners = streets(self.place, to, &mut self.rng);
    }

    /// Moves on for this many seconds.
    pub fn step(&mut self, secs: f64) {
        let mut left = secs - self.wait(secs);
        let pace_mps = self.cruise_mps * self.rng.random_range(0.8..1.15);
        let before = self.place;
        while let Some(corner) = self.corners.front().copied() {
            let reach_m = pace_mps * left;
            let away_m = distance_m(self.place, corner);
            if away_m > reach_m {
                let part = reach_m / away_m;
                let (east, north) = offset_m(self.place, corner);
                self.place = moved(self.place, east * part, north * part);
                break;
            }
            left -= away_m / pace_mps;
            self.place = corner;
            self.corners.pop_front();
            if self.rng.random_bool(0.12) {
                self.waiting_secs = self.rng.random_range(4.0..18.0);
                break;
            }
        }
        self.speed_mps = distance_m(before, self.place) / secs;
        if self.speed_mps > 0.5 {
            self.heading_deg = heading_deg(before, self.place);
        }
    }

    /// Waits at a light. Returns how many of the seconds were spent waiting.
    fn wait(&mut self, secs: f64) -> f64 {
        let waited = self.waiting_secs.min(secs);
        self.waiting_secs -= waited;
        waited
    }

    /// The reading of the phone's GPS.
    pub fn reading(&mut self, at: Moment) -> Reading {
        let mut drifted = |before: f64| before * DRIFT + self.rng.random_range(-1.2..1.2);
        self.drift_m = (drifted(self.drift_m.0), drifted(self.drift_m.1));
        let moving = self.speed_mps > 0.5;
        Reading {
            at,
            place: moved(self.place, self.drift_m.0, self.drift_m.1),
            accuracy_m: tenths(self.rng.random_range(3.5..12.0)),
            speed_mps: tenths(self.speed_mps),
            heading_deg: moving.then(|| tenths(self.heading_deg)),
        }
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The corners of a route through a randomly rotated grid of streets. Legs
/// along the two axes alternate; the last corner is `to`.
fn streets(from: Place, to: Place, rng: &mut StdRng) -> VecDeque<Place> {
    let askew = rng.random_range(-0.5..0.5_f64);
    let (sin, cos) = askew.sin_cos();
    let (east, north) = offset_m(from, to);
    let (along, across) = (east * cos + north * sin, north * cos - east * sin);
    let longer_m = along.abs().max(across.abs());
    let legs = (1..MOST_LEGS).find(|legs| f64::from(*legs) * BLOCK_M >= longer_m).unwrap_or(MOST_LEGS);
    let shares = |rng: &mut StdRng| -> Vec<f64> {
        let raw: Vec<f64> = (0..legs).map(|_| rng.random_range(0.4..1.6)).collect();
        let sum: f64 = raw.iter().sum();
        raw.into_iter().map(|share| share / sum).collect()
    };
    let mut corners = VecDeque::new();
    let (mut a, mut b) = (0.0, 0.0);
    for (first, second) in shares(rng).into_iter().zip(shares(rng)) {
        a += along * first;
        corners.push_back(moved(from, a * cos - b * sin, a * sin + b * cos));
        b += across * second;
        corners.push_back(moved(from, a * cos - b * sin, a * sin + b * cos));
    }
    if let Some(last) = corners.back_mut() {
        *last = to;
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system;

    const GANGNAM: Place = Place { lat: 37.49794, lon: 127.02758 };
    const YEOKSAM: Place = Place { lat: 37.50063, lon: 127.03650 };

    #[test]
    fn a_courier_arrives_where_they_set_out_for() {
        let mut walker = Walker::new(GANGNAM, 7);
        walker.go(YEOKSAM);
        let mut secs = 0;
        while !walker.arrived() {
            let before = walker.place();
            walker.step(1.0);
            assert!(distance_m(before, walker.place()) < 15.0, "nobody rides that fast in town");
            secs += 1;
            assert!(secs < 1_800, "still on the way after half an hour");
        }
        assert!(distance_m(walker.place(), YEOKSAM) < 1.0);
        assert!(secs > 60, "{secs} s for a kilometre");
    }

    #[test]
    fn the_phone_is_never_far_off() {
        let mut walker = Walker::new(GANGNAM, 11);
        for _ in 0..10_000 {
            assert!(distance_m(walker.reading(system::now()).place, GANGNAM) < 30.0);
        }
    }

    #[test]
    fn the_same_seed_walks_the_same_way() {
        let way = |seed| {
            let mut walker = Walker::new(GANGNAM, seed);
            walker.go(YEOKSAM);
            (0..60)
                .map(|_| {
                    walker.step(1.0);
                    walker.place()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(way(3), way(3));
        assert_ne!(way(3), way(4));
    }

    #[test]
    fn headings_follow_the_compass() {
        assert!((heading_deg(GANGNAM, moved(GANGNAM, 10.0, 0.0)) - 90.0).abs() < 0.1);
        assert!((heading_deg(GANGNAM, moved(GANGNAM, 0.0, -10.0)) - 180.0).abs() < 0.1);
    }
}
