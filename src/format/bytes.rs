//! Bytes at a place, and the numbers they make; nothing where they are not there.

use std::io::{self, BufRead, BufReader, Read};

use crate::model::Content;

/// The bytes at `offset`; fewer where the file ends.
///
/// No more is taken into memory than the file has, so `length` may be what the file claims, as long
/// as a file of that size is fit to be held.
pub fn part(content: &dyn Content, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let left = content.size().saturating_sub(offset).min(length);
    let mut bytes = vec![0; usize::try_from(left).unwrap_or(0)];
    let n = content.read_at(offset, &mut bytes)?;
    bytes.truncate(n);
    Ok(bytes)
}

/// A part of a file, read in its place.
pub struct Slice<'a> {
    content: &'a dyn Content,
    offset: u64,
    size: u64,
}

impl<'a> Slice<'a> {
    /// The `size` bytes at `offset`, or those of them that are there.
    pub fn new(content: &'a dyn Content, offset: u64, size: u64) -> Self {
        let size = content.size().saturating_sub(offset).min(size);
        Self { content, offset, size }
    }

    /// Reads it from its beginning on, a piece at a time.
    pub fn reader(self) -> impl BufRead + 'a {
        let capacity = usize::try_from(self.size).unwrap_or(PIECE).min(PIECE);
        BufReader::with_capacity(capacity, Reader { slice: self, at: 0 })
    }
}

/// What is read of a file at a time.
const PIECE: usize = 64 << 10;

struct Reader<'a> {
    slice: Slice<'a>,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.slice.read_at(self.at, buffer)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Content for Slice<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        self.content.read_at(self.offset.saturating_add(offset), buffer)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        let from = usize::try_from(self.offset).ok()?;
        let to = usize::try_from(self.offset.checked_add(self.size)?).ok()?;
        self.content.as_slice()?.get(from..to)
    }
}

impl std::fmt::Debug for Slice<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slice")
            .field("offset", &self.offset)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

pub fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
