//! Executables and shared libraries: what was compiled into them, as far as they say so.

pub(super) mod classifier;
pub(super) mod executable;

mod build_info;
mod classifiers;
mod go;
mod go_modules;
mod go_version;
mod note;
mod pattern;
mod rust;

/// Longer than any phrase that is kept.
const MAX_PHRASE: usize = 256;

/// A text that may become a fact and may have blanks in it: short, one line, visible.
fn phrase(raw: &str) -> Option<&str> {
    let text = raw.trim();
    let fits = !text.is_empty() && text.len() <= MAX_PHRASE;
    (fits && !text.contains(char::is_control)).then_some(text)
}
