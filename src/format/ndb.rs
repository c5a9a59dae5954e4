//! NDB, the package database of SUSE's rpm: blobs, and slots that say where each begins.
//!
//! Format: `lib/backend/ndb/rpmpkg.c` in <https://github.com/rpm-software-management/rpm>. Numbers
//! are little-endian, slots fill whole pages, a blob begins at a block. The index beside it
//! (`Index.db`) is not needed.

use super::FormatError;
use super::bytes::{le32, part};
use crate::model::Content;

const MAGIC: &[u8] = b"RpmP";
const SLOT: &[u8] = b"Slot";
const BLOB: &[u8] = b"BlbS";
const BLOB_END: &[u8] = b"BlbE";

const PAGE: u64 = 4096;
const BLOCK: u64 = 16;
const SLOT_SIZE: usize = 16;

/// Pages of slots: a million packages.
const MAX_SLOT_PAGES: u32 = 4096;

/// The header of a blob: magic, package, generation, length.
const HEAD: u64 = 16;
/// The end of a blob: checksum, length, magic.
const TAIL: u64 = 12;

/// Is told each blob, and why one cannot be read.
pub type Each<'a> = dyn FnMut(Result<&[u8], FormatError>) + 'a;

/// Whether a file that begins with these bytes is a database.
pub fn is_database(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Where a blob lies, in blocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    from: u32,
    n_blocks: u32,
    package: u32,
}

/// Reads all blobs, in the order in which they lie. One of more than `limit` bytes is told as an
/// error, and so is a damaged one; the others follow.
pub fn blobs(content: &dyn Content, limit: u64, each: &mut Each<'_>) -> Result<(), FormatError> {
    let mut end = 0;
    for slot in slots(content, each)? {
        let blob = if slot.offset() < end {
            // If blobs could, a small file could hold any number of large ones.
            Err(FormatError::Malformed("a blob that overlaps another"))
        } else {
            slot.blob(content, limit)
        };
        match blob {
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(error) => each(Err(error)),
            Ok(blob) => {
                end = slot.offset() + slot.size();
                each(Ok(&blob));
            }
        }
    }
    Ok(())
}

/// The slots in use, in the order of their blobs.
fn slots(content: &dyn Content, each: &mut Each<'_>) -> Result<Vec<Slot>, FormatError> {
    let header = part(content, 0, 2 * BLOCK)?;
    if !is_database(&header) {
        return Err(FormatError::Malformed("not an NDB database"));
    }
    let (Some(version), Some(n_pages)) = (le32(&header, 4), le32(&header, 12)) else {
        return Err(FormatError::Malformed("the header is cut off"));
    };
    if version != 0 {
        return Err(FormatError::Malformed("an unknown version of NDB"));
    }
    if n_pages > MAX_SLOT_PAGES {
        let limit = u64::from(MAX_SLOT_PAGES);
        return Err(FormatError::Limit { what: "too many pages of slots", limit });
    }
    let mut slots = Vec::new();
    for page in 0..u64::from(n_pages) {
        let bytes = part(content, page * PAGE, PAGE)?;
        // The header has the place of the first two.
        let first = if page == 0 { 2 } else { 0 };
        let (records, _) = bytes.as_chunks::<SLOT_SIZE>();
        for record in records.iter().skip(first) {
            match slot(record) {
                Some(slot) if slot.from == 0 => {}
                Some(slot) => slots.push(slot),
                None => each(Err(FormatError::Malformed("a slot that is damaged"))),
            }
        }
        if (bytes.len() as u64) < PAGE {
            each(Err(FormatError::Malformed("slots that are cut off")));
            break;
        }
    }
    slots.sort_unstable();
    Ok(slots)
}

fn slot(record: &[u8]) -> Option<Slot> {
    let fields = record.strip_prefix(SLOT)?;
    Some(Slot { package: le32(fields, 0)?, from: le32(fields, 4)?, n_blocks: le32(fields, 8)? })
}

impl Slot {
    fn offset(self) -> u64 {
        u64::from(self.from) * BLOCK
    }

    fn size(self) -> u64 {
        u64::from(self.n_blocks) * BLOCK
    }

    /// The blob, if what stands before and after it fits the slot.
    fn blob(self, content: &dyn Content, limit: u64) -> Result<Vec<u8>, FormatError> {
        let damaged = || FormatError::Malformed("a blob that is damaged");
        let room = self.size().checked_sub(HEAD + TAIL).ok_or_else(damaged)?;
        let head = part(content, self.offset(), HEAD)?;
        let tail = part(content, self.offset() + HEAD + room, TAIL)?;
        let fields = || {
            let fields = head.strip_prefix(BLOB)?;
            let (package, length) = (le32(fields, 0)?, le32(fields, 8)?);
            let ends = tail.ends_with(BLOB_END) && le32(&tail, 4)? == length;
            (ends && package == self.package).then_some(u64::from(length))
        };
        let length = fields().filter(|it| *it <= room).ok_or_else(damaged)?;
        if length > limit {
            return Err(FormatError::Limit { what: "a blob that is too large", limit });
        }
        Ok(part(content, self.offset() + HEAD, length)?)
    }
}

/// Databases for tests.
#[cfg(test)]
pub(crate) mod made {
    use super::{BLOB, BLOB_END, BLOCK, HEAD, MAGIC, PAGE, SLOT, SLOT_SIZE, TAIL};

    /// A database of these blobs.
    pub(crate) fn database(blobs: &[Vec<u8>]) -> Vec<u8> {
        let number = |it: usize| u32::try_from(it).unwrap().to_le_bytes();
        let [block, page, head, tail] =
            [BLOCK, PAGE, HEAD, TAIL].map(|it| usize::try_from(it).unwrap());
        let n_pages = (blobs.len() + 2).div_ceil(page / SLOT_SIZE);
        let mut slots = [MAGIC, &number(0), &number(1), &number(n_pages), &[0; 16]].concat();
        let mut body = Vec::new();
        for (package, blob) in (1..).zip(blobs) {
            let n_blocks = (head + blob.len() + tail).div_ceil(block);
            let from = (n_pages * page + body.len()) / block;
            slots.extend([SLOT, &number(package), &number(from), &number(n_blocks)].concat());
            let end = body.len() + n_blocks * block - tail;
            body.extend([BLOB, &number(package), &number(1), &number(blob.len())].concat());
            body.extend(blob);
            body.resize(end, 0);
            body.extend([&number(0), &number(blob.len()), BLOB_END].concat());
        }
        while slots.len() < n_pages * page {
            slots.extend([SLOT, &[0; 12]].concat());
        }
        [slots, body].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::blobs;
    use super::made::database;

    /// The length of each blob, with what is told of the others.
    fn read(bytes: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        let end = blobs(&bytes, 1000, &mut |blob| {
            told.push(blob.map_or_else(|it| it.to_string(), |it| it.len().to_string()));
        });
        told.extend(end.err().map(|it| it.to_string()));
        told
    }

    fn of_lengths(lengths: &[usize]) -> Vec<u8> {
        database(&lengths.iter().map(|it| vec![7; *it]).collect::<Vec<_>>())
    }

    fn with(good: &[u8], at: usize, bytes: &[u8]) -> Vec<String> {
        let mut bad = good.to_vec();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        read(&bad)
    }

    #[test]
    fn all_blobs_are_read_also_those_of_later_pages_of_slots() {
        let lengths: Vec<usize> = (0..600).collect();
        let shown: Vec<String> = lengths.iter().map(ToString::to_string).collect();
        assert_eq!(read(&of_lengths(&lengths)), shown);
    }

    #[test]
    fn one_bad_blob_does_not_hide_the_next() {
        assert_eq!(
            read(&of_lengths(&[1, 2000, 3])),
            ["1", "a blob that is too large, limit 1000", "3"]
        );
        let good = of_lengths(&[1, 2, 3]);
        // The second slot's package, block and number of blocks.
        assert_eq!(with(&good, 52, &[9]), ["1", "a blob that is damaged", "3"]);
        assert_eq!(with(&good, 57, &[2]), ["1", "3", "a blob that is damaged"]);
        assert_eq!(with(&good, 60, &[1]), ["1", "a blob that is damaged", "3"]);
        assert_eq!(with(&good, 48, b"slot"), ["a slot that is damaged", "1", "3"]);
        // The blob's own length, and its end.
        assert_eq!(with(&good, 4096 + 32 + 12, &[9]), ["1", "a blob that is damaged", "3"]);
        assert_eq!(with(&good, 4096 + 32 + 28, b"blbe"), ["1", "a blob that is damaged", "3"]);
    }

    #[test]
    fn blobs_do_not_overlap() {
        let good = of_lengths(&[1, 2]);
        let first = good[32 + 4..32 + 16].to_vec();
        assert_eq!(with(&good, 48 + 4, &first), ["1", "a blob that overlaps another"]);
    }

    #[test]
    fn what_is_no_such_database_says_why() {
        let good = of_lengths(&[1]);
        assert_eq!(read(b""), ["not an NDB database"]);
        assert_eq!(read(b"RpmP"), ["the header is cut off"]);
        assert_eq!(with(&good, 4, &[1]), ["an unknown version of NDB"]);
        assert_eq!(with(&good, 12, &[1, 16]), ["too many pages of slots, limit 4096"]);
        let damaged = "a slot that is damaged";
        assert_eq!(with(&good, 12, &[2]), [damaged, damaged, "slots that are cut off", "1"]);
        assert_eq!(read(&good[..40]), ["slots that are cut off"]);
    }

    #[test]
    fn a_database_may_end_anywhere_and_hold_any_byte() {
        let good = of_lengths(&[1, 30, 2]);
        for at in (0..80).chain(4090..good.len()) {
            read(&good[..at]);
            for byte in [0, 1, 0x7f, 0xff] {
                with(&good, at, &[byte]);
            }
        }
    }
}
