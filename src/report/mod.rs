//! Findings in words: the error that stops a build, and warnings.

mod plain;
mod scan_json;
mod scan_table;
mod scanned;
mod table;
mod text;

pub use plain::plain;
pub use scan_json::scan_json;
pub use scan_table::scan_table;
pub use scanned::{FoundSecret, Image, Layer, Place, Scanned, Target};
pub use table::aligned;
pub use text::{Blocked, Told, What, fix_words, stop_message, warning};
