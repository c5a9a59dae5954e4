//! Zip archives, by their central directory.
//!
//! Format: PKWARE's APPNOTE, <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>,
//! sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (its end, also with
//! 64 bits). What is not in the directory does not exist. Something may lie before the archive: a
//! jar may begin with a shell script.

use std::io::{ErrorKind, Read as _};

use flate2::bufread::DeflateDecoder;

use super::FormatError;
use super::bytes::{Slice, le16, le32, le64, part};
use crate::model::Content;

/// Entries of one archive that are listed. The largest jars have about 100,000.
const MAX_ENTRIES: usize = 1 << 20;

/// The most of an archive's directory that is taken into memory.
const MAX_DIRECTORY: u64 = 64 << 20;

const END: &[u8; 4] = b"PK\x05\x06";
const END_SIZE: u64 = 22;
const END64_LOCATOR: &[u8; 4] = b"PK\x06\x07";
const END64: &[u8; 4] = b"PK\x06\x06";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";

/// One byte of deflated data makes at most this many.
const MAX_RATIO: u64 = 1032;

/// The comment at an archive's end has at most this many bytes.
const MAX_COMMENT: u64 = 0xffff;

/// An archive whose directory was read.
#[derive(Debug)]
pub struct Zip {
    pub entries: Vec<Entry>,
}

/// A file in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As it is written, which may lead anywhere. Nothing is ever written to it.
    pub name: String,
    /// When it is taken out, as the archive claims.
    pub size: u64,
    /// As it lies in the archive.
    pub packed: u64,
    method: u16,
    is_encrypted: bool,
    /// Of its local header.
    offset: u64,
}

/// Where the directory lies.
struct Directory {
    offset: u64,
    size: u64,
    n_entries: u64,
    /// What lies before the archive: to be added to every offset in it.
    shift: u64,
}

impl Zip {
    /// Reads the directory of the archive in `content`.
    pub fn read(content: &dyn Content) -> Result<Self, FormatError> {
        Self::select(content, |_| true)
    }

    /// The same, but lists only the entries whose names `keep` wants, so that an archive of 100,000
    /// classes takes no more room than the few files that tell what it is.
    pub fn select(
        content: &dyn Content,
        keep: impl FnMut(&str) -> bool,
    ) -> Result<Self, FormatError> {
        Self::bounded(content, keep, MAX_ENTRIES, MAX_DIRECTORY)
    }

    /// The same of an archive that somebody asked for, which takes the room it takes.
    pub fn of_any_size(content: &dyn Content) -> Result<Self, FormatError> {
        Self::bounded(content, |_| true, 1 << 24, 4 << 30)
    }

    fn bounded(
        content: &dyn Content,
        mut keep: impl FnMut(&str) -> bool,
        max_entries: usize,
        max_directory: u64,
    ) -> Result<Self, FormatError> {
        let directory = Directory::find(content)?;
        if directory.size > max_directory {
            let what = "the archive's directory is too large";
            return Err(FormatError::Limit { what, limit: max_directory });
        }
        let bytes = part(content, directory.offset, directory.size)?;
        let mut rest = bytes.as_slice();
        let (mut entries, mut n_entries) = (Vec::new(), 0);
        while rest.starts_with(CENTRAL) {
            if n_entries == max_entries {
                let what = "too many files in the archive";
                return Err(FormatError::Limit { what, limit: max_entries as u64 });
            }
            let (entry, after) = Entry::split(rest, directory.shift)
                .ok_or(FormatError::Malformed("the archive's directory is cut off"))?;
            if keep(&entry.name) {
                entries.push(entry);
            }
            n_entries += 1;
            rest = after;
        }
        // With 65,536 entries or more, older writers count modulo that.
        if n_entries as u64 & 0xffff != directory.n_entries & 0xffff {
            return Err(FormatError::Malformed("the archive's directory breaks off"));
        }
        Ok(Self { entries })
    }

    /// The entry of this name; of several the last, as extractors leave it.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|it| it.name == name)
    }
}

impl Entry {
    /// Takes the entry out, if it has at most `limit` bytes, whatever size the archive claims.
    pub fn bytes(&self, content: &dyn Content, limit: u64) -> Result<Vec<u8>, FormatError> {
        let too_large = || FormatError::Limit { what: "a file in the archive is too large", limit };
        if self.size > limit {
            return Err(too_large());
        }
        let bytes = self.unpack(content, limit.saturating_add(1))?;
        if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
    }

    /// The beginning of the entry: at most `limit` bytes, however many it has.
    pub fn head(&self, content: &dyn Content, limit: u64) -> Result<Vec<u8>, FormatError> {
        self.unpack(content, limit)
    }

    /// Up to `limit` bytes of the entry.
    fn unpack(&self, content: &dyn Content, limit: u64) -> Result<Vec<u8>, FormatError> {
        if self.is_encrypted {
            return Err(FormatError::Malformed("a file in the archive is encrypted"));
        }
        let packed = Slice::new(content, self.data_offset(content)?, self.packed);
        if self.method == 0 {
            return Ok(part(&packed, 0, limit)?);
        }
        if self.method != 8 {
            let what = "a file in the archive is packed in a way that is not read";
            return Err(FormatError::Malformed(what));
        }
        let mut bytes = Vec::new();
        DeflateDecoder::new(packed.reader()).take(limit).read_to_end(&mut bytes).map_err(
            |error| match error.kind() {
                ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                    FormatError::Malformed("a file in the archive is damaged")
                }
                _ => FormatError::Io(error),
            },
        )?;
        Ok(bytes)
    }

    /// How much may have been unpacked when it turns out that the entry cannot be taken out: a small
    /// archive can name one bomb a thousand times.
    pub fn cost(&self, limit: u64) -> u64 {
        let most = match self.method {
            _ if self.is_encrypted => 0,
            0 => self.packed,
            8 => self.packed.saturating_mul(MAX_RATIO),
            _ => 0,
        };
        most.min(limit)
    }

    /// The entry in its place, if it is stored as it is.
    pub fn in_place<'a>(&self, content: &'a dyn Content) -> Result<Option<Slice<'a>>, FormatError> {
        if !self.is_stored() {
            return Ok(None);
        }
        let offset = self.data_offset(content)?;
        Ok(Some(Slice::new(content, offset, self.packed)))
    }

    /// Whether the entry lies in the archive as it is, so that a part of it can be read in place.
    pub fn is_stored(&self) -> bool {
        self.method == 0 && !self.is_encrypted
    }

    /// Where the entry's bytes begin.
    pub fn data_offset(&self, content: &dyn Content) -> Result<u64, FormatError> {
        let header = part(content, self.offset, 30)?;
        let broken = FormatError::Malformed("a file in the archive has no header");
        let fields = header.strip_prefix(LOCAL).and_then(|it| Some((le16(it, 22)?, le16(it, 24)?)));
        let Some((name, extra)) = fields else { return Err(broken) };
        Ok(self.offset.saturating_add(30 + u64::from(name) + u64::from(extra)))
    }

    /// Reads the record at the front.
    fn split(bytes: &[u8], shift: u64) -> Option<(Self, &[u8])> {
        let (record, rest) = bytes.split_at_checked(46)?;
        let length = |at| le16(record, at).map(usize::from);
        let (name, rest) = rest.split_at_checked(length(28)?)?;
        let (extra, rest) = rest.split_at_checked(length(30)?)?;
        let rest = rest.get(length(32)?..)?;
        let mut wide = Wide::find(extra);
        let mut field = |at| match le32(record, at)? {
            u32::MAX => wide.next(),
            short => Some(u64::from(short)),
        };
        // In the order in which the wide ones are written.
        let (size, packed, offset) = (field(24)?, field(20)?, field(42)?);
        let entry = Self {
            name: String::from_utf8_lossy(name).into_owned(),
            size,
            packed,
            method: le16(record, 10)?,
            is_encrypted: le16(record, 8)? & 1 != 0,
            offset: offset.checked_add(shift)?,
        };
        Some((entry, rest))
    }
}

/// The fields of the extra record with 64 bits (4.5.3).
struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    fn find(extra: &'a [u8]) -> Self {
        let mut rest = extra;
        while let (Some(kind), Some(length)) = (le16(rest, 0), le16(rest, 2)) {
            let Some(field) = rest.get(4..4 + usize::from(length)) else { break };
            if kind == 1 {
                return Self(field);
            }
            rest = rest.get(4 + usize::from(length)..).unwrap_or_default();
        }
        Self(&[])
    }

    fn next(&mut self) -> Option<u64> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*field))
    }
}

impl Directory {
    fn find(content: &dyn Content) -> Result<Self, FormatError> {
        let size = content.size();
        let tail_at = size.saturating_sub(END_SIZE + MAX_COMMENT);
        let tail = part(content, tail_at, END_SIZE + MAX_COMMENT)?;
        let none = FormatError::Malformed("the archive has no end record");
        let Some(at) = memchr::memmem::rfind(&tail, END) else { return Err(none) };
        let end_at = tail_at + at as u64;
        let Some(record) = tail.get(at..) else { return Err(none) };
        let narrow = (|| {
            let n_entries = u64::from(le16(record, 10)?);
            let size = u64::from(le32(record, 12)?);
            Some(Self { offset: u64::from(le32(record, 16)?), size, n_entries, shift: 0 })
        })();
        let Some(narrow) = narrow else { return Err(none) };
        let (mut directory, before) = match Self::wide(content, end_at)? {
            Some((wide, at)) => (wide, at),
            None => (narrow, end_at),
        };
        // The directory ends where its end record begins; offsets that say otherwise are counted
        // from the start of the archive and not of the file.
        let real = before
            .checked_sub(directory.size)
            .ok_or(FormatError::Malformed("the archive's directory begins before the archive"))?;
        directory.shift = real.saturating_sub(directory.offset);
        directory.offset = real;
        Ok(directory)
    }

    /// The end record with 64 bits, and where it begins.
    fn wide(content: &dyn Content, end_at: u64) -> Result<Option<(Self, u64)>, FormatError> {
        let Some(locator_at) = end_at.checked_sub(20) else { return Ok(None) };
        let locator = part(content, locator_at, 20)?;
        let Some(fields) = locator.strip_prefix(END64_LOCATOR) else { return Ok(None) };
        let stated = le64(fields, 4).unwrap_or(u64::MAX);
        // It lies right before its locator, where something lies before the archive.
        for at in [stated, locator_at.saturating_sub(56)] {
            let record = part(content, at, 56)?;
            let Some(fields) = record.strip_prefix(END64) else { continue };
            let read = (|| {
                let n_entries = le64(fields, 28)?;
                let size = le64(fields, 36)?;
                Some(Self { offset: le64(fields, 44)?, size, n_entries, shift: 0 })
            })();
            return Ok(read.map(|it| (it, at)));
        }
        Ok(None)
    }
}

#[cfg(test)]
pub(crate) mod made;

#[cfg(test)]
mod tests {
    use super::made::zip;
    use super::{Entry, FormatError, Zip};

    fn taken(bytes: &[u8], name: &str, limit: u64) -> Result<Vec<u8>, FormatError> {
        let archive = Zip::read(&bytes)?;
        archive
            .entry(name)
            .map_or(Err(FormatError::Malformed("absent")), |it| it.bytes(&bytes, limit))
    }

    #[test]
    fn stored_and_deflated_files_are_taken_out() {
        let text = b"text ".repeat(1000);
        let bytes = zip(&[("a", b"stored"), ("b.z", &text)]);
        assert_eq!(taken(&bytes, "a", 100).unwrap(), b"stored");
        assert_eq!(taken(&bytes, "b", 5000).unwrap(), text);
        assert!(matches!(taken(&bytes, "b", 4999), Err(FormatError::Limit { .. })));
        let archive = Zip::read(&bytes.as_slice()).unwrap();
        let sizes: Vec<_> = archive.entries.iter().map(|it| (it.name.as_str(), it.size)).collect();
        assert_eq!(sizes, [("a", 6), ("b", 5000)]);
    }

    #[test]
    fn a_beginning_may_be_taken_of_what_is_too_large() {
        let text = b"text ".repeat(100_000);
        let bytes = zip(&[("a", &text), ("b.z", &text)]);
        let archive = Zip::select(&bytes.as_slice(), |it| it != "a").unwrap();
        let names: Vec<_> = archive.entries.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["b"]);
        for entry in Zip::read(&bytes.as_slice()).unwrap().entries {
            assert_eq!(entry.head(&bytes.as_slice(), 7).unwrap(), b"text te");
            assert_eq!(entry.head(&bytes.as_slice(), 1 << 20).unwrap(), text);
        }
    }

    #[test]
    fn a_stored_archive_is_read_in_its_place() {
        let inner = zip(&[("x", b"y")]);
        let outer = zip(&[("b", b"b"), ("in.jar", &inner), ("c.z", b"c")]);
        let content = outer.as_slice();
        let archive = Zip::read(&content).unwrap();
        let inside = archive.entry("in.jar").unwrap().in_place(&content).unwrap().unwrap();
        let nested = Zip::read(&inside).unwrap();
        assert_eq!(nested.entry("x").unwrap().bytes(&inside, 9).unwrap(), b"y");
        assert!(archive.entry("c").unwrap().in_place(&content).unwrap().is_none());
    }

    #[test]
    fn what_lies_before_the_archive_does_not_matter() {
        let bytes =
            [b"#!/bin/sh\nexec java\n".to_vec(), zip(&[("a", b"x"), ("b.z", b"y")])].concat();
        assert_eq!(taken(&bytes, "b", 9).unwrap(), b"y");
    }

    #[test]
    fn a_size_that_is_a_lie_is_found_out() {
        let mut bytes = zip(&[("bomb.z", &vec![0; 1 << 20])]);
        // The directory claims one byte.
        let at = memchr::memmem::rfind(&bytes, super::CENTRAL).unwrap() + 24;
        bytes[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
        assert!(matches!(taken(&bytes, "bomb", 1000), Err(FormatError::Limit { .. })));
    }

    #[test]
    fn a_failure_costs_no_more_than_deflate_can_make() {
        let bytes = zip(&[("a", b"stored"), ("b.z", &vec![0; 1 << 20])]);
        let archive = Zip::read(&bytes.as_slice()).unwrap();
        let packed = archive.entry("b").unwrap().packed;
        assert!(packed * super::MAX_RATIO >= 1 << 20 && packed < 2000);
        let costs = |limit| archive.entries.iter().map(|it| it.cost(limit)).collect::<Vec<_>>();
        assert_eq!(costs(1 << 30), [6, packed * super::MAX_RATIO]);
        assert_eq!(costs(5), [5, 5]);
    }

    #[test]
    fn fields_of_64_bits_are_read_where_the_short_ones_are_full() {
        let bytes = zip(&[("a", b"x")]);
        let central = memchr::memmem::rfind(&bytes, super::CENTRAL).unwrap();
        let mut record = bytes[central..central + 47].to_vec();
        record[20..28].fill(0xff);
        record[30] = 20;
        record.extend([1, 0, 16, 0]);
        record.extend(7_u64.to_le_bytes());
        record.extend(5_u64.to_le_bytes());
        let (entry, rest) = Entry::split(&record, 3).unwrap();
        assert_eq!((entry.size, entry.packed, entry.offset), (7, 5, 3));
        assert!(rest.is_empty());
    }

    #[test]
    fn an_archive_may_end_anywhere_and_hold_any_byte() {
        let good = zip(&[("a", b"stored"), ("b.z", &b"text ".repeat(100))]);
        for at in 0..good.len() {
            // The length of the comment at the end says nothing.
            assert!(Zip::read(&&good[..at]).is_err() || at + 2 >= good.len());
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                if let Ok(archive) = Zip::read(&bad.as_slice()) {
                    for entry in &archive.entries {
                        drop(entry.bytes(&bad.as_slice(), 1000));
                    }
                }
            }
        }
    }
}
