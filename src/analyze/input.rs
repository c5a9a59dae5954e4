//! What an analyzer is given: a path and the bytes there.

use std::borrow::Cow;
use std::io;

use super::MAX_FILE;
use crate::model::{Content, LayerPath};

/// One file to analyze. A symlink's content is where it leads to.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub path: &'a LayerPath,
    pub content: &'a dyn Content,
}

/// Why a file could not be read. What it says is never a reason.
#[derive(Debug)]
pub enum Unread {
    /// The disk failed.
    Io(io::Error),
    TooLarge {
        size: u64,
        limit: u64,
    },
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<'a> Input<'a> {
    pub fn size(&self) -> u64 {
        self.content.size()
    }

    /// The whole file, up to [`MAX_FILE`].
    pub fn whole(&self) -> Result<Cow<'a, [u8]>, Unread> {
        self.up_to(MAX_FILE)
    }

    /// The whole file, up to a limit of the analyzer's own: what it makes of the bytes may need many
    /// times their memory.
    pub fn up_to(&self, limit: u64) -> Result<Cow<'a, [u8]>, Unread> {
        if self.size() > limit {
            return Err(Unread::TooLarge { size: self.size(), limit });
        }
        if let Some(bytes) = self.content.as_slice() {
            return Ok(Cow::Borrowed(bytes));
        }
        // No longer than it claims to be: what grows meanwhile is not followed.
        let length = usize::try_from(self.size()).unwrap_or(usize::MAX);
        Ok(Cow::Owned(self.part(0, length)?))
    }

    /// The bytes at `offset`; fewer than `length` where the file ends before.
    ///
    /// `length` is the caller's bound on memory, never a number that the file states.
    pub fn part(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let left = self.size().saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(length);
        let mut bytes = vec![0; length];
        let n = self.content.read_at(offset, &mut bytes)?;
        bytes.truncate(n);
        Ok(bytes)
    }
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("path", self.path).finish_non_exhaustive()
    }
}
