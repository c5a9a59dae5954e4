//! Bytes at a place, and the numbers they make; nothing where they are not there.

use std::io;

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
