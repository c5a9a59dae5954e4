//! Layergate's engine: what is in a filesystem, what is known against it, and what that means.
//!
//! Modules in reading order, from facts to verdict. Who may import whom is in ARCHITECTURE.md
//! and held by `tests/it/layering.rs`.

pub mod model;

pub mod format;

pub mod source;

pub mod analyze;
pub mod secrets;

pub mod scan;

pub mod version;

pub mod advisory;

pub mod matching;

pub mod fold;

pub mod policy;

pub mod report;

#[cfg(feature = "frontend")]
pub mod gate;

pub mod cli;

// Tests that the crate shares with those outside call it by its name.
#[cfg(test)]
extern crate self as layergate;
