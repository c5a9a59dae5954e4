//! Reads the archive of one layer from front to back.
//!
//! What an analyzer wants, and what is small, is taken into memory and worked on by whichever thread
//! is free; what is large and only looked through for secrets never is. No thread waits for another:
//! when too much is on its way, the reading thread does the work itself.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use rayon::Scope;

use super::log::{Left, Log};
use super::name::Name;
use crate::analyze::{self, HEAD};
use crate::format::FormatError;
use crate::format::compression::Plain;
use crate::format::tar::{Archive, Entry, Kind};
use crate::model::{Chunk, FileFacts, Inventory, LayerPath};
use crate::scan::plan::too_deep;
use crate::scan::progress::Meter;
use crate::scan::read::{Reading, Workers, lock};

/// The largest file that analyzers see.
pub(super) const MAX_ANALYZED: u64 = 256 << 20;

/// A larger file that nobody wants is not taken into memory for the sake of another thread.
const MAX_HANDED: u64 = 4 << 20;

/// A larger file is the only one of its kind in memory.
const LARGE: u64 = 32 << 20;

/// What is handed to another thread at once.
const BATCH: usize = 512 << 10;

/// What may be on its way to other threads.
const MAX_IN_FLIGHT: usize = 64 << 20;

/// Entries of all layers together; more than any image has, at 16 bytes each.
const MAX_ENTRIES: usize = 8 << 20;

/// The facts of all layers together, as an inventory writes them.
const MAX_FACTS: usize = 4 * crate::scan::walk::MAX_FACTS;

pub(super) const TOO_LARGE: &str = "too large to be analyzed inside an archive";

/// What the layers of an image have in common while they are read.
pub(crate) struct Shared<'w> {
    pub(crate) workers: Workers<'w>,
    pub(crate) meter: Meter<'w>,
    /// Layers that wait for a thread, or have one.
    pub(crate) n_layers: AtomicUsize,
    in_flight: AtomicUsize,
    n_entries: AtomicUsize,
    facts: AtomicUsize,
    large: Mutex<()>,
}

impl<'w> Shared<'w> {
    pub(crate) fn new(workers: Workers<'w>, meter: Meter<'w>, n_layers: usize) -> Self {
        let [in_flight, n_entries, facts] = [0; 3].map(AtomicUsize::new);
        let n_layers = AtomicUsize::new(n_layers);
        Self { workers, meter, n_layers, in_flight, n_entries, facts, large: Mutex::default() }
    }

    /// Whether every thread has a layer to read.
    fn is_busy(&self) -> bool {
        self.n_layers.load(Relaxed) >= rayon::current_num_threads()
    }

    fn takes_entry(&self) -> Result<(), FormatError> {
        if self.n_entries.fetch_add(1, Relaxed) >= MAX_ENTRIES {
            let limit = MAX_ENTRIES as u64;
            return Err(FormatError::Limit { what: "too many files in the image", limit });
        }
        Ok(())
    }

    /// Whether there is room for the facts of one more file.
    pub(super) fn takes_facts(&self, path: &LayerPath, facts: &FileFacts) -> bool {
        let size = Inventory::size(path, facts);
        self.facts.fetch_add(size, Relaxed).saturating_add(size) <= MAX_FACTS
    }

    /// Only one thread at a time has a file of this size in memory.
    pub(super) fn with_room_for<T>(&self, size: u64, job: impl FnOnce() -> T) -> T {
        let _only = (size > LARGE).then(|| lock(&self.large));
        job()
    }
}

impl fmt::Debug for Shared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("meter", &self.meter).finish_non_exhaustive()
    }
}

/// A layer whose archive was read, while its files may still be worked on.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(super) log: Log,
    found: Arc<Mutex<BTreeMap<u32, (LayerPath, FileFacts)>>>,
    has_too_much: Arc<AtomicBool>,
}

impl Pending {
    /// What was found, by the numbers of entries. To be asked when all threads are done.
    pub(super) fn take_found(&self) -> Result<BTreeMap<u32, (LayerPath, FileFacts)>, FormatError> {
        if self.has_too_much.load(Relaxed) {
            return Err(too_many_facts());
        }
        Ok(std::mem::take(&mut *lock(&self.found)))
    }
}

pub(super) fn too_many_facts() -> FormatError {
    FormatError::Limit { what: "too many facts, in bytes", limit: MAX_FACTS as u64 }
}

/// Reads a layer; tells `on_entry` how far it is.
pub(crate) fn read<'s, 'w: 's>(
    archive: &mut Archive<Plain<'_>>,
    shared: &'s Shared<'w>,
    scope: &Scope<'s>,
    on_entry: &mut dyn FnMut(u64),
) -> Result<Pending, FormatError> {
    let mut reader = Reader {
        archive,
        shared,
        scope,
        on_entry,
        pending: Pending::default(),
        batch: Batch::default(),
    };
    while let Some(entry) = reader.archive.entry()? {
        (reader.on_entry)(1);
        reader.entry(&entry)?;
    }
    reader.flush();
    Ok(reader.pending)
}

struct Reader<'r, 'a, 's, 'w> {
    archive: &'r mut Archive<Plain<'a>>,
    shared: &'s Shared<'w>,
    scope: &'r Scope<'s>,
    on_entry: &'r mut dyn FnMut(u64),
    pending: Pending,
    batch: Batch,
}

/// Files in memory.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    files: Vec<(u32, LayerPath, Range<usize>)>,
}

impl<'s, 'w: 's> Reader<'_, '_, 's, 'w> {
    fn entry(&mut self, entry: &Entry) -> Result<(), FormatError> {
        self.shared.takes_entry()?;
        let log = &mut self.pending.log;
        let number = log.next();
        let path = match Name::of(&entry.name, entry.kind == Kind::Directory) {
            Name::Of(path) => path,
            Name::Whiteout(path) => {
                log.whiteouts.push(super::hash(path.as_str()));
                return Ok(());
            }
            Name::Opaque(path) => {
                log.opaque.push(super::hash(path.as_ref().map_or("", LayerPath::as_str)));
                return Ok(());
            }
            Name::TooDeep(path) => {
                let facts = FileFacts { notes: vec![too_deep()], ..FileFacts::default() };
                log.add(&path, Left::Directory);
                self.found(number, path, facts);
                return Ok(());
            }
            Name::Nothing => return Ok(()),
        };
        let is_executable = entry.mode & 0o111 != 0;
        match &entry.kind {
            Kind::Directory => log.add(&path, Left::Directory),
            Kind::Other => log.add(&path, Left::Other),
            Kind::Symlink(target) => {
                log.add(&path, Left::Symlink);
                let facts = Reading::of_target(&path, target).facts;
                self.found(number, path, facts);
            }
            Kind::HardLink(target) => match Name::target(target) {
                Some(target) => log.link(path, target, is_executable)?,
                None => log.add(&path, Left::Other),
            },
            Kind::File => {
                let left = self.file(number, &path, entry.size, is_executable)?;
                self.pending.log.add(&path, left);
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        number: u32,
        path: &LayerPath,
        size: u64,
        is_executable: bool,
    ) -> Result<Left, FormatError> {
        let has_scanner = self.shared.workers.look_for_secrets();
        let by_path = !analyze::wanting(path).is_empty();
        if !by_path && !has_scanner && !analyze::may_sniff(path, is_executable) {
            return Ok(Left::File { was_read: false, has_magic: false });
        }
        let start = self.batch.bytes.len();
        let mut hole = take(self.archive, &mut self.batch.bytes, HEAD as u64)?;
        let front = self.batch.bytes.get(start..).unwrap_or_default();
        let head = front.get(..HEAD).unwrap_or(front);
        let has_magic = analyze::magic(head).is_some();
        let is_wanted = by_path || !analyze::wanting_head(path, head).is_empty();
        let left = Left::File { was_read: true, has_magic };
        if (is_wanted && size <= MAX_ANALYZED) || (has_scanner && size <= MAX_HANDED) {
            if size > LARGE {
                self.large(number, path.clone(), start, size, hole)?;
            } else {
                self.rest(size, start, hole)?;
                self.batch.files.push((number, path.clone(), start..self.batch.bytes.len()));
                if self.batch.bytes.len() >= BATCH {
                    self.flush();
                }
            }
            return Ok(left);
        }
        let front = self.batch.bytes.split_off(start);
        let mut facts = FileFacts::default();
        if has_scanner {
            let (archive, on_entry) = (&mut *self.archive, &mut *self.on_entry);
            let mut next = |buffer: &mut [u8]| {
                (on_entry)(0);
                match std::mem::take(&mut hole) {
                    0 => archive.content(buffer),
                    n => Ok(Chunk::Hole(n)),
                }
            };
            let reading =
                self.shared.workers.lend(|worker| worker.read_on(path, &front, &mut next))?;
            facts = reading.facts;
        }
        if is_wanted {
            facts.notes.push(format!("{TOO_LARGE}: {size} bytes, limit {MAX_ANALYZED}"));
        }
        self.found(number, path.clone(), facts);
        Ok(left)
    }

    /// A file that is in memory alone.
    fn large(
        &mut self,
        number: u32,
        path: LayerPath,
        start: usize,
        size: u64,
        hole: u64,
    ) -> Result<(), FormatError> {
        let front = self.batch.bytes.split_off(start);
        self.flush();
        let shared = self.shared;
        shared.with_room_for(size, || {
            self.batch.bytes = front;
            self.rest(size, 0, hole)?;
            let bytes = std::mem::take(&mut self.batch.bytes);
            let facts = shared.workers.lend(|worker| worker.read_whole(&path, &bytes)).facts;
            drop(bytes);
            self.found(number, path, facts);
            Ok(())
        })
    }

    /// Takes the rest of a file into memory.
    fn rest(&mut self, size: u64, start: usize, hole: u64) -> Result<(), FormatError> {
        let bytes = &mut self.batch.bytes;
        zeros(bytes, hole, start, size);
        loop {
            let left = size - (bytes.len() - start) as u64;
            let hole = take(self.archive, bytes, left)?;
            if hole == 0 {
                return Ok(());
            }
            zeros(bytes, hole, start, size);
        }
    }

    /// Hands over what is in memory.
    fn flush(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if batch.files.is_empty() {
            // The room is kept.
            self.batch.bytes = batch.bytes;
            return;
        }
        let size = batch.bytes.len();
        let (found, has_too_much) =
            (Arc::clone(&self.pending.found), Arc::clone(&self.pending.has_too_much));
        let shared = self.shared;
        let is_full = shared.in_flight.load(Relaxed) + size > MAX_IN_FLIGHT;
        if is_full || shared.is_busy() {
            batch.work(shared, &found, &has_too_much);
            self.batch.bytes = batch.bytes;
            self.batch.bytes.clear();
            return;
        }
        shared.in_flight.fetch_add(size, Relaxed);
        self.scope.spawn(move |_| {
            batch.work(shared, &found, &has_too_much);
            shared.in_flight.fetch_sub(size, Relaxed);
        });
        self.batch.bytes = Vec::with_capacity(BATCH + BATCH / 4);
    }

    fn found(&self, number: u32, path: LayerPath, facts: FileFacts) {
        add(
            self.shared,
            &self.pending.found,
            &self.pending.has_too_much,
            vec![(number, path, facts)],
        );
    }
}

impl Batch {
    fn work(
        &self,
        shared: &Shared<'_>,
        found: &Mutex<BTreeMap<u32, (LayerPath, FileFacts)>>,
        has_too_much: &AtomicBool,
    ) {
        let facts = shared.workers.lend(|worker| {
            let files = self.files.iter().map(|(number, path, at)| {
                let bytes = self.bytes.get(at.clone()).unwrap_or_default();
                (*number, path.clone(), worker.read_whole(path, bytes).facts)
            });
            files.filter(|it| !it.2.is_empty()).collect()
        });
        add(shared, found, has_too_much, facts);
    }
}

fn add(
    shared: &Shared<'_>,
    found: &Mutex<BTreeMap<u32, (LayerPath, FileFacts)>>,
    has_too_much: &AtomicBool,
    facts: Vec<(u32, LayerPath, FileFacts)>,
) {
    for (number, path, facts) in facts.into_iter().filter(|it| !it.2.is_empty()) {
        if shared.takes_facts(&path, &facts) {
            lock(found).insert(number, (path, facts));
        } else {
            has_too_much.store(true, Relaxed);
        }
    }
}

/// Takes bytes of the current entry to the end of `bytes`, until there are `n` more or a hole, whose
/// length is returned.
pub(super) fn take(
    archive: &mut Archive<Plain<'_>>,
    bytes: &mut Vec<u8>,
    n: u64,
) -> Result<u64, FormatError> {
    /// What is made room for before it is there.
    const STEP: u64 = 256 << 10;
    let mut left = n;
    while left > 0 {
        let start = bytes.len();
        let room = usize::try_from(left.min(STEP)).unwrap_or_default();
        bytes.resize(start + room, 0);
        let chunk = archive.content(bytes.get_mut(start..).unwrap_or_default());
        let n = if let Ok(Chunk::Data(n)) = chunk { n } else { 0 };
        bytes.truncate(start + n);
        left -= n as u64;
        match chunk? {
            Chunk::Data(_) => {}
            Chunk::Hole(n) => return Ok(n),
            Chunk::End => break,
        }
    }
    Ok(0)
}

/// Adds a hole to a file that begins at `start`, no further than the file goes.
pub(super) fn zeros(bytes: &mut Vec<u8>, n: u64, start: usize, size: u64) {
    let end = ((bytes.len() - start) as u64).saturating_add(n).min(size);
    bytes.resize(start + usize::try_from(end).unwrap_or_default(), 0);
}
