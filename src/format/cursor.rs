//! A file read from one place on, number by number, with only a small piece of it in memory.
//!
//! What is skipped is not read. How far a reader may get is the caller's bound on its time.

use super::FormatError;
use super::bytes::part;
use crate::model::Content;

/// What is read at a time.
const PIECE: u64 = 64 << 10;

/// The most that [`Cursor::bytes`] takes into memory at once.
const MAX_BYTES: u64 = 1 << 20;

/// A place in a file.
pub struct Cursor<'a> {
    content: &'a dyn Content,
    position: u64,
    end: u64,
    /// What lies from `from` on.
    piece: Vec<u8>,
    from: u64,
    /// Reads that may still follow.
    n_left: u64,
}

impl<'a> Cursor<'a> {
    /// A reader of what lies from `position` up to `end`, which makes at most `n_reads` reads.
    pub fn new(content: &'a dyn Content, position: u64, end: u64, n_reads: u64) -> Self {
        let end = end.min(content.size());
        Self { content, position, end, piece: Vec::new(), from: 0, n_left: n_reads }
    }

    /// Where the next byte is.
    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn is_at_end(&self) -> bool {
        self.position >= self.end
    }

    /// The next bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let front = self.ahead(N as u64)?.first_chunk().copied();
        let bytes = front.ok_or(FormatError::Malformed("the file is cut off"))?;
        self.position += N as u64;
        Ok(bytes)
    }

    /// As many bytes as the file claims, if they are there and not too many.
    pub fn bytes(&mut self, length: u64) -> Result<Vec<u8>, FormatError> {
        if length > MAX_BYTES {
            return Err(FormatError::Limit { what: "a text is too long", limit: MAX_BYTES });
        }
        let from = self.position;
        self.skip(length)?;
        Ok(part(self.content, from, length)?)
    }

    /// Passes over so many bytes, which must be there.
    pub fn skip(&mut self, length: u64) -> Result<(), FormatError> {
        let position = self.position.checked_add(length).filter(|it| *it <= self.end);
        self.position = position.ok_or(FormatError::Malformed("the file is cut off"))?;
        Ok(())
    }

    /// What lies ahead, at least `length` bytes if they are there.
    fn ahead(&mut self, length: u64) -> Result<&[u8], FormatError> {
        let what = "there is too much to read";
        self.n_left = self.n_left.checked_sub(1).ok_or(FormatError::Limit { what, limit: 0 })?;
        let wanted = self.position.saturating_add(length);
        let until = self.from.saturating_add(self.piece.len() as u64);
        if self.position < self.from || wanted > until {
            self.from = self.position;
            self.piece = part(
                self.content,
                self.position,
                PIECE.min(self.end.saturating_sub(self.position)),
            )?;
        }
        let at = usize::try_from(self.position - self.from).unwrap_or(usize::MAX);
        Ok(self.piece.get(at..).unwrap_or_default())
    }
}

impl std::fmt::Debug for Cursor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cursor").field("position", &self.position).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, FormatError};

    #[test]
    fn numbers_and_bytes_follow_each_other_over_pieces() {
        let mut bytes = vec![7; (64 << 10) - 1];
        bytes.extend([1, 2, 3, 4, 5]);
        let content = bytes.as_slice();
        let mut cursor = Cursor::new(&content, 0, u64::MAX, 100);
        assert_eq!(cursor.array().unwrap(), [7]);
        cursor.skip((64 << 10) - 2).unwrap();
        assert_eq!(cursor.array().unwrap(), [1, 2]);
        assert_eq!(cursor.bytes(2).unwrap(), [3, 4]);
        assert!(!cursor.is_at_end());
        assert!(
            cursor.skip(2).is_err() && cursor.bytes(2).is_err() && cursor.array::<2>().is_err()
        );
        assert_eq!(cursor.array().unwrap(), [5]);
        assert!(cursor.is_at_end());
    }

    #[test]
    fn an_end_before_that_of_the_file_is_kept() {
        let content = &b"abcdef"[..];
        let mut cursor = Cursor::new(&content, 1, 3, 100);
        assert_eq!(cursor.array().unwrap(), *b"bc");
        assert!(cursor.array::<1>().is_err());
    }

    #[test]
    fn reading_has_an_end_whatever_the_file_claims() {
        let content = &[0; 100][..];
        let mut cursor = Cursor::new(&content, 0, u64::MAX, 10);
        let n_read =
            std::iter::repeat_with(|| cursor.array::<1>()).take_while(Result::is_ok).count();
        assert_eq!(n_read, 10);
        assert!(matches!(cursor.array::<1>(), Err(FormatError::Limit { .. })));
        assert!(matches!(cursor.bytes(u64::MAX), Err(FormatError::Limit { .. })));
    }
}
