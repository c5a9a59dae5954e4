//! Findings in words: the error that stops a build, and warnings.

mod plain;
mod table;
mod text;

pub use plain::plain;
pub use text::{Blocked, Told, What, stop_message, warning};
