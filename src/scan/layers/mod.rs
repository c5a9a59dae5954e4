//! One layer of an image: what its files say, and what it hides of the layers below.
//!
//! A layer is an archive of what changed. Its facts do not depend on what lies below, so layers are
//! scanned in any order; [`LayerFacts::apply`] then lays one over an inventory, as overlayfs lays
//! one directory over another.

mod links;
mod log;
mod name;
mod read;
mod recent;
mod shared;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::plan::DIRECTORY;
use crate::analyze;
use crate::model::{FileFacts, Inventory, LayerPath};
use log::{above, hash};

pub(super) use links::{Needs, give_up, read_links};
pub(super) use read::{Pending, read};
pub(super) use shared::Shared;

/// Secrets of lower layers that hard links of one layer bring to other paths.
const MAX_LINKED: usize = 100_000;

/// What one layer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerFacts {
    /// The facts of its own files.
    pub files: BTreeMap<LayerPath, FileFacts>,
    /// Hashes, in ascending order, of paths that hide what lower layers have there and below: its
    /// files, and its whiteouts.
    replaced: Vec<u64>,
    /// Of its directories, which hide files at their paths.
    directories: Vec<u64>,
    /// Of its directories that hide what lower layers have in them.
    opaque: Vec<u64>,
    /// Hard links, and the files of lower layers that they are other names of.
    foreign: Vec<(LayerPath, LayerPath)>,
}

impl LayerFacts {
    /// The inventory of the filesystem with this layer on top of what `below` is of.
    ///
    /// A file hides what was at its path and below it. A directory joins the one that was there, and
    /// hides a file. A whiteout hides, an opaque directory hides what was in it; neither ever hides
    /// what is of the same layer.
    #[must_use]
    pub fn apply(&self, below: Inventory) -> Inventory {
        let linked = self.linked(&below);
        let mut files = below.files;
        // Neighbours lie in one directory, so what hides one mostly hides the next.
        let mut last: Option<(String, bool)> = None;
        files.retain(|path, facts| {
            let parent = path.parent();
            let is_within = match &last {
                Some((known, is_hidden)) if known == parent => *is_hidden,
                _ => {
                    let is_hidden = self.hides_within(path.as_str());
                    last = Some((parent.to_owned(), is_hidden));
                    is_hidden
                }
            };
            !is_within && !self.hides_at(path, facts)
        });
        files.extend(linked);
        files.extend(self.files.iter().map(|(path, facts)| (path.clone(), facts.clone())));
        Inventory { files }
    }

    /// What hard links say whose targets are in lower layers: their bytes are not in this one.
    fn linked(&self, below: &Inventory) -> Vec<(LayerPath, FileFacts)> {
        let mut left = MAX_LINKED;
        let facts = self.foreign.iter().map(|(link, target)| {
            let secrets = below.files.get(target).map(|it| it.secrets.as_slice());
            let secrets = secrets.filter(|it| it.len() <= left).unwrap_or_default().to_vec();
            left -= secrets.len();
            let is_wanted = !analyze::wanting(link).is_empty();
            let note = "a hard link to a file of a lower layer; it was not analyzed";
            let notes = if is_wanted { vec![note.to_owned()] } else { Vec::new() };
            (link.clone(), FileFacts { secrets, notes, ..FileFacts::default() })
        });
        facts.filter(|it| !it.1.is_empty()).collect()
    }

    /// Whether what lower layers have at `path` is hidden with a directory above it.
    fn hides_within(&self, path: &str) -> bool {
        above(path).map(hash).any(|it| has(&self.replaced, it) || has(&self.opaque, it))
    }

    /// Whether what a lower layer has at `path` is hidden by what is there now.
    fn hides_at(&self, path: &LayerPath, facts: &FileFacts) -> bool {
        let at = hash(path.as_str());
        // What is noted of a directory that was not scanned is still there.
        let is_directory = facts.notes.first().is_some_and(|it| it.starts_with(DIRECTORY));
        has(&self.replaced, at) || (!is_directory && has(&self.directories, at))
    }
}

fn has(hashes: &[u64], it: u64) -> bool {
    hashes.binary_search(&it).is_ok()
}
