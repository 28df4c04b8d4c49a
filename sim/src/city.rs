//! The demo city's people: their accounts and where they live.
//!
//! `baedal serve` with demo data creates the accounts; the simulated city
//! signs in with them, and so can anyone who tries the product by hand.

use crate::responses::Place;

/// The password of every account of the demo city.
pub const PASSWORD: &str = "baedal-demo-2026";

/// The account of the n-th person of a kind, counted from 1: `courier-07@demo…`.
pub fn email(kind: &str, number: usize) -> String {
    format!("{kind}-{number:02}@demo.baedal.example")
}

/// Neighbourhoods where people of the demo live and wait for work.
pub const NEIGHBOURHOODS: [(&str, Place); 12] = [
    ("역삼동", Place { lat: 37.5006, lon: 127.0365 }),
    ("서초동", Place { lat: 37.4912, lon: 127.0150 }),
    ("잠실동", Place { lat: 37.5117, lon: 127.0859 }),
    ("성수동", Place { lat: 37.5446, lon: 127.0557 }),
    ("서교동", Place { lat: 37.5545, lon: 126.9206 }),
    ("신촌동", Place { lat: 37.5650, lon: 126.9387 }),
    ("이태원동", Place { lat: 37.5399, lon: 126.9918 }),
    ("여의도동", Place { lat: 37.5219, lon: 126.9245 }),
    ("봉천동", Place { lat: 37.4826, lon: 126.9518 }),
    ("명륜동", Place { lat: 37.5859, lon: 126.9987 }),
    ("상계동", Place { lat: 37.6609, lon: 127.0679 }),
    ("화곡동", Place { lat: 37.5411, lon: 126.8401 }),
];

/// The home of the n-th person of a kind, counted from 1.
pub fn home(number: usize) -> Place {
    NEIGHBOURHOODS[number % NEIGHBOURHOODS.len()].1
}
