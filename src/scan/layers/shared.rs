//! What the layers of an image share while they are read: threads, and the limits that hold for all of
//! them together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use rayon::Scope;

use crate::format::FormatError;
use crate::model::{FileFacts, Inventory, LayerPath};
use crate::scan::progress::Meter;
use crate::scan::read::{Workers, lock};

/// A larger file is the only one of its kind in memory.
pub(super) const LARGE: u64 = 32 << 20;

/// What may be on its way to other threads.
const MAX_IN_FLIGHT: usize = 64 << 20;

/// Entries of all layers; more than any image has, at 16 bytes each.
const MAX_ENTRIES: usize = 8 << 20;

/// The facts of all layers, as an inventory writes them.
const MAX_FACTS: usize = 4 * crate::scan::walk::MAX_FACTS;

/// What the layers of an image share while they are read.
pub(crate) struct Shared<'w> {
    pub(crate) workers: Workers<'w>,
    pub(crate) meter: Meter<'w>,
    /// Layers that wait for a thread, or have one.
    pub(crate) n_layers: AtomicUsize,
    /// Whether an archive can be read a second time.
    pub(super) can_repeat: bool,
    in_flight: AtomicUsize,
    n_entries: AtomicUsize,
    facts: AtomicUsize,
    large: Mutex<()>,
}

impl<'w> Shared<'w> {
    pub(crate) fn new(
        workers: Workers<'w>,
        meter: Meter<'w>,
        n_layers: usize,
        can_repeat: bool,
    ) -> Self {
        let [in_flight, n_entries, facts] = [0; 3].map(AtomicUsize::new);
        let n_layers = AtomicUsize::new(n_layers);
        let large = Mutex::default();
        Self { workers, meter, n_layers, can_repeat, in_flight, n_entries, facts, large }
    }

    pub(super) fn takes_entry(&self) -> Result<(), FormatError> {
        if self.n_entries.fetch_add(1, Relaxed) >= MAX_ENTRIES {
            let limit = MAX_ENTRIES as u64;
            return Err(FormatError::Limit { what: "too many files in the image", limit });
        }
        Ok(())
    }

    /// Makes room for the facts of one more file.
    pub(super) fn takes_facts(
        &self,
        path: &LayerPath,
        facts: &FileFacts,
    ) -> Result<(), FormatError> {
        let size = Inventory::size(path, facts);
        if self.facts.fetch_add(size, Relaxed).saturating_add(size) > MAX_FACTS {
            let limit = MAX_FACTS as u64;
            return Err(FormatError::Limit { what: "too many facts, in bytes", limit });
        }
        Ok(())
    }

    /// Only one thread at a time has a file of this size in memory.
    pub(super) fn with_room_for<T>(&self, size: u64, job: impl FnOnce() -> T) -> T {
        let _only = (size > LARGE).then(|| lock(&self.large));
        job()
    }

    /// Has a job done on `size` bytes by another thread, or at once if all are busy or enough is on
    /// its way.
    pub(super) fn hand_over<'s>(
        &'s self,
        size: usize,
        scope: &Scope<'s>,
        job: impl FnOnce(&'s Self) + Send + 's,
    ) {
        let is_busy = self.n_layers.load(Relaxed) >= rayon::current_num_threads();
        if is_busy || self.in_flight.load(Relaxed) + size > MAX_IN_FLIGHT {
            return job(self);
        }
        self.in_flight.fetch_add(size, Relaxed);
        scope.spawn(move |_| {
            job(self);
            self.in_flight.fetch_sub(size, Relaxed);
        });
    }
}

impl fmt::Debug for Shared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("meter", &self.meter).finish_non_exhaustive()
    }
}

/// What was found in the files of one layer, by the numbers of their entries.
pub(super) type Facts = BTreeMap<u32, (LayerPath, FileFacts)>;

/// The same while threads add to it.
#[derive(Debug, Default)]
pub(super) struct Found {
    facts: Mutex<Facts>,
    failed: Mutex<Option<FormatError>>,
    has_failed: AtomicBool,
}

impl Found {
    pub(super) fn add(&self, shared: &Shared<'_>, number: u32, path: LayerPath, facts: FileFacts) {
        if facts.is_empty() || self.has_failed.load(Relaxed) {
            return;
        }
        match shared.takes_facts(&path, &facts) {
            Ok(()) => drop(lock(&self.facts).insert(number, (path, facts))),
            Err(error) => {
                self.has_failed.store(true, Relaxed);
                *lock(&self.failed) = Some(error);
            }
        }
    }

    /// All of it, when all threads are done.
    pub(super) fn take(&self) -> Result<Facts, FormatError> {
        match lock(&self.failed).take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut *lock(&self.facts))),
        }
    }
}
