//! What an analyzer read in one file.

use std::fmt::Display;

use super::want::Proving;
use crate::model::{About, Component, Distro, Ecosystem, Hazard, LayerPath, Owns, PathSet};

/// What one file may state. The largest distribution has about 70,000 packages altogether.
pub(super) const MAX_COMPONENTS: usize = 100_000;

/// Enough to find the trouble; a file can be wrong in a million places.
const MAX_NOTES: usize = 20;

/// Hazards of one file that are told.
const MAX_HAZARDS: usize = 100;

/// What an analyzer read in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub distro: Option<Distro>,
    /// The file is a package manager's database.
    pub database: Option<Ecosystem>,
    pub components: Vec<Component>,
    pub owns: Vec<Owns>,
    pub about: Vec<About>,
    pub hazards: Vec<Hazard>,
    pub notes: Vec<String>,
    pub(super) dropped_notes: usize,
}

impl Found {
    /// Adds a component, up to the limit.
    pub(super) fn component(&mut self, component: Component) {
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

    /// Adds the files of a component; a list without any says nothing.
    pub(super) fn owns(&mut self, owning: Owning) {
        self.owns.extend(owning.finish());
    }

    /// Adds a property of the component that is proved by the file `of`, or, with a `/` at its end,
    /// of all below that directory.
    pub(super) fn about(&mut self, of: impl Into<String>, key: &str, value: impl Into<String>) {
        let (of, key, value) = (of.into(), key.to_owned(), value.into());
        self.about.push(About { of, name: None, key, value });
    }

    /// The same, of the component `name` alone.
    pub(super) fn about_one(
        &mut self,
        of: impl Into<String>,
        name: &str,
        key: &str,
        value: impl Into<String>,
    ) {
        let (of, key, value) = (of.into(), key.to_owned(), value.into());
        self.about.push(About { of, name: Some(name.to_owned()), key, value });
    }

    /// Adds a hazard, up to the limit; one that is told more than once counts once.
    pub(super) fn hazard(&mut self, hazard: Hazard) {
        if self.hazards.len() < MAX_HAZARDS && !self.hazards.contains(&hazard) {
            self.hazards.push(hazard);
        }
    }

    /// Adds a note about the record that begins at `line`, up to the limit.
    pub(super) fn note(&mut self, line: usize, what: &str) {
        self.note_at(format_args!("line {line}"), what);
    }

    /// Adds a note about a place in the file. It never repeats what the file says.
    pub(super) fn note_at(&mut self, place: impl Display, what: impl Display) {
        self.remark(format_args!("{place}: {what}"));
    }

    /// Adds a note about the file.
    pub(super) fn remark(&mut self, what: impl Display) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(what.to_string());
        } else {
            self.dropped_notes += 1;
        }
    }

    /// Sorts, so that the order of records in the file does not matter, and counts what was cut.
    pub(super) fn finish(mut self) -> Self {
        self.components.truncate(MAX_COMPONENTS);
        self.components.sort_unstable();
        self.components.dedup();
        self.owns.sort_unstable_by(|a, b| {
            (&a.of, &a.name, &a.arch, a.paths.hashes()).cmp(&(
                &b.of,
                &b.name,
                &b.arch,
                b.paths.hashes(),
            ))
        });
        self.about.sort_unstable();
        self.about.dedup();
        self.hazards.sort_unstable();
        if self.dropped_notes > 0 {
            self.notes.push(format!("{} more notes like these", self.dropped_notes));
            self.dropped_notes = 0;
        }
        self
    }
}

/// The files of one component, as they are read.
#[derive(Debug)]
pub(super) struct Owning {
    owns: Owns,
    hashes: Vec<u64>,
    proving: Proving,
}

impl Owning {
    /// The files of the only component that `of` proves.
    pub(super) fn new(of: &LayerPath) -> Self {
        let owns =
            Owns { of: of.clone(), name: None, arch: None, n_files: 0, paths: PathSet::default() };
        Self { owns, hashes: Vec::new(), proving: Proving::default() }
    }

    /// The files of the component `name` among those that `of` proves.
    pub(super) fn named(of: &LayerPath, name: &str, arch: Option<&str>) -> Self {
        let mut owning = Self::new(of);
        owning.owns.name = Some(name.to_owned());
        owning.owns.arch = arch.map(str::to_owned);
        owning
    }

    /// Adds the file that `relative` leads to from the directory `base`.
    pub(super) fn add(&mut self, base: &str, relative: &str) {
        self.owns.n_files += 1;
        if self.proving.may(relative)
            && let Some(path) = LayerPath::join(base, relative)
        {
            self.hashes.push(PathSet::hash(&path));
        }
    }

    fn finish(mut self) -> Option<Owns> {
        self.owns.paths = self.hashes.into_iter().collect();
        (self.owns.n_files > 0).then_some(self.owns)
    }
}
