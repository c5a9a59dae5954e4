//! Walks one tree: skips what the parent's scan saw as it is, reads the rest.
//!
//! Each directory is a task of its own and so is each handful of files. A task holds no descriptor
//! while it waits and nothing recurses, so depth and width cost memory for names only. The order in
//! which threads finish does not show: everything is sorted by path at the end.

use std::ffi::CString;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::Scope;

use super::ScanError;
use super::index::{self, Child, FileMark, Index, Listed, Seen};
use super::lines::{Lines, Piece};
use super::place::Place;
use super::read::{Reading, ScannerFactory, Worker};
use crate::model::{FileFacts, LayerPath};
use crate::source::{Directory, Entry, Kind, Meta, Stamp, Tree};

/// Directories deeper than this are noted, not read.
pub(super) const MAX_DEPTH: usize = 1000;

/// As are directories whose path has more bytes than this, four times what a program can name.
pub(super) const MAX_PATH: usize = 16 << 10;

/// More facts than this are not an inventory but an attack on whoever reads it.
const MAX_FACTS: u64 = 256 << 20;

/// Few enough that threads share the work, many enough that sharing costs nothing.
const BATCH: usize = 32;

/// A file of this size is a batch of its own.
const LARGE: u64 = 1 << 20;

/// Notes on directories begin so; nothing that is said of a file does.
pub(super) const DIRECTORY: &str = "this directory ";

/// What a scan starts from.
#[derive(Debug)]
pub(super) struct Parent<'p> {
    pub(super) lines: &'p Lines,
    pub(super) index: &'p Index,
}

/// What a walk found.
#[derive(Debug)]
pub(super) struct Walked<'p> {
    pub(super) pieces: Vec<Piece<'p>>,
    pub(super) index: Vec<u8>,
    /// Every path in the tree and whether it is a directory, if asked for.
    pub(super) names: Vec<(LayerPath, bool)>,
    pub(super) n_files: u64,
    pub(super) n_bytes: u64,
    pub(super) n_listed: usize,
}

/// Walks `tree`, carrying over from `parent` what did not change.
pub(super) fn walk<'p>(
    tree: &Tree,
    parent: Option<Parent<'p>>,
    wants_names: bool,
    factory: &ScannerFactory<'_>,
) -> Result<Walked<'p>, ScanError> {
    let stamp = tree.stamp().map_err(ScanError::Root)?;
    let before = parent.as_ref().and_then(|it| it.index.root());
    let newest = parent.as_ref().map_or(i64::MIN, |it| it.index.newest);
    let walk = Walk {
        tree,
        parent,
        wants_names,
        workers: (0..rayon::current_num_threads()).map(|_| Mutex::new(None)).collect(),
        factory,
        found: Mutex::default(),
        root_error: Mutex::default(),
        n_directories: AtomicUsize::new(1),
        n_facts: AtomicU64::new(0),
        n_files: AtomicU64::new(0),
        newest: AtomicI64::new(newest),
        failed: AtomicBool::new(false),
    };
    let root = Task { number: 0, place: Place::root(), name: CString::default(), stamp, before };
    rayon::scope(|scope| walk.directory(root, scope));
    walk.finish()
}

struct Walk<'w, 'p> {
    tree: &'w Tree,
    parent: Option<Parent<'p>>,
    wants_names: bool,
    /// One for each thread, made when it reads its first file.
    workers: Vec<Mutex<Option<Worker<'w>>>>,
    factory: &'w ScannerFactory<'w>,
    found: Mutex<Heap<'p>>,
    root_error: Mutex<Option<io::Error>>,
    n_directories: AtomicUsize,
    n_facts: AtomicU64,
    n_files: AtomicU64,
    newest: AtomicI64,
    /// Something could not be read: the next scan must try again.
    failed: AtomicBool,
}

/// What the threads hand in.
#[derive(Default)]
struct Heap<'p> {
    pieces: Vec<Piece<'p>>,
    listed: Vec<(usize, Listed<'p>)>,
    names: Vec<(LayerPath, bool)>,
}

/// A directory to list.
struct Task<'p> {
    number: usize,
    /// Of the directory it is in; its own is made when its turn comes.
    place: Arc<Place>,
    name: CString,
    stamp: Stamp,
    before: Option<Seen<'p>>,
}

/// What is done with the entries of one directory.
struct Plan<'p> {
    heap: Heap<'p>,
    listed: Listed<'p>,
    tasks: Vec<Task<'p>>,
    files: Vec<(CString, u64)>,
}

impl<'p> Walk<'_, 'p> {
    fn directory<'s>(&'s self, task: Task<'p>, scope: &Scope<'s>)
    where
        'p: 's,
    {
        let place = Arc::new(task.place.join(task.name.as_bytes()));
        let listing = self.tree.directory(place.bytes()).and_then(|it| Ok((it.list()?, it)));
        let (entries, directory) = match listing {
            Ok(listing) => listing,
            Err(error) => return self.unlistable(&place, error),
        };
        self.newest.fetch_max(task.stamp.ctime, Relaxed);
        let number = task.number;
        let mut plan = self.plan(&task, &place, entries);
        plan.heap.listed.push((number, plan.listed));
        self.hand_in(plan.heap);
        // The last one spawned is the first one run: files first, so that few directories wait.
        for task in plan.tasks {
            scope.spawn(move |scope| self.directory(task, scope));
        }
        let directory = Arc::new(directory);
        for batch in batches(plan.files) {
            let (directory, place) = (Arc::clone(&directory), Arc::clone(&place));
            scope.spawn(move |_| self.files(&directory, &place, &batch));
        }
    }

    /// Decides for each entry: carry over, read, or note.
    fn plan(&self, task: &Task<'p>, place: &Arc<Place>, entries: Vec<Entry>) -> Plan<'p> {
        let mut within = task.before.map(|it| it.within());
        let name = task.name.as_bytes().to_vec();
        let listed = Listed { name, stamp: task.stamp, files: Vec::new(), within: Vec::new() };
        let mut plan = Plan { heap: Heap::default(), listed, tasks: Vec::new(), files: Vec::new() };
        for Entry { name, meta } in entries {
            let Some(path) = place.path_of(name.as_bytes()) else {
                self.failed.store(true, Relaxed);
                continue;
            };
            let kind = meta.as_ref().map_or(Kind::Other, |it| it.kind);
            if self.wants_names {
                plan.heap.names.push((path.clone(), kind == Kind::Directory));
            }
            match meta {
                Err(error) => {
                    self.failed.store(true, Relaxed);
                    self.note(&path, format!("cannot be examined: {error}"), &mut plan.heap);
                }
                Ok(meta) => match kind {
                    Kind::Directory
                        if place.depth() >= MAX_DEPTH || path.as_str().len() > MAX_PATH =>
                    {
                        let what = format!(
                            "{DIRECTORY}is too deep to be scanned: limit {MAX_DEPTH} levels, {MAX_PATH} bytes"
                        );
                        self.note(&path, what, &mut plan.heap);
                    }
                    Kind::Directory => {
                        let before = within.as_mut().and_then(|it| it(name.as_bytes()));
                        self.plan_directory(place, name, &path, meta, before, &mut plan);
                    }
                    Kind::File => self.plan_file(name, &path, meta, task.before, &mut plan),
                    Kind::Mount => {
                        let what = "another filesystem is mounted here; it was not scanned";
                        self.note(&path, what.to_owned(), &mut plan.heap);
                    }
                    Kind::Other => {}
                },
            }
        }
        plan
    }

    fn plan_directory(
        &self,
        place: &Arc<Place>,
        name: CString,
        path: &LayerPath,
        meta: Meta,
        before: Option<Seen<'p>>,
        plan: &mut Plan<'p>,
    ) {
        if let (Some(parent), Some(seen)) = (&self.parent, before)
            && parent.index.trusts(seen.stamp, meta.stamp)
        {
            plan.heap.pieces.extend(parent.lines.below(path.as_str()));
            plan.listed.within.push(Child::Kept(seen));
            return;
        }
        let number = self.n_directories.fetch_add(1, Relaxed);
        plan.listed.within.push(Child::Listed(number));
        let place = Arc::clone(place);
        plan.tasks.push(Task { number, place, name, stamp: meta.stamp, before });
    }

    fn plan_file(
        &self,
        name: CString,
        path: &LayerPath,
        meta: Meta,
        before: Option<Seen<'p>>,
        plan: &mut Plan<'p>,
    ) {
        let mark: FileMark = index::file_mark(name.as_bytes(), &meta);
        plan.listed.files.push(mark);
        self.newest.fetch_max(meta.stamp.ctime, Relaxed);
        match (&self.parent, before) {
            (Some(parent), Some(seen))
                if seen.has_file(mark) && parent.index.trusts(meta.stamp, meta.stamp) =>
            {
                plan.heap.pieces.extend(parent.lines.at(path.as_str()));
            }
            _ => plan.files.push((name, meta.size)),
        }
    }

    fn files(&self, directory: &Directory, place: &Place, batch: &[CString]) {
        let mut heap = Heap::default();
        let slot = rayon::current_thread_index().and_then(|it| self.workers.get(it));
        let mut worker = slot.map(lock);
        let mut spare = None;
        // There is a slot for each thread of the pool, and only those run this.
        let worker = worker.as_deref_mut().unwrap_or(&mut spare);
        let worker = worker.get_or_insert_with(|| Worker::new(self.factory));
        for name in batch {
            let Some(path) = place.path_of(name.as_bytes()) else { continue };
            let Reading { facts, failed } = worker.read(directory, name, &path);
            self.failed.fetch_or(failed, Relaxed);
            if !facts.is_empty() {
                self.add(&path, &facts, &mut heap);
            }
        }
        self.n_files.fetch_add(batch.len() as u64, Relaxed);
        self.hand_in(heap);
    }

    fn unlistable(&self, place: &Place, error: io::Error) {
        self.failed.store(true, Relaxed);
        let mut heap = Heap::default();
        match place.path() {
            Some(path) => {
                self.note(&path, format!("{DIRECTORY}cannot be listed: {error}"), &mut heap);
            }
            None => *lock(&self.root_error) = Some(error),
        }
        self.hand_in(heap);
    }

    fn note(&self, path: &LayerPath, what: String, heap: &mut Heap<'p>) {
        self.add(path, &FileFacts { notes: vec![what], ..FileFacts::default() }, heap);
    }

    fn add(&self, path: &LayerPath, facts: &FileFacts, heap: &mut Heap<'p>) {
        // Writing to memory cannot fail; if it did, the inventory would be short, so say so.
        let Ok(piece) = Piece::new(path, facts) else {
            self.n_facts.store(u64::MAX, Relaxed);
            return;
        };
        let length = piece.bytes().len() as u64;
        if self.n_facts.fetch_add(length, Relaxed).saturating_add(length) <= MAX_FACTS {
            heap.pieces.push(piece);
        }
    }

    fn hand_in(&self, mut heap: Heap<'p>) {
        let mut found = lock(&self.found);
        found.pieces.append(&mut heap.pieces);
        found.listed.append(&mut heap.listed);
        found.names.append(&mut heap.names);
    }

    fn finish(self) -> Result<Walked<'p>, ScanError> {
        if let Some(error) = self.root_error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(ScanError::Root(error));
        }
        if self.n_facts.load(Relaxed) > MAX_FACTS {
            return Err(ScanError::TooManyFacts { limit: MAX_FACTS });
        }
        let heap = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let n_listed = heap.listed.len();
        let mut listed: Vec<_> = (0..self.n_directories.load(Relaxed)).map(|_| None).collect();
        for (number, directory) in heap.listed {
            if let Some(slot) = listed.get_mut(number) {
                *slot = Some(directory);
            }
        }
        let complete = !self.failed.load(Relaxed);
        let index = complete.then(|| index::encode(listed, self.newest.load(Relaxed))).flatten();
        let workers = self.workers.iter().map(|it| lock(it).as_ref().map_or(0, |it| it.n_bytes));
        Ok(Walked {
            pieces: heap.pieces,
            index: index.unwrap_or_else(index::empty),
            names: heap.names,
            n_files: self.n_files.load(Relaxed),
            n_bytes: workers.sum(),
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

/// A thread that panicked while it held the lock left whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
