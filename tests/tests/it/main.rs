//! Whole-system tests: one module for each story, one binary for all.

mod architecture;
mod people;
mod pages;
mod ports;
mod problems;
mod repeats;
mod sessions;
