//! What can be said of the whole package without an engine: how it is layered, and how the binary
//! behaves.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics says where"
)]

mod cli;
mod golden;
mod layering;
#[cfg(feature = "network")]
mod network;
mod run;
mod scan;
mod signing;
