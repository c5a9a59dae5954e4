//! The bytes of one file, wherever they lie.

use std::io;

/// A file that can be read at any place.
///
/// What reads it is pure all the same: it sees these bytes and nothing else.
pub trait Content {
    /// The size it claims.
    fn size(&self) -> u64;

    /// Fills the front of `buffer` with what lies at `offset`, and returns how much that was. Less
    /// than the buffer holds means that there is no more.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// All of it, where it is in memory anyway.
    fn as_slice(&self) -> Option<&[u8]> {
        None
    }
}

/// The next piece of a file that is read front to back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// So many bytes at the front of the buffer.
    Data(usize),
    /// So many zeros that are not stored.
    Hole(u64),
    End,
}

impl Content for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.get(from..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        if let (Some(into), Some(bytes)) = (buffer.get_mut(..n), rest.get(..n)) {
            into.copy_from_slice(bytes);
        }
        Ok(n)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(self)
    }
}
