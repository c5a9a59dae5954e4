//! A trace of the step's own run, by which a cached scan is told from a layer that was made anew.
//!
//! BuildKit may throw a layer away and keep the scan of it. When the instruction then runs again
//! and makes something else, the scan still comes from the cache. So a scan names one file or
//! directory that the run wrote, with its mtime: another run writes it at another time, or not at
//! all. It stands beside the inventory, never in it.

use serde::{Deserialize, Serialize};

use crate::model::LayerPath;
use crate::source::Meta;

/// What another run of the step would not leave as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    pub path: LayerPath,
    /// Nanoseconds since 1970.
    pub mtime: i64,
    /// When the kernel saw the last change; decides between two.
    #[serde(skip)]
    ctime: i64,
}

/// A time that was set, and not left as the kernel wrote it, would be set again by another run.
const NATURAL: i64 = 1_000_000_000;

impl Witness {
    /// What `path` can say, if its mtime is the kernel's. A name that had to be escaped could not be
    /// looked up again.
    pub(super) fn new(path: &LayerPath, meta: &Meta) -> Option<Self> {
        let is_natural = (0..NATURAL).contains(&meta.stamp.ctime.saturating_sub(meta.mtime));
        let is_plain = !path.as_str().contains('\\');
        (is_natural && is_plain).then(|| Self {
            path: path.clone(),
            mtime: meta.mtime,
            ctime: meta.stamp.ctime,
        })
    }

    /// Whether it is the better of two: what changed last is the step's own work, and of equals any
    /// will do, as long as it is always the same.
    fn rank(&self) -> (i64, &LayerPath) {
        (self.ctime, &self.path)
    }

    pub(super) fn better(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) if other.rank() > one.rank() => Some(other),
            (Some(one), _) => Some(one),
            (None, other) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Witness;
    use crate::model::LayerPath;
    use crate::source::{Kind, Meta, Stamp};

    fn witness(path: &str, mtime: i64, ctime: i64) -> Option<Witness> {
        let stamp = Stamp { inode: 1, ctime };
        let meta = Meta { kind: Kind::File, stamp, mtime, size: 0, is_executable: false };
        Witness::new(&LayerPath::new(path).unwrap(), &meta)
    }

    #[test]
    fn a_time_that_was_set_is_no_witness() {
        let second = 1_000_000_000;
        assert!(witness("a", 5 * second, 5 * second + 7).is_some());
        assert!(witness("a", 5 * second, 7 * second).is_none());
        assert!(witness("a", 9 * second, 7 * second).is_none());
    }

    #[test]
    fn what_changed_last_speaks() {
        let best = |one, other| Witness::better(one, other).map(|it| it.path.to_string());
        assert_eq!(best(witness("a", 1, 1), witness("b", 2, 2)).as_deref(), Some("/b"));
        assert_eq!(best(witness("b", 2, 2), witness("a", 2, 2)).as_deref(), Some("/b"));
        assert_eq!(best(None, witness("a", 1, 1)).as_deref(), Some("/a"));
    }
}
