//! Builds against a real engine. Run them with `make e2e`, or against one kind of engine with
//! `tests/e2e/run classic|containerd|buildkitd`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod cache;
mod database;
mod faults;
mod features;
mod judging;
mod options;
mod packages;
mod pass;
mod secrets;
mod stop;
mod support;
