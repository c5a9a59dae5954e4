//! Package formats: the bytes of one file in, its facts out.
//!
//! One file per format, each a constant in [`ANALYZERS`]. They are pure: no other file, no clock,
//! no environment. What they read is hostile, so one bad record gives a note and never hides the
//! records around it, and a note never repeats what the file says.

mod apk;
mod dpkg;
mod npm;
mod os_release;
mod python;
mod text;

use crate::model::{Component, Distro, LayerPath};

/// Every built-in analyzer, sorted by id.
pub const ANALYZERS: &[Analyzer] =
    &[apk::ANALYZER, dpkg::ANALYZER, npm::ANALYZER, os_release::ANALYZER, python::ANALYZER];

/// A file larger than this is not analyzed; it is noted instead.
pub const MAX_FILE: u64 = 64 << 20;

/// What one file may state. The largest distribution has about 70,000 packages altogether.
const MAX_COMPONENTS: usize = 100_000;

/// Enough to find the trouble; a file can be wrong in a million places.
const MAX_NOTES: usize = 20;

/// How one package format is recognized and read.
#[derive(Debug)]
pub struct Analyzer {
    pub id: &'static str,
    /// Whether the file at this path is of the format.
    pub wants: fn(&LayerPath) -> bool,
    /// Reads the whole file.
    pub read: fn(&LayerPath, &[u8]) -> Found,
}

/// What an analyzer read in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub distro: Option<Distro>,
    pub components: Vec<Component>,
    pub notes: Vec<String>,
    dropped_notes: usize,
}

impl Found {
    /// Adds a package, up to the limit.
    fn component(&mut self, component: Component) {
        match self.components.len() {
            MAX_COMPONENTS => {
                self.components.push(component);
                self.notes
                    .push(format!("more than {MAX_COMPONENTS} packages; the rest is not read"));
            }
            n if n > MAX_COMPONENTS => {}
            _ => self.components.push(component),
        }
    }

    /// Adds a note about the record that begins at `line`, up to the limit.
    fn note(&mut self, line: usize, what: &str) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(format!("line {line}: {what}"));
        } else {
            self.dropped_notes += 1;
        }
    }

    /// Sorts, so that the order of records in the file does not matter, and counts what was cut.
    fn finish(mut self) -> Self {
        self.components.truncate(MAX_COMPONENTS);
        self.components.sort_unstable();
        self.components.dedup();
        if self.dropped_notes > 0 {
            self.notes.push(format!("{} more notes like these", self.dropped_notes));
            self.dropped_notes = 0;
        }
        self
    }
}

/// The analyzers that read the file at `path`.
pub fn wanting(path: &LayerPath) -> impl Iterator<Item = &'static Analyzer> {
    ANALYZERS.iter().filter(move |it| (it.wants)(path))
}

/// Reads one file with one analyzer; its notes begin with the analyzer's id.
pub fn analyze(analyzer: &Analyzer, path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = (analyzer.read)(path, bytes).finish();
    for note in &mut found.notes {
        *note = format!("{}: {note}", analyzer.id);
    }
    found
}

#[cfg(test)]
mod tests;
