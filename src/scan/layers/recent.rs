//! The files that went by last, in case a hard link to one of them comes.
//!
//! Archives list a directory's files together, so most links come soon after their targets. For those
//! the archive need not be read a second time; one that comes through a pipe could not be.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// What is known of a file costs about so many bytes.
const COST: usize = 64;

/// Files in memory, the newest of which are still being added to.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// How many bytes of files are kept, and of what is known of them; the newest are not counted.
    limit: usize,
    n_bytes: usize,
    /// The number of the first batch that is kept.
    first: usize,
    batches: VecDeque<(Arc<Vec<u8>>, Vec<u64>)>,
    newest: Vec<u64>,
    files: FxHashMap<u64, Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    /// Of the entry that the bytes are of.
    number: u32,
    batch: usize,
    at: Range<usize>,
}

impl Recent {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Remembers a file of the newest batch, with the number of the entry that its bytes are of.
    pub(super) fn add(&mut self, path: u64, number: u32, at: Range<usize>) {
        self.newest.push(path);
        self.files.insert(path, Kept { number, batch: self.first + self.batches.len(), at });
    }

    /// What was at the path is there no more.
    pub(super) fn forget(&mut self, path: u64) {
        self.files.remove(&path);
    }

    /// The file at the path, and the entry that it is of; `newest` are the bytes of the newest batch.
    pub(super) fn get<'a>(&'a self, path: u64, newest: &'a [u8]) -> Option<(u32, &'a [u8])> {
        let kept = self.files.get(&path)?;
        let number = kept.batch.checked_sub(self.first)?;
        let bytes = match self.batches.get(number) {
            Some((bytes, _)) => bytes.as_slice(),
            None => newest,
        };
        Some((kept.number, bytes.get(kept.at.clone())?))
    }

    /// Closes the newest batch, and lets the oldest go. The memory of one that nobody else has is
    /// handed back, emptied.
    pub(super) fn close(&mut self, bytes: &Arc<Vec<u8>>) -> Option<Vec<u8>> {
        let mut spare = None;
        self.n_bytes += bytes.len() + self.newest.len() * COST;
        self.batches.push_back((Arc::clone(bytes), std::mem::take(&mut self.newest)));
        while self.n_bytes > self.limit {
            let Some((bytes, paths)) = self.batches.pop_front() else { break };
            self.n_bytes -= bytes.len() + paths.len() * COST;
            spare = Arc::try_unwrap(bytes).ok().or(spare);
            for path in paths {
                if self.files.get(&path).is_some_and(|it| it.batch == self.first) {
                    self.files.remove(&path);
                }
            }
            self.first += 1;
        }
        spare.map(|mut bytes| {
            bytes.clear();
            bytes
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{COST, Recent};

    #[test]
    fn the_oldest_files_go_first() {
        let mut recent = Recent::new(6 + 3 * COST);
        let batch = |text: &str| Arc::new(text.as_bytes().to_vec());
        recent.add(1, 7, 0..2);
        recent.add(2, 8, 2..4);
        assert_eq!(recent.get(2, b"aabb"), Some((8, &b"bb"[..])));
        assert!(recent.close(&batch("aabb")).is_none());
        recent.add(1, 9, 0..1);
        assert_eq!(recent.get(1, b"c"), Some((9, &b"c"[..])));
        assert_eq!(recent.get(2, b"c"), Some((8, &b"bb"[..])));
        assert!(recent.close(&batch("cccc")).is_some_and(|it| it.is_empty() && it.capacity() == 4));
        assert_eq!(recent.get(2, b""), None);
        assert_eq!(recent.get(1, b""), Some((9, &b"c"[..])));
        recent.forget(1);
        assert_eq!(recent.get(1, b""), None);
    }
}
