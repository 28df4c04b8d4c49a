//! Whole-system tests: one module for each story, one binary for all.

mod architecture;
mod cart;
mod kill;
mod orders;
mod pages;
mod people;
mod ports;
mod problems;
mod realtime;
mod repeats;
mod restaurants;
mod sessions;
mod story;
mod support;
mod support_wire;
mod tracking;
