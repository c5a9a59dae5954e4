//! One regular file, read in pieces.
//!
//! Holes are not read: a file that claims a terabyte of zeros costs what is really stored.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, SeekFrom};
use rustix::io::Errno;

use crate::model::{Chunk, Content};

/// An open regular file.
#[derive(Debug)]
pub struct File {
    fd: OwnedFd,
    size: u64,
    position: u64,
    /// Where the data that was asked for last ends; everything up to the size if there are no holes.
    data_end: u64,
}

/// Read at any place, whatever was streamed before.
impl Content for File {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|it| !it.is_empty()) {
            match rustix::io::pread(&self.fd, rest, offset.saturating_add(done as u64)) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }
}

impl File {
    pub(super) fn open(directory: &OwnedFd, name: &CStr) -> io::Result<Self> {
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Self::of(rustix::fs::openat(directory, name, flags, Mode::empty())?)
    }

    fn of(fd: OwnedFd) -> io::Result<Self> {
        // What is open now may not be what the listing saw.
        let stat = rustix::fs::fstat(&fd)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::other("no longer a regular file"));
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let stored = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
        let data_end = if stored < size { 0 } else { u64::MAX };
        Ok(Self { fd, size, position: 0, data_end })
    }

    /// Opens the file at `path`, which is the caller's own and may be a symlink.
    pub fn of_caller(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Self::of(rustix::fs::open(path, flags, Mode::empty())?)
    }

    /// Fills the front of `buffer` with the next piece.
    pub fn next(&mut self, buffer: &mut [u8]) -> io::Result<Chunk> {
        if self.position >= self.data_end && self.position < self.size {
            let hole = self.find_data()?;
            if hole > 0 {
                return Ok(Chunk::Hole(hole));
            }
        }
        let room = usize::try_from(self.data_end.saturating_sub(self.position).max(1));
        let limit = room.unwrap_or(usize::MAX).min(buffer.len());
        let Some(front) = buffer.get_mut(..limit) else { return Ok(Chunk::End) };
        let n = loop {
            match rustix::io::read(&self.fd, &mut *front) {
                Err(Errno::INTR) => {}
                other => break other?,
            }
        };
        self.position = self.position.saturating_add(n as u64);
        Ok(if n == 0 { Chunk::End } else { Chunk::Data(n) })
    }

    /// Moves to the next stored byte, or to the end, and returns how many zeros it passed.
    fn find_data(&mut self) -> io::Result<u64> {
        let start = self.position;
        let fd = self.fd.as_fd();
        let data = match rustix::fs::seek(fd, SeekFrom::Data(start)) {
            Ok(at) => at.min(self.size),
            Err(Errno::NXIO) => self.size,
            // A filesystem that does not tell: all of it is data.
            Err(_) => {
                self.data_end = u64::MAX;
                return Ok(0);
            }
        };
        self.data_end = rustix::fs::seek(fd, SeekFrom::Hole(data)).unwrap_or(u64::MAX);
        rustix::fs::seek(fd, SeekFrom::Start(data))?;
        self.position = data;
        Ok(data.saturating_sub(start))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::FileExt;

    use super::super::Tree;
    use super::Chunk;

    fn pieces(write: impl Fn(&fs::File)) -> Vec<Chunk> {
        let directory = tempfile::tempdir().unwrap();
        write(&fs::File::create(directory.path().join("f")).unwrap());
        let tree = Tree::open(directory.path()).unwrap();
        let mut file = tree.directory(b"").unwrap().file(&c"f".to_owned()).unwrap();
        let mut buffer = vec![0; 1 << 20];
        let mut pieces = Vec::new();
        while pieces.last() != Some(&Chunk::End) {
            pieces.push(file.next(&mut buffer).unwrap());
        }
        pieces
    }

    #[test]
    fn a_small_file_is_one_piece() {
        assert_eq!(pieces(|it| it.write_all_at(b"abc", 0).unwrap()), [Chunk::Data(3), Chunk::End]);
        assert_eq!(pieces(|_| {}), [Chunk::End]);
    }

    #[test]
    fn a_terabyte_of_nothing_is_not_read() {
        let found = pieces(|it| {
            it.write_all_at(&[b'x'; 4096], 1 << 30).unwrap();
            it.set_len(1 << 40).unwrap();
        });
        let rest = (1 << 40) - (1 << 30) - 4096;
        assert_eq!(found, [Chunk::Hole(1 << 30), Chunk::Data(4096), Chunk::Hole(rest), Chunk::End]);
    }
}
