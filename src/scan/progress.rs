//! How far a scan is, told seldom enough to cost nothing.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How far a scan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files that were looked at or passed over.
    pub n_files: u64,
    /// Bytes that were read: of files in a directory, of blobs in an image.
    pub n_bytes: u64,
    /// How many there will be, if that is known.
    pub total: Option<u64>,
    /// The number of the layer that went on last, counted from 1.
    pub layer: Option<usize>,
}

/// Receives it, from any thread.
pub type Listener<'a> = dyn Fn(Progress) + Sync + 'a;

/// Told after so many bytes,
const BYTES: u64 = 8 << 20;

/// or files.
const FILES: u64 = 4096;

/// Counts for all threads.
pub(super) struct Meter<'a> {
    listener: &'a Listener<'a>,
    total: Option<u64>,
    n_files: AtomicU64,
    n_bytes: AtomicU64,
    told: AtomicU64,
}

impl<'a> Meter<'a> {
    pub(super) fn new(listener: &'a Listener<'a>, total: Option<u64>) -> Self {
        let [n_files, n_bytes, told] = [0; 3].map(AtomicU64::new);
        Self { listener, total, n_files, n_bytes, told }
    }

    pub(super) fn n_files(&self) -> u64 {
        self.n_files.load(Relaxed)
    }

    pub(super) fn add(&self, layer: Option<usize>, n_files: u64, n_bytes: u64) {
        let n_files = self.n_files.fetch_add(n_files, Relaxed) + n_files;
        let n_bytes = self.n_bytes.fetch_add(n_bytes, Relaxed) + n_bytes;
        let step = n_bytes / BYTES + n_files / FILES;
        if self.told.fetch_max(step, Relaxed) < step {
            (self.listener)(Progress { n_files, n_bytes, total: self.total, layer });
        }
    }
}

impl fmt::Debug for Meter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("n_bytes", &self.n_bytes).finish_non_exhaustive()
    }
}
