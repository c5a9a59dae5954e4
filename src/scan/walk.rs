//! Walks one tree: skips what the parent's scan saw as it is, reads the rest.
//!
//! Each directory is a task of its own and so is each handful of files. A task holds no descriptor
//! while it waits and nothing recurses, so depth and width cost memory for names only. The order in
//! which threads finish does not show: everything is sorted by path at the end.

use std::ffi::CString;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::Scope;

use super::ScanError;
use super::index;
use super::lines::Piece;
use super::place::Place;
use super::plan::{DIRECTORY, Found, Parent, Planner, Task};
use super::progress::Meter;
use super::read::{Reading, Workers, lock};
use super::witness::Witness;
use crate::analyze::DirectoryWants;
use crate::model::{FileFacts, Inventory, LayerPath};
use crate::source::{Directory, Tree};

/// A larger inventory is not one but an attack on whoever reads it.
pub(super) const MAX_FACTS: usize = 256 << 20;

/// Few enough that threads share the work, many enough that sharing costs nothing.
const BATCH: usize = 32;

/// A file of this size is a batch of its own.
const LARGE: u64 = 1 << 20;

/// What a walk found.
#[derive(Debug)]
pub(super) struct Walked<'p> {
    pub(super) pieces: Vec<Piece<'p>>,
    /// The same as facts, if those were asked for instead of lines.
    pub(super) files: Vec<(LayerPath, FileFacts)>,
    pub(super) index: Vec<u8>,
    pub(super) witness: Option<Witness>,
    /// Every path in the tree and whether it is a directory, if asked for.
    pub(super) names: Vec<(LayerPath, bool)>,
    pub(super) n_files: u64,
    pub(super) n_bytes: u64,
    pub(super) n_listed: usize,
}

/// What a walk is for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Purpose<'p> {
    /// What did not change since is carried over.
    pub(super) parent: Option<Parent<'p>>,
    pub(super) wants_names: bool,
    /// Facts are handed out as values, not as lines, and no index is made.
    pub(super) wants_facts: bool,
}

/// Walks `tree`.
pub(super) fn walk<'p>(
    tree: &Tree,
    purpose: Purpose<'p>,
    workers: &Workers<'_>,
    meter: &Meter<'_>,
) -> Result<Walked<'p>, ScanError> {
    let Purpose { parent, wants_names, wants_facts } = purpose;
    let stamp = tree.stamp().map_err(ScanError::Root)?;
    let before = parent.as_ref().and_then(|it| it.index.root());
    // What is carried over may be as new as this.
    let newest = parent.as_ref().map(|it| it.index.newest);
    let reads_all = !wants_facts || workers.look_for_secrets();
    let walk = Walk {
        tree,
        planner: Planner { parent, wants_names, reads_all, n_directories: AtomicUsize::new(1) },
        wants_facts,
        workers,
        meter,
        total: Mutex::new(Total {
            found: Found { newest, ..Found::default() },
            ..Total::default()
        }),
    };
    let root = Task { number: 0, place: Place::root(), name: CString::default(), stamp, before };
    rayon::scope(|scope| walk.directory(&root, scope));
    walk.finish()
}

struct Walk<'w, 'f, 'p> {
    tree: &'w Tree,
    planner: Planner<'p>,
    wants_facts: bool,
    workers: &'w Workers<'f>,
    meter: &'w Meter<'w>,
    total: Mutex<Total<'p>>,
}

/// What all threads handed in.
#[derive(Default)]
struct Total<'p> {
    found: Found<'p>,
    facts: usize,
    n_files: u64,
    root_error: Option<io::Error>,
}

impl<'p> Walk<'_, '_, 'p> {
    fn directory<'s>(&'s self, task: &Task<'p>, scope: &Scope<'s>)
    where
        'p: 's,
    {
        let place = Arc::new(task.place.join(task.name.as_bytes()));
        let listing = self.tree.directory(place.bytes()).and_then(|directory| {
            let list = if self.planner.reads_all {
                directory.list(|_| true)
            } else {
                // Most files concern nobody whatever their mode is: they are not looked at.
                let path = place.path();
                let wants = DirectoryWants::of(path.as_ref().map_or("", LayerPath::as_str));
                directory.list(|name| str::from_utf8(name).map_or(true, |it| wants.may_want(it)))
            };
            Ok((list?, directory))
        });
        let (entries, directory) = match listing {
            Ok(listing) => listing,
            Err(error) => return self.unlistable(&place, error),
        };
        let mut plan = self.planner.plan(task, &place, entries);
        plan.found.listed.push((task.number, plan.listed));
        if let Some(path) = place.path() {
            let facts = Reading::of_directory(&path).facts;
            plan.found.add(path, facts);
        }
        self.hand_in(plan.found, 0);
        // The last one spawned is the first one run: files first, so that few directories wait.
        for task in plan.tasks {
            scope.spawn(move |scope| self.directory(&task, scope));
        }
        self.links(&directory, &place, &plan.links);
        let directory = Arc::new(directory);
        for batch in batches(plan.files) {
            let (directory, place) = (Arc::clone(&directory), Arc::clone(&place));
            scope.spawn(move |_| self.files(&directory, &place, &batch));
        }
    }

    fn files(&self, directory: &Directory, place: &Place, batch: &[CString]) {
        let mut found = Found::default();
        let n_bytes = self.workers.lend(|worker| {
            let before = worker.n_bytes;
            for name in batch {
                let Some(path) = place.path_of(name.as_bytes()) else { continue };
                let Reading { facts, failed } = worker.read(directory, name, &path);
                found.failed |= failed;
                found.add(path, facts);
            }
            worker.n_bytes - before
        });
        self.hand_in(found, batch.len() as u64);
        self.meter.add(None, batch.len() as u64, n_bytes);
    }

    fn links(&self, directory: &Directory, place: &Place, names: &[CString]) {
        let mut found = Found::default();
        for name in names {
            let Some(path) = place.path_of(name.as_bytes()) else { continue };
            let Reading { facts, failed } = Reading::of_link(directory, name, &path);
            found.failed |= failed;
            found.add(path, facts);
        }
        self.hand_in(found, names.len() as u64);
    }

    fn unlistable(&self, place: &Place, error: io::Error) {
        let mut found = Found { failed: true, ..Found::default() };
        match place.path() {
            Some(path) => found.note(&path, format!("{DIRECTORY}cannot be listed: {error}")),
            None => lock(&self.total).root_error = Some(error),
        }
        self.hand_in(found, 0);
    }

    fn hand_in(&self, mut found: Found<'p>, n_files: u64) {
        let mut facts = 0;
        if self.wants_facts {
            facts = found.files.iter().map(|(path, facts)| Inventory::size(path, facts)).sum();
        } else {
            let made = found.files.drain(..).map(|(path, facts)| Piece::new(&path, &facts));
            found.pieces.extend(made);
        }
        facts += found.pieces.iter().map(|it| it.bytes().len()).sum::<usize>();
        let mut total = lock(&self.total);
        total.n_files += n_files;
        total.facts += facts;
        if total.facts <= MAX_FACTS {
            total.found.pieces.append(&mut found.pieces);
            total.found.files.append(&mut found.files);
        }
        total.found.listed.append(&mut found.listed);
        total.found.names.append(&mut found.names);
        total.found.newest = total.found.newest.max(found.newest);
        total.found.witness = Witness::better(total.found.witness.take(), found.witness);
        total.found.failed |= found.failed;
    }

    fn finish(self) -> Result<Walked<'p>, ScanError> {
        let total = self.total.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = total.root_error {
            return Err(ScanError::Root(error));
        }
        if total.facts > MAX_FACTS {
            return Err(ScanError::TooManyFacts { limit: MAX_FACTS });
        }
        let found = total.found;
        let n_listed = found.listed.len();
        let n_directories = self.planner.n_directories.load(Relaxed);
        let mut listed: Vec<_> = (0..n_directories).map(|_| None).collect();
        for (number, directory) in found.listed {
            if let Some(slot) = listed.get_mut(number) {
                *slot = Some(directory);
            }
        }
        let newest = found.newest.filter(|_| !found.failed);
        let index = newest.and_then(|newest| index::encode(listed, newest));
        Ok(Walked {
            pieces: found.pieces,
            files: found.files,
            index: index.unwrap_or_else(index::empty),
            witness: found.witness,
            names: found.names,
            n_files: total.n_files,
            n_bytes: self.workers.n_bytes(),
            n_listed,
        })
    }
}

/// Small files together, large files alone.
fn batches(files: Vec<(CString, u64)>) -> Vec<Vec<CString>> {
    let mut batches = Vec::new();
    let mut batch = Vec::new();
    for (name, size) in files {
        if size >= LARGE {
            batches.push(vec![name]);
            continue;
        }
        batch.push(name);
        if batch.len() == BATCH {
            batches.push(std::mem::take(&mut batch));
        }
    }
    batches.push(batch);
    batches.retain(|it| !it.is_empty());
    batches
}
