//! Every entry of a layer's archive, in order, at 16 bytes each: enough to tell what an extractor
//! would leave of them.
//!
//! Of two entries with one name the last one stays. What is no directory also takes the place of what
//! was below it. A hard link is another name for what its target was when the link came.

use std::collections::BTreeMap;

use crate::format::FormatError;
use crate::model::LayerPath;

/// Names that are held for hard links, all together.
const MAX_LINK_NAMES: usize = 64 << 20;

/// A path, for asking whether two are the same. The hash is a good one because paths are chosen by
/// whoever made the layer.
pub(super) fn hash(path: &str) -> u64 {
    let mut bytes = [0; 8];
    let mut hasher = blake3::Hasher::new();
    hasher.update(path.as_bytes()).finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// The directories that a path lies in, from the nearest to the top; the root is the empty one.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    let parent = |path: &str| path.rfind('/').unwrap_or_default();
    let first = (!path.is_empty()).then(|| path.get(..parent(path)).unwrap_or_default());
    std::iter::successors(first, move |it| {
        (!it.is_empty()).then(|| it.get(..parent(it)).unwrap_or_default())
    })
}

/// What an entry left at its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Directory,
    File {
        /// Its first bytes were looked at.
        was_read: bool,
        /// By which it may concern an analyzer under another name.
        has_magic: bool,
    },
    Symlink,
    HardLink,
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Logged {
    path: u64,
    number: u32,
    left: Left,
}

/// Another name for a file.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) number: u32,
    pub(super) path: LayerPath,
    pub(super) target: LayerPath,
    pub(super) is_executable: bool,
}

/// The entries of one layer.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Vec<Logged>,
    links: Vec<Link>,
    link_names: usize,
    /// Hard links that were read as files, in order, and the entries that have the bytes.
    pub(super) copies: Vec<(u32, u32)>,
    pub(super) whiteouts: Vec<u64>,
    pub(super) opaque: Vec<u64>,
}

impl Log {
    /// The number of the next entry.
    pub(super) fn next(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// Adds an entry; `path` is the hash of its own.
    pub(super) fn add(&mut self, path: u64, left: Left) {
        let number = self.next();
        self.entries.push(Logged { path, number, left });
    }

    pub(super) fn link(
        &mut self,
        path: LayerPath,
        target: LayerPath,
        is_executable: bool,
    ) -> Result<(), FormatError> {
        self.link_names += path.as_str().len() + target.as_str().len();
        if self.link_names > MAX_LINK_NAMES {
            let limit = MAX_LINK_NAMES as u64;
            return Err(FormatError::Limit { what: "too many names of hard links", limit });
        }
        let number = self.next();
        self.add(hash(path.as_str()), Left::HardLink);
        self.links.push(Link { number, path, target, is_executable });
        Ok(())
    }

    /// No more entries come.
    pub(super) fn close(mut self) -> Closed {
        self.entries.sort_unstable_by_key(|it| (it.path, it.number));
        Closed { log: self }
    }
}

/// A link that is there in the end.
#[derive(Debug)]
pub(super) enum Resolved {
    /// Its target is the entry of this number.
    To(u32, Left),
    /// Its target is in a lower layer.
    Foreign,
    /// It leads to nothing that has content.
    Nowhere,
}

/// A log that can be asked.
#[derive(Debug)]
pub(super) struct Closed {
    log: Log,
}

impl Closed {
    fn at(&self, path: u64) -> &[Logged] {
        let entries = &self.log.entries;
        let from = entries.partition_point(|it| it.path < path);
        let rest = entries.get(from..).unwrap_or_default();
        rest.get(..rest.partition_point(|it| it.path == path)).unwrap_or_default()
    }

    /// Whether what entry `number` left at `path` is there in the end.
    pub(super) fn stays(&self, path: &str, number: u32) -> bool {
        let is_later = |it: &Logged| it.number > number;
        let replaces = |it: &Logged| is_later(it) && it.left != Left::Directory;
        !self.at(hash(path)).iter().any(is_later)
            && !above(path).any(|it| self.at(hash(it)).iter().any(replaces))
    }

    /// The entry that has the bytes of entry `number`.
    fn with_bytes(&self, number: u32) -> u32 {
        let copies = &self.log.copies;
        let copy = copies.binary_search_by_key(&number, |it| it.0).ok();
        copy.and_then(|it| copies.get(it)).map_or(number, |it| it.1)
    }

    /// The links that are there in the end, with what they lead to.
    pub(super) fn links(&self) -> Vec<(&Link, Resolved)> {
        let mut targets: BTreeMap<u32, Option<(u32, Left)>> = BTreeMap::new();
        let mut resolved = Vec::new();
        for link in &self.log.links {
            let entries = self.at(hash(link.target.as_str()));
            let before = entries.partition_point(|it| it.number < link.number);
            let target = before.checked_sub(1).and_then(|it| entries.get(it));
            let to = match target.map(|it| (it.number, it.left)) {
                None => Resolved::Foreign,
                Some((number, Left::HardLink)) => match targets.get(&number) {
                    Some(Some((number, left))) => Resolved::To(*number, *left),
                    Some(None) => Resolved::Foreign,
                    None => Resolved::Nowhere,
                },
                Some((number, left @ (Left::File { .. } | Left::Symlink))) => {
                    Resolved::To(self.with_bytes(number), left)
                }
                Some((_, Left::Directory | Left::Other)) => Resolved::Nowhere,
            };
            match &to {
                Resolved::To(number, left) => {
                    targets.insert(link.number, Some((*number, *left)));
                }
                Resolved::Foreign => {
                    targets.insert(link.number, None);
                }
                Resolved::Nowhere => {}
            }
            if self.stays(link.path.as_str(), link.number) {
                resolved.push((link, to));
            }
        }
        resolved
    }

    /// The paths that hide what lower layers have there and below, those of directories, and those
    /// of directories that hide what lower layers have in them.
    pub(super) fn into_names(self) -> [Vec<u64>; 3] {
        let Log { entries, whiteouts, opaque, .. } = self.log;
        let (mut replaced, mut directories) = (whiteouts, Vec::new());
        for group in entries.chunk_by(|a, b| a.path == b.path) {
            let Some(last) = group.last() else { continue };
            // What was a file for a while hid what was there before it.
            if group.iter().any(|it| it.left != Left::Directory) {
                replaced.push(last.path);
            }
            if last.left == Left::Directory {
                directories.push(last.path);
            }
        }
        [replaced, directories, opaque].map(|mut it| {
            it.sort_unstable();
            it.dedup();
            it.shrink_to_fit();
            it
        })
    }
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn a_path_lies_in_its_directories_and_the_root() {
        assert_eq!(above("a/b/c").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(above("a").collect::<Vec<_>>(), [""]);
        assert_eq!(above("").count(), 0);
    }
}
