//! The directory index: which parts of a view are as the parent's scan saw them.
//!
//! On overlayfs a directory whose inode number and ctime are those of the parent's view holds
//! nothing that the step touched, at any depth; the same two numbers and the size tell it of a file.
//! The index is an accelerator, never a fact: one that is broken or from elsewhere agrees with
//! nothing, and the scan reads more files for the same result.
//!
//! Kernel clocks tick: what the parent's step changed last and what this step changed first may bear
//! one ctime. Whatever is not older than the newest ctime of the parent's view is never trusted.
//!
//! Format, little endian: [`MAGIC`], newest ctime, CRC-32 of the rest, root record. A record is name
//! length (1), inode (8), ctime (8), number of files (4), length of the records within (4), name,
//! 8 bytes for each regular file in ascending order, then the records of the directories within,
//! sorted by name. So a subtree is one range, and is carried over as bytes.

use std::fs;
use std::path::Path;

use crate::source::{Meta, Stamp};

const MAGIC: &[u8; 8] = b"lgindex\x01";
const HEAD: usize = 8 + 8 + 4;

/// Identifies a regular file in its directory: a hash of name, inode, ctime and size.
pub(super) type FileMark = [u8; 8];

/// An index as it was written.
#[derive(Debug)]
pub(super) struct Index {
    bytes: Vec<u8>,
    /// No entry as new as this is trusted.
    pub(super) newest: i64,
}

/// A directory as the parent's scan saw it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    name: &'a [u8],
    pub(super) stamp: Stamp,
    files: &'a [FileMark],
    within: &'a [u8],
    /// Itself and everything below.
    record: &'a [u8],
}

/// A directory that this scan listed.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) name: Vec<u8>,
    pub(super) stamp: Stamp,
    pub(super) files: Vec<FileMark>,
    /// Sorted by name.
    pub(super) within: Vec<Child<'a>>,
}

/// A directory in a listed one.
#[derive(Debug)]
pub(super) enum Child<'a> {
    /// Listed too, under this number.
    Listed(usize),
    /// Unchanged, and carried over.
    Kept(Seen<'a>),
}

impl Index {
    /// Reads the file; nothing if there is none or it is not what was written.
    pub(super) fn open(path: &Path) -> Option<Self> {
        Self::parse(fs::read(path).ok()?)
    }

    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (newest, rest) = rest.split_first_chunk()?;
        let (sum, body) = rest.split_first_chunk()?;
        let newest = i64::from_le_bytes(*newest);
        (crc32fast::hash(body) == u32::from_le_bytes(*sum)).then_some(Self { bytes, newest })
    }

    /// The file's bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The root directory; none in an empty index.
    pub(super) fn root(&self) -> Option<Seen<'_>> {
        Some(Seen::split(self.bytes.get(HEAD..)?)?.0)
    }

    /// Whether what was seen as `before` cannot have changed.
    pub(super) fn trusts(&self, before: Stamp, now: Stamp) -> bool {
        before == now && now.ctime < self.newest
    }
}

impl<'a> Seen<'a> {
    /// Reads the record at the front.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (name_length, rest) = bytes.split_first()?;
        let (inode, rest) = rest.split_first_chunk()?;
        let (ctime, rest) = rest.split_first_chunk()?;
        let (n_files, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_at_checked(usize::from(*name_length))?;
        let files = usize::try_from(u32::from_le_bytes(*n_files)).ok()?.checked_mul(8)?;
        let (files, rest) = rest.split_at_checked(files)?;
        let within = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (within, rest) = rest.split_at_checked(within)?;
        let record = bytes.get(..bytes.len() - rest.len())?;
        let stamp = Stamp { inode: u64::from_le_bytes(*inode), ctime: i64::from_le_bytes(*ctime) };
        let (files, _) = files.as_chunks();
        Some((Self { name, stamp, files, within, record }, rest))
    }

    /// The directories within, to be asked for in ascending order of their names.
    pub(super) fn within(&self) -> impl FnMut(&[u8]) -> Option<Seen<'a>> + use<'a> {
        let mut rest = self.within;
        move |name| {
            while let Some((seen, after)) = Seen::split(rest) {
                if seen.name > name {
                    return None;
                }
                rest = after;
                if seen.name == name {
                    return Some(seen);
                }
            }
            None
        }
    }

    /// Whether a file of this mark was in it.
    pub(super) fn has_file(&self, mark: FileMark) -> bool {
        self.files.binary_search(&mark).is_ok()
    }
}

/// The mark of a file. The hash is a good one because a step chooses names and sizes.
pub(super) fn file_mark(name: &[u8], meta: &Meta) -> FileMark {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&meta.stamp.inode.to_le_bytes());
    hasher.update(&meta.stamp.ctime.to_le_bytes());
    hasher.update(&meta.size.to_le_bytes());
    hasher.update(name);
    let mut mark = FileMark::default();
    hasher.finalize_xof().fill(&mut mark);
    mark
}

/// Writes the index of the listed directories, the root being number 0.
///
/// `None` if they do not fit the format: an index without them would be wrong.
pub(super) fn encode(mut listed: Vec<Option<Listed<'_>>>, newest: i64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; HEAD];
    encode_record(&mut listed, 0, &mut bytes)?;
    finish(bytes, newest)
}

/// An index that agrees with nothing.
pub(super) fn empty() -> Vec<u8> {
    finish(vec![0; HEAD], i64::MIN).unwrap_or_default()
}

fn finish(mut bytes: Vec<u8>, newest: i64) -> Option<Vec<u8>> {
    let (head, body) = bytes.split_at_mut_checked(HEAD)?;
    let sum = crc32fast::hash(body).to_le_bytes();
    head.copy_from_slice(&[&MAGIC[..], &newest.to_le_bytes(), &sum].concat());
    Some(bytes)
}

/// Recursive, but never deeper than the walk that found the directories.
fn encode_record(
    listed: &mut [Option<Listed<'_>>],
    number: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let mut directory = listed.get_mut(number)?.take()?;
    directory.files.sort_unstable();
    out.push(u8::try_from(directory.name.len()).ok()?);
    out.extend(directory.stamp.inode.to_le_bytes());
    out.extend(directory.stamp.ctime.to_le_bytes());
    out.extend(u32::try_from(directory.files.len()).ok()?.to_le_bytes());
    let length_at = out.len();
    out.extend([0; 4]);
    out.extend(&directory.name);
    out.extend(directory.files.as_flattened());
    let start = out.len();
    for child in directory.within {
        match child {
            Child::Listed(number) => encode_record(listed, number, out)?,
            Child::Kept(seen) => out.extend(seen.record),
        }
    }
    let length = u32::try_from(out.len() - start).ok()?;
    out.get_mut(length_at..length_at + 4)?.copy_from_slice(&length.to_le_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Kind;

    fn stamp(inode: u64) -> Stamp {
        Stamp { inode, ctime: 5 }
    }

    fn sample() -> Vec<u8> {
        let mark = |name: &[u8]| {
            file_mark(
                name,
                &Meta {
                    kind: Kind::File,
                    stamp: stamp(9),
                    mtime: 0,
                    size: 1,
                    is_executable: false,
                },
            )
        };
        let directory = |name: &[u8], inode, within| Listed {
            name: name.to_vec(),
            stamp: stamp(inode),
            files: vec![mark(b"f"), mark(b"g"), mark(b"h")],
            within,
        };
        let listed = vec![
            Some(directory(b"", 1, vec![Child::Listed(2), Child::Listed(1)])),
            Some(directory(b"b", 3, vec![])),
            Some(directory(b"a", 2, vec![Child::Listed(3)])),
            Some(directory(b"x", 4, vec![])),
        ];
        encode(listed, 7).unwrap()
    }

    #[test]
    fn what_was_written_is_found_again() {
        let index = Index::parse(sample()).unwrap();
        let root = index.root().unwrap();
        let mut within = root.within();
        let a = within(b"a").unwrap();
        assert_eq!(a.stamp.inode, 2);
        assert!(within(b"aa").is_none());
        assert_eq!(within(b"b").unwrap().stamp.inode, 3);
        assert_eq!(a.within()(b"x").unwrap().stamp.inode, 4);
        let meta =
            Meta { kind: Kind::File, stamp: stamp(9), mtime: 0, size: 1, is_executable: false };
        assert!(a.has_file(file_mark(b"g", &meta)));
        assert!(!a.has_file(file_mark(b"g", &Meta { size: 2, ..meta })));
    }

    #[test]
    fn a_carried_subtree_is_the_same_bytes() {
        let index = Index::parse(sample()).unwrap();
        let root = index.root().unwrap();
        let mut within = root.within();
        let kept = [b"a", b"b"].map(|it| Child::Kept(within(it).unwrap())).into();
        let files = root.files.to_vec();
        let again = Listed { name: Vec::new(), stamp: stamp(1), files, within: kept };
        assert_eq!(encode(vec![Some(again)], 7).unwrap(), sample());
    }

    #[test]
    fn the_newest_tick_is_not_trusted() {
        let index = Index::parse(sample()).unwrap();
        let at = |ctime| Stamp { inode: 1, ctime };
        assert!(index.trusts(at(6), at(6)));
        assert!(!index.trusts(at(6), at(5)));
        assert!(!index.trusts(at(7), at(7)));
    }

    #[test]
    fn a_broken_index_is_no_index() {
        let good = sample();
        for end in 0..good.len() {
            assert!(Index::parse(good[..end].to_vec()).is_none());
            let mut bad = good.clone();
            bad[end] ^= 1;
            let is_newest = (8..16).contains(&end);
            assert!(Index::parse(bad).is_none() || is_newest);
        }
        assert!(Index::parse(empty()).unwrap().root().is_none());
    }

    #[test]
    fn hostile_records_end_the_search() {
        let good = sample();
        for at in HEAD..good.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = value;
                let index = Index::parse(finish(bad, 7).unwrap()).unwrap();
                if let Some(root) = index.root() {
                    root.within()(b"zz");
                    let _ = root.within()(b"a").map(|it| it.within()(b"x").is_some());
                }
            }
        }
    }
}
