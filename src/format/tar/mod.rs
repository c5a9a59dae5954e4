//! Tar archives, read front to back.
//!
//! Formats: POSIX ustar and pax, <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>,
//! and what GNU tar made of them, <https://www.gnu.org/software/tar/manual/html_section/Formats.html>.
//! Where writers differ, this reads as Go's `archive/tar` does: that is what unpacks layers.
//!
//! Memory is for one name, one link target and one map of holes, each bounded. What is stored of a
//! file is never taken for granted: it is read, or skipped, and an archive that ends before is an
//! error. What follows the end of the archive is not looked at.

mod header;
mod pax;
mod sparse;

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, BufReader, Read};

use super::FormatError;
use crate::model::Chunk;
use header::{BLOCK, Block, Header};
use pax::Pax;
use sparse::{Holes, Part, Segments};

/// The most of one extended header or long name.
const MAX_EXTENDED: u64 = 1 << 20;

/// What is said of a block that should be a header.
pub const NO_HEADER: &str = "this is no header: its checksum is wrong";

/// Bytes that come one after the other, and need not all be seen.
pub trait Source: Read {
    /// Passes over `n` bytes, all of which must be there.
    fn skip(&mut self, n: u64) -> io::Result<()>;
}

impl<R: Read> Source for BufReader<R> {
    fn skip(&mut self, n: u64) -> io::Result<()> {
        let mut left = n;
        while left > 0 {
            let there = match self.fill_buf() {
                Ok([]) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(there) => usize::try_from(left).unwrap_or(usize::MAX).min(there.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.consume(there);
            left -= there as u64;
        }
        Ok(())
    }
}

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As the archive spells it: it may be absolute, empty, lead upwards, or end with a slash.
    pub name: Vec<u8>,
    pub kind: Kind,
    /// Of its content, with holes.
    pub size: u64,
    pub mode: u32,
    /// Where in the archive its content is, if that lies there in one piece.
    pub at: Option<u64>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    /// A symlink, with where it leads to.
    Symlink(Vec<u8>),
    /// Another name for the file that the archive had under this name.
    HardLink(Vec<u8>),
    /// A FIFO or a device: it has no content.
    Other,
}

/// An archive that is being read.
#[derive(Debug)]
pub struct Archive<R> {
    from: R,
    /// Of the next byte to read.
    offset: u64,
    /// Stored bytes of the current entry that were not read yet, and what fills its last block.
    left: u64,
    padding: u64,
    holes: Option<Holes>,
    global: Pax,
    is_over: bool,
}

/// Whether the first block of a file is that of an archive.
pub fn begins_archive(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(|it: &Block| is_zero(it) || Header::new(it).is_some())
}

fn is_zero(block: &Block) -> bool {
    block.iter().all(|it| *it == 0)
}

/// What headers before that of the entry told.
#[derive(Default)]
struct Extended {
    pax: Option<Pax>,
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl<R: Source> Archive<R> {
    pub fn new(from: R) -> Self {
        let global = Pax::default();
        Self { from, offset: 0, left: 0, padding: 0, holes: None, global, is_over: false }
    }

    /// Where the reading is.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What it reads from.
    pub fn get_ref(&self) -> &R {
        &self.from
    }

    /// Goes to the next entry, past what was not read of the current one.
    pub fn entry(&mut self) -> Result<Option<Entry>, FormatError> {
        self.skip(self.left + self.padding)?;
        (self.left, self.padding, self.holes) = (0, 0, None);
        let mut extended = Extended::default();
        while let Some(block) = self.header()? {
            let at = self.offset - BLOCK as u64;
            let header =
                Header::new(&block).ok_or(FormatError::At { offset: at, what: NO_HEADER })?;
            let size =
                header.size().ok_or(FormatError::At { offset: at, what: "a size is no number" });
            match header.kind() {
                b'x' | b'X' => {
                    let mut pax = self.global.clone();
                    let bytes = self.extended(size?)?;
                    pax.read(&bytes).map_err(|what| FormatError::At { offset: at, what })?;
                    extended.pax = Some(pax);
                }
                b'g' => {
                    let bytes = self.extended(size?)?;
                    self.global
                        .read(&bytes)
                        .map_err(|what| FormatError::At { offset: at, what })?;
                }
                b'L' => extended.name = Some(until_zero(self.extended(size?)?)),
                b'K' => extended.link = Some(until_zero(self.extended(size?)?)),
                // A label of the archive.
                b'V' => self.pass(size?)?,
                _ => {
                    let entry = self.begin(&header, size, extended);
                    return entry.map(Some).map_err(|error| located(error, at));
                }
            }
        }
        if extended.pax.is_some() || extended.name.is_some() || extended.link.is_some() {
            return Err(self.broken("the archive is cut off: a file is missing"));
        }
        Ok(None)
    }

    /// Fills the front of `buffer` with the next piece of the current entry's content.
    pub fn content(&mut self, buffer: &mut [u8]) -> Result<Chunk, FormatError> {
        let stored = match self.holes.as_mut().map(Holes::next) {
            Some(Part::Hole(n)) => return Ok(Chunk::Hole(n)),
            Some(Part::Stored(n)) => n.min(self.left),
            Some(Part::End) => return Ok(Chunk::End),
            None => self.left,
        };
        let length = usize::try_from(stored).unwrap_or(usize::MAX).min(buffer.len());
        let Some(front) = buffer.get_mut(..length).filter(|it| !it.is_empty()) else {
            return Ok(Chunk::End);
        };
        let n = loop {
            match self.from.read(front) {
                Ok(0) => return Err(self.broken("the archive is cut off within a file")),
                Ok(n) => break n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        };
        self.offset += n as u64;
        self.left -= n as u64;
        if let Some(holes) = &mut self.holes {
            holes.advance(n as u64);
        }
        Ok(Chunk::Data(n))
    }

    /// The next header; `None` at the end of the archive.
    fn header(&mut self) -> Result<Option<Block>, FormatError> {
        if self.is_over {
            return Ok(None);
        }
        let Some(block) = self.block()? else {
            self.is_over = true;
            return Ok(None);
        };
        if !is_zero(&block) {
            return Ok(Some(block));
        }
        // The end are two blocks of zeros; some writers leave the second one out.
        self.is_over = true;
        match self.block()? {
            Some(second) if !is_zero(&second) => {
                Err(self.broken("a block of zeros is between files"))
            }
            _ => Ok(None),
        }
    }

    /// Takes up an entry whose header was read.
    fn begin(
        &mut self,
        header: &Header<'_>,
        size: Result<u64, FormatError>,
        extended: Extended,
    ) -> Result<Entry, FormatError> {
        let Pax { path, link, size: told, sparse } =
            extended.pax.unwrap_or_else(|| self.global.clone());
        let name = extended.name.or(path).unwrap_or_else(|| header.name());
        let link = || extended.link.or(link).unwrap_or_else(|| header.link());
        let mode = header.mode();
        let kind = match header.kind() {
            b'1' => Kind::HardLink(link()),
            b'2' => Kind::Symlink(link()),
            b'3' | b'4' | b'6' => Kind::Other,
            b'5' => Kind::Directory,
            // Before there was a kind for it, a slash told a directory.
            b'0' | 0 | b'7' if name.ends_with(b"/") => Kind::Directory,
            // Unknown kinds are to be taken for files.
            _ => Kind::File,
        };
        if kind != Kind::File {
            // Where these state a size, nothing is stored all the same.
            return Ok(Entry { name, kind, size: 0, mode, at: None });
        }
        let stored = told.map_or(size, Ok)?;
        self.left = stored;
        self.padding = stored.wrapping_neg() % BLOCK as u64;
        if self.padding.checked_add(stored).is_none() {
            return Err(self.broken("a size is too large"));
        }
        let real = match header.kind() {
            b'S' => {
                let segments = self.old_map(header)?;
                let real = header.real_size().ok_or_else(|| self.broken("a size is no number"))?;
                Some((segments, real))
            }
            _ if !sparse.is_told => None,
            _ if sparse.is_stored => Some((self.stored_map()?, sparse.size.unwrap_or(stored))),
            _ => Some((sparse.segments, sparse.size.unwrap_or(stored))),
        };
        let at = real.is_none().then_some(self.offset);
        let size = real.as_ref().map_or(stored, |it| it.1);
        if let Some((segments, real)) = real {
            let holes = segments.check(real, self.left).map_err(|what| self.broken(what))?;
            self.holes = Some(holes);
        }
        Ok(Entry { name: sparse.name.unwrap_or(name), kind, size, mode, at })
    }

    /// The map in the header of an old sparse file, and in the blocks behind it.
    fn old_map(&mut self, header: &Header<'_>) -> Result<Segments, FormatError> {
        let mut segments = Segments::default();
        let (first, mut continues) = header.segments();
        segments.add_all(first).map_err(|what| self.broken(what))?;
        while continues {
            let block = self.block()?.ok_or_else(|| self.broken("a map of holes is cut off"))?;
            let (fields, rest) = block.split_at(21 * 24);
            segments.add_all(fields).map_err(|what| self.broken(what))?;
            continues = rest.first().is_some_and(|it| *it != 0);
        }
        Ok(segments)
    }

    /// The map at the beginning of a sparse file's content: numbers, one a line, the first of which
    /// says how many pairs follow, in whole blocks.
    fn stored_map(&mut self) -> Result<Segments, FormatError> {
        let mut segments = Segments::default();
        let mut numbers = Vec::new();
        let mut line = Vec::new();
        let mut n_pairs = None;
        while n_pairs.is_none_or(|it: u64| it > 0) {
            if self.left < BLOCK as u64 {
                return Err(self.broken("a map of a sparse file is broken"));
            }
            let block = self.block()?.ok_or_else(|| self.broken("a map of holes is cut off"))?;
            self.left -= BLOCK as u64;
            for byte in block {
                if byte != b'\n' {
                    line.push(byte);
                    continue;
                }
                let number = pax::decimal(&line);
                line.clear();
                numbers
                    .push(number.ok_or_else(|| self.broken("a map of a sparse file is broken"))?);
                match (n_pairs, numbers.as_slice()) {
                    (None, [n]) => n_pairs = Some(*n),
                    (Some(n), [offset, length]) => {
                        let segment = sparse::Segment { offset: *offset, length: *length };
                        segments.add(segment).map_err(|what| self.broken(what))?;
                        n_pairs = Some(n - 1);
                    }
                    _ => continue,
                }
                numbers.clear();
                if n_pairs == Some(0) {
                    break;
                }
            }
            if line.len() > 20 {
                return Err(self.broken("a map of a sparse file is broken"));
            }
        }
        Ok(segments)
    }

    /// What an extended header holds.
    fn extended(&mut self, size: u64) -> Result<Vec<u8>, FormatError> {
        if size > MAX_EXTENDED {
            let what = "an extended header is too large";
            return Err(FormatError::Limit { what, limit: MAX_EXTENDED });
        }
        let mut bytes = Vec::new();
        self.from.by_ref().take(size).read_to_end(&mut bytes)?;
        self.offset += bytes.len() as u64;
        if bytes.len() as u64 != size {
            return Err(self.broken("the archive is cut off within a header"));
        }
        self.skip(size.wrapping_neg() % BLOCK as u64)?;
        Ok(bytes)
    }

    fn pass(&mut self, size: u64) -> Result<(), FormatError> {
        let whole = size.checked_next_multiple_of(BLOCK as u64);
        let whole = whole.ok_or_else(|| self.broken("a size is too large"))?;
        self.skip(whole)
    }

    fn skip(&mut self, n: u64) -> Result<(), FormatError> {
        match self.from.skip(n) {
            Ok(()) => {
                self.offset = self.offset.saturating_add(n);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.broken("the archive is cut off within a file"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The next block; `None` if nothing is left.
    fn block(&mut self) -> Result<Option<Block>, FormatError> {
        let mut block = [0; BLOCK];
        let mut n = 0;
        while let Some(rest) = block.get_mut(n..).filter(|it| !it.is_empty()) {
            match self.from.read(rest) {
                Ok(0) if n == 0 => return Ok(None),
                Ok(0) => return Err(self.broken("the archive is cut off within a block")),
                Ok(more) => {
                    n += more;
                    self.offset += more as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(block))
    }

    fn broken(&self, what: &'static str) -> FormatError {
        FormatError::At { offset: self.offset, what }
    }
}

/// Says of an error in a header where that header is.
fn located(error: FormatError, at: u64) -> FormatError {
    match error {
        FormatError::At { what, .. } => FormatError::At { offset: at, what },
        other => other,
    }
}

fn until_zero(mut name: Vec<u8>) -> Vec<u8> {
    name.truncate(memchr::memchr(0, &name).unwrap_or(name.len()));
    name
}
