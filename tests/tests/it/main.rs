//! Whole-system tests: one module for each story, one binary for all.

mod architecture;
mod ports;
